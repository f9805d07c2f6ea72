#include "agent/core/detect/forest_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace bw::agent {

namespace {

constexpr double kLongestPath = 64;  // far above c(psi) plus any height

std::optional<Error> problem(const wire::ForestModel& model) {
  const auto wrong = [](const char* what) { return Error{std::string("forest: ") + what}; };
  if (model.features == 0 || model.features > kMaxFeatures) return wrong("number of features");
  if (model.trees == 0 || model.trees > kMaxTrees) return wrong("number of trees");
  if (model.subsample < 2 || model.subsample > kMaxSubsample) return wrong("subsample");
  if (model.extension > kMaxExtension || model.extension >= model.features) {
    return wrong("extension");
  }
  if (!std::isfinite(model.offset)) return wrong("offset");
  const std::size_t height = height_limit(model.subsample);
  const std::size_t splits = model.trees * ((std::size_t{1} << height) - 1);
  const std::size_t terms = splits * (model.extension + std::size_t{1});
  if (model.thresholds.size() != splits || model.split_features.size() != terms ||
      model.leaves.size() != std::size_t{model.trees} << height ||
      model.weights.size() != (model.extension == 0 ? 0 : terms)) {
    return wrong("its lists have other lengths than its trees");
  }
  const auto is_nan = [](float value) { return std::isnan(value); };
  if (std::ranges::any_of(model.thresholds, is_nan)) return wrong("a threshold is not a number");
  const auto outside = [&](std::uint16_t feature) { return feature >= model.features; };
  if (std::ranges::any_of(model.split_features, outside)) return wrong("a split's feature");
  const auto odd = [](float weight) { return !std::isfinite(weight); };
  if (std::ranges::any_of(model.weights, odd)) return wrong("a weight is not a number");
  const auto impossible = [](float path) { return !(path >= 0 && path <= kLongestPath); };
  if (std::ranges::any_of(model.leaves, impossible)) return wrong("a path length");
  return std::nullopt;
}

}  // namespace

wire::ForestModel to_model(const IsolationForest& forest) {
  wire::ForestModel model;
  model.features = static_cast<std::uint16_t>(forest.features());
  model.trees = static_cast<std::uint16_t>(forest.trees());
  model.subsample = static_cast<std::uint16_t>(forest.subsample());
  model.extension = static_cast<std::uint8_t>(forest.extension());
  model.offset = forest.offset();
  GrownTree tree;
  for (std::size_t i = 0; i < forest.trees(); ++i) {
    forest.get(i, tree);
    for (std::size_t node = 1; node < tree.splits.size(); ++node) {
      const Split& split = tree.splits[node];
      // The key that nothing is above has no number of its own; infinity has the same effect.
      model.thresholds.push_back(split.key == kNeverRight ? std::numeric_limits<float>::infinity()
                                                          : value_of(split.key));
      if (model.extension == 0) {
        model.split_features.push_back(static_cast<std::uint16_t>(split.feature));
      }
    }
    const std::size_t terms = tree.terms.size() / tree.splits.size();
    for (std::size_t at = terms; at < tree.terms.size(); ++at) {
      model.split_features.push_back(static_cast<std::uint16_t>(tree.terms[at].feature));
      model.weights.push_back(tree.terms[at].weight);
    }
    model.leaves.insert(model.leaves.end(), tree.leaves.begin(), tree.leaves.end());
  }
  return model;
}

Result<IsolationForest> from_model(const wire::ForestModel& model) {
  if (auto error = problem(model)) return *error;
  IsolationForest forest(model.features, model.trees, model.subsample, model.extension);
  forest.set_offset(model.offset);
  const std::size_t width = std::size_t{1} << height_limit(model.subsample);
  const std::size_t terms = model.extension == 0 ? 0 : model.extension + std::size_t{1};
  GrownTree tree;
  for (std::size_t i = 0; i < model.trees; ++i) {
    tree.splits.assign(width, Split{});
    tree.terms.assign(width * terms, Term{});
    for (std::size_t node = 1; node < width; ++node) {
      const std::size_t at = i * (width - 1) + node - 1;
      Split& split = tree.splits[node];
      const float threshold = model.thresholds[at];
      split.key =
          threshold == std::numeric_limits<float>::infinity() ? kNeverRight : key_of(threshold);
      if (terms == 0) split.feature = model.split_features[at];
      for (std::size_t term = 0; term < terms; ++term) {
        tree.terms[node * terms + term] = {model.weights[at * terms + term],
                                           model.split_features[at * terms + term]};
      }
    }
    const auto leaves = model.leaves.begin() + static_cast<std::ptrdiff_t>(i * width);
    tree.leaves.assign(leaves, leaves + static_cast<std::ptrdiff_t>(width));
    forest.put(i, tree);
  }
  return forest;
}

}  // namespace bw::agent
