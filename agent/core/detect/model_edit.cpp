#include "agent/core/detect/model_edit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "agent/core/detect/reference.h"
#include "base/assert.h"

namespace bw::agent {

namespace {

// The forest looks at the short features alone.
constexpr std::size_t kForestKinds = 2;

// Of `metrics` a kind, or a multiple of it, the first `count` of each.
template <typename List>
void keep_of_each(List& list, std::size_t metrics, std::size_t count) {
  List kept;
  kept.reserve(list.size() / metrics * count);
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (at % metrics < count) kept.push_back(std::move(list[at]));
  }
  list = std::move(kept);
}

bool keep_in_forest(wire::ForestModel& forest, std::size_t metrics, std::size_t count) {
  if (forest.features != kForestKinds * metrics || forest.extension != 0) return false;
  const auto stays = [&](std::size_t at) { return forest.split_features[at] % metrics < count; };
  for (std::size_t at = 0; at < forest.split_features.size(); ++at) {
    if (at < forest.thresholds.size() && std::isinf(forest.thresholds[at])) continue;
    if (!stays(at)) return false;
  }
  for (std::size_t at = 0; at < forest.split_features.size(); ++at) {
    const std::size_t feature = stays(at) ? forest.split_features[at] : 0;
    forest.split_features[at] =
        static_cast<std::uint16_t>(feature / metrics * count + feature % metrics);
  }
  forest.features = static_cast<std::uint16_t>(kForestKinds * count);
  return true;
}

}  // namespace

void keep_first_metrics(wire::Model& model, std::size_t count) {
  const std::size_t metrics = model.origins.size();
  if (count == 0 || count >= metrics) return;
  if (!keep_in_forest(model.forest, metrics, count)) return;
  if (model.metrics.size() > count) model.metrics.resize(count);
  model.origins.resize(count);
  for (auto* list :
       {&model.medians, &model.inverse_scales, &model.farthest, &model.lows, &model.highs,
        &model.sample, &model.residual_squares, &model.lowest, &model.highest}) {
    keep_of_each(*list, metrics, count);
  }
  for (auto* list : {&model.means, &model.variances, &model.counts}) {
    keep_of_each(*list, metrics, count);
  }
  for (wire::SubspaceModel& subspace : model.subspaces) {
    for (auto* list : {&subspace.mean, &subspace.basis, &subspace.inverse_deviation}) {
      keep_of_each(*list, metrics, count);
    }
  }
}

void forget_metric(wire::Model& model, std::size_t metric) {
  const std::size_t metrics = model.origins.size();
  BW_ASSERT(metric < metrics);
  const auto set = [&](auto& list, auto value) {
    for (std::size_t at = metric; at < list.size(); at += metrics) list[at] = value;
  };
  model.origins[metric] = 0;
  for (auto* list : {&model.medians, &model.inverse_scales, &model.lows, &model.highs}) {
    set(*list, 0.0F);
  }
  set(model.sample, std::numeric_limits<float>::quiet_NaN());
  set(model.lowest, 1.0F);
  set(model.highest, 0.0F);
  for (auto* list : {&model.means, &model.variances, &model.counts}) set(*list, 0.0);
  for (wire::SubspaceModel& subspace : model.subspaces) {
    set(subspace.mean, 0.0F);
    set(subspace.basis, 0.0F);
  }
}

}  // namespace bw::agent
