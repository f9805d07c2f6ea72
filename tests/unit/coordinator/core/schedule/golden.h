// Golden cases of the scheduler: a snapshot in TOML, and the plan as lines of text. See the page
// beside the cases.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "coordinator/core/schedule/schedule.h"

namespace bw::coordinator::schedule {

struct GoldenCase {
  std::string says;  // one sentence
  Snapshot snapshot;
  PlanOptions options;
  bool is_stable = true;  // a plan of its own result is empty
  std::vector<std::string> expected;
};

// The error names the file and what is wrong.
Result<GoldenCase> read_golden(const std::string& path);
// The same file with these lines as what is expected.
std::string with_expected(const std::string& text, const std::vector<std::string>& lines);

std::vector<std::string> lines_of(const Plan& plan);

}  // namespace bw::coordinator::schedule
