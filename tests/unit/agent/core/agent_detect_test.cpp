#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/core/agent.h"
#include "schemas/wire/anomaly.h"
#include "tests/unit/agent/core/detect_box.h"

namespace bw::agent {
namespace {

using detect_box::Box;
using detect_box::command;
using detect_box::kStartMs;
using detect_box::options;

TEST(AgentDetect, AnAnomalyIsAnEventOfTheRecordAndItsMetricsGoAlong) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  EXPECT_EQ(box.count("anomaly"), 0U);
  EXPECT_GT(box.value("self.anomaly_score"), 0);
  EXPECT_EQ(box.value("self.anomaly_threshold"), 30);
  EXPECT_EQ(box.value("self.anomaly_active"), 0);
  box.broken = true;
  box.ticks(10);
  ASSERT_EQ(box.count("anomaly"), 1U);
  const auto told = wire::anomaly_of(box.events.back().details);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->causes.empty());
  EXPECT_EQ(box.value("self.anomaly_active"), 1);
  EXPECT_EQ(box.value("event.anomaly"), 1);
  EXPECT_GE(box.value("self.anomaly_series"), 4);
}

TEST(AgentDetect, WhatIsLearntOutlivesAStopAndANewStart) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  EXPECT_EQ(box.keeps, 0);
  box.step(StopRequested{});
  EXPECT_TRUE(box.stopped);
  ASSERT_EQ(box.keeps, 1);
  Box again;
  again.step(box.disk());
  EXPECT_NE(again.log.find("goes on from what was learnt of"), std::string::npos) << again.log;
  again.ticks(60);
  EXPECT_EQ(again.count("anomaly"), 0U);
  again.broken = true;
  again.ticks(5);
  EXPECT_EQ(again.count("anomaly"), 1U);
}

TEST(AgentDetect, StoppingWaitsForTheModelToBeOnDisk) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  box.answering = false;
  box.step(StopRequested{});
  std::vector<RecordKey> keys;
  for (const auto& effect : box.effects) {
    if (const auto* persist = std::get_if<PersistRecord>(&effect))
      keys.push_back(persist->record.key);
  }
  for (const RecordKey key : keys) box.step(RecordPersisted{key});
  EXPECT_FALSE(box.stopped);
  box.step(ModelKept{"disk full"});
  EXPECT_TRUE(box.stopped);
  EXPECT_NE(box.log.find("could not be kept: disk full"), std::string::npos);
}

TEST(AgentDetect, StoppedInAnAnomalyItSaysThatThisIsItsEnd) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  box.broken = true;
  box.ticks(5);
  box.step(StopRequested{});
  ASSERT_EQ(box.count("anomaly_end"), 1U);
  const auto end = std::ranges::find(box.events, "anomaly_end", &wire::EventRecord::kind);
  EXPECT_EQ(wire::anomaly_of(end->details)->outcome, wire::AnomalyOutcome::stopped);
}

TEST(AgentDetect, AModelOnDiskThatCantBeUsedIsForgottenLoudlyAndCollectionGoesOn) {
  Box old;
  old.step(OutboxOpened{});
  old.ticks(150);
  old.step(StopRequested{});
  std::vector<std::vector<std::byte>> bad;
  bad.push_back({old.kept.begin(), old.kept.begin() + 1000});  // truncated
  bad.push_back(std::vector<std::byte>(64, std::byte{'x'}));   // foreign
  bad.push_back(old.kept);
  bad.back()[500] ^= std::byte{1};  // damaged
  for (const auto& payload : bad) {
    Box box;
    OutboxOpened opened = old.disk();
    opened.model = payload;
    box.step(opened);
    EXPECT_EQ(box.keeps, 1);
    EXPECT_TRUE(box.kept.empty()) << "it is not there any more";
    EXPECT_NE(box.log.find("can't be used and is forgotten"), std::string::npos);
    box.ticks(61);
    ASSERT_EQ(box.count("model_change"), 1U);
    EXPECT_EQ(box.events[0].severity, wire::Severity::warning);
    EXPECT_GE(box.events[0].time_ms, kStartMs);
    box.ticks(140);
    EXPECT_GT(box.value("self.anomaly_score"), 0) << "it learns anew";
  }
}

TEST(AgentDetect, AModelOfAnotherBoxLeavesTheDiskToo) {
  Box old;
  old.step(OutboxOpened{});
  old.ticks(150);
  old.step(StopRequested{});
  auto model = wire::decode_model(old.kept).value();
  for (std::string& name : model.metrics) name = "other." + name;
  model.id = "edge@3";
  OutboxOpened opened = old.disk();
  opened.model = wire::encode_model(model).value();
  Box box;
  box.kept = opened.model;
  box.step(opened);
  box.step(LinkUp{});
  EXPECT_EQ(box.birth.model, "edge@3");
  box.ticks(20);
  EXPECT_TRUE(box.kept.empty());
  EXPECT_EQ(box.birth.model, "") << "announced anew";
}

