#include "coordinator/cli/environment.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <unistd.h>

namespace bw::cli {

namespace {

bool locale_is_utf8() {
  // The first that is set counts, as setlocale() has it.
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = environment(name);
    if (value.empty()) continue;
    std::erase(value, '-');
    std::transform(value.begin(), value.end(), value.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool stdout_is_terminal() {
  return isatty(STDOUT_FILENO) == 1;
}

Style output_style(bool no_colour) {
  Style style;
  style.colour = stdout_is_terminal() && !no_colour && environment("NO_COLOR").empty() &&
                 environment("TERM") != "dumb";
  style.unicode = locale_is_utf8();
  return style;
}

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace bw::cli
