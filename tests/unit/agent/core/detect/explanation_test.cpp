#include "agent/core/detect/explanation.h"

#include <cmath>
#include <limits>

#include "tests/unit/agent/core/detect/detect_world.h"

namespace bw::agent {
namespace {

class ExplanationTest : public testing::Test {
 protected:
  ExplanationTest() : world_(1), scorer_(options()) {
    for (int i = 0; i < 2000; ++i) {
      scorer_.score(world_.row());
      scorer_.learn();
    }
  }
  static ScorerOptions options() {
    ScorerOptions options;
    options.metrics = DetectWorld::kMetrics;
    options.reservoir = 256;
    return options;
  }
  // The causes after rows that were changed.
  template <typename Change>
  std::vector<Cause> after(int rows, Change change) {
    for (int i = 0; i < rows; ++i) {
      auto row = world_.row();
      change(row, i);
      scorer_.score(row);
    }
    return explain(scorer_);
  }

  DetectWorld world_;
  Scorer scorer_;
};

TEST_F(ExplanationTest, NamesTheMetricWithItsValueRangeAndDirection) {
  const auto causes = after(10, [](auto& row, int) { row[4] = 1400; });
  ASSERT_FALSE(causes.empty());
  EXPECT_EQ(causes[0].metric, 4U);
  EXPECT_GT(causes[0].share, 0.4);
  EXPECT_EQ(causes[0].deviation, Deviation::above);
  EXPECT_NEAR(causes[0].value, 1400, 0.1);
  EXPECT_NEAR(causes[0].low, 1000 - 2.33 * 20, 15);
  EXPECT_NEAR(causes[0].high, 1000 + 2.33 * 20, 15);
}

TEST_F(ExplanationTest, TellsBelowRestlessAndStillApart) {
  EXPECT_EQ(after(10, [](auto& row, int) { row[4] = 700; })[0].deviation, Deviation::below);
  after(60, [](auto&, int) {});
  const auto restless = after(10, [](auto& row, int i) { row[4] = i % 2 == 0 ? 1035 : 965; });
  ASSERT_EQ(restless[0].metric, 4U);
  EXPECT_EQ(restless[0].deviation, Deviation::restless);
}

TEST_F(ExplanationTest, NamesWhatLeftItsCompany) {
  const auto causes = after(30, [](auto& row, int) { row[0] = 100 - row[1]; });
  ASSERT_FALSE(causes.empty());
  EXPECT_EQ(causes[0].metric, 0U);
}

TEST_F(ExplanationTest, SharesFallAndAddUpToOneAtMost) {
  const auto causes = after(10, [](auto& row, int) {
    row[4] = 1200;
    row[5] = 9;
  });
  ASSERT_GE(causes.size(), 2U);
  double sum = 0;
  for (std::size_t i = 0; i < causes.size(); ++i) {
    sum += causes[i].share;
    if (i > 0) {
      EXPECT_LE(causes[i].share, causes[i - 1].share);
    }
  }
  EXPECT_LE(sum, 1 + 1e-9);
  EXPECT_LE(causes.size(), kMaxCauses);
}

TEST_F(ExplanationTest, AMissingMetricIsNoCause) {
  const auto causes = after(10, [](auto& row, int) {
    row[4] = std::numeric_limits<double>::quiet_NaN();
    row[5] = 9;
  });
  for (const Cause& cause : causes) EXPECT_NE(cause.metric, 4U);
}

TEST(Explanation, WhatSpreadsOverAllOfManyMetricsHasCausesToo) {
  constexpr std::size_t kMany = 60;
  ScorerOptions options;
  options.metrics = kMany;
  options.reservoir = 256;
  Scorer scorer(options);
  Rng rng(3);
  std::vector<double> row(kMany);
  for (int i = 0; i < 600; ++i) {
    for (double& value : row) value = 50 + normal(rng);
    scorer.score(row);
    scorer.learn();
  }
  for (double& value : row) value += 60;
  scorer.score(row);
  const auto causes = explain(scorer);
  EXPECT_EQ(causes.size(), kMaxCauses);
  for (const Cause& cause : causes) EXPECT_LT(cause.share, 0.1);
}

TEST(Explanation, ThereIsNoneBeforeAnythingIsLearnt) {
  ScorerOptions options;
  options.metrics = 2;
  Scorer scorer(options);
  scorer.score(std::vector<double>{1, 2});
  EXPECT_TRUE(explain(scorer).empty());
}

}  // namespace
}  // namespace bw::agent
