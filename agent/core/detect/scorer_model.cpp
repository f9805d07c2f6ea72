// The scorer as a message and back: its members save() and load().
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "agent/core/detect/forest_model.h"
#include "agent/core/detect/scorer.h"

namespace bw::agent {

namespace {

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
  return std::nullopt;
}

// Where feature `at` of so many metrics lies among those of `room` metrics.
std::size_t moved(std::size_t at, std::size_t metrics, std::size_t room) {
  return at / metrics * room + at % metrics;
}

}  // namespace

void Scorer::save(wire::Model& model) const {
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
}

Result<void> Scorer::load(const wire::Model& model) {
  if (auto error = problem(model, options_.metrics, kParts)) return *error;
  auto forest = from_model(model.forest);
  if (!forest) return forest.error().within("model");
  const std::size_t metrics = model.metrics.size();
  if (forest->features() != 2 * metrics || forest->extension() != 0) {
    return Error{"model: its forest is of other features than its metrics"};
  }
  adopt_reference(model, metrics);
  adopt_forest(*forest, metrics);
  for (std::size_t part = 0; part < kParts; ++part) {
    const wire::HistoryModel& history = model.histories[part];
    histories_[part].restore(history.values, history.excess, history.excesses, rng_);
  }
  given_ = true;
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
