// The log: one line an event, to standard error, with a level and the part that speaks. spdlog
// stays in log.cpp.
//
// Under systemd (JOURNAL_STREAM set) lines carry the journal's priority prefix (<4>) instead of a
// time of their own.
#pragma once

#include <string_view>

#include "base/log_level.h"
#include "base/result.h"

namespace bw {

// Call once, before the first line. Lines below `least` are left out; can be changed later.
void start_log(LogLevel least);
void set_log_level(LogLevel least);
Result<LogLevel> parse_log_level(std::string_view name);  // debug, info, warning, error

void log(LogLevel level, std::string_view part, std::string_view text);

// Bounds repetition: of one `part` and `text` shape too many lines must not fill the disk. Lines
// over 100 a second are counted and told once a second as "N lines left out".

}  // namespace bw
