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

wire::Model a_model_with_sample() {
  DetectWorld world(1);
  wire::Model model;
  taught(world, 1500).save(model, 256);
  model.metrics = {"a", "b", "c", "d", "e", "f"};
  return model;
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

// Rows of a node whose metric 4 lies about another middle.
std::vector<double> elsewhere(DetectWorld& world) {
  auto row = world.row();
  row[4] += 400;
  return row;
}

TEST(ScorerModel, WithAllRowsLearningGoesOnAsIfItHadNeverStopped) {
  DetectWorld world(4);
  Scorer scorer = taught(world, 20'000);
  wire::Model model;
  scorer.save(model, 256);
  model.metrics = {"a", "b", "c", "d", "e", "f"};
  EXPECT_FALSE(model.borrowed);
  Scorer other(options_of(DetectWorld::kMetrics));
  ASSERT_TRUE(other.load(model));
  EXPECT_EQ(other.learnt(), scorer.learnt());
  // It keeps its pace: what comes now is a small part of what it has seen, so its usual does not
  // narrow to it.
  const auto learn_on = [](Scorer& one) {
    DetectWorld there(5);
    one.forget_window();
    for (int i = 0; i < 1000; ++i) {
      one.score(elsewhere(there));
      one.learn();
    }
    return one.reference().columns[4].median;
  };
  EXPECT_NEAR(learn_on(other), learn_on(scorer), 10);
  wire::Model again;
  other.save(again, 256);
  wire::Model expected;
  scorer.save(expected, 256);
  EXPECT_EQ(again.sample_seen, expected.sample_seen);
  EXPECT_EQ(again.rows, expected.rows);
  EXPECT_EQ(again.lowest, expected.lowest);
  EXPECT_EQ(again.highest, expected.highest);
  EXPECT_EQ(again.counts, expected.counts);
  EXPECT_EQ(again.histories[0].seen, expected.histories[0].seen);
  for (std::size_t at = 0; at < again.means.size(); ++at) {
    EXPECT_NEAR(again.means[at], expected.means[at], 1e-6 * std::fabs(expected.means[at])) << at;
  }
}

TEST(ScorerModel, WithFewRowsItIsAStartThatGivesWay) {
  DetectWorld world(6);
  const Scorer scorer = taught(world, 20'000);
  wire::Model model;
  scorer.save(model, 64);
  model.metrics = {"a", "b", "c", "d", "e", "f"};
  EXPECT_TRUE(model.borrowed);
  EXPECT_EQ(model.sample_rows, 64U);
  EXPECT_EQ(model.sample_seen, 64U);
  Scorer other(options_of(DetectWorld::kMetrics));
  ASSERT_TRUE(other.load(model));
  EXPECT_EQ(other.learnt(), 0U);
  const auto before = other.reference().columns[4].median;
  const auto learn = [&](int rows) {
    for (int i = 0; i < rows; ++i) {
      other.score(elsewhere(world));
      other.learn();
    }
  };
  learn(191);  // the reservoir has 256 rows
  EXPECT_EQ(other.reference().columns[4].median, before);
  learn(3000);
  EXPECT_GT(other.reference().columns[4].median, before + 300);
}

TEST(ScorerModel, ASampleFitsIntoALargerDetector) {
  DetectWorld world(7);
  const Scorer scorer = taught(world, 2000);
  wire::Model model;
  scorer.save(model, 256);
  model.metrics = {"a", "b", "c", "d", "e", "f"};
  Scorer larger(options_of(DetectWorld::kMetrics + 2));
  ASSERT_TRUE(larger.load(model));
  wire::Model again;
  larger.save(again, 256);
  const std::size_t room = DetectWorld::kMetrics + 2;
  for (std::size_t row = 0; row < 256; ++row) {
    for (std::size_t kind = 0; kind < kFeaturesAMetric; ++kind) {
      const std::size_t from = (row * kFeaturesAMetric + kind) * DetectWorld::kMetrics;
      const std::size_t to = (row * kFeaturesAMetric + kind) * room;
      ASSERT_EQ(again.sample[to + 3], model.sample[from + 3]);
      ASSERT_TRUE(std::isnan(again.sample[to + 7]));
    }
  }
}

TEST(ScorerModel, LoadingForgetsWhatWasLearntHere) {
  DetectWorld world(8);
  Scorer scorer = taught(world, 3000);
  Scorer fresh(options_of(DetectWorld::kMetrics));
  ASSERT_TRUE(scorer.load(a_model()));
  ASSERT_TRUE(fresh.load(a_model()));
  for (int i = 0; i < 600; ++i) {
    const auto row = world.row();
    ASSERT_EQ(scorer.score(row), fresh.score(row)) << i;
    scorer.learn();
    fresh.learn();
  }
}

TEST(ScorerModel, ThereIsNothingToSaveBeforeAnythingIsLearnt) {
  Scorer scorer(options_of(2));
  wire::Model model;
  scorer.save(model);
  EXPECT_EQ(model, wire::Model());
}

const wire::Model& known_model() {
  static const wire::Model kModel = a_model_with_sample();
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
  const std::string scale = "model: a scale that cannot be";
  EXPECT_EQ(refusal([](auto& m) { m.inverse_scales[0] = -1; }), scale);
  EXPECT_EQ(refusal([](auto& m) { m.farthest[0] = 1e9F; }), scale);
  EXPECT_EQ(refusal([](auto& m) { m.subspaces.pop_back(); }), "model: number of groups");
  const std::string directions = "model: a group's directions";
  EXPECT_EQ(refusal([](auto& m) { m.subspaces[1].directions = 13; }), directions);
  EXPECT_EQ(refusal([](auto& m) { m.subspaces[1].basis.pop_back(); }), directions);
  EXPECT_EQ(refusal([](auto& m) { m.subspaces[0].inverse_deviation[0] = 0; }), directions);
  EXPECT_EQ(refusal([&](auto& m) { m.subspaces[0].mean[0] = kNone; }), directions);
  EXPECT_EQ(refusal([](auto& m) { m.subspaces[0].basis[0] += 2; }), directions);
  EXPECT_EQ(refusal([&](auto& m) { m.subspaces[0].basis[0] = kNone; }), directions);
  EXPECT_EQ(refusal([](auto& m) { m.subspaces[0].inverse_deviation[0] = 1e9F; }), directions);
  EXPECT_EQ(refusal([](auto& m) { m.histories.pop_back(); }), "model: number of parts");
  EXPECT_EQ(refusal([&](auto& m) { m.histories[0].values[0] = kNone; }), "model: a part's history");
  EXPECT_EQ(refusal([](auto& m) { m.histories[0].excess = -1; }), "model: a part's history");
  EXPECT_EQ(refusal([&](auto& m) { m.threshold = kNone; }), "model: threshold");
  const std::string sample = "model: its sample's lists have other lengths than its metrics";
  EXPECT_EQ(refusal([](auto& m) { m.sample.pop_back(); }), sample);
  EXPECT_EQ(refusal([](auto& m) { m.sample_rows += 1; }), sample);
  EXPECT_EQ(refusal([](auto& m) { m.means.pop_back(); }), sample);
  EXPECT_EQ(refusal([](auto& m) { m.sample[7] = 1e31F; }), "model: a row of its sample");
  EXPECT_EQ(refusal([&](auto& m) { m.sample[7] = kNone; }), "taken");  // missing
  const std::string is_of = "model: what its sample is of";
  EXPECT_EQ(refusal([&](auto& m) { m.lowest[0] = kNone; }), is_of);
  EXPECT_EQ(refusal([](auto& m) { m.highest[0] = 1e31F; }), is_of);
  EXPECT_EQ(refusal([&](auto& m) { m.means[0] = kNone; }), is_of);
  EXPECT_EQ(refusal([](auto& m) { m.variances[0] = -1; }), is_of);
  EXPECT_EQ(refusal([](auto& m) { m.counts[0] = -1; }), is_of);
  EXPECT_EQ(refusal([&](auto& m) { m.residual_squares[0] = kNone; }), is_of);
  EXPECT_EQ(refusal([](auto& m) { m.residual_rows = -1; }), is_of);
  const std::string peaks = "model: its peaks";
  EXPECT_EQ(refusal([](auto& m) { m.peaks.tops = {1}; }), peaks);
  EXPECT_EQ(refusal([](auto& m) { m.peaks = {5, {1, 2}, {3, 2}, {}, 0, 0, 0}; }), peaks);
  EXPECT_EQ(refusal([](auto& m) { m.peaks = {5, {1}, {6}, {}, 0, 0, 0}; }), peaks);
  EXPECT_EQ(refusal([](auto& m) { m.peaks = {5, {-1}, {5}, {}, 0, 0, 0}; }), peaks);
  EXPECT_EQ(refusal([](auto& m) { m.peaks.base.excess = -1; }), peaks);
  EXPECT_EQ(refusal([](auto& m) { m.peaks.threshold = -1; }), peaks);
  EXPECT_EQ(refusal([](auto& m) { m.peaks.fitted_at = 1; }), peaks);
  EXPECT_EQ(refusal([](auto& m) { m.forest.trees = 0; }), "model: forest: number of trees");
  EXPECT_EQ(refusal([](auto& m) { m.forest.features = 13; }),
            "model: its forest is of other features than its metrics");
}

TEST(ScorerModel, AForestThatIsLargerThanThereIsRoomForIsRefused) {
  const wire::Model model = a_model();
  const auto refused = [&](std::size_t trees, std::size_t subsample) {
    ScorerOptions options = options_of(DetectWorld::kMetrics);
    options.trees = trees;
    options.subsample = subsample;
    Scorer scorer(options);
    const auto loaded = scorer.load(model);
    return loaded ? "taken" : loaded.error().message;
  };
  EXPECT_EQ(refused(40, 256), "taken");
  EXPECT_EQ(refused(39, 256), "model: its forest is larger than there is room for");
  EXPECT_EQ(refused(40, 128), "model: its forest is larger than there is room for");
}

}  // namespace
}  // namespace bw::agent
