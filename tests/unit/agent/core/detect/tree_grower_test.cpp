#include "agent/core/detect/tree_grower.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace bw::agent {
namespace {

Rows rows_of(const std::vector<float>& values, std::size_t features) {
  return {values.data(), values.size() / features, features};
}

// What a walk down the tree gives, without the forest.
float path_of(const GrownTree& tree, const std::vector<float>& row) {
  std::size_t node = 1;
  while (node < tree.splits.size()) {
    const Split& split = tree.splits[node];
    node = 2 * node + (key_of(row[split.feature]) > split.key ? 1 : 0);
  }
  return tree.leaves[node - tree.splits.size()];
}

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(rng.unit());
  return values;
}

TEST(TreeGrower, AveragePathLengthIsThatOfThePaper) {
  EXPECT_EQ(average_path_length(0), 0);
  EXPECT_EQ(average_path_length(1), 0);
  EXPECT_EQ(average_path_length(2), 1);
  EXPECT_NEAR(average_path_length(3), 1.2073922, 1e-6);
  EXPECT_NEAR(average_path_length(256), 10.2447709, 1e-6);
}

TEST(TreeGrower, HeightLimitIsTheRoundedUpLogarithmOfTheSample) {
  EXPECT_EQ(height_limit(1), 1U);
  EXPECT_EQ(height_limit(2), 1U);
  EXPECT_EQ(height_limit(3), 2U);
  EXPECT_EQ(height_limit(255), 8U);
  EXPECT_EQ(height_limit(256), 8U);
  EXPECT_EQ(height_limit(257), 9U);
}

TEST(TreeGrower, KeysOrderAsTheirNumbersDo) {
  const float ordered[] = {
      -std::numeric_limits<float>::infinity(), -3.5F, -1e-40F, 0.0F, 1e-40F, 2.0F, 1e30F,
      std::numeric_limits<float>::infinity()};
  for (std::size_t i = 0; i + 1 < std::size(ordered); ++i) {
    EXPECT_LT(key_of(ordered[i]), key_of(ordered[i + 1])) << ordered[i];
  }
  for (const float value : ordered) EXPECT_EQ(value_of(key_of(value)), value);
  EXPECT_EQ(key_of(-0.0F), key_of(0.0F));
  EXPECT_EQ(key_of(std::nanf("")), 0U);
  EXPECT_EQ(key_of(-std::nanf("")), 0U);
  EXPECT_LT(key_of(std::numeric_limits<float>::infinity()), kNeverRight);
}

TEST(TreeGrower, TwoRowsAreOneSplitApart) {
  const std::vector<float> values{1, 5, 2, 5};
  TreeGrower grower(2, 2, 0);
  Rng rng(1);
  GrownTree tree;
  grower.grow(rows_of(values, 2), rng, tree);
  EXPECT_EQ(tree.splits[1].feature, 0U);  // the other is constant
  EXPECT_EQ(path_of(tree, {1, 5}), 1);
  EXPECT_EQ(path_of(tree, {2, 5}), 1);
}

TEST(TreeGrower, RowsThatAreAllTheSameEndAtTheRoot) {
  const std::vector<float> values(64, 3.0F);
  TreeGrower grower(2, 32, 0);
  Rng rng(1);
  GrownTree tree;
  grower.grow(rows_of(values, 2), rng, tree);
  EXPECT_FLOAT_EQ(path_of(tree, {3, 3}), static_cast<float>(average_path_length(32)));
  EXPECT_FLOAT_EQ(path_of(tree, {-9, 99}), static_cast<float>(average_path_length(32)));
}

// Sum over a tree's leaves: rows are neither lost nor counted twice. A leaf of n rows at depth h
// holds h + c(n); with all rows apart and no limit reached, every leaf holds its depth.
TEST(TreeGrower, EveryRowOfTheSampleEndsInALeafOfItsDepth) {
  const std::vector<float> values{0, 1, 10, 100};
  TreeGrower grower(1, 4, 0);
  GrownTree tree;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    grower.grow(rows_of(values, 1), rng, tree);
    double kraft = 0;  // of a full binary tree: 1; a pair left at the limit holds 2 + c(2) = 3
    for (const float value : values) kraft += std::exp2(-path_of(tree, {value}));
    EXPECT_DOUBLE_EQ(kraft, 1) << seed;
  }
}

