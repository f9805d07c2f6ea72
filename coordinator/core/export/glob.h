// Which metrics go through a door: a list of patterns over their dotted names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bw::coordinator::exporting {

class MetricFilter {
 public:
  static constexpr std::size_t kMaxPatterns = 100;

  MetricFilter() = default;
  // A pattern that begins with '!' leaves out what it matches. Where no other is given, all else is
  // let through.
  explicit MetricFilter(const std::vector<std::string>& patterns);

  bool admits(std::string_view metric) const;

 private:
  std::vector<std::string> wanted_;
  std::vector<std::string> unwanted_;
};

// What is wrong with a list of patterns; empty where nothing is.
std::string check_patterns(const std::vector<std::string>& patterns);

}  // namespace bw::coordinator::exporting
