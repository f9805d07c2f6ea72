// How the scorer learns: its members learn() and hurry(), and what they call.
#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "agent/core/detect/scorer.h"

namespace bw::agent {

namespace {

// Training goes round once while the rows learnt grow by a quarter, in so many slices a row at most
// and at least.
constexpr double kRoundsAGrowth = 4;
constexpr double kMostSlices = 4;
constexpr double kFewestSlices = 0.05;
// Extents, moments and residuals are taken of every row at first, then of every so many: that is
// enough for what is rare but usual.
constexpr std::uint64_t kNoteAll = 4096;
constexpr std::uint64_t kNoteEvery = 4;

// A residual that hardly varies is no smaller than this share of a usual deviation.
constexpr double kLeastDeviation = 0.1;

// Slices that wait because one row had no time for them.
constexpr double kMostDue = 64;

// What things cost, in numbers touched: about a nanosecond each, or less.
constexpr std::size_t kTreeCost = 4;      // a row and level
constexpr std::size_t kMeasureCost = 32;  // a feature
constexpr std::size_t kWalkCost = 10;     // a tree

}  // namespace

void Scorer::learn() {
  ++learnt_;
  const bool note = learnt_ < kNoteAll || learnt_ % kNoteEvery == 0;
  if (note) note_extents();
  if (note) note_moments();
  if (ready()) {
    if (note) note_residuals();
    for (std::size_t part = 0; part < kParts; ++part) {
      histories_[part].add(measures_[part], rng_);
    }
  }
  reservoir_.offer(features_, rng_);
  work_ = 0;
  const bool early = learnt_ >= kFirstRows && learnt_ <= options_.reservoir;
  if (!given_ && early && std::has_single_bit(learnt_) && stage_ == Stage::none) begin_training();
  if (stage_ != Stage::none) return go_on_training();
  if (!ready() || (given_ && reservoir_.rows() < options_.reservoir)) return;
  given_ = false;  // from here on it is this node's own
  const auto since = static_cast<double>(learnt_ - paced_from_);
  const auto round =
      static_cast<double>(kFeaturesAMetric * options_.metrics + 2 * reservoir_.rows());
  const double slices = std::clamp(kRoundsAGrowth * round / since, kFewestSlices, kMostSlices);
  due_slices_ = std::min(due_slices_ + slices, kMostDue);
  due_trees_ += slices * static_cast<double>(forest_->trees()) / round;
  for (; due_slices_ >= 1 && spend(fitter_.cost(reservoir_)); due_slices_ -= 1) train_a_slice();
  for (; due_trees_ >= 1 && spend(tree_cost()); due_trees_ -= 1) replace_a_tree();
}

void Scorer::note_extents() {
  for (std::size_t i = 0; i < options_.metrics; ++i) {
    const float value = features_[i];
    if (value != value) continue;
    Extent& extent = extents_[i];
    extent.low = extent.any ? std::min(extent.low, value) : value;
    extent.high = extent.any ? std::max(extent.high, value) : value;
    extent.any = true;
  }
}

void Scorer::note_moments() {
  const auto most = static_cast<double>(options_.horizon);
  double rows = 0;  // divisions are slow, and nearly all features are of as many rows
  double weight = 0;
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    const double value = features_[i];
    if (value != value) continue;
    Moments& moments = moments_[i];
    moments.rows = std::min(moments.rows + 1, most);
    if (moments.rows != rows) {
      rows = moments.rows;
      weight = 1 / rows;
    }
    const double step = value - moments.mean;
    moments.mean += step * weight;
    moments.variance += (step * (value - moments.mean) - moments.variance) * weight;
  }
}

// How far residuals usually go is known from all rows, not only from those of the reservoir: what
// is rare but usual is hardly in there.
void Scorer::note_residuals() {
  residual_rows_ = std::min(residual_rows_ + 1, static_cast<double>(options_.horizon));
  const double weight = 1 / residual_rows_;
  for (std::size_t i = 0; i < residuals_.size(); ++i) {
    const double square =
        static_cast<double>(residuals_[i]) * residuals_[i] * deviation_squares_[i];
    residual_squares_[i] += (square - residual_squares_[i]) * weight;
  }
}

void Scorer::adopt_residuals() {
  for (std::size_t group = 0; group < kGroups; ++group) {
    const std::size_t first = place_of(group, options_.metrics).first;
    auto& inverse = reference_.subspaces[group].inverse_deviation;
    for (std::size_t i = 0; i < inverse.size(); ++i) {
      const double deviation = std::max(std::sqrt(residual_squares_[first + i]), kLeastDeviation);
      inverse[i] = static_cast<float>(1 / deviation);
      deviation_squares_[first + i] = deviation * deviation;
    }
  }
}

