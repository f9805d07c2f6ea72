#include "agent/core/detect/node_detector.h"

#include <cmath>

#include <gtest/gtest.h>

#include "schemas/wire/anomaly.h"
#include "tests/unit/agent/core/detect/node_world.h"

namespace bw::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Kinds = std::vector<std::string>;

// The threshold by hand: these tests are not of how it sets itself.
DetectOptions by_hand() {
  DetectOptions options;
  options.alert_threshold = 30;
  return options;
}

wire::Model model_of(const NodeWorld& node, std::size_t rows = Detector::kAllRows) {
  auto model = node.detector.model(rows);
  EXPECT_TRUE(model);
  auto payload = wire::encode_model(*model);
  EXPECT_TRUE(payload) << payload.error().message;
  auto decoded = wire::decode_model(*payload);
  EXPECT_TRUE(decoded) << decoded.error().message;
  return *decoded;
}

TEST(NodeDetector, TellsAnAnomalyFromItsBeginToItsEndWithTheSeriesAtFault) {
  NodeWorld node(by_hand());
  node.run(700);
  ASSERT_EQ(node.events.size(), 0U);
  node.run(30, break_node);
  ASSERT_GE(node.events.size(), 1U);
  const wire::EventRecord& begin = node.events[0];
  EXPECT_EQ(begin.kind, "anomaly");
  EXPECT_NE(begin.severity, wire::Severity::info);
  EXPECT_TRUE(begin.text.starts_with("unlike itself: ")) << begin.text;
  const auto told = wire::anomaly_of(begin.details);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->outcome, wire::AnomalyOutcome::active);
  ASSERT_FALSE(told->causes.empty());
  EXPECT_TRUE(told->causes[0].metric == "sched.ctx_switches" ||
              told->causes[0].metric == "cpu.util");
  EXPECT_GE(told->start_ms, to_ms(node.wall) - 30'000);
  node.run(60);
  EXPECT_EQ(node.events.back().kind, "anomaly_end");
  EXPECT_EQ(wire::anomaly_of(node.events.back().details)->outcome, wire::AnomalyOutcome::calm);
  EXPECT_EQ(node.detector.teller().begun(), 1U);
  EXPECT_EQ(node.detector.teller().ended(), 1U);
}

TEST(NodeDetector, HasAThresholdOfItsOwnWithinAQuarterOfAnHour) {
  NodeWorld node;
  node.run(900);
  EXPECT_TRUE(std::isfinite(node.detector.verdict().threshold));
  EXPECT_NE(node.log.find("what is usual here is known"), std::string::npos);
  node.events.clear();
  node.run(10, break_node);
  ASSERT_FALSE(node.events.empty());
}

TEST(NodeDetector, WaitsForSlowSourcesBeforeItGivesPlaces) {
  NodeWorld node;
  const auto all = node.series;
  node.series.resize(2);
  node.run(static_cast<int>(NodeDetector::kSettleTicks) - 1);
  EXPECT_FALSE(node.detector.settled());
  EXPECT_TRUE(node.detector.watched().places().empty());
  node.series = all;
  node.table = 2;
  node.second();
  EXPECT_EQ(node.detector.watched().found(), all.size());
  EXPECT_NE(node.log.find("watches 6 series"), std::string::npos);
}

TEST(NodeDetector, GoesOnAfterARestartFromWhatWasKept) {
  NodeWorld old;
  old.run(1500);
  const wire::Model kept = model_of(old);
  EXPECT_EQ(kept.metrics.size(), 6U);
  NodeWorld node({}, 1);
  ASSERT_TRUE(node.detector.restore(kept));
  EXPECT_TRUE(node.detector.ready());
  EXPECT_EQ(node.detector.rows(), old.detector.rows());
  EXPECT_FALSE(node.detector.has_news()) << "nothing that is not kept already";
  node.run(100);
  EXPECT_TRUE(node.events.empty());
  EXPECT_GT(node.detector.rows(), old.detector.rows());
  EXPECT_EQ(node.detector.age(), seconds{1} * static_cast<long>(node.detector.rows()));
  const auto from = node.detector.model(0)->from_ms;
  EXPECT_EQ(from, kept.from_ms) << "the clock of this run has nothing to say of it";
  node.run(5, break_node);
  EXPECT_EQ(node.kinds()[0], "anomaly");
}

