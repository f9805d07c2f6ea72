// What is usual on this node: each feature's middle, spread and range, and the directions in which
// features vary together. Learnt from a reservoir of rows, a slice of work at a time.
//
// A row of features has three groups: each metric's value; its rolling means, then deviations, over
// a short window; and the same over a long one. NaN stands for what is missing, and is scaled to 0:
// the usual.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/core/detect/reservoir.h"
#include "agent/core/detect/subspace.h"

namespace bw::agent {

struct Column {
  float median = 0;
  float inverse_scale = 0;  // 0: not known, or too few rows have it
  float farthest = 20;      // scaled features are cut here
  float low = 0;            // what 98 % of the rows lie between
  float high = 0;
};

// Scaled features are cut here: how far beyond the usual says no more.
inline constexpr float kFarthest = 20;
inline constexpr float kFarthestOfConstant = 5;

enum class Group : std::uint8_t { values, rolling, slow };
inline constexpr std::size_t kGroups = 3;
inline constexpr std::size_t kFeaturesAMetric = 5;

// Where a group's features lie in a row.
struct Place {
  std::size_t first;
  std::size_t count;
};
constexpr Place place_of(std::size_t group, std::size_t metrics) {
  if (group == 0) return {0, metrics};
  return {group == 1 ? metrics : 3 * metrics, 2 * metrics};
}

struct Reference {
  std::vector<Column> columns;
  std::array<Subspace, kGroups> subspaces;
  std::size_t rows = 0;  // learnt from

  // (feature - median) / scale; 0 where either is not known.
  void scale(std::span<const float> features, std::span<float> out) const;
  // The feature's value that has been scaled to this.
  float unscaled(std::size_t feature, float scaled) const;
  std::size_t bytes() const;
};

class ReferenceFitter {
 public:
  ReferenceFitter(std::size_t metrics, double share);

  // A feature's deviation as more rows than the reservoir holds tell it, and the least spread whose
  // changes are worth a word.
  void set_spread(std::size_t feature, float deviation, float least) {
    deviations_[feature] = deviation;
    least_[feature] = least;
  }

  // One slice of the work: a column, or a row of the reservoir twice, or a step of the iteration.
  // True when the last is done and `out` is anew; the next call begins again.
  bool step(const Reservoir& reservoir, Reference& out);
  // What the next one costs, in numbers touched.
  std::size_t cost(const Reservoir& reservoir) const;
  // Leaves the round that is on.
  void restart();

  std::size_t bytes() const;

 private:
  enum class Phase : std::uint8_t { columns, sums, directions, residuals };
  void column(const Reservoir& reservoir, std::size_t at);
  bool end(const Reservoir& reservoir, Reference& out);

  std::size_t metrics_;
  Phase phase_ = Phase::columns;
  std::size_t at_ = 0;
  std::vector<float> least_;
  std::vector<float> deviations_;
  Reference made_;
  std::array<SubspaceFitter, kGroups> fitters_;
  std::vector<float> cells_;
  std::vector<float> scaled_;
};

}  // namespace bw::agent
