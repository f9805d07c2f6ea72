// One run of `bellwether`: arguments in, exit code out.
#pragma once

#include <string>
#include <vector>

namespace bw::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

// `arguments` without the program's name. Data goes to stdout, trouble to stderr.
int run(const std::vector<std::string>& arguments);

}  // namespace bw::cli