TEST(AgentDetect, WhatTheDiskTellsLateIsTakenUpAsAtAStartAndAnnounced) {
  Box old;
  old.step(OutboxOpened{});
  old.ticks(150);
  wire::Command quiet = command("s1", wire::CommandKind::silence);
  quiet.for_ms = 7'200'000;
  old.ask(quiet);
  old.step(StopRequested{});
  auto model = wire::decode_model(old.kept).value();
  model.id = "edge@3";
  OutboxOpened late = old.disk();
  late.model = wire::encode_model(model).value();

  Box box;
  OutboxOpened unread;
  unread.unread = true;
  box.step(unread);
  box.step(LinkUp{});
  box.ticks(20);
  wire::Command loud = command("s2", wire::CommandKind::silence);
  EXPECT_EQ(box.ask(loud).status, wire::CommandStatus::done);
  box.step(late);
  EXPECT_EQ(box.birth.model, "edge@3");
  box.tick();
  EXPECT_EQ(box.value("self.anomaly_silenced"), 1) << "rolling features are not whole yet";
  box.ticks(40);
  EXPECT_EQ(box.value("self.anomaly_silenced"), 0) << "what was commanded since counts";
  EXPECT_EQ(box.count("anomaly"), 0U);
}

TEST(AgentDetect, ADiskThatFailsIsAskedAgain) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  wire::Command fresh = command("f", wire::CommandKind::train);
  fresh.fresh = true;
  box.disk_trouble = "no space left";
  box.ask(fresh);
  EXPECT_EQ(box.keeps, 1);
  box.ticks(50);
  EXPECT_EQ(box.keeps, 1);
  box.disk_trouble.clear();
  box.ticks(20);
  EXPECT_EQ(box.keeps, 2);
  EXPECT_TRUE(box.kept.empty());
  box.ticks(70);
  EXPECT_EQ(box.keeps, 2) << "it has forgotten";
}

TEST(AgentDetect, WhatTheDiskDidNotForgetIsForgottenAtTheStop) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  wire::Command fresh = command("f", wire::CommandKind::train);
  fresh.fresh = true;
  box.disk_trouble = "no space left";
  box.ask(fresh);
  box.disk_trouble.clear();
  box.step(StopRequested{});
  EXPECT_EQ(box.keeps, 2);
  EXPECT_TRUE(box.stopped);
}

TEST(AgentDetect, ASilenceIsOnDiskWithTheNextRow) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(75);
  wire::Command quiet = command("s1", wire::CommandKind::silence);
  quiet.for_ms = 150 * 60'000;
  EXPECT_EQ(box.ask(quiet).text, "no anomaly is told for 2 h 30 min");
  box.ticks(2);
  EXPECT_EQ(box.facts.count("detect.silence"), 1U) << "power may be cut next";
}

TEST(AgentDetect, ASilenceOnDiskThatCantBeIsNone) {
  Box box;
  OutboxOpened opened;
  opened.facts.push_back({"detect.silence", "9223372036854775807 7200000"});
  opened.facts.push_back({"detect.silence", "-9223372036854775808 7200000"});
  box.step(opened);
  box.ticks(20);
  EXPECT_EQ(box.value("self.anomaly_silenced"), 0);
}

TEST(AgentDetect, WhatWasLearntWithOtherRowsIsLearntAnew) {
  Box old;
  old.step(OutboxOpened{});
  old.ticks(150);
  old.step(StopRequested{});
  AgentOptions other = options();
  other.detect->window = 20;
  Box box(other);
  box.step(old.disk());
  EXPECT_NE(box.log.find("it was learnt with a window of 10 rows"), std::string::npos) << box.log;
  EXPECT_TRUE(box.kept.empty());
}

TEST(AgentDetect, OddInputNeitherStopsCollectionNorTellsOfTrouble) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  box.reset_counters();  // rates are missing for a row
  box.ticks(20);
  box.wall_shift_ms = -86'400'000LL * 400;  // the clock is set back, then forth
  box.ticks(20);
  box.wall_shift_ms = 0;
  box.ticks(20);
  box.lost = 2;  // a disk is gone
  box.ticks(30);
  box.lost = 99;
  box.ticks(30);
  box.slept_ms += 8 * 3'600'000;  // the lid was closed
  box.ticks(60);
  EXPECT_EQ(box.count("anomaly"), 0U);
  EXPECT_TRUE(std::isfinite(box.value("self.anomaly_score")));
  EXPECT_GT(box.value("self.model_rows"), 300);
}

}  // namespace
}  // namespace bw::agent
