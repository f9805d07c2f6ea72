// The log: one line an event, to standard error, with a level and the part that speaks. spdlog
// stays in log.cpp.
//
// Where standard error is the journal's (JOURNAL_STREAM) lines carry its priority prefix (<4>)
// instead of a time of their own.
#pragma once

#include <string_view>

#include "base/log_level.h"
#include "base/result.h"

namespace bw {

// Call once, before the first line. Lines below `least` are left out; can be changed later.
void start_log(LogLevel least);
void set_log_level(LogLevel least);
Result<LogLevel> parse_log_level(std::string_view name);  // debug, info, warning, error

// From any thread. Control characters come out as \x0a, so that one event stays one line. Of one
// part 100 lines a second are written; those beyond are counted, and told before its next line as
// "N lines left out".
void log(LogLevel level, std::string_view part, std::string_view text);

}  // namespace bw
