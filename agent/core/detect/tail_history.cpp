#include "agent/core/detect/tail_history.h"

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"

namespace bw::agent {

namespace {

constexpr double kTail = 0.02;  // the share beyond the edge
constexpr double kPeaks = 500;  // that the mean excess remembers

// An excess no larger than this share of the edge is rounding.
constexpr double kLeastScale = 1e-3;

}  // namespace

TailHistory::TailHistory(std::size_t capacity, std::size_t horizon) : places_(capacity, horizon) {
  kept_.reserve(capacity);
  sorted_.reserve(capacity);
}

void TailHistory::clear() {
  places_.clear();
  kept_.clear();
  sorted_.clear();
  edge_ = excess_ = excesses_ = 0;
}

void TailHistory::add(double value, Rng& rng) {
  if (!std::isfinite(value)) return;
  if (!sorted_.empty() && value > edge_) {
    excesses_ = std::min(excesses_ + 1, kPeaks);
    excess_ += (value - edge_ - excess_) / excesses_;
  }
  const auto place = places_.offer(rng);
  if (!place) return;
  const auto kept = static_cast<float>(value);
  if (*place == kept_.size()) {
    kept_.push_back(kept);
  } else {
    sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), kept_[*place]));
    kept_[*place] = kept;
  }
  sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), kept), kept);
  set_edge();
}

void TailHistory::restore(const std::vector<float>& values, double excess, double excesses,
                          std::uint64_t seen, Rng& rng) {
  clear();
  for (const float value : values) add(value, rng);
  if (seen > 0) {
    places_.go_on_from(seen);
  } else {
    hurry();
  }
  excess_ = excess;
  excesses_ = std::min(excesses, kPeaks);
}

void TailHistory::set_edge() {
  const auto count = static_cast<double>(sorted_.size());
  const auto at = static_cast<std::size_t>((1 - kTail) * count);
  edge_ = sorted_[std::min(at, sorted_.size() - 1)];
}

double TailHistory::surprise(double value) const {
  if (sorted_.empty()) return 0;
  const auto count = static_cast<double>(sorted_.size());
  if (value > edge_) {
    // Without any excess yet, the spread of the history itself stands in.
    const double spread = edge_ - sorted_[sorted_.size() / 2];
    const double scale = std::max(excesses_ > 0 ? excess_ : spread, kLeastScale * std::fabs(edge_));
    constexpr double kLogTail = 3.9120230054281460586;  // -log .02
    return kLogTail + (value - edge_) / std::max(scale, 1e-9);
  }
  const auto as_large =
      sorted_.end() - std::lower_bound(sorted_.begin(), sorted_.end(), static_cast<float>(value));
  return -portable_log((static_cast<double>(as_large) + 0.5) / (count + 1));
}

}  // namespace bw::agent
