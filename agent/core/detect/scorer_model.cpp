// The scorer as a message and back: its members save() and load().
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "agent/core/detect/forest_model.h"
#include "agent/core/detect/scorer.h"

namespace bw::agent {

namespace {

constexpr float kLargestValue = 1e30F;
constexpr double kLargestScore = 1e9;

bool all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

bool possible(const Subspace& subspace, const wire::SubspaceModel& model, std::size_t width) {
  const auto positive = [](float value) { return value > 0; };
  return subspace.width == width && model.mean.size() == width &&
         model.inverse_deviation.size() == width && model.directions <= kMaxDirections &&
         model.basis.size() == model.directions * width && all_finite(model.mean) &&
         all_finite(model.basis) && all_finite(model.inverse_deviation) &&
         std::ranges::all_of(model.inverse_deviation, positive);
}

bool possible(const wire::HistoryModel& model) {
  return all_finite(model.values) && std::isfinite(model.excess) && model.excess >= 0 &&
         std::isfinite(model.excesses) && model.excesses >= 0;
}

// NaN where there is none.
bool possible_value(float value) {
  return std::isnan(value) || std::fabs(value) <= kLargestValue;
}

bool possible(const wire::PeaksModel& peaks) {
  std::uint64_t last = 0;
  for (const std::uint64_t at : peaks.at) {
    if (at < last || at > peaks.rows) return false;
    last = at;
  }
  const auto usable = [](double top) { return top >= 0 && top <= kLargestScore; };
  return peaks.tops.size() == peaks.at.size() && std::ranges::all_of(peaks.tops, usable) &&
         possible(peaks.base);
}

// What learning goes on from.
std::optional<Error> problem_of_sample(const wire::Model& model) {
  const auto wrong = [](const char* what) { return Error{std::string("model: ") + what}; };
  const std::size_t metrics = model.metrics.size();
  const std::size_t features = kFeaturesAMetric * metrics;
  if (model.sample.size() != model.sample_rows * features || model.lowest.size() != metrics ||
      model.highest.size() != metrics || model.means.size() != features ||
      model.variances.size() != features || model.counts.size() != features ||
      model.residual_squares.size() != features) {
    return wrong("its sample's lists have other lengths than its metrics");
  }
  if (!std::ranges::all_of(model.sample, possible_value)) return wrong("a row of its sample");
  const auto usable = [](double value) { return std::fabs(value) <= kLargestValue; };
  const auto square = [](double value) {
    return value >= 0 && value <= static_cast<double>(kLargestValue) * kLargestValue;
  };
  if (!std::ranges::all_of(model.lowest, usable) || !std::ranges::all_of(model.highest, usable) ||
      !std::ranges::all_of(model.means, usable) || !std::ranges::all_of(model.variances, square) ||
      !std::ranges::all_of(model.counts, square) ||
      !std::ranges::all_of(model.residual_squares, usable) ||
      !std::ranges::all_of(model.residual_squares, square) || !square(model.residual_rows)) {
    return wrong("what its sample is of");
  }
  if (!possible(model.peaks)) return wrong("its peaks");
  return std::nullopt;
}

std::optional<Error> problem(const wire::Model& model, std::size_t room, std::size_t parts) {
  const std::size_t metrics = model.metrics.size();
  const auto wrong = [](const std::string& what) { return Error{"model: " + what}; };
  if (metrics == 0) return wrong("it names no metrics");
  if (metrics > room) {
    return wrong("it is of " + std::to_string(metrics) + " metrics, and there is room for " +
                 std::to_string(room));
  }
  const std::size_t features = kFeaturesAMetric * metrics;
  const auto all_of = [](const std::vector<float>& list, auto allowed) {
    return std::ranges::all_of(list, allowed);
  };
  for (const auto* list :
       {&model.medians, &model.inverse_scales, &model.farthest, &model.lows, &model.highs}) {
    if (list->size() != features) return wrong("its lists have other lengths than its metrics");
    if (!all_finite(*list)) return wrong("a feature's number is not finite");
  }
  if (model.origins.size() != metrics)
    return wrong("its lists have other lengths than its metrics");
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::ranges::all_of(model.origins, finite)) return wrong("an origin is not finite");
  const auto not_negative = [](float value) { return value >= 0; };
  if (!all_of(model.inverse_scales, not_negative) || !all_of(model.farthest, not_negative)) {
    return wrong("a scale is negative");
  }
  if (model.subspaces.size() != kGroups) return wrong("number of groups");
  for (std::size_t group = 0; group < kGroups; ++group) {
    Subspace of_width;
    of_width.width = place_of(group, metrics).count;
    if (!possible(of_width, model.subspaces[group], of_width.width))
      return wrong("a group's directions");
  }
  if (model.histories.size() != parts) return wrong("number of parts");
  if (!std::ranges::all_of(model.histories, [](const auto& one) { return possible(one); })) {
    return wrong("a part's history");
  }
  if (!(model.threshold >= 0) || !std::isfinite(model.threshold)) return wrong("threshold");
  if (model.sample_rows > 0) return problem_of_sample(model);
  return std::nullopt;
}

// Where feature `at` of so many metrics lies among those of `room` metrics.
std::size_t moved(std::size_t at, std::size_t metrics, std::size_t room) {
  return at / metrics * room + at % metrics;
}

}  // namespace

