// Points in time as operators write them and as they read them. Milliseconds since 1970 UTC inside;
// local time (TZ) outside, UTC towards the API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bw::cli {

// "2026-03-01T10:00:00.250Z", with any offset and any fraction.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);
std::string rfc3339(std::int64_t ms);

// What a flag may say: "now", "-15m" (s m h d w), RFC 3339, or local "2026-03-01", "2026-03-01
// 10:00", "10:00" (of today).
Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms);
// "10s", "1m30s", "500ms", "2h", or a bare number of seconds: milliseconds above 0.
Result<std::int64_t> parse_duration(std::string_view text);

// Local: "2026-03-01 10:00:00", "10:00:00". Unknown times are "-".
std::string local_time(std::optional<std::int64_t> ms);
std::string local_clock(std::int64_t ms);
// "3s ago", "in 2s"; "-" where unknown.
std::string ago(std::optional<std::int64_t> ms, std::int64_t now_ms);

}  // namespace bw::cli
