#include "coordinator/core/export/glob.h"

#include <algorithm>

#include "base/text.h"

namespace bw::coordinator::exporting {

MetricFilter::MetricFilter(const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    if (pattern.starts_with('!')) {
      unwanted_.push_back(pattern.substr(1));
    } else {
      wanted_.push_back(pattern);
    }
  }
}

bool MetricFilter::admits(std::string_view metric) const {
  const auto matches = [&](const std::string& pattern) { return glob_matches(pattern, metric); };
  if (std::any_of(unwanted_.begin(), unwanted_.end(), matches)) return false;
  return wanted_.empty() || std::any_of(wanted_.begin(), wanted_.end(), matches);
}

std::string check_patterns(const std::vector<std::string>& patterns) {
  if (patterns.size() > MetricFilter::kMaxPatterns) {
    return "at most " + std::to_string(MetricFilter::kMaxPatterns) + " patterns";
  }
  for (const std::string& pattern : patterns) {
    const std::string_view bare =
        std::string_view(pattern).substr(pattern.starts_with('!') ? 1 : 0);
    if (bare.empty()) return "a pattern is empty: write \"cpu.*\", or \"!cpu.*\" to leave out";
    for (const char c : bare) {
      const bool is_fit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '*' || c == '?' ||
                          c == '-' || c == ':' || c == '/';
      if (!is_fit) return "'" + pattern + "' is no pattern: letters, digits, . _ - : / * and ?";
    }
  }
  return {};
}

}  // namespace bw::coordinator::exporting
