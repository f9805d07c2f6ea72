// An isolation forest: how easily random splits part a row from the rows it was fitted to.
//
// Source: Liu, Ting, Zhou, "Isolation Forest", ICDM 2008. Signs and offset are those of
// scikit-learn's IsolationForest. The same rows, options and seed give the same forest and scores
// on every architecture. What rows are and how they are scaled is left to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/core/detect/packed_trees.h"
#include "agent/core/detect/tree_grower.h"
#include "base/result.h"
#include "base/rng.h"

namespace bw::agent {

inline constexpr std::size_t kMaxSubsample = 4096;
inline constexpr std::size_t kMaxFeatures = 512;
inline constexpr std::size_t kMaxExtension = 15;

struct ForestOptions {
  std::size_t trees = 100;
  std::size_t subsample = 256;  // psi; all rows where they are fewer
  std::size_t extension = 0;    // 0: splits along one feature; k: along k + 1 (oblique)
  // The share of the fitted rows that is taken for outliers, in (0, .5]: sets the offset. Without
  // it the offset is -.5, as the paper has it.
  std::optional<double> contamination;
  std::uint64_t seed = 0;
};

class IsolationForest {
 public:
  // Fails on options beyond their bounds, fewer than two rows, and values that are not finite.
  static Result<IsolationForest> fit(Rows rows, const ForestOptions& options);

  // A forest whose trees are all put by the caller: see put().
  IsolationForest(std::size_t features, std::size_t trees, std::size_t subsample,
                  std::size_t extension);
  // One tree, in heap order; it has the height and the terms of the forest's.
  void put(std::size_t tree, const GrownTree& grown);
  void get(std::size_t tree, GrownTree& grown) const;

  // s = 2^(-E(h) / c(psi)), in (0, 1): near 1 is an anomaly, below .5 is ordinary. A value that is
  // NaN goes left at every split.
  double score(std::span<const float> row) const;
  // -s, and that less the offset: negative for outliers.
  double score_sample(std::span<const float> row) const { return -score(row); }
  double decision(std::span<const float> row) const { return score_sample(row) - offset_; }
  bool is_outlier(std::span<const float> row) const { return decision(row) < 0; }

  // Grows one tree anew from these rows: the forest follows its data a tree at a time. The grower
  // is one made by grower().
  void replace(std::size_t tree, Rows rows, TreeGrower& grower, Rng& rng, GrownTree& scratch);
  TreeGrower grower() const { return {features_, subsample_, extension()}; }

  std::size_t trees() const { return trees_; }
  std::size_t features() const { return features_; }
  std::size_t subsample() const { return subsample_; }
  std::size_t height() const { return height_; }
  std::size_t extension() const { return terms_ > 0 ? terms_ - 1 : 0; }
  double offset() const { return offset_; }
  void set_offset(double offset) { offset_ = offset; }
  std::size_t bytes() const;

 private:
  float sum_of_oblique_paths(std::span<const float> row) const;

  std::size_t features_;
  std::size_t trees_;
  std::size_t subsample_;
  std::size_t height_;
  std::size_t terms_;  // of an oblique split; 0: along features
  double norm_;        // 1 / (trees c(psi))
  double offset_ = -0.5;
  std::optional<PackedTrees> straight_;
  std::vector<GrownTree> oblique_;
};

}  // namespace bw::agent
