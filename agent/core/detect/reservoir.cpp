#include "agent/core/detect/reservoir.h"

#include <algorithm>

#include "base/assert.h"

namespace bw::agent {

bool Reservoir::offer(std::span<const float> row, Rng& rng) {
  BW_ASSERT(row.size() == width_);
  const auto place = places_.offer(rng);
  if (!place) return false;
  std::copy(row.begin(), row.end(), values_.begin() + static_cast<std::ptrdiff_t>(*place * width_));
  return true;
}

}  // namespace bw::agent