TEST(NodeDetector, IsSilentUntilItsRollingFeaturesAreWholeAgain) {
  NodeWorld old(by_hand());
  old.run(600);
  NodeWorld node(by_hand());
  ASSERT_TRUE(node.detector.restore(model_of(old)));
  node.run(NodeDetector::kSettleTicks + 20, break_node);
  EXPECT_TRUE(node.detector.verdict().silenced);
  EXPECT_TRUE(node.events.empty());
  node.run(15, break_node);
  EXPECT_FALSE(node.detector.verdict().silenced);
  EXPECT_EQ(node.kinds(), Kinds{"anomaly"});
}

TEST(NodeDetector, AfterAGapItIsSilentForAWhileAndGoesOn) {
  NodeWorld node(by_hand());
  node.run(300);
  node.now += hours{8};  // asleep
  node.second();
  EXPECT_TRUE(node.detector.verdict().silenced);
  node.run(60);
  EXPECT_FALSE(node.detector.verdict().silenced);
  EXPECT_TRUE(node.events.empty());
}

TEST(NodeDetector, AClockThatStepsIsOnlyAnotherLabel) {
  NodeWorld node(by_hand());
  node.run(300);
  node.wall -= hours{24 * 365};
  node.run(30);
  node.wall += hours{48 * 365};
  node.run(30);
  EXPECT_TRUE(node.events.empty());
  EXPECT_EQ(node.detector.rows(), 360 - NodeDetector::kSettleTicks + 1);
}

TEST(NodeDetector, ASilenceAsAskedForEndsAnEpisodeQuietlyAndNothingIsLearntOfIt) {
  NodeWorld node(by_hand());
  node.run(300);
  node.run(5, break_node);
  ASSERT_EQ(node.kinds()[0], "anomaly");
  node.detector.silence(node.now + minutes{10});
  const auto rows = node.detector.rows();
  node.run(60, break_node);
  EXPECT_EQ(node.events.back().kind, "anomaly_end");
  EXPECT_EQ(wire::anomaly_of(node.events.back().details)->outcome, wire::AnomalyOutcome::silenced);
  EXPECT_EQ(node.detector.rows(), rows);
  node.detector.silence(node.now);
  node.run(30);
  EXPECT_GT(node.detector.rows(), rows);
}

TEST(NodeDetector, WhenTheAgentStopsInAnEpisodeThatIsItsEnd) {
  NodeWorld node(by_hand());
  node.run(300);
  node.run(5, break_node);
  node.detector.stop();
  const auto events = node.detector.take_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(wire::anomaly_of(events[0].details)->outcome, wire::AnomalyOutcome::stopped);
  node.detector.stop();
  EXPECT_TRUE(node.detector.take_events().empty());
}

TEST(NodeDetector, AModelOfAnotherBoxOfItsClassScoresAtOnceAndIsTold) {
  NodeWorld old(by_hand());
  old.run(1500);
  wire::Model model = model_of(old, NodeDetector::kSampleRows);
  EXPECT_TRUE(model.id.empty());
  EXPECT_TRUE(model.borrowed);
  model.id = "edge@3";
  NodeWorld node(by_hand(), 2);
  EXPECT_FALSE(node.detector.take_over(model)) << "it does not know its series yet";
  node.run(20);
  ASSERT_TRUE(node.detector.take_over(model));
  EXPECT_EQ(node.detector.model_id(), "edge@3");
  EXPECT_EQ(node.detector.model_changes(), 1U);
  node.run(60);
  EXPECT_EQ(node.kinds(), Kinds{"model_change"});
  EXPECT_EQ(node.events[0].details[1].value, "edge@3");
  node.run(10, break_node);
  EXPECT_EQ(node.kinds()[1], "anomaly");
  // Over a restart it is the same, and its rows count.
  NodeWorld again(by_hand(), 2);
  ASSERT_TRUE(again.detector.restore(model_of(node)));
  EXPECT_EQ(again.detector.model_id(), "edge@3");
  EXPECT_EQ(again.detector.rows(), node.detector.rows());
}

TEST(NodeDetector, AModelOfAnotherBoxBecomesItsOwnOnceEnoughWasLearnt) {
  NodeWorld old(by_hand());
  old.run(1500);
  NodeWorld node(by_hand(), 2);
  node.run(20);
  ASSERT_TRUE(node.detector.take_over(model_of(old, NodeDetector::kSampleRows)));
  node.run(300);
  EXPECT_TRUE(model_of(node).borrowed);
  node.run(900);
  EXPECT_FALSE(model_of(node).borrowed) << "a restart goes on from all that it knows";
}