void Scorer::save(wire::Model& model, std::size_t rows) const {
  if (!ready()) return;
  model.forest = to_model(*forest_);
  model.rows = learnt_;
  model.origins = origins_;
  for (const Column& column : reference_.columns) {
    model.medians.push_back(column.median);
    model.inverse_scales.push_back(column.inverse_scale);
    model.farthest.push_back(column.farthest);
    model.lows.push_back(column.low);
    model.highs.push_back(column.high);
  }
  for (const Subspace& subspace : reference_.subspaces) {
    model.subspaces.push_back({static_cast<std::uint8_t>(subspace.directions), subspace.mean,
                               subspace.basis, subspace.inverse_deviation});
  }
  for (const TailHistory& history : histories_) {
    model.histories.push_back({history.values(), history.excess(), history.excesses()});
  }
  model.borrowed = given_ || rows < reservoir_.rows();
  if (rows > 0 && reservoir_.rows() > 0) save_sample(model, std::min(rows, reservoir_.rows()));
}

// An even sample: rows of the reservoir lie in no order once it is full, and by age before.
void Scorer::save_sample(wire::Model& model, std::size_t rows) const {
  const bool whole = rows == reservoir_.rows();
  model.sample_rows = static_cast<std::uint32_t>(rows);
  model.sample_seen = whole ? reservoir_.seen() : rows;
  model.hurried_at = paced_from_;
  model.sample.reserve(rows * reservoir_.width());
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = reservoir_.row(i * reservoir_.rows() / rows);
    model.sample.insert(model.sample.end(), row.begin(), row.end());
  }
  for (const Extent& extent : extents_) {
    model.lowest.push_back(extent.any ? extent.low : 1);
    model.highest.push_back(extent.any ? extent.high : 0);
  }
  for (const Moments& moments : moments_) {
    model.means.push_back(moments.mean);
    model.variances.push_back(moments.variance);
    model.counts.push_back(moments.rows);
  }
  for (const double square : residual_squares_) {
    model.residual_squares.push_back(static_cast<float>(square));
  }
  model.residual_rows = residual_rows_;
  if (model.borrowed) return;
  for (std::size_t part = 0; part < kParts; ++part) {
    model.histories[part].seen = histories_[part].seen();
  }
}

Result<void> Scorer::load(const wire::Model& model) {
  if (auto error = problem(model, options_.metrics, kParts)) return *error;
  auto forest = from_model(model.forest);
  if (!forest) return forest.error().within("model");
  const std::size_t metrics = model.metrics.size();
  if (forest->features() != 2 * metrics || forest->extension() != 0) {
    return Error{"model: its forest is of other features than its metrics"};
  }
  relearn();
  adopt_reference(model, metrics);
  adopt_forest(*forest, metrics);
  for (std::size_t part = 0; part < kParts; ++part) {
    const wire::HistoryModel& history = model.histories[part];
    histories_[part].restore(history.values, history.excess, history.excesses, history.seen, rng_);
  }
  given_ = model.borrowed || model.sample_rows == 0;
  if (model.sample_rows > 0) adopt_sample(model, metrics);
  return {};
}

