#include "agent/core/detect/score_quantile.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "agent/core/detect/detector.h"
#include "tests/unit/agent/core/detect/detect_world.h"

namespace bw::agent {
namespace {

TEST(ScoreQuantile, PartsTheWantedShareOfRowsFromTheRest) {
  ScoreQuantile quantile(0.05);
  Rng rng(1);
  Rng scores(2);
  std::vector<double> all;
  for (int i = 0; i < 4000; ++i) {
    all.push_back(100 * scores.unit());
    quantile.add(all.back(), rng);
  }
  const auto above = std::count_if(all.begin(), all.end(),
                                   [&](double score) { return score > quantile.threshold(); });
  EXPECT_NEAR(static_cast<double>(above) / 4000, 0.05, 0.02);
}

TEST(ScoreQuantile, IsInfiniteUntilThereAreEnoughRows) {
  ScoreQuantile quantile(0.1);
  Rng rng(1);
  for (std::size_t i = 1; i < ScoreQuantile::kLeastRows; ++i) quantile.add(1, rng);
  EXPECT_TRUE(std::isinf(quantile.threshold()));
  quantile.add(1, rng);
  EXPECT_EQ(quantile.threshold(), 1);
  quantile.clear();
  EXPECT_TRUE(std::isinf(quantile.threshold()));
}

TEST(ScoreQuantile, GoesOnFromAThresholdThatItWasGiven) {
  ScoreQuantile quantile(0.1);
  quantile.begin_with(12.5);
  EXPECT_EQ(quantile.threshold(), 12.5);
}

TEST(ScoreQuantile, NotWantedItTakesNoMemoryAndLearnsNothing) {
  ScoreQuantile quantile(0);
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) quantile.add(1, rng);
  EXPECT_FALSE(quantile.is_wanted());
  EXPECT_TRUE(std::isinf(quantile.threshold()));
  EXPECT_EQ(quantile.bytes(), 0U);
}

TEST(ScoreQuantile, SetsTheDetectorsThresholdWhereAContaminationIsGiven) {
  DetectorOptions options;
  options.scorer.metrics = DetectWorld::kMetrics;
  options.scorer.reservoir = 256;
  options.contamination = 0.02;
  Detector detector(options);
  DetectWorld world(1);
  Instant now{};
  int above = 0;
  constexpr int kRows = 16000;
  for (int i = 0; i < kRows; ++i) {
    now += std::chrono::seconds{1};
    const RowVerdict verdict = detector.step(now, {}, world.row());
    if (i >= kRows / 2 && verdict.score > verdict.threshold) ++above;
  }
  EXPECT_NEAR(above / (kRows / 2.0), 0.02, 0.015);
  // It goes along with the model.
  wire::Model model = detector.save(Detector::kAllRows);
  EXPECT_EQ(model.threshold, detector.threshold());
  model.metrics.resize(DetectWorld::kMetrics);
  Detector other(options);
  ASSERT_TRUE(other.load(model));
  EXPECT_EQ(other.threshold(), detector.threshold());
  other.relearn();
  EXPECT_TRUE(std::isinf(other.threshold()));
}

}  // namespace
}  // namespace bw::agent
