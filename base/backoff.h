// How long to wait before the next try: doubling between two bounds, with full jitter, so that a
// thousand nodes that lost the same broker do not come back in step.
#pragma once

#include <algorithm>

#include "base/rng.h"
#include "base/time.h"

namespace bw {

class Backoff {
 public:
  Backoff(Duration first, Duration most) : first_(first), most_(most), ceiling_(first) {}

  // The wait before the next try: uniform in [ceiling / 2, ceiling), the ceiling doubling up to
  // `most`.
  Duration next(Rng& rng) {
    const auto half = ceiling_.count() / 2;
    const Duration wait{half + static_cast<Duration::rep>(rng.unit() * static_cast<double>(half))};
    ceiling_ = std::min(most_, ceiling_ * 2);
    return wait;
  }

  // After a success.
  void reset() { ceiling_ = first_; }

 private:
  Duration first_;
  Duration most_;
  Duration ceiling_;
};

}  // namespace bw
