#include "agent/core/detect/detector.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "agent/core/collect/sample.h"
#include "tests/unit/agent/core/detect/detect_world.h"

namespace bw::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

DetectorOptions small() {
  DetectorOptions options;
  options.scorer.metrics = DetectWorld::kMetrics;
  options.scorer.reservoir = 256;
  return options;
}

// A node whose detector gets a row a second.
class Node {
 public:
  explicit Node(const DetectorOptions& options = small(), std::uint64_t seed = 1)
      : detector(options), world(seed) {}

  RowVerdict second(const std::function<void(std::vector<double>&)>& change = {}) {
    auto row = world.row();
    if (change) change(row);
    now += seconds(1);
    wall += seconds(1);
    const RowVerdict verdict = detector.step(now, wall, row);
    if (verdict.change != EpisodeChange::none) changes.push_back(verdict.change);
    return verdict;
  }
  void run(int rows, const std::function<void(std::vector<double>&)>& change = {}) {
    for (int i = 0; i < rows; ++i) second(change);
  }

  Detector detector;
  DetectWorld world;
  Instant now{};
  WallTime wall = wall_from_ms(1'700'000'000'000);
  std::vector<EpisodeChange> changes;
};

void broken(std::vector<double>& row) {
  row[4] = 1600;
  row[0] = 20;
}

TEST(Detector, FindsTroubleOnceAndSaysWhy) {
  Node node;
  node.run(3000);
  node.changes.clear();
  const auto before = node.detector.episodes_begun();
  node.run(60, broken);
  node.run(100);
  ASSERT_EQ(node.detector.episodes_begun(), before + 1);
  EXPECT_EQ(node.changes.front(), EpisodeChange::began);
  EXPECT_EQ(node.changes.back(), EpisodeChange::ended);
  const Episode& episode = node.detector.episode();
  EXPECT_LE(episode.start, Instant{} + seconds(3010));
  EXPECT_GE(episode.end, Instant{} + seconds(3060));
  EXPECT_GT(episode.peak, episode.threshold);
  ASSERT_GE(node.detector.causes().size(), 2U);
  EXPECT_TRUE(node.detector.causes()[0].metric == 4 || node.detector.causes()[0].metric == 0);
}

TEST(Detector, IsUsefulAfterAQuarterOfAnHour) {
  Node node;
  node.run(900);
  EXPECT_TRUE(std::isfinite(node.detector.threshold()));
  const auto before = node.detector.episodes_begun();
  node.run(30, broken);
  EXPECT_EQ(node.detector.episodes_begun(), before + 1);
}

TEST(Detector, IsUsefulAtOnceWithAModelOfItsClass) {
  Node old;
  old.run(3000);
  wire::Model model = old.detector.save();
  model.metrics = {"a", "b", "c", "d", "e", "f"};
  Node node(small(), 2);
  ASSERT_TRUE(node.detector.load(model));
  node.run(60);
  EXPECT_TRUE(node.changes.empty());
  node.run(10, broken);
  EXPECT_EQ(node.detector.episodes_begun(), 1U);
  model.metrics.clear();
  EXPECT_FALSE(node.detector.load(model));
}

wire::Model named(wire::Model model) {
  model.metrics = {"a", "b", "c", "d", "e", "f"};
  return model;
}

TEST(Detector, GoesOnAfterARestartAsIfItHadNeverStopped) {
  Node old;
  old.run(8000);
  Node node(small(), 2);
  ASSERT_TRUE(node.detector.load(named(old.detector.save(Detector::kAllRows))));
  EXPECT_EQ(node.detector.scorer().learnt(), old.detector.scorer().learnt());
  EXPECT_EQ(node.detector.threshold(), old.detector.threshold());
  Node other(small(), 2);  // without what it was learnt from, the threshold begins anew
  ASSERT_TRUE(other.detector.load(named(old.detector.save())));
  EXPECT_EQ(other.detector.threshold(), old.detector.threshold());
  node.run(100);
  other.run(100);
  const auto rows_fitted_to = [](const Node& one) {
    return one.detector.save(Detector::kAllRows).peaks.rows;
  };
  EXPECT_GT(rows_fitted_to(node), 7000U);
  EXPECT_EQ(rows_fitted_to(other), 0U);  // borrowed: none are told
}

