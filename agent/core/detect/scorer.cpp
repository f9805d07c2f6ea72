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
  bytes += next_reference_.bytes();
  for (const TailHistory& history : histories_) bytes += history.bytes();
  for (const TailHistory& history : next_histories_) bytes += history.bytes();
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