TEST(TreeGrower, ThresholdsKeepBothSidesAlive) {
  // Neighbours among floats: a threshold that was rounded up would leave the right side empty.
  const float low = 1.0F;
  const std::vector<float> values{low, std::nextafter(low, 2.0F)};
  TreeGrower grower(1, 2, 0);
  GrownTree tree;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    grower.grow(rows_of(values, 1), rng, tree);
    EXPECT_EQ(tree.splits[1].key, key_of(low));
  }
}

TEST(TreeGrower, SplitsFallOnEveryFeatureThatVaries) {
  std::vector<float> values = random_values(256 * 6, 7);
  for (std::size_t i = 0; i < values.size(); i += 3) values[i] = 4;  // 0 and 3 are constant
  TreeGrower grower(6, 256, 0);
  GrownTree tree;
  std::vector<std::size_t> roots(6);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Rng rng(seed);
    grower.grow(rows_of(values, 6), rng, tree);
    ++roots[tree.splits[1].feature];
  }
  EXPECT_EQ(roots[0] + roots[3], 0U);
  for (const std::size_t feature : {1U, 2U, 4U, 5U}) {
    EXPECT_NEAR(static_cast<double>(roots[feature]), 1000, 120) << feature;
  }
}

TEST(TreeGrower, TheSampleIsDrawnWithoutReplacement) {
  // 64 distinct rows, sample 64: with a row drawn twice, two would share a leaf and none be alone.
  std::vector<float> values(64);
  for (std::size_t i = 0; i < 64; ++i) values[i] = std::exp2(static_cast<float>(i));
  TreeGrower grower(1, 64, 0);
  GrownTree tree;
  Rng rng(5);
  grower.grow(rows_of(values, 1), rng, tree);
  double kraft = 0;
  for (const float value : values) {
    const float path = path_of(tree, {value});
    if (path <= 6) kraft += std::exp2(-path);  // alone
  }
  EXPECT_LE(kraft, 1);
  EXPECT_GT(kraft, 0);
}

TEST(TreeGrower, ObliqueSplitsUseAsManyFeaturesAsAsked) {
  const std::vector<float> values = random_values(256 * 5, 9);
  TreeGrower grower(5, 256, 2);
  ASSERT_EQ(grower.terms_a_split(), 3U);
  GrownTree tree;
  Rng rng(1);
  grower.grow(rows_of(values, 5), rng, tree);
  std::vector<std::uint32_t> used;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NE(tree.terms[3 + i].weight, 0) << i;
    used.push_back(tree.terms[3 + i].feature);
  }
  std::sort(used.begin(), used.end());
  EXPECT_EQ(std::unique(used.begin(), used.end()), used.end());
}

TEST(TreeGrower, ObliqueSplitsLeaveOutWhatIsConstant) {
  std::vector<float> values = random_values(256 * 4, 11);
  for (std::size_t i = 0; i < values.size(); i += 4) values[i] = values[i + 2] = 1;
  TreeGrower grower(4, 256, 3);
  GrownTree tree;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    grower.grow(rows_of(values, 4), rng, tree);
    for (std::size_t i = 0; i < 4; ++i) {
      const Term& term = tree.terms[4 + i];
      EXPECT_EQ(term.weight != 0, i < 2);
      if (i < 2) {
        EXPECT_EQ(term.feature % 2, 1U);
      }
    }
  }
  const std::vector<float> same(16, 2.0F);
  Rng rng(1);
  TreeGrower of_four(4, 4, 3);
  of_four.grow(rows_of(same, 4), rng, tree);
  EXPECT_EQ(tree.splits[1].key, kNeverRight);
}

TEST(TreeGrower, NormalDrawsHaveMeanZeroAndDeviationOne) {
  Rng rng(3);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = normal(rng);
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.03);
  EXPECT_NEAR(squares / kDraws, 1, 0.05);
}

}  // namespace
}  // namespace bw::agent
