#include "agent/core/detect/isolation_forest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace bw::agent {
namespace {

Rows rows_of(const std::vector<float>& values, std::size_t features) {
  return {values.data(), values.size() / features, features};
}

// A cloud about the origin.
std::vector<float> cloud(std::size_t rows, std::size_t features, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(rows * features);
  for (float& value : values) value = static_cast<float>(normal(rng));
  return values;
}

IsolationForest fitted(const std::vector<float>& values, std::size_t features,
                       const ForestOptions& options) {
  auto forest = IsolationForest::fit(rows_of(values, features), options);
  if (!forest) ADD_FAILURE() << forest.error().message;
  return std::move(forest).value();
}

std::string reason(const std::vector<float>& values, std::size_t features,
                   const ForestOptions& options) {
  const auto forest = IsolationForest::fit(rows_of(values, features), options);
  return forest ? "fitted" : forest.error().message;
}

TEST(IsolationForest, ScoresWhatLiesApartHigher) {
  const auto values = cloud(2000, 3, 1);
  const auto forest = fitted(values, 3, {});
  const std::vector<float> centre{0, 0, 0};
  const std::vector<float> edge{3, 0, 0};
  const std::vector<float> apart{6, 6, 6};
  EXPECT_LT(forest.score(centre), 0.45);
  EXPECT_GT(forest.score(edge), forest.score(centre));
  EXPECT_GT(forest.score(apart), 0.7);
}

TEST(IsolationForest, RowsThatAreAllTheSameScoreAHalf) {
  const std::vector<float> values(300, 2.5F);
  const auto forest = fitted(values, 3, {});
  EXPECT_NEAR(forest.score(rows_of(values, 3).row(0)), 0.5, 1e-6);
}

// The scores are those of the definition, tree by tree, whatever the number of trees walked at
// once.
TEST(IsolationForest, ScoreIsTwoToTheMinusMeanPathOverAverage) {
  const auto values = cloud(500, 4, 2);
  for (const std::size_t trees : {1U, 7U, 8U, 29U}) {
    ForestOptions options;
    options.trees = trees;
    options.seed = 77;
    const auto forest = fitted(values, 4, options);
    for (std::size_t i = 0; i < 50; ++i) {
      const auto row = rows_of(values, 4).row(i * 9);
      TreeGrower grower(4, 256, 0);
      Rng rng(77);
      GrownTree tree;
      double paths = 0;
      for (std::size_t t = 0; t < trees; ++t) {
        grower.grow(rows_of(values, 4), rng, tree);
        std::size_t node = 1;
        while (node < 256) {
          const Split& split = tree.splits[node];
          node = 2 * node + (row[split.feature] > value_of(split.key) ? 1 : 0);
        }
        paths += tree.leaves[node - 256];
      }
      const double mean = paths / static_cast<double>(trees);
      EXPECT_NEAR(forest.score(row), std::exp2(-mean / average_path_length(256)), 1e-6);
    }
  }
}

TEST(IsolationForest, SignAndOffsetAreThoseOfScikitLearn) {
  const auto values = cloud(1000, 2, 3);
  ForestOptions options;
  const auto plain = fitted(values, 2, options);
  EXPECT_EQ(plain.offset(), -0.5);
  const auto row = rows_of(values, 2).row(0);
  EXPECT_EQ(plain.score_sample(row), -plain.score(row));
  EXPECT_EQ(plain.decision(row), plain.score_sample(row) + 0.5);

  options.contamination = 0.1;
  const auto tenth = fitted(values, 2, options);
  std::size_t outliers = 0;
  for (std::size_t i = 0; i < 1000; ++i) outliers += tenth.is_outlier(rows_of(values, 2).row(i));
  EXPECT_EQ(outliers, 100U);
}

TEST(IsolationForest, OffsetLiesBetweenRowsAsNumpysPercentileDoes) {
  const auto values = cloud(4, 2, 4);
  ForestOptions options;
  options.contamination = 0.5;
  const auto forest = fitted(values, 2, options);
  std::vector<double> scores;
  for (std::size_t i = 0; i < 4; ++i) {
    scores.push_back(forest.score_sample(rows_of(values, 2).row(i)));
  }
  std::sort(scores.begin(), scores.end());
  EXPECT_DOUBLE_EQ(forest.offset(), scores[1] + 0.5 * (scores[2] - scores[1]));
}

TEST(IsolationForest, ASeedGivesTheSameForestAndAnotherAnother) {
  const auto values = cloud(600, 5, 5);
  ForestOptions options;
  options.seed = 9;
  const auto first = fitted(values, 5, options);
  const auto again = fitted(values, 5, options);
  options.seed = 10;
  const auto other = fitted(values, 5, options);
  std::size_t same = 0;
  for (std::size_t i = 0; i < 600; ++i) {
    const auto row = rows_of(values, 5).row(i);
    EXPECT_EQ(first.score(row), again.score(row));
    same += first.score(row) == other.score(row);
  }
  EXPECT_LT(same, 10U);
}

// Taken once: an architecture that gives other bits would raise other alarms.
TEST(IsolationForest, BitsOfScoresAreTheSameOnEveryArchitecture) {
  Rng rng(12);
  std::vector<float> values(400 * 6);
  for (float& value : values) value = static_cast<float>(rng.unit() * rng.unit());
  std::uint64_t mixed = 0;
  for (const std::size_t extension : {0U, 2U}) {
    ForestOptions options;
    options.extension = extension;
    const auto forest = fitted(values, 6, options);
    for (std::size_t i = 0; i < 400; ++i) {
      const double score = forest.score(rows_of(values, 6).row(i));
      mixed = std::rotl(mixed, 5) ^ std::bit_cast<std::uint64_t>(score);
    }
  }
  EXPECT_EQ(mixed, 5972287357344299557U);
}

TEST(IsolationForest, FewerRowsThanTheSubsampleAreAllUsed) {
  const auto values = cloud(40, 2, 6);
  const auto forest = fitted(values, 2, {});
  EXPECT_EQ(forest.subsample(), 40U);
  EXPECT_EQ(forest.height(), 6U);
}

TEST(IsolationForest, NotANumberGoesLeftAtEverySplit) {
  const auto values = cloud(500, 3, 7);
  const auto forest = fitted(values, 3, {});
  const float nothing = std::numeric_limits<float>::quiet_NaN();
  const float least = -std::numeric_limits<float>::infinity();
  const std::vector<float> missing{nothing, 0, -nothing};
  const std::vector<float> lowest{least, 0, least};
  EXPECT_EQ(forest.score(missing), forest.score(lowest));
}

TEST(IsolationForest, ReplacingTreesMovesTheForestToNewData) {
  const auto old_values = cloud(600, 2, 8);
  auto new_values = cloud(600, 2, 9);
  for (float& value : new_values) value += 8;
  auto forest = fitted(old_values, 2, {});
  const std::vector<float> new_centre{8, 8};
  const double before = forest.score(new_centre);
  TreeGrower grower = forest.grower();
  Rng rng(1);
  GrownTree scratch;
  for (std::size_t i = 0; i < forest.trees(); ++i) {
    forest.replace(i, rows_of(new_values, 2), grower, rng, scratch);
  }
  EXPECT_GT(before, 0.65);
  EXPECT_LT(forest.score(new_centre), 0.45);
}

// The example of Hariri et al.: two clusters on a diagonal; splits along features leave ghosts of
// them on the other one.
TEST(IsolationForest, ObliqueSplitsSeeBesideTheAxes) {
  auto values = cloud(1000, 2, 10);
  for (std::size_t i = 0; i < 1000; i += 2) {
    values[i * 2] += 10;
    values[i * 2 + 3] += 10;
  }
  ForestOptions options;
  const auto straight = fitted(values, 2, options);
  options.extension = 1;
  const auto oblique = fitted(values, 2, options);
  const std::vector<float> ghost{10, 10};
  const std::vector<float> cluster{10, 0};
  EXPECT_GT(oblique.score(ghost) - oblique.score(cluster),
            straight.score(ghost) - straight.score(cluster) + 0.03);
}

TEST(IsolationForest, RefusesWhatItCanNotFitWithTheReason) {
  const auto values = cloud(10, 2, 11);
  const auto with = [](auto change) {
    ForestOptions options;
    change(options);
    return options;
  };
  EXPECT_EQ(reason(values, 2, with([](auto& o) { o.trees = 0; })),
            "trees must be 1 to 1000, not 0");
  EXPECT_EQ(reason(values, 2, with([](auto& o) { o.subsample = 1; })),
            "subsample must be 2 to 4096, not 1");
  EXPECT_EQ(reason(values, 2, with([](auto& o) { o.extension = 2; })),
            "extension must be 0 to 1, not 2");
  EXPECT_EQ(reason(values, 2, with([](auto& o) { o.contamination = 0.6; })),
            "contamination must be above 0 and at most 0.5");
  EXPECT_EQ(reason(values, 2, with([](auto& o) { o.contamination = std::nan(""); })),
            "contamination must be above 0 and at most 0.5");
  EXPECT_EQ(reason(std::vector<float>(kMaxFeatures + 1), kMaxFeatures + 1, {}),
            "features must be 1 to 512, not 513");
  EXPECT_EQ(reason({1, 2}, 2, {}), "a forest needs two rows at least");
  auto odd = values;
  odd[7] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(reason(odd, 2, {}), "row 3, column 1 is not a finite number");
}

}  // namespace
}  // namespace bw::agent
