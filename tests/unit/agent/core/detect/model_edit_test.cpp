#include "agent/core/detect/model_edit.h"

#include <cmath>

#include <gtest/gtest.h>

#include "agent/core/detect/detector.h"
#include "tests/unit/agent/core/detect/detect_world.h"

namespace bw::agent {
namespace {

constexpr std::size_t kRoom = DetectWorld::kMetrics + 4;

DetectorOptions with_room(std::size_t metrics) {
  DetectorOptions options;
  options.scorer.metrics = metrics;
  options.scorer.reservoir = 256;
  return options;
}

class ModelEditTest : public testing::Test {
 protected:
  ModelEditTest() {
    for (int i = 0; i < 1500; ++i) step(learnt_);
  }
  double step(Detector& detector) {
    now_ += std::chrono::seconds{1};
    return detector.step(now_, {}, world_.row()).score;
  }
  Instant now_{};
  DetectWorld world_{1};
  Detector learnt_{with_room(kRoom)};
};

TEST_F(ModelEditTest, WhatIsLeftOfTheUnusedPlacesScoresTheSame) {
  wire::Model model = learnt_.save(Detector::kAllRows);
  const auto before = model.sample.size();
  keep_first_metrics(model, DetectWorld::kMetrics);
  model.metrics.resize(DetectWorld::kMetrics, "m");
  EXPECT_EQ(model.origins.size(), DetectWorld::kMetrics);
  EXPECT_EQ(model.sample.size() * kRoom, before * DetectWorld::kMetrics);
  Detector small(with_room(DetectWorld::kMetrics));
  Detector large(with_room(kRoom));
  ASSERT_TRUE(small.load(model));
  ASSERT_TRUE(large.load(model));
  for (int i = 0; i < 100; ++i) {
    now_ += std::chrono::seconds{1};
    const auto row = world_.row();
    const double score = learnt_.step(now_, {}, row).score;
    const double by_large = large.step(now_, {}, row).score;
    // Until each has learnt by itself.
    EXPECT_NEAR(small.step(now_, {}, row).score, by_large, i == 0 ? 1e-9 : 1);
    if (i > 40) {
      EXPECT_NEAR(by_large, score, 6);
    }
  }
}

TEST_F(ModelEditTest, AModelWithoutMorePlacesOrWhoseForestNeedsThemStaysAsItIs) {
  const wire::Model model = learnt_.save();
  wire::Model same = model;
  keep_first_metrics(same, kRoom);
  EXPECT_EQ(same, model);
  keep_first_metrics(same, 0);
  EXPECT_EQ(same, model);
  keep_first_metrics(same, 2);
  EXPECT_EQ(same, model) << "its trees look at what would go";
  wire::Model none;
  keep_first_metrics(none, 3);
  EXPECT_EQ(none, wire::Model{});
}

TEST_F(ModelEditTest, AForgottenMetricSaysNothingUntilItIsLearntAnew) {
  wire::Model model = learnt_.save(Detector::kAllRows);
  model.metrics.resize(kRoom, "m");
  forget_metric(model, 4);
  Detector detector(with_room(kRoom));
  ASSERT_TRUE(detector.load(model));
  const auto score_of = [&](Detector& one, double value) {
    now_ += std::chrono::seconds{1};
    auto row = world_.row();
    row[4] = value;
    return one.step(now_, {}, row).score;
  };
  for (int i = 0; i < 31; ++i) step(detector);  // rolling features are whole
  EXPECT_LT(score_of(detector, 1e6), score_of(learnt_, 1e6) - 5);
  for (const Cause& cause : explain(detector.scorer())) EXPECT_NE(cause.metric, 4U);
}

}  // namespace
}  // namespace bw::agent
