#include "base/runtime/clock.h"

#include <ctime>

namespace bw {

namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

}  // namespace

Instant monotonic_now() {
  return Instant{read_clock(CLOCK_MONOTONIC)};
}

WallTime wall_now() {
  return WallTime{std::chrono::floor<WallClock::duration>(read_clock(CLOCK_REALTIME))};
}

}  // namespace bw
