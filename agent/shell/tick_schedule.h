// When ticks are due: at whole periods since the start, so that lateness never adds up. Ticks whose
// time has passed altogether are counted, not made up for.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace bw::agent {

class TickSchedule {
 public:
  // The first tick, number 0, is due at `start`.
  TickSchedule(Instant start, Duration period) : next_(start), period_(period) {}

  Instant next() const { return next_; }
  std::uint64_t missed() const { return missed_; }

  struct Tick {
    std::uint64_t number = 0;
    Duration lateness{};  // against next(), of the first one missed where some were
  };

  // The tick that runs at `now`, which is not before next().
  Tick take(Instant now) {
    const Duration lateness = now > next_ ? now - next_ : Duration{0};
    const auto skipped = static_cast<std::uint64_t>(lateness / period_);
    const Tick tick{.number = number_ + skipped, .lateness = lateness};
    missed_ += skipped;
    number_ = tick.number + 1;
    next_ += period_ * static_cast<Duration::rep>(skipped + 1);
    return tick;
  }

 private:
  Instant next_;
  Duration period_;
  std::uint64_t number_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace bw::agent
