#include "agent/core/detect/scorer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/portable_math.h"

namespace bw::agent {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr double kLargest = 1e30;  // of a value less its origin: squares stay finite
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

constexpr int kImaginings = 8;

// One part's surprise as it counts in the sum: as it is up to kPlain, and ever less of what is
// beyond, so that no part outvotes the others by far.
constexpr double kPlain = 8;
constexpr double kDamping = 2;

double damped(double surprise) {
  if (surprise <= kPlain) return surprise;
  return kPlain + kDamping * portable_log(1 + (surprise - kPlain) / kDamping);
}

// log of the product of (1 + x^2), in one logarithm for many factors.
double log_of_one_plus_squares(std::span<const float> values) {
  double sum = 0;
  double product = 1;
  for (const float value : values) {
    product *= 1 + static_cast<double>(value) * value;
    if (product > 1e200) {
      sum += portable_log(product);
      product = 1;
    }
  }
  return sum + portable_log(product);
}

}  // namespace

Scorer::Scorer(const ScorerOptions& options)
    : options_(options),
      rng_(options.seed),
      origins_(options.metrics),
      has_origin_(options.metrics),
      ranges_(options.metrics),
      extents_(options.metrics),
      moments_(kFeaturesAMetric * options.metrics),
      residual_squares_(kFeaturesAMetric * options.metrics),
      deviation_squares_(kFeaturesAMetric * options.metrics),
      window_(options.metrics, options.window),
      slow_window_(options.metrics, options.slow_window),
      reservoir_(options.reservoir, kFeaturesAMetric * options.metrics, options.horizon),
      fitter_(options.metrics, options.share),
      histories_{TailHistory{options.reservoir, options.horizon},
                 TailHistory{options.reservoir, options.horizon},
                 TailHistory{options.reservoir, options.horizon},
                 TailHistory{options.reservoir, options.horizon},
                 TailHistory{options.reservoir, options.horizon}},
      features_(kFeaturesAMetric * options.metrics, kNone),
      scaled_(kFeaturesAMetric * options.metrics),
      forest_row_(2 * options.metrics),
      residuals_(kFeaturesAMetric * options.metrics) {
  missing_.reserve(features_.size());
  BW_ASSERT(options.metrics > 0 && options.metrics <= kMaxMetrics);
}

double Scorer::score(std::span<const double> row) {
  take_values(row);
  surprises_ = {};
  if (!ready()) return 0;
  measures_ = measure(features_);
  double sum = 0;
  for (std::size_t part = 0; part < kParts; ++part) {
    surprises_[part] = damped(histories_[part].surprise(measures_[part]));
    sum += surprises_[part];
  }
  return sum;
}

void Scorer::take_values(std::span<const double> row) {
  BW_ASSERT(row.size() <= options_.metrics);
  for (std::size_t i = 0; i < options_.metrics; ++i) {
    if (i >= row.size() || !std::isfinite(row[i])) {
      features_[i] = kNone;
      continue;
    }
    if (has_origin_[i] == 0) {
      origins_[i] = row[i];
      has_origin_[i] = 1;
    }
    features_[i] = static_cast<float>(std::clamp(row[i] - origins_[i], -kLargest, kLargest));
  }
  const std::size_t metrics = options_.metrics;
  const auto values = std::span<const float>(features_).first(metrics);
  window_.push(values);
  slow_window_.push(values);
  for (std::size_t i = 0; i < metrics; ++i) {
    const bool here = features_[i] == features_[i];
    features_[metrics + i] = here ? window_.mean(i) : kNone;
    features_[2 * metrics + i] = here ? window_.deviation(i) : kNone;
    features_[3 * metrics + i] = here ? slow_window_.mean(i) : kNone;
    features_[4 * metrics + i] = here ? slow_window_.deviation(i) : kNone;
  }
}

std::array<double, Scorer::kParts> Scorer::measure(std::span<const float> features) {
  const std::size_t metrics = options_.metrics;
  reference_.scale(features, scaled_);
  missing_.clear();
  for (std::size_t i = 0; i < features.size(); ++i) {
    const bool expected = reference_.columns[i].inverse_scale > 0;
    if (features[i] != features[i] && expected) missing_.push_back(static_cast<std::uint32_t>(i));
  }
  take_residuals();
  if (!missing_.empty()) imagine_missing();
  for (std::size_t i = 0; i < forest_row_.size(); ++i) {
    const std::size_t at = metrics + i;
    const bool usable = features[at] == features[at] && reference_.columns[at].inverse_scale > 0;
    forest_row_[i] = usable ? features[at] : reference_.unscaled(at, scaled_[at]);
  }
  double square = 0;
  double absolute = 0;
  for (std::size_t i = 0; i < metrics; ++i) absolute += std::fabs(residuals_[i]);
  for (std::size_t i = metrics; i < 3 * metrics; ++i) {
    square += static_cast<double>(scaled_[i]) * scaled_[i];
  }
  const auto rest = std::span<const float>(residuals_).subspan(metrics);
  return {absolute, log_of_one_plus_squares(rest.first(2 * metrics)),
          log_of_one_plus_squares(rest.last(2 * metrics)), forest_->score(forest_row_),
          std::sqrt(square)};
}

