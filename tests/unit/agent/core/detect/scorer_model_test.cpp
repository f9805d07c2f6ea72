#include <cmath>
#include <limits>
#include <string>

#include "agent/core/detect/scorer.h"
#include "tests/unit/agent/core/detect/detect_world.h"

namespace bw::agent {
namespace {

ScorerOptions options_of(std::size_t metrics) {
  ScorerOptions options;
  options.metrics = metrics;
  options.reservoir = 256;
  options.trees = 40;
  return options;
}

Scorer taught(DetectWorld& world, std::size_t rows) {
  Scorer scorer(options_of(DetectWorld::kMetrics));
  for (std::size_t i = 0; i < rows; ++i) {
    scorer.score(world.row());
    scorer.learn();
  }
  return scorer;
}

wire::Model saved(const Scorer& scorer) {
  wire::Model model;
  scorer.save(model);
  model.metrics = {"a", "b", "c", "d", "e", "f"};
  return model;
}

wire::Model a_model() {
  DetectWorld world(1);
  return saved(taught(world, 1500));
}

TEST(ScorerModel, ScoresOnAfterTheWayThereAndBack) {
  DetectWorld world(1);
  Scorer scorer = taught(world, 1500);
  const auto payload = wire::encode_model(saved(scorer));
  ASSERT_TRUE(payload) << payload.error().message;
  const auto model = wire::decode_model(*payload);
  ASSERT_TRUE(model) << model.error().message;
  Scorer other(options_of(DetectWorld::kMetrics));
  ASSERT_TRUE(other.load(*model));
  EXPECT_TRUE(other.ready());
  scorer.forget_window();
  for (int i = 0; i < 200; ++i) {
    const auto row = world.row();
    ASSERT_EQ(scorer.score(row), other.score(row)) << i;
  }
}

TEST(ScorerModel, FitsIntoALargerDetectorWhereMoreMetricsMayCome) {
  DetectWorld world(2);
  Scorer scorer = taught(world, 1500);
  Scorer larger(options_of(DetectWorld::kMetrics + 3));
  ASSERT_TRUE(larger.load(saved(scorer)));
  scorer.forget_window();
  for (int i = 0; i < 200; ++i) {
    auto row = world.row();
    const double expected = scorer.score(row);
    ASSERT_NEAR(larger.score(row), expected, 1e-3 * expected) << i;
    row.push_back(1e9);  // not known: usual
    larger.score(row);
    scorer.score(world.row());
    larger.forget_window();
    scorer.forget_window();
  }
}

TEST(ScorerModel, IsKeptUntilEnoughIsLearntAndThenGrownOn) {
  Scorer scorer(options_of(DetectWorld::kMetrics));
  ASSERT_TRUE(scorer.load(a_model()));
  const auto before = scorer.reference().columns[0].median;
  DetectWorld world(3);
  const auto learn = [&](int rows) {
    for (int i = 0; i < rows; ++i) {
      scorer.score(world.row());
      scorer.learn();
    }
  };
  learn(255);
  EXPECT_EQ(scorer.reference().columns[0].median, before);
  learn(2000);
  EXPECT_NE(scorer.reference().columns[0].median, before);
}

TEST(ScorerModel, ThereIsNothingToSaveBeforeAnythingIsLearnt) {
  Scorer scorer(options_of(2));
  wire::Model model;
  scorer.save(model);
  EXPECT_EQ(model, wire::Model());
}

const wire::Model& known_model() {
  static const wire::Model kModel = a_model();
  return kModel;
}

template <typename Change>
std::string refusal(Change change, std::size_t room = DetectWorld::kMetrics) {
  wire::Model model = known_model();
  change(model);
  Scorer scorer(options_of(room));
  const auto loaded = scorer.load(model);
  EXPECT_EQ(scorer.ready(), loaded.has_value());
  return loaded ? "taken" : loaded.error().message;
}

TEST(ScorerModel, WhatDoesNotFitIsRefusedWithTheReason) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal([](auto&) {}), "taken");
  EXPECT_EQ(refusal([](auto&) {}, 5), "model: it is of 6 metrics, and there is room for 5");
  EXPECT_EQ(refusal([](auto& m) { m.metrics.clear(); }), "model: it names no metrics");
  const std::string lengths = "model: its lists have other lengths than its metrics";
  EXPECT_EQ(refusal([](auto& m) { m.metrics.pop_back(); }), lengths);
  EXPECT_EQ(refusal([](auto& m) { m.lows.pop_back(); }), lengths);
  EXPECT_EQ(refusal([](auto& m) { m.origins.pop_back(); }), lengths);
  EXPECT_EQ(refusal([&](auto& m) { m.medians[3] = kNone; }),
            "model: a feature's number is not finite");
  EXPECT_EQ(refusal([&](auto& m) { m.origins[3] = kNone; }), "model: an origin is not finite");
  EXPECT_EQ(refusal([](auto& m) { m.inverse_scales[0] = -1; }), "model: a scale is negative");
  EXPECT_EQ(refusal([](auto& m) { m.subspaces.pop_back(); }), "model: number of groups");
  const std::string directions = "model: a group's directions";
  EXPECT_EQ(refusal([](auto& m) { m.subspaces[1].directions = 13; }), directions);
  EXPECT_EQ(refusal([](auto& m) { m.subspaces[1].basis.pop_back(); }), directions);
  EXPECT_EQ(refusal([](auto& m) { m.subspaces[0].inverse_deviation[0] = 0; }), directions);
  EXPECT_EQ(refusal([&](auto& m) { m.subspaces[0].mean[0] = kNone; }), directions);
  EXPECT_EQ(refusal([](auto& m) { m.histories.pop_back(); }), "model: number of parts");
  EXPECT_EQ(refusal([&](auto& m) { m.histories[0].values[0] = kNone; }), "model: a part's history");
  EXPECT_EQ(refusal([](auto& m) { m.histories[0].excess = -1; }), "model: a part's history");
  EXPECT_EQ(refusal([&](auto& m) { m.threshold = kNone; }), "model: threshold");
  EXPECT_EQ(refusal([](auto& m) { m.forest.trees = 0; }), "model: forest: number of trees");
  EXPECT_EQ(refusal([](auto& m) { m.forest.features = 13; }),
            "model: its forest is of other features than its metrics");
}

}  // namespace
}  // namespace bw::agent
