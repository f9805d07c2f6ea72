// A node to detect on, made up: a few metrics that follow a common load, each with noise of its
// own.
#pragma once

#include <cstddef>
#include <vector>

#include "agent/core/detect/tree_grower.h"
#include "base/rng.h"

namespace bw::agent {

class DetectWorld {
 public:
  static constexpr std::size_t kMetrics = 6;

  explicit DetectWorld(std::uint64_t seed) : rng_(seed) {}

  // Load wanders; metrics 0 to 3 follow it, 4 has noise alone, 5 is constant.
  std::vector<double> row() {
    load_ = 0.98 * load_ + 0.2 * normal(rng_);
    std::vector<double> values;
    for (std::size_t i = 0; i < 4; ++i) {
      values.push_back(50 + (5 + static_cast<double>(i)) * load_ + 0.5 * normal(rng_));
    }
    values.push_back(1000 + 20 * normal(rng_));
    values.push_back(7);
    return values;
  }

 private:
  Rng rng_;
  double load_ = 0;
};

}  // namespace bw::agent