TEST(NodeDetector, AModelThatWasTrainedEarlyIsNoMoreThanAStartElsewhere) {
  NodeWorld old(by_hand());
  old.run(200);
  const wire::Model early = model_of(old, NodeDetector::kSampleRows);
  ASSERT_FALSE(early.borrowed) << "all that it knows goes along";
  NodeWorld node(by_hand(), 2);
  node.run(20);
  ASSERT_TRUE(node.detector.take_over(early));
  EXPECT_EQ(node.detector.detector().scorer().learnt(), 0U) << "those rows are another node's";
  node.run(60);
  EXPECT_TRUE(model_of(node).borrowed);
}

TEST(NodeDetector, WhatCouldNotBeKeptIsTriedAgain) {
  NodeWorld node;
  node.run(910);
  ASSERT_TRUE(node.detector.wants_keeping());
  node.detector.kept();
  EXPECT_FALSE(node.detector.has_news());
  node.detector.keep_failed();
  EXPECT_TRUE(node.detector.has_news()) << "a stop tries it once more";
  node.run(905);
  EXPECT_TRUE(node.detector.wants_keeping());
}

TEST(NodeDetector, SaysHowManySeriesItWatchesOnlyWhereThatChanges) {
  DetectOptions options;
  options.watch.include = {"any.*"};
  NodeWorld node(options);
  for (std::size_t i = 0; i < 80; ++i) {
    node.series.push_back({"any.thing", "1", wire::SeriesKind::gauge, {{"n", std::to_string(i)}}});
  }
  node.run(20);
  ASSERT_NE(node.log.find("more find no room"), std::string::npos) << node.log;
  node.log.clear();
  node.now += hours{2};
  node.run(2);
  EXPECT_TRUE(node.log.empty()) << node.log;
}

TEST(NodeDetector, AModelOfOtherMetricsIsRefusedAndOneThatLacksSomeIsNot) {
  NodeWorld old(by_hand());
  old.run(300);
  const wire::Model model = model_of(old);
  NodeWorld node(by_hand());
  node.run(200);
  const auto rows = node.detector.rows();
  wire::Model other = model;
  other.metrics = {"a", "b", "c", "d", "e", "cpu.util"};
  const auto refused = node.detector.take_over(other);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("1 of its 6 are here"), std::string::npos);
  EXPECT_EQ(node.detector.rows(), rows) << "nothing has changed";
  other.metrics = {"cpu.util", "mem.util", "gone", "gone2", "gone3", "gone4"};
  ASSERT_TRUE(node.detector.take_over(other));
  node.second();
  EXPECT_EQ(node.detector.watched().places().size(), 10U) << "its own are behind those";
  EXPECT_EQ(node.detector.watched().found(), 6U);
  node.run(50);
  EXPECT_TRUE(std::isfinite(node.detector.verdict().score));
  other.origins.clear();
  EXPECT_FALSE(node.detector.take_over(other)) << "its lists do not fit";
}

TEST(NodeDetector, WhatWasKeptOfAnotherBoxIsForgottenAndSaidSo) {
  NodeWorld old;
  old.run(300);
  wire::Model model = model_of(old);
  model.metrics = {"a", "b", "c", "d", "e", "cpu.util"};
  NodeWorld node;
  ASSERT_TRUE(node.detector.restore(model));
  node.run(20);
  EXPECT_NE(node.log.find("is of another box: 1 of its 6"), std::string::npos) << node.log;
  EXPECT_TRUE(node.detector.take_forgotten());
  EXPECT_FALSE(node.detector.take_forgotten()) << "told once";
  EXPECT_EQ(node.kinds(), Kinds{"model_change"});
  EXPECT_EQ(node.detector.watched().places().size(), 6U);
  node.run(300);
  EXPECT_TRUE(node.detector.ready());
}

TEST(NodeDetector, NothingIsGivenAwayBeforeSomethingWasLearnt) {
  NodeWorld node;
  node.run(20);
  const auto model = node.detector.model(NodeDetector::kSampleRows);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("rows of the 64"), std::string::npos);
  EXPECT_FALSE(node.detector.has_news());
}