TEST(Detector, ForgetsAllWhenToldTo) {
  Node node;
  node.run(2000);
  node.detector.silence(node.now + hours(1));
  node.detector.relearn();
  EXPECT_FALSE(node.detector.scorer().ready());
  EXPECT_EQ(node.detector.scorer().learnt(), 0U);
  EXPECT_EQ(node.detector.threshold(), std::numeric_limits<double>::infinity());
  const RowVerdict verdict = node.second();
  EXPECT_TRUE(verdict.silenced);
  EXPECT_EQ(verdict.score, 0);
}

TEST(Detector, LearnsAnewAfterItForgot) {
  Node node;
  node.run(1000);
  node.detector.relearn();
  node.run(900);
  EXPECT_TRUE(std::isfinite(node.detector.threshold()));
  node.run(10, broken);
  EXPECT_TRUE(node.detector.active());
}

TEST(Detector, ANominalRangeSaysWhatChangesAreWorthAWord) {
  const auto score_of_one_percent = [](double high) {
    DetectorOptions options = small();
    options.scorer.metrics = 1;
    Detector detector(options);
    if (high > 0) detector.set_range(0, 0, high);
    Rng rng(1);
    Instant now{};
    RowVerdict verdict;
    for (int i = 0; i < 1000; ++i) {
      const std::vector<double> row{10 + 0.01 * rng.unit()};
      verdict = detector.step(now += seconds(1), WallTime{}, row);
    }
    const std::vector<double> row{10.5};
    detector.step(now += seconds(1), WallTime{}, row);
    return std::fabs(detector.scorer().scaled()[0]);
  };
  EXPECT_GT(score_of_one_percent(0), 10);
  EXPECT_NEAR(score_of_one_percent(100), 0.5, 0.1);
}

// Rows half an hour apart, so that days pass soon.
DetectorOptions half_hours() {
  DetectorOptions options = small();
  options.period = minutes(30);
  options.gap = hours(12);
  return options;
}

// The world half an hour later: its load is another by then.
std::vector<double> much_later(DetectWorld& world) {
  for (int i = 0; i < 40; ++i) world.row();
  return world.row();
}

TEST(Detector, ValuesThatDriftAwayRetrainItOnceADay) {
  DetectorOptions options = half_hours();
  options.alert_threshold = 1e6;  // no episode says it
  Detector detector(options);
  DetectWorld world(1);
  Instant now{};
  std::vector<Instant> retrained;
  const auto run = [&](int rows, double shift) {
    for (int i = 0; i < rows; ++i) {
      auto row = much_later(world);
      for (double& value : row) value += shift;
      const RowVerdict verdict = detector.step(now += options.period, WallTime{}, row);
      EXPECT_EQ(verdict.retrained, verdict.reason != RetrainReason::none);
      if (!verdict.retrained) continue;
      retrained.push_back(now);
      EXPECT_EQ(verdict.reason, RetrainReason::drift);
    }
  };
  EXPECT_TRUE(std::isnan(detector.drift()));
  run(4000, 0);
  EXPECT_TRUE(retrained.empty());
  EXPECT_LT(detector.drift(), 0.1);
  EXPECT_TRUE(detector.drift_metrics().empty());
  run(400, 60);
  EXPECT_GT(detector.drift(), kDrifted);
  ASSERT_FALSE(detector.drift_metrics().empty());
  ASSERT_FALSE(retrained.empty());
  for (std::size_t i = 1; i < retrained.size(); ++i) {
    EXPECT_GE(retrained[i] - retrained[i - 1], kRetrainAtMost);
  }
  run(6000, 60);
  EXPECT_LT(detector.drift(), 0.15);
}

TEST(Detector, WhatIsHeldToWhatItKnowsShowsDriftAndDoesNotRetrain) {
  DetectorOptions options = half_hours();
  options.alert_threshold = 1e6;
  Detector detector(options);
  DetectWorld world(1);
  Instant now{};
  bool retrained = false;
  for (int i = 0; i < 4000; ++i) {
    if (i == 2000) detector.set_learning(false);
    auto row = much_later(world);
    row[4] += i >= 2000 ? 300 : 0;
    row[5] += i >= 2000 ? 1 : 0;
    retrained = detector.step(now += options.period, WallTime{}, row).retrained || retrained;
  }
  EXPECT_FALSE(retrained);
  EXPECT_GT(detector.drift(), kDrifted);
  const auto worst = detector.drift_metrics();
  ASSERT_EQ(worst.size(), 2U);
  EXPECT_EQ(worst[0].metric + worst[1].metric, 9U);
}

