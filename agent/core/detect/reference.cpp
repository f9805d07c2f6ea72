#include "agent/core/detect/reference.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace bw::agent {

namespace {

constexpr std::size_t kIterations = 12;
constexpr std::size_t kFewestCells = 32;  // a column of fewer is not known
constexpr double kIqrOfNormal = 1.349;

}  // namespace

void Reference::scale(std::span<const float> features, std::span<float> out) const {
  BW_ASSERT(features.size() == columns.size() && out.size() == columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    const float scaled = (features[i] - column.median) * column.inverse_scale;
    const float cut = std::min(std::max(scaled, -column.farthest), column.farthest);
    out[i] = scaled == scaled ? cut : 0;
  }
}

float Reference::unscaled(std::size_t feature, float scaled) const {
  const Column& column = columns[feature];
  return column.inverse_scale > 0 ? column.median + scaled / column.inverse_scale : column.median;
}

std::size_t Reference::bytes() const {
  return columns.capacity() * sizeof(Column) + subspaces[0].bytes() + subspaces[1].bytes() +
         subspaces[2].bytes();
}

ReferenceFitter::ReferenceFitter(std::size_t metrics, double share)
    : metrics_(metrics),
      least_(kFeaturesAMetric * metrics),
      deviations_(kFeaturesAMetric * metrics),
      fitters_{SubspaceFitter{place_of(0, metrics).count, share},
               SubspaceFitter{place_of(1, metrics).count, share},
               SubspaceFitter{place_of(2, metrics).count, share}},
      scaled_(kFeaturesAMetric * metrics) {
  made_.columns.resize(kFeaturesAMetric * metrics);
}

bool ReferenceFitter::step(const Reservoir& reservoir, Reference& out) {
  BW_ASSERT(reservoir.width() == scaled_.size());
  const auto for_groups = [&](auto&& run) {
    for (std::size_t group = 0; group < kGroups; ++group) {
      const Place place = place_of(group, metrics_);
      run(fitters_[group], std::span<const float>(scaled_).subspan(place.first, place.count));
    }
  };
  const bool over_rows = phase_ == Phase::sums || phase_ == Phase::residuals;
  if (over_rows && at_ < reservoir.rows()) made_.scale(reservoir.row(at_), scaled_);
  switch (phase_) {
    case Phase::columns:
      column(reservoir, at_++);
      if (at_ < scaled_.size()) return false;
      for_groups([](SubspaceFitter& fitter, auto) { fitter.begin(); });
      phase_ = Phase::sums;
      break;
    case Phase::sums:
      for_groups([](SubspaceFitter& fitter, auto row) { fitter.add(row); });
      if (++at_ < reservoir.rows()) return false;
      phase_ = Phase::directions;
      break;
    case Phase::directions:
      for_groups([](SubspaceFitter& fitter, auto) { fitter.iterate(); });
      if (++at_ < kIterations) return false;
      for_groups([](SubspaceFitter& fitter, auto) { fitter.choose(); });
      phase_ = Phase::residuals;
      break;
    case Phase::residuals:
      for_groups([](SubspaceFitter& fitter, auto row) { fitter.add_residual(row); });
      if (++at_ < reservoir.rows()) return false;
      return end(reservoir, out);
  }
  at_ = 0;
  return false;
}

std::size_t ReferenceFitter::cost(const Reservoir& reservoir) const {
  constexpr std::size_t kPasses = 8;  // over a column, to find its middle, quarters and edges
  std::size_t squares = 0;
  for (std::size_t group = 0; group < kGroups; ++group) {
    const std::size_t width = place_of(group, metrics_).count;
    squares += width * width;
  }
  switch (phase_) {
    case Phase::columns:
      return kPasses * reservoir.rows();
    case Phase::sums:
      return squares / 2;
    case Phase::directions:
      return kMaxDirections * squares;
    case Phase::residuals:
      return 2 * kMaxDirections * scaled_.size();
  }
  return 0;
}

void ReferenceFitter::restart() {
  phase_ = Phase::columns;
  at_ = 0;
}

bool ReferenceFitter::end(const Reservoir& reservoir, Reference& out) {
  restart();
  for (std::size_t group = 0; group < kGroups; ++group) {
    fitters_[group].take(made_.subspaces[group]);
  }
  made_.rows = reservoir.rows();
  out = made_;
  return true;
}

void ReferenceFitter::column(const Reservoir& reservoir, std::size_t at) {
  cells_.clear();
  double sum = 0;
  for (std::size_t row = 0; row < reservoir.rows(); ++row) {
    const float value = reservoir.values()[row * reservoir.width() + at];
    if (value != value) continue;
    cells_.push_back(value);
    sum += value;
  }
  made_.columns[at].inverse_scale = 0;
  if (cells_.size() < kFewestCells) return;
  const double mean = sum / static_cast<double>(cells_.size());
  double squares = 0;
  for (const float value : cells_) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(cells_.size()));
  // The middle first, so that each further one is looked for in what is left of it.
  const auto place = [&](std::size_t hundredths) { return (cells_.size() - 1) * hundredths / 100; };
  const auto take = [&](std::size_t from, std::size_t hundredths, std::size_t to) {
    const auto begin = cells_.begin();
    const auto wanted = begin + static_cast<std::ptrdiff_t>(place(hundredths));
    std::nth_element(begin + static_cast<std::ptrdiff_t>(from), wanted,
                     begin + static_cast<std::ptrdiff_t>(to));
    return *wanted;
  };
  Column& column = made_.columns[at];
  column.median = take(0, 50, cells_.size());
  const float quarter = take(0, 25, place(50) + 1);
  const float three_quarters = take(place(50), 75, cells_.size());
  column.low = take(0, 1, place(25) + 1);
  column.high = take(place(75), 99, cells_.size());
  const double middle = (static_cast<double>(three_quarters) - quarter) / kIqrOfNormal;
  const bool varies = deviation > 0 || deviations_[at] > 0;
  const double scale = std::max(
      {middle, deviation, static_cast<double>(least_[at]), static_cast<double>(deviations_[at])});
  column.inverse_scale = static_cast<float>(1 / std::max(scale, 1e-30));
  column.farthest = varies ? kFarthest : kFarthestOfConstant;
}

std::size_t ReferenceFitter::bytes() const {
  std::size_t bytes = made_.bytes();
  for (const SubspaceFitter& fitter : fitters_) bytes += fitter.bytes();
  return bytes +
         (least_.capacity() + deviations_.capacity() + cells_.capacity() + scaled_.capacity()) *
             sizeof(float);
}

}  // namespace bw::agent
