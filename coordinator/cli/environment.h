// What the process finds around itself: variables, the kind of its output, the clock.
#pragma once

#include <cstdint>
#include <string>

#include "coordinator/cli/style.h"

namespace bw::cli {

// Empty where it is not set.
std::string environment(const char* name);
bool stdout_is_terminal();
// Colours where stdout is a terminal that has them, unless NO_COLOR is set or `no_colour`; block
// characters where the locale is UTF-8.
Style output_style(bool no_colour);
// Milliseconds since 1970 UTC.
std::int64_t wall_clock_ms();

}  // namespace bw::cli
