// Points in time for code that may not look at a clock.
//
// The clocks here have no now(): a core is handed the time with each event. Reading the real clocks
// is base/runtime/clock.h's business.
#pragma once

#include <chrono>
#include <cstdint>

namespace bw {

using Duration = std::chrono::nanoseconds;

// Monotonic time since an arbitrary start, never set back; the only time that durations are taken
// from.
struct CoreClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<CoreClock>;
  static constexpr bool is_steady = true;
};
using Instant = CoreClock::time_point;

// Milliseconds since 1970-01-01 UTC as the box believes them: may jump either way, so it only
// labels.
struct WallClock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;
  static constexpr bool is_steady = false;
};
using WallTime = WallClock::time_point;

constexpr WallTime wall_from_ms(std::int64_t ms) {
  return WallTime{std::chrono::milliseconds{ms}};
}
constexpr std::int64_t to_ms(WallTime time) {
  return time.time_since_epoch().count();
}

constexpr double to_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace bw