void Scorer::adopt_reference(const wire::Model& model, std::size_t metrics) {
  const std::size_t room = options_.metrics;
  reference_ = {};
  reference_.columns.resize(kFeaturesAMetric * room);
  reference_.rows = options_.reservoir;
  for (std::size_t i = 0; i < metrics; ++i) {
    origins_[i] = model.origins[i];
    has_origin_[i] = 1;
  }
  for (std::size_t at = 0; at < kFeaturesAMetric * metrics; ++at) {
    reference_.columns[moved(at, metrics, room)] = {model.medians[at], model.inverse_scales[at],
                                                    model.farthest[at], model.lows[at],
                                                    model.highs[at]};
  }
  residual_rows_ = static_cast<double>(options_.reservoir);
  for (std::size_t group = 0; group < kGroups; ++group) {
    const wire::SubspaceModel& from = model.subspaces[group];
    const Place place = place_of(group, room);
    const std::size_t width = place_of(group, metrics).count;
    Subspace& to = reference_.subspaces[group];
    to.width = place.count;
    to.directions = from.directions;
    to.mean.assign(place.count, 0);
    to.basis.assign(from.directions * place.count, 0);
    to.inverse_deviation.assign(place.count, 1);
    for (std::size_t at = 0; at < width; ++at) {
      const std::size_t there = moved(at, metrics, room);
      to.mean[there] = from.mean[at];
      to.inverse_deviation[there] = from.inverse_deviation[at];
      for (std::size_t d = 0; d < from.directions; ++d) {
        to.basis[d * place.count + there] = from.basis[d * width + at];
      }
    }
    for (std::size_t at = 0; at < place.count; ++at) {
      const double deviation = 1 / static_cast<double>(to.inverse_deviation[at]);
      residual_squares_[place.first + at] = deviation * deviation;
      deviation_squares_[place.first + at] = deviation * deviation;
    }
  }
}

void Scorer::adopt_sample(const wire::Model& model, std::size_t metrics) {
  const std::size_t room = options_.metrics;
  const std::size_t features = kFeaturesAMetric * metrics;
  std::vector<float> row(kFeaturesAMetric * room, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < model.sample_rows; ++i) {
    for (std::size_t at = 0; at < features; ++at) {
      row[moved(at, metrics, room)] = model.sample[i * features + at];
    }
    reservoir_.offer(row, rng_);
  }
  reservoir_.go_on_from(model.sample_seen);
  for (std::size_t i = 0; i < metrics; ++i) {
    const bool any = model.lowest[i] <= model.highest[i];
    if (any) extents_[i] = {model.lowest[i], model.highest[i], true};
  }
  // What is borrowed counts as many rows as came along, so that what comes soon counts more.
  const double most = static_cast<double>(model.borrowed ? model.sample_rows : options_.horizon);
  for (std::size_t at = 0; at < features; ++at) {
    moments_[moved(at, metrics, room)] = {model.means[at], model.variances[at],
                                          std::min(model.counts[at], most)};
    if (!model.borrowed) residual_squares_[moved(at, metrics, room)] = model.residual_squares[at];
  }
  if (model.borrowed) return;
  residual_rows_ = std::min(model.residual_rows, most);
  learnt_ = model.rows;
  paced_from_ = std::min(model.hurried_at, model.rows);
}

void Scorer::adopt_forest(const IsolationForest& forest, std::size_t metrics) {
  forest_.emplace(2 * options_.metrics, forest.trees(), forest.subsample(), 0);
  grower_.emplace(forest_->grower());
  next_tree_ = 0;
  for (std::size_t tree = 0; tree < forest.trees(); ++tree) {
    forest.get(tree, grown_);
    for (Split& split : grown_.splits) {
      split.feature = static_cast<std::uint32_t>(moved(split.feature, metrics, options_.metrics));
    }
    forest_->put(tree, grown_);
  }
  options_.trees = forest.trees();
}

}  // namespace bw::agent
