// Times and durations as the API's parameters and answers have them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bw::coordinator::api {

// RFC 3339 with milliseconds in UTC: "2026-11-21T07:43:15.250Z". Years 1970 to 9999; beyond them
// the nearest.
std::string format_time(std::int64_t ms);

// RFC 3339 with an offset, seconds since 1970 (with a fraction or none), "now", or a duration
// before or after now ("-15m", "+1h"). Milliseconds since 1970.
Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms);

// A number and its unit, ms s m h d w, one or several: "500ms", "1.5h", "1h30m". Milliseconds, not
// negative; anything beyond a hundred thousand years is an error.
Result<std::int64_t> parse_duration(std::string_view text);

}  // namespace bw::coordinator::api
