// What is known to be an anomaly, out of a file: 0 or 1 a row, or ranges of rows or times.
// DETECT_FILES.md tells the forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bw::cli {

class DetectLabels {
 public:
  static constexpr std::size_t kMostRows = std::size_t{1} << 26;
  static constexpr std::size_t kMostRanges = 1'000'000;

  static Result<DetectLabels> open(const std::string& path);

  // Whether that row, counted from 1, is one.
  bool at(std::size_t row, std::optional<std::int64_t> time_ms) const;
  // What does not fit the file that is looked at: rows, and whether these have times.
  Result<void> check(std::size_t rows, bool has_times) const;

 private:
  using Range = std::pair<std::int64_t, std::int64_t>;  // both ends within

  Result<void> take_row(const std::string& cell, const std::string& where);
  Result<void> take_range(const std::string& begin, const std::string& end,
                          const std::string& where);
  void merge_ranges();

  std::string path_;
  bool by_row_ = false;   // rows_, else ranges_
  bool by_time_ = false;  // of ranges_: milliseconds, else rows
  std::vector<bool> rows_;
  std::vector<Range> ranges_;  // ascending, apart
};

}  // namespace bw::cli