TEST(Detector, MoreAlarmsThanWantedRetrainIt) {
  DetectorOptions options = half_hours();
  options.period = minutes(10);
  options.episodes.cool_down = hours(1);
  options.episodes.persists = hours(1000);
  Node node(options);
  Instant now{};
  std::size_t retrained = 0;
  const auto run = [&](int rows, bool trouble) {
    for (int i = 0; i < rows; ++i) {
      auto row = much_later(node.world);
      if (trouble && i % 48 == 0) row[4] = 5000 + i;
      const RowVerdict verdict = node.detector.step(now += options.period, WallTime{}, row);
      if (!verdict.retrained) continue;
      ++retrained;
      EXPECT_EQ(verdict.reason, RetrainReason::alarms);
      EXPECT_EQ(verdict.change, EpisodeChange::began);
    }
  };
  EXPECT_TRUE(std::isnan(node.detector.episodes_a_day()));
  run(2000, false);
  EXPECT_LT(node.detector.episodes_a_day(), 1.5);
  EXPECT_EQ(retrained, 0U);
  run(144 * 7, true);  // three a day for a week
  EXPECT_GE(retrained, 1U);
  EXPECT_GT(node.detector.episodes_a_day(), 1.5);
  EXPECT_EQ(node.detector.wanted_episodes_a_day(), options.false_episodes_a_day);
}

TEST(Detector, SeldomCriesWolf) {
  std::uint64_t false_ones = 0;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Node node(small(), seed);
    node.run(6 * 3600);
    false_ones += node.detector.episodes_begun();
  }
  // 0.7 a day were asked for; these are half a day, much of it while still learning.
  EXPECT_LE(false_ones, 3U);
}

TEST(Detector, DoesNotLearnFromTrouble) {
  Node node;
  node.run(3000);
  const auto learnt = node.detector.scorer().learnt();
  node.run(600, broken);
  EXPECT_LT(node.detector.scorer().learnt(), learnt + 20);
  EXPECT_TRUE(node.detector.active());
}

TEST(Detector, WhatLastsBecomesTheNewNormalAndIsToldOnce) {
  Node node;
  node.run(3000);
  node.changes.clear();
  const auto moved = [](std::vector<double>& row) { row[4] += 400; };
  node.run(1800 + 3700, moved);
  std::size_t told = 0;
  for (const EpisodeChange change : node.changes) told += change == EpisodeChange::new_normal;
  EXPECT_EQ(told, 1U);
  node.changes.clear();
  node.run(3000, moved);
  EXPECT_LE(node.changes.size(), 2U);
  EXPECT_FALSE(node.detector.active());
}

TEST(Detector, KnownChangesAreSilent) {
  Node node;
  node.run(2000);
  node.changes.clear();
  node.detector.silence(node.now + minutes(5));
  const auto learnt = node.detector.scorer().learnt();
  for (int i = 0; i < 250; ++i) EXPECT_TRUE(node.second(broken).silenced);
  EXPECT_TRUE(node.changes.empty());
  EXPECT_EQ(node.detector.scorer().learnt(), learnt);
  node.run(100);
  node.run(20, broken);
  ASSERT_FALSE(node.changes.empty());
  EXPECT_EQ(node.changes[0], EpisodeChange::began);
}

TEST(Detector, AFixedThresholdStandsInForTheLearntOne) {
  DetectorOptions options = small();
  options.alert_threshold = 1e6;
  Node node(options);
  EXPECT_EQ(node.detector.threshold(), std::numeric_limits<double>::infinity());
  node.run(2000);
  EXPECT_EQ(node.detector.threshold(), 1e6);
  node.run(60, broken);
  EXPECT_TRUE(node.changes.empty());
}

TEST(Detector, RowsThatAreNotLaterAreIgnored) {
  Node node;
  node.run(1000);
  const auto learnt = node.detector.scorer().learnt();
  const RowVerdict verdict = node.detector.step(node.now, node.wall, node.world.row());
  EXPECT_EQ(verdict.score, 0);
  node.detector.step(node.now - seconds(5), node.wall, node.world.row());
  EXPECT_EQ(node.detector.rows_ignored(), 2U);
  EXPECT_EQ(node.detector.scorer().learnt(), learnt);
}

