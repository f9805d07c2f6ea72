#include "agent/shell/kernel_clock.h"

#include <ctime>

#include <sys/timex.h>

namespace bw::agent {

namespace {

// Suspending and waking take longer than this; what is less is the time between two readings.
constexpr Duration kLeastSleep = std::chrono::milliseconds{100};

Duration time_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);  // fails only for clocks that do not exist
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace

std::optional<ClockReading> read_clock() {
  timex asked{};
  const int state = adjtimex(&asked);
  if (state < 0) return std::nullopt;
  ClockReading reading;
  const bool nanoseconds = (asked.status & STA_NANO) != 0;
  reading.offset_ns = static_cast<std::int64_t>(asked.offset) * (nanoseconds ? 1 : 1000);
  reading.max_error_us = asked.maxerror;
  reading.synchronised = state != TIME_ERROR && (asked.status & STA_UNSYNC) == 0;
  return reading;
}

Duration suspended_time() {
  const Duration slept = time_of(CLOCK_BOOTTIME) - time_of(CLOCK_MONOTONIC);
  return slept < kLeastSleep ? Duration{0} : slept;
}

}  // namespace bw::agent