void Scorer::take_residuals() {
  for (std::size_t group = 0; group < kGroups; ++group) {
    const Place place = place_of(group, options_.metrics);
    reference_.subspaces[group].residual(
        std::span<const float>(scaled_).subspan(place.first, place.count),
        std::span(residuals_).subspan(place.first, place.count));
  }
}

// What is missing is what the others let expect: along their directions, with no residual of its
// own.
void Scorer::imagine_missing() {
  for (int round = 0; round < kImaginings; ++round) {
    for (std::size_t group = 0; group < kGroups; ++group) {
      const Place place = place_of(group, options_.metrics);
      const auto& inverse = reference_.subspaces[group].inverse_deviation;
      for (const std::uint32_t at : missing_) {
        if (at < place.first || at >= place.first + place.count) continue;
        scaled_[at] -= residuals_[at] / inverse[at - place.first];
      }
    }
    take_residuals();
  }
  for (const std::uint32_t at : missing_) residuals_[at] = 0;
}

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
  const bool early = learnt_ >= kFirstRows && learnt_ <= options_.reservoir;
  if (!given_ && early && std::has_single_bit(learnt_)) {
    train_at_once();
    return;
  }
  if (!ready() || (given_ && reservoir_.rows() < options_.reservoir)) return;
  const auto since = static_cast<double>(learnt_ - paced_from_);
  const auto round =
      static_cast<double>(kFeaturesAMetric * options_.metrics + 2 * reservoir_.rows());
  const double slices = std::clamp(kRoundsAGrowth * round / since, kFewestSlices, kMostSlices);
  due_slices_ += slices;
  due_trees_ += slices * static_cast<double>(forest_->trees()) / round;
  for (; due_slices_ >= 1; due_slices_ -= 1) train_a_slice();
  for (; due_trees_ >= 1; due_trees_ -= 1) replace_a_tree();
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

void Scorer::train_at_once() {
  set_least();
  while (!fitter_.step(reservoir_, reference_)) {
  }
  residual_rows_ = static_cast<double>(reservoir_.rows());
  for (std::size_t group = 0; group < kGroups; ++group) {
    const std::size_t first = place_of(group, options_.metrics).first;
    const auto& inverse = reference_.subspaces[group].inverse_deviation;
    for (std::size_t i = 0; i < inverse.size(); ++i) {
      const double deviation = 1 / static_cast<double>(inverse[i]);
      residual_squares_[first + i] = deviation_squares_[first + i] = deviation * deviation;
    }
  }
  if (!forest_) {
    forest_.emplace(2 * options_.metrics, options_.trees, options_.subsample, 0);
    grower_.emplace(forest_->grower());
  }
  for (std::size_t i = 0; i < forest_->trees(); ++i) replace_a_tree();
  recalibrate();
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

// Histories of another forest and scale say little: those of the rows it was learnt from stand in
// until there are others.
void Scorer::recalibrate() {
  for (TailHistory& history : histories_) history.clear();
  for (std::size_t row = 0; row < reservoir_.rows(); ++row) {
    const auto measures = measure(reservoir_.row(row));
    for (std::size_t part = 0; part < kParts; ++part) histories_[part].add(measures[part], rng_);
  }
}

void Scorer::hurry() {
  reservoir_.hurry();
  for (TailHistory& history : histories_) history.hurry();
  paced_from_ = learnt_;
}

void Scorer::relearn() {
  Scorer fresh(options_);
  fresh.ranges_ = ranges_;
  *this = std::move(fresh);
}

void Scorer::set_range(std::size_t metric, double low, double high) {
  BW_ASSERT(metric < ranges_.size() && std::isfinite(low) && std::isfinite(high) && low < high);
  ranges_[metric] = {low, high};
}

std::size_t Scorer::bytes() const {
  std::size_t bytes = sizeof(*this) + window_.bytes() + slow_window_.bytes() + reservoir_.bytes() +
                      reference_.bytes() + fitter_.bytes() + (forest_ ? forest_->bytes() : 0);
  for (const TailHistory& history : histories_) bytes += history.bytes();
  bytes += grown_.splits.capacity() * sizeof(Split) + grown_.leaves.capacity() * sizeof(float);
  bytes += moments_.capacity() * sizeof(Moments);
  bytes += (residual_squares_.capacity() + deviation_squares_.capacity()) * sizeof(double);
  bytes += (origins_.capacity() * sizeof(double)) + extents_.capacity() * sizeof(Extent);
  bytes += ranges_.capacity() * sizeof(Range);
  for (const auto* list : {&features_, &scaled_, &forest_row_, &residuals_}) {
    bytes += list->capacity() * sizeof(float);
  }
  return bytes;
}

}  // namespace bw::agent