TEST(Detector, AWallClockThatStepsChangesNoDecision) {
  Node one;
  Node other;
  for (int i = 0; i < 1500; ++i) {
    if (i == 1000) other.wall = wall_from_ms(1);
    const auto change = [&](std::vector<double>& row) {
      if (i > 1400) broken(row);
    };
    ASSERT_EQ(one.second(change).score, other.second(change).score);
  }
  EXPECT_EQ(one.changes, other.changes);
  EXPECT_EQ(one.detector.episode().start, other.detector.episode().start);
}

TEST(Detector, AGapBeginsTheRollingFeaturesAnew) {
  Node node;
  node.run(1500);
  node.run(5, broken);
  node.now += hours(8);  // suspended
  node.second();
  const auto features = node.detector.scorer().features();
  EXPECT_EQ(features[DetectWorld::kMetrics + 4], features[4]);
}

TEST(Detector, CanBeHeldToWhatItKnows) {
  Node node;
  node.run(1000);
  node.detector.set_learning(false);
  const auto learnt = node.detector.scorer().learnt();
  node.run(100);
  EXPECT_EQ(node.detector.scorer().learnt(), learnt);
  node.detector.set_learning(true);
  node.run(100);
  EXPECT_GT(node.detector.scorer().learnt(), learnt);
}

TEST(Detector, RowsOfNothingDoNoHarm) {
  Node node;
  node.run(200, [](std::vector<double>& row) { row.clear(); });
  node.run(2000);
  node.changes.clear();
  const auto none = [](std::vector<double>& row) {
    for (double& value : row) value = std::numeric_limits<double>::quiet_NaN();
  };
  node.run(500, none);
  EXPECT_TRUE(node.changes.empty());
}

// A counter's rate through collect/sample.h: its value falls, as when the box's driver restarts.
TEST(Detector, ACounterThatIsResetRaisesNoAlarmAndLeavesNoTrace) {
  Node node;
  double last = 1e9;
  double counter = 1e9;
  double pace = 1000;
  const auto with_rate = [&](std::vector<double>& row) {
    counter += row[4];
    row[4] = counter_increment(last, counter, pace, 1);
    if (std::isfinite(row[4])) pace = counter_pace(pace, row[4], 1);
    last = counter;
  };
  node.run(3000, with_rate);
  node.changes.clear();
  const double threshold = node.detector.threshold();
  counter = 0;
  const RowVerdict verdict = node.second(with_rate);
  EXPECT_TRUE(std::isnan(node.detector.scorer().features()[4]));
  EXPECT_LT(verdict.score, threshold);
  node.run(100, with_rate);
  EXPECT_TRUE(node.changes.empty());
}

TEST(Detector, AMetricThatIsGoneForGoodRaisesNoAlarm) {
  Node node;
  node.run(3000);
  node.changes.clear();
  node.run(2000,
           [](std::vector<double>& row) { row[0] = std::numeric_limits<double>::quiet_NaN(); });
  EXPECT_LE(node.changes.size(), 2U);  // one false episode at most
  // The rest of the node is watched on.
  const auto before = node.detector.episodes_begun();
  node.now += hours(11);  // behind the cool-down of that one
  node.run(40, [](std::vector<double>& row) {
    row[0] = std::numeric_limits<double>::quiet_NaN();
    row[4] = 1600;
  });
  EXPECT_EQ(node.detector.episodes_begun(), before + 1);
}

TEST(Detector, AnInterfaceThatComesAndGoesRaisesNoAlarm) {
  Node node;
  const auto flaps = [&](std::vector<double>& row) {
    if (node.now.time_since_epoch() / seconds(1) % 7 < 3) {
      row[2] = std::numeric_limits<double>::quiet_NaN();
    }
  };
  node.run(3000, flaps);
  node.changes.clear();
  node.run(2000, flaps);
  EXPECT_LE(node.changes.size(), 2U);
}

TEST(Detector, StaysWithinTwoMegabytes) {
  DetectorOptions options;
  Detector detector(options);
  Rng rng(1);
  Instant now{};
  for (int i = 0; i < 1100; ++i) {
    std::vector<double> row(kMaxMetrics);
    for (double& value : row) value = rng.unit();
    detector.step(now += seconds(1), WallTime{}, row);
  }
  EXPECT_LT(detector.bytes(), 2'000'000U);
}

}  // namespace
}  // namespace bw::agent