void Scorer::set_least() {
  for (std::size_t i = 0; i < options_.metrics; ++i) {
    const Extent& extent = extents_[i];
    const double low = origins_[i] + extent.low;
    const double high = origins_[i] + extent.high;
    const bool known = ranges_[i].low < ranges_[i].high;
    const bool share = options_.guess_shares && low >= 0 && high <= 1;
    const double seen = share ? 1 : high - low;
    const double range = known ? ranges_[i].high - ranges_[i].low : seen;
    const double size = std::max(std::fabs(low), std::fabs(high));
    const double least = std::max(options_.least_of_range * range, options_.least_of_size * size);
    for (std::size_t kind = 0; kind < kFeaturesAMetric; ++kind) {
      const std::size_t at = kind * options_.metrics + i;
      fitter_.set_spread(at, static_cast<float>(std::sqrt(moments_[at].variance)),
                         static_cast<float>(least));
    }
  }
}

// As much of it as a row may cost; the rest waits for the next rows.
bool Scorer::spend(std::size_t cost) {
  if (work_ > 0 && work_ + cost > kWorkARow) return false;
  work_ += cost;
  return true;
}

std::size_t Scorer::tree_cost() const {
  return kTreeCost * forest_->subsample() * forest_->height();
}

// A first training, of all there is: trees one by one, then what is usual, then what these measure
// of the rows they were made of. Old and new trees may stand side by side meanwhile; the rest is
// taken over at once, when all of it is there.
void Scorer::begin_training() {
  set_least();
  fitter_.restart();
  if (!forest_) {
    forest_.emplace(2 * options_.metrics, options_.trees, options_.subsample, 0);
    grower_.emplace(forest_->grower());
  }
  stage_ = Stage::trees;
  stage_at_ = 0;
}

void Scorer::go_on_training() {
  const std::size_t measure_cost = kMeasureCost * features_.size() + kWalkCost * forest_->trees();
  while (stage_ == Stage::trees && spend(tree_cost())) {
    replace_a_tree();
    if (++stage_at_ < forest_->trees()) continue;
    stage_ = Stage::reference;
  }
  while (stage_ == Stage::reference && spend(fitter_.cost(reservoir_))) {
    if (!fitter_.step(reservoir_, next_reference_)) continue;
    stage_ = Stage::measures;
    stage_at_ = 0;
    next_histories_.assign(kParts, TailHistory{options_.reservoir, options_.horizon});
  }
  if (stage_ != Stage::measures) return;
  std::swap(reference_, next_reference_);
  while (stage_at_ < reservoir_.rows() && spend(measure_cost)) {
    const auto measures = measure(reservoir_.row(stage_at_++));
    for (std::size_t part = 0; part < kParts; ++part) {
      next_histories_[part].add(measures[part], rng_);
    }
  }
  if (stage_at_ < reservoir_.rows()) {
    std::swap(reference_, next_reference_);
  } else {
    end_training();
  }
  if (ready_) measures_ = measure(features_);  // what is shown is of the row scored last
}

void Scorer::end_training() {
  stage_ = Stage::none;
  ready_ = true;
  std::move(next_histories_.begin(), next_histories_.end(), histories_.begin());
  next_histories_ = {};
  next_reference_ = {};
  residual_rows_ = static_cast<double>(reservoir_.rows());
  for (std::size_t group = 0; group < kGroups; ++group) {
    const std::size_t first = place_of(group, options_.metrics).first;
    const auto& inverse = reference_.subspaces[group].inverse_deviation;
    for (std::size_t i = 0; i < inverse.size(); ++i) {
      const double deviation = 1 / static_cast<double>(inverse[i]);
      residual_squares_[first + i] = deviation_squares_[first + i] = deviation * deviation;
    }
  }
}

void Scorer::train_a_slice() {
  if (!fitter_.step(reservoir_, reference_)) return;
  adopt_residuals();
  set_least();
}

void Scorer::replace_a_tree() {
  const Rows rows{reservoir_.values() + options_.metrics, reservoir_.rows(), 2 * options_.metrics,
                  reservoir_.width()};
  forest_->replace(next_tree_, rows, *grower_, rng_, grown_);
  next_tree_ = (next_tree_ + 1) % forest_->trees();
}

void Scorer::hurry() {
  reservoir_.hurry();
  for (TailHistory& history : histories_) history.hurry();
  paced_from_ = learnt_;
}

}  // namespace bw::agent