TEST(NodeDetector, ForgettingItLearnsAnewAndLosesTheModelsName) {
  NodeWorld node(by_hand());
  node.run(300);
  wire::Model model = model_of(node);
  model.id = "edge@1";
  ASSERT_TRUE(node.detector.take_over(model));
  node.detector.forget();
  EXPECT_EQ(node.detector.model_id(), "");
  EXPECT_EQ(node.detector.rows(), 0U);
  EXPECT_FALSE(node.detector.ready());
  node.run(300);
  EXPECT_TRUE(node.detector.ready());
  EXPECT_EQ(node.detector.watched().found(), 6U);
}

TEST(NodeDetector, WhatIsLearntIsKeptAtOnceAQuarterOfAnHourOldAndThenEverMoreRarely) {
  NodeWorld node;
  node.run(890);
  EXPECT_FALSE(node.detector.wants_keeping());
  node.run(20);
  EXPECT_TRUE(node.detector.wants_keeping());
  node.detector.kept();
  EXPECT_FALSE(node.detector.wants_keeping());
  node.run(800);
  EXPECT_FALSE(node.detector.wants_keeping());
  node.run(200);
  EXPECT_TRUE(node.detector.wants_keeping());
  node.detector.kept();
  node.run(1500);
  EXPECT_FALSE(node.detector.wants_keeping());
}

TEST(NodeDetector, AMetricThatAppearsLaterGetsAPlaceBehindTheOthers) {
  NodeWorld node(by_hand());
  node.run(300);
  node.series.push_back({"tcp.retrans_segs", "count", wire::SeriesKind::counter, {}});
  node.table = 2;
  node.run(200);
  EXPECT_EQ(node.detector.watched().found(), 7U);
  EXPECT_TRUE(node.events.empty());
}

TEST(NodeDetector, APlaceThatIsGivenToAnotherSeriesBeginsAnew) {
  DetectOptions options = by_hand();
  options.watch.include = {"any.*"};
  NodeWorld node(options);
  for (std::size_t i = node.series.size(); i < WatchedSeries::kPlaces; ++i) {
    node.series.push_back({"any.thing", "1", wire::SeriesKind::gauge, {{"n", std::to_string(i)}}});
  }
  const auto lose_one = [](std::vector<double>& row) { row[10] = std::nan(""); };
  node.run(200, lose_one);
  const std::string lost = node.detector.watched().keys()[4];
  for (int i = 0; i < 26; ++i) {
    node.now += hours{1};
    node.run(40, lose_one);
  }
  node.series.push_back({"any.new", "1", wire::SeriesKind::gauge, {}});
  node.table = 2;
  const auto rows = node.detector.rows();
  node.second(lose_one);
  EXPECT_TRUE(node.detector.verdict().silenced) << "until rolling features are whole again";
  node.run(50, lose_one);
  EXPECT_EQ(node.detector.watched().left_out(), 0U);
  EXPECT_TRUE(node.kinds().empty()) << "rolling features begin anew, and that is no anomaly";
  EXPECT_GE(node.detector.rows(), rows) << "what was learnt of the others stays";
  EXPECT_TRUE(node.detector.ready());
  EXPECT_TRUE(std::isfinite(node.detector.verdict().score));
}

TEST(NodeDetector, OddValuesAreMissingAndNoReasonToStop) {
  NodeWorld node(by_hand());
  node.run(300);
  node.run(20, [](std::vector<double>& row) { row[0] = std::nan(""); });
  node.run(20, [](std::vector<double>& row) { row[1] = HUGE_VAL; });
  node.run(20, [](std::vector<double>& row) { row[2] = -HUGE_VAL; });
  node.run(20, [](std::vector<double>& row) { row.resize(3); });
  node.run(5, [](std::vector<double>& row) { row.clear(); });
  EXPECT_TRUE(std::isfinite(node.detector.verdict().score));
  node.run(100);
  EXPECT_TRUE(std::isfinite(node.detector.verdict().score));
}

TEST(NodeDetector, TellsWhatIsRefusedWithTheReason) {
  NodeWorld node;
  node.detector.tell_refused("what an earlier run learnt", "it is truncated");
  node.run(2);
  ASSERT_EQ(node.events.size(), 1U);
  EXPECT_EQ(node.events[0].severity, wire::Severity::warning);
  EXPECT_EQ(node.events[0].text, "what an earlier run learnt is not taken over: it is truncated");
  EXPECT_GT(node.events[0].time_ms, 0) << "told before the first tick, it gets that one's time";
}

}  // namespace
}  // namespace bw::agent
