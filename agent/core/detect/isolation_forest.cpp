#include "agent/core/detect/isolation_forest.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/assert.h"
#include "base/portable_math.h"

namespace bw::agent {

namespace {

std::string beyond(const char* what, std::size_t value, std::size_t least, std::size_t most) {
  return std::string(what) + " must be " + std::to_string(least) + " to " + std::to_string(most) +
         ", not " + std::to_string(value);
}

std::optional<Error> problem(Rows rows, const ForestOptions& options) {
  const auto check = [](const char* what, std::size_t value, std::size_t least,
                        std::size_t most) -> std::optional<Error> {
    if (value >= least && value <= most) return std::nullopt;
    return Error{beyond(what, value, least, most)};
  };
  if (auto error = check("trees", options.trees, 1, kMaxTrees)) return error;
  if (auto error = check("subsample", options.subsample, 2, kMaxSubsample)) return error;
  if (auto error = check("features", rows.features, 1, kMaxFeatures)) return error;
  const std::size_t most = std::min(kMaxExtension, rows.features - 1);
  if (auto error = check("extension", options.extension, 0, most)) return error;
  if (rows.count < 2) return Error{"a forest needs two rows at least"};
  if (options.contamination && !(*options.contamination > 0 && *options.contamination <= 0.5)) {
    return Error{"contamination must be above 0 and at most 0.5"};
  }
  for (std::size_t row = 0; row < rows.count; ++row) {
    for (std::size_t column = 0; column < rows.features; ++column) {
      if (std::isfinite(rows.row(row)[column])) continue;
      return Error{"row " + std::to_string(row) + ", column " + std::to_string(column) +
                   " is not a finite number"};
    }
  }
  return std::nullopt;
}

// numpy's percentile: linear between the two nearest.
double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace

IsolationForest::IsolationForest(std::size_t features, std::size_t trees, std::size_t subsample,
                                 std::size_t extension)
    : features_(features),
      trees_(trees),
      subsample_(subsample),
      height_(height_limit(subsample)),
      terms_(extension == 0 ? 0 : extension + 1),
      norm_(1 / (static_cast<double>(trees) * average_path_length(subsample))) {
  if (terms_ == 0) {
    straight_.emplace(trees, height_);
  } else {
    oblique_.resize(trees);
  }
}

Result<IsolationForest> IsolationForest::fit(Rows rows, const ForestOptions& options) {
  if (auto error = problem(rows, options)) return *error;
  IsolationForest forest(rows.features, options.trees, std::min(options.subsample, rows.count),
                         options.extension);
  TreeGrower grower = forest.grower();
  Rng rng(options.seed);
  GrownTree tree;
  for (std::size_t i = 0; i < options.trees; ++i) forest.replace(i, rows, grower, rng, tree);
  if (!options.contamination) return forest;
  std::vector<double> scores;
  scores.reserve(rows.count);
  for (std::size_t i = 0; i < rows.count; ++i) scores.push_back(forest.score_sample(rows.row(i)));
  forest.offset_ = quantile(std::move(scores), *options.contamination);
  return forest;
}

void IsolationForest::replace(std::size_t tree, Rows rows, TreeGrower& grower, Rng& rng,
                              GrownTree& scratch) {
  BW_ASSERT(tree < trees_ && grower.height() == height_ && grower.terms_a_split() == terms_);
  grower.grow(rows, rng, scratch);
  put(tree, scratch);
}

void IsolationForest::put(std::size_t tree, const GrownTree& grown) {
  if (straight_) {
    straight_->put(tree, grown);
  } else {
    oblique_[tree] = grown;
  }
}

void IsolationForest::get(std::size_t tree, GrownTree& grown) const {
  if (straight_) {
    straight_->get(tree, grown);
  } else {
    grown = oblique_[tree];
  }
}

double IsolationForest::score(std::span<const float> row) const {
  BW_ASSERT(row.size() == features_);
  if (!straight_) return portable_exp2(-static_cast<double>(sum_of_oblique_paths(row)) * norm_);
  std::uint32_t keys[kMaxFeatures];
  for (std::size_t i = 0; i < row.size(); ++i) keys[i] = key_of(row[i]);
  return portable_exp2(-static_cast<double>(straight_->sum_of_paths(keys)) * norm_);
}

float IsolationForest::sum_of_oblique_paths(std::span<const float> row) const {
  float sum = 0;
  for (const GrownTree& tree : oblique_) {
    std::size_t node = 1;
    while (node < tree.splits.size()) {
      const Term* terms = tree.terms.data() + node * terms_;
      float value = 0;
      for (std::size_t i = 0; i < terms_; ++i) value += terms[i].weight * row[terms[i].feature];
      node += node + (tree.splits[node].key < key_of(value) ? 1 : 0);
    }
    sum += tree.leaves[node - tree.splits.size()];
  }
  return sum;
}

std::size_t IsolationForest::bytes() const {
  std::size_t bytes = sizeof(*this) + (straight_ ? straight_->bytes() : 0);
  for (const GrownTree& tree : oblique_) {
    bytes += sizeof(tree) + tree.splits.capacity() * sizeof(Split) +
             tree.terms.capacity() * sizeof(Term) + tree.leaves.capacity() * sizeof(float);
  }
  return bytes;
}

}  // namespace bw::agent
