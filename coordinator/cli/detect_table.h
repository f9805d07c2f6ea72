// The rows of a CSV file as a detector takes them: a time and a number a metric.
//
// Says of a file by its first rows which column is the time, what the metrics are called and how
// far rows lie apart. What cells may hold is told in DETECT_FILES.md.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coordinator/cli/csv_file.h"

namespace bw::cli {

inline constexpr std::size_t kMostDetectMetrics = 64;

// A cell that holds a time: RFC 3339, a date with or without a time of day (taken as UTC, and
// `zoneless` then), or a number since 1970: seconds, milliseconds from 1e11, microseconds from
// 1e14, nanoseconds from 1e17.
struct TimeCell {
  std::int64_t ms = 0;
  bool is_number = false;
  bool zoneless = false;
};
std::optional<TimeCell> parse_time_cell(std::string_view text);

// A number, infinity or NaN; NaN also for what stands for nothing (empty, na, null, none, ?).
std::optional<double> parse_number_cell(std::string_view text);

struct DetectRow {
  std::size_t number = 0;  // from 1, the line of names not counted
  std::optional<std::int64_t> time_ms;
  std::vector<double> values;  // by metric
};

class DetectTable {
 public:
  static constexpr std::size_t kLookedAt = 1000;  // rows, to find out what is what

  // Only columns whose names match one of `patterns` are taken; none: all.
  static Result<DetectTable> open(const std::string& path,
                                  const std::vector<std::string>& patterns);

  // False at the end.
  Result<bool> next(DetectRow& row);

  const std::string& path() const { return csv_.path(); }
  const std::vector<std::string>& metrics() const { return metrics_; }
  // Beyond kMostDetectMetrics, in their order.
  const std::vector<std::string>& left_out() const { return left_out_; }
  bool has_times() const { return has_times_; }
  bool zoneless() const { return zoneless_; }
  // The median of the first rows'; nothing without times.
  std::optional<std::int64_t> period_ms() const { return period_ms_; }
  // "2026-03-01 10:00:00", or "row 17".
  std::string when(std::size_t row, std::optional<std::int64_t> time_ms) const;

 private:
  struct Line {
    std::size_t line = 0;
    std::vector<std::string> cells;
  };

  explicit DetectTable(CsvFile csv) : csv_(std::move(csv)) {}
  Result<void> look_ahead();
  void name_columns(bool has_header);
  void find_times();
  Result<void> choose(const std::vector<std::string>& patterns);
  Result<void> read(const Line& line, DetectRow& row) const;
  Error error(const Line& line, std::string_view what) const;

  CsvFile csv_;
  std::deque<Line> ahead_;
  std::vector<std::string> names_;   // of all columns
  std::vector<std::size_t> places_;  // of the metrics among them
  std::vector<std::string> metrics_;
  std::vector<std::string> left_out_;
  bool has_times_ = false;
  bool zoneless_ = false;
  std::optional<std::int64_t> period_ms_;
  std::size_t rows_ = 0;
};

}  // namespace bw::cli
