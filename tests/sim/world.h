// Virtual time: events at instants, run in order, all randomness from one seed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/rng.h"
#include "base/time.h"

namespace bw::sim {

class World {
 public:
  explicit World(std::uint64_t seed) : rng_(seed) {}

  Instant now() const { return now_; }
  // The wall clock of all boxes; faults may shift it.
  WallTime wall() const {
    return wall_from_ms(1'790'000'000'000) +
           std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()) +
           wall_shift_;
  }
  void shift_wall(std::chrono::milliseconds by) { wall_shift_ += by; }
  Rng& rng() { return rng_; }

  void after(Duration wait, std::function<void()> work) {
    events_.emplace(std::make_pair(now_ + wait, next_++), std::move(work));
  }

  // Uniform in [least, most].
  Duration draw(Duration least, Duration most) {
    return least + Duration{static_cast<Duration::rep>(
                       rng_.unit() * static_cast<double>((most - least).count()))};
  }

  void run_until(Instant end) {
    while (!events_.empty() && events_.begin()->first.first <= end) {
      auto node = events_.extract(events_.begin());
      now_ = node.key().first;
      node.mapped()();
    }
    now_ = end;
  }

 private:
  Instant now_{};
  Rng rng_;
  std::chrono::milliseconds wall_shift_{0};
  std::uint64_t next_ = 0;
  // Ordered by time, then by when it was asked for: the same seed runs the same way everywhere.
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace bw::sim
