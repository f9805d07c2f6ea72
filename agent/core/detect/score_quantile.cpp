#include "agent/core/detect/score_quantile.h"

#include <algorithm>

#include "base/assert.h"

namespace bw::agent {

ScoreQuantile::ScoreQuantile(double share) : share_(share), places_(kRows, kHorizon) {
  BW_ASSERT(share >= 0 && share < 1);
  if (!is_wanted()) return;
  kept_.resize(kRows);
  parted_.reserve(kRows);
}

void ScoreQuantile::add(double score, Rng& rng) {
  if (!is_wanted()) return;
  if (const auto place = places_.offer(rng)) kept_[*place] = static_cast<float>(score);
  if (++rows_ < kLeastRows || rows_ % kAnewEvery != 0) return;
  parted_.assign(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(places_.filled()));
  const auto above = static_cast<std::size_t>(share_ * static_cast<double>(parted_.size()));
  const auto at = parted_.end() - 1 - static_cast<std::ptrdiff_t>(above);
  std::nth_element(parted_.begin(), at, parted_.end());
  threshold_ = *at;
}

void ScoreQuantile::clear() {
  places_.clear();
  rows_ = 0;
  threshold_ = std::numeric_limits<double>::infinity();
}

}  // namespace bw::agent
