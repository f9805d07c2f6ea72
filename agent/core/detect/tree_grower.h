// Grows one isolation tree from a sample of rows: random splits until each row stands alone, or the
// height limit of a tree of average height is reached.
//
// Sources: Liu, Ting, Zhou, "Isolation Forest", ICDM 2008 (splits, height limit, path length);
// Hariri, Carrasco Kind, Brunner, "Extended Isolation Forest", 2019 (oblique splits). Trees are
// perfect: a branch that ends early goes on to the left, so that every walk is equally long.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"

namespace bw::agent {

// `count` rows of `features` values each, `stride` from one row's first to the next one's.
struct Rows {
  const float* values = nullptr;
  std::size_t count = 0;
  std::size_t features = 0;
  std::size_t stride = features;

  std::span<const float> row(std::size_t at) const { return {values + at * stride, features}; }
};

// c(n): the average path length of an unsuccessful search in a binary search tree of n rows.
double average_path_length(std::size_t rows);

// ceil(log2(rows)), 1 at least.
std::size_t height_limit(std::size_t rows);

// Order-preserving: a < b as numbers where key(a) < key(b). NaN has the least, so that it goes left
// at every split; no finite threshold has the greatest.
inline constexpr std::uint32_t kSignBit = 0x80000000U;
inline std::uint32_t key_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0F);  // -0 becomes 0
  const auto spread = static_cast<std::uint32_t>(static_cast<std::int32_t>(bits) >> 31);
  const std::uint32_t key = bits ^ (spread | kSignBit);
  return value == value ? key : 0;
}
float value_of(std::uint32_t key);
inline constexpr std::uint32_t kNeverRight = 0xffffffffU;

// A split along one feature: rows whose key is greater go right.
struct Split {
  std::uint32_t key = kNeverRight;
  std::uint32_t feature = 0;
};

// One of the terms of an oblique split.
struct Term {
  float weight = 0;
  std::uint32_t feature = 0;
};

// A tree of height h in heap order: inner node i (from 1) has children 2i and 2i + 1; place 0 is
// unused. Leaf j is what a walk reaches as node 2^h + j.
struct GrownTree {
  std::vector<Split> splits;  // 2^h; an oblique split's threshold is its key
  std::vector<Term> terms;    // `terms_a_split` each; empty where splits are along features
  std::vector<float> leaves;  // 2^h path lengths
};

class TreeGrower {
 public:
  // `extension` as Hariri et al. have it: 0 splits along one feature, k along k + 1 of them.
  TreeGrower(std::size_t features, std::size_t subsample, std::size_t extension);

  // Draws the sample from `rows` without replacement (all of them, where they are fewer) and grows
  // `tree` of it, whose memory is kept from one call to the next.
  void grow(Rows rows, Rng& rng, GrownTree& tree);

  std::size_t height() const { return height_; }
  std::size_t terms_a_split() const { return terms_a_split_; }

 private:
  struct Part {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t node;
    std::uint32_t depth;
    std::uint32_t constants;  // the first of order_ are known to be constant here
  };

  void draw(std::size_t rows, Rng& rng);
  void split(const Part& part, Rng& rng, GrownTree& tree);
  void end(const Part& part, GrownTree& tree) const;
  bool split_along_feature(Part& part, Rng& rng, GrownTree& tree);
  bool split_obliquely(Part& part, Rng& rng, GrownTree& tree);
  std::uint32_t divide(const Part& part, float threshold);

  std::size_t features_;
  std::size_t subsample_;
  std::size_t height_;
  std::size_t terms_a_split_ = 0;    // 0: along features
  std::vector<float> path_of_size_;  // c(n)
  Rows rows_;
  std::vector<std::uint32_t> all_;     // the rows in an order whose beginning is the sample
  std::vector<std::uint32_t> chosen_;  // the sample, parted as the tree grows
  std::vector<std::uint32_t> aside_;
  std::vector<float> values_;         // of chosen_, by which they are parted
  std::vector<std::uint32_t> order_;  // features, those known to be constant first
};

// Uniform below `bound`, of 32 random bits; the bias is below bound / 2^32.
inline std::uint32_t pick(Rng& rng, std::size_t bound) {
  return static_cast<std::uint32_t>(((rng.next() >> 32) * bound) >> 32);
}

// Standard normal (Marsaglia's polar method).
double normal(Rng& rng);

}  // namespace bw::agent
