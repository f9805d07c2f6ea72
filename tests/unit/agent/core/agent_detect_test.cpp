#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/core/agent.h"
#include "agent/core/detect/tree_grower.h"
#include "schemas/wire/anomaly.h"

namespace bw::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kEpoch = 0xabc;
constexpr std::int64_t kStartMs = 1'790'000'000'000;

AgentOptions options() {
  AgentOptions options{NodeId::parse("edge-1").value()};
  options.epoch = kEpoch;
  options.store_id = 5;
  options.block = seconds{60};
  options.first_block = seconds{60};
  options.second_block = seconds{60};
  options.detect.emplace().alert_threshold = 30;  // not to wait for one
  return options;
}

// A box with a CPU, a disk and memory, an agent on it, and what of it lies on disk.
class Box {
 public:
  explicit Box(AgentOptions made = options()) : agent(std::move(made)) {}

  void step(const Event& event) {
    effects.clear();
    agent.step(event, now(), effects);
    std::vector<Event> answers;
    for (const Effect& effect : effects) {
      if (const auto* line = std::get_if<Log>(&effect)) log += line->text + "\n";
      if (const auto* keep = std::get_if<KeepModel>(&effect)) {
        kept.assign(keep->payload.begin(), keep->payload.end());
        ++keeps;
        answers.emplace_back(ModelKept{disk_trouble});
      }
      if (const auto* persist = std::get_if<PersistRecord>(&effect)) {
        answers.emplace_back(RecordPersisted{persist->record.key});
        for (const Fact& fact : persist->facts) facts[fact.name] = fact.value;
        if (persist->record.topic != wire::Topic::event) continue;
        events.push_back(*wire::decode_event(persist->payload));
      }
      if (const auto* publish = std::get_if<Publish>(&effect)) {
        if (publish->topic == wire::Topic::result) result = *wire::decode_result(publish->payload);
        if (publish->topic == wire::Topic::birth) birth = *wire::decode_birth(publish->payload);
      }
      if (std::holds_alternative<Stop>(effect)) stopped = true;
    }
    for (const Event& answer : answers) {
      if (answering) step(answer);
    }
  }
  Instant now() const { return Instant{} + seconds{100} + milliseconds{elapsed_ms}; }
  WallTime wall() const { return wall_from_ms(kStartMs + elapsed_ms + slept_ms + wall_shift_ms); }

  void tick() {
    elapsed_ms += 1000;
    load_ = 0.9 * load_ + 0.1 * normal(rng_);
    const double busy = broken ? 99 : std::clamp(30 + 5 * load_ + 2 * normal(rng_), 1.0, 90.0);
    user_ += busy;
    idle_ += 100 - busy;
    const double reads = broken ? 90'000 : 1000 + 100 * normal(rng_);
    sectors_ += reads;
    busy_ms_ += broken ? 999 : 100 + 10 * normal(rng_);
    texts_[0] = "cpu " + whole(user_) + " 0 0 " + whole(idle_) + " 0 0 0 0 0 0\n";
    texts_[1] = std::to_string(broken ? 9.5 : 1 + 0.2 * load_) + " 1.0 1.0 1/200 4242\n";
    texts_[2] = "8 0 sda 100 0 " + whole(sectors_) + " 50 9 0 72 5 0 " + whole(busy_ms_) + " 55\n";
    const std::array sources{SourceId::stat, SourceId::loadavg, SourceId::diskstats};
    const std::array paths{"/proc/stat", "/proc/loadavg", "/proc/diskstats"};
    std::vector<TextReading> readings_of;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (i != lost) readings_of.push_back({sources[i], paths[i], texts_[i]});
    }
    Readings readings;
    readings.when = now();
    readings.wall = wall();
    readings.suspended = milliseconds{slept_ms};
    readings.tick = tick_++;
    readings.texts = readings_of;
    step(Ticked{readings});
  }
  void ticks(int count) {
    for (int i = 0; i < count; ++i) tick();
  }
  void reset_counters() { user_ = idle_ = sectors_ = busy_ms_ = 0; }
  double value(std::string_view name) const {
    const Sample& sample = agent.collector().sample();
    for (std::size_t i = 0; i < sample.series().size(); ++i) {
      if (sample.series()[i].name == name) return sample.values()[i];
    }
    return -1;
  }
  std::size_t count(std::string_view kind) const {
    return static_cast<std::size_t>(
        std::ranges::count(events, kind, [](const auto& event) { return event.kind; }));
  }
  wire::CommandResult ask(wire::Command command) {
    result = {};
    command.epoch = kEpoch;
    step(CommandReceived{std::move(command)});
    return result;
  }
  OutboxOpened disk() const {
    OutboxOpened opened;
    for (const auto& [name, value] : facts) opened.facts.push_back({name, value});
    opened.model = kept;
    return opened;
  }

  Agent agent;
  std::int64_t elapsed_ms = 0;
  std::int64_t slept_ms = 0;
  std::int64_t wall_shift_ms = 0;
  bool broken = false;
  std::size_t lost = 99;  // a text that is not there
  bool answering = true;
  Effects effects;
  std::string log;
  std::vector<wire::EventRecord> events;
  std::map<std::string, std::string> facts;
  std::vector<std::byte> kept;
  int keeps = 0;
  wire::CommandResult result;
  wire::NodeBirth birth;
  bool stopped = false;
  std::string disk_trouble;

 private:
  static std::string whole(double value) { return std::to_string(std::llround(value)); }
  std::uint64_t tick_ = 0;
  Rng rng_{7};
  double load_ = 0;
  double user_ = 5000;
  double idle_ = 90'000;
  double sectors_ = 1e6;
  double busy_ms_ = 5000;
  std::array<std::string, 3> texts_;
};

wire::Command command(std::string id, wire::CommandKind kind) {
  wire::Command made;
  made.id = std::move(id);
  made.kind = kind;
  return made;
}

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

TEST(AgentDetect, ASilenceHoldsIsKeptOverARestartAndCanBeEnded) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  box.step(LinkUp{});
  wire::Command quiet = command("s1", wire::CommandKind::silence);
  quiet.for_ms = 7'200'000;
  quiet.reason = "new fans";
  EXPECT_EQ(box.ask(quiet).status, wire::CommandStatus::done);
  EXPECT_EQ(box.result.text, "no anomaly is told for 2 h");
  EXPECT_NE(box.log.find("new fans"), std::string::npos);
  box.broken = true;
  box.ticks(30);
  EXPECT_EQ(box.count("anomaly"), 0U);
  EXPECT_EQ(box.value("self.anomaly_silenced"), 1);
  box.step(StopRequested{});

  Box again;
  again.wall_shift_ms = 3'600'000;
  again.step(box.disk());
  again.broken = true;
  again.ticks(80);
  EXPECT_EQ(again.value("self.anomaly_silenced"), 1);
  wire::Command loud = command("s2", wire::CommandKind::silence);
  EXPECT_EQ(again.ask(loud).status, wire::CommandStatus::done);
  again.ticks(5);
  EXPECT_EQ(again.count("anomaly"), 1U);

  Box later;  // a clock that says it is long ago makes it no longer
  later.wall_shift_ms = -86'400'000LL * 365;
  later.step(box.disk());
  later.tick();
  later.elapsed_ms += 7'300'000;
  later.ticks(100);
  EXPECT_EQ(later.value("self.anomaly_silenced"), 0);
}

TEST(AgentDetect, TrainAnswersWithTheModelAndFreshBeginsAnew) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(20);
  box.step(LinkUp{});
  const auto early = box.ask(command("t1", wire::CommandKind::train));
  EXPECT_EQ(early.status, wire::CommandStatus::failed);
  EXPECT_NE(early.text.find("nothing is learnt yet"), std::string::npos);
  box.ticks(300);
  const auto answer = box.ask(command("t2", wire::CommandKind::train));
  EXPECT_EQ(answer.status, wire::CommandStatus::done);
  const auto model = wire::decode_model(answer.model);
  ASSERT_TRUE(model);
  EXPECT_TRUE(model->id.empty());
  EXPECT_EQ(model->sample_rows, NodeDetector::kSampleRows);
  EXPECT_NE(std::ranges::find(model->metrics, "cpu.util"), model->metrics.end());
  EXPECT_GT(model->to_ms, model->from_ms);
  // The answer was lost: a new one holds a model again.
  EXPECT_FALSE(box.ask(command("t2", wire::CommandKind::train)).model.empty());

  wire::Command fresh = command("t3", wire::CommandKind::train);
  fresh.fresh = true;
  EXPECT_EQ(box.ask(fresh).status, wire::CommandStatus::done);
  EXPECT_TRUE(box.result.model.empty());
  EXPECT_TRUE(box.kept.empty());
  EXPECT_EQ(box.keeps, 1);
  box.ticks(50);
  const auto rows = box.agent.detector()->rows();
  EXPECT_GT(rows, 0U);
  EXPECT_EQ(box.ask(fresh).status, wire::CommandStatus::done);
  EXPECT_EQ(box.agent.detector()->rows(), rows) << "the same command is not carried out twice";
  EXPECT_EQ(box.keeps, 1);
}

TEST(AgentDetect, ADeployedModelIsTakenOverKeptAndAnnounced) {
  Box teacher;
  teacher.step(OutboxOpened{});
  teacher.ticks(400);
  teacher.step(LinkUp{});
  auto model =
      wire::decode_model(teacher.ask(command("t", wire::CommandKind::train)).model).value();
  model.id = "edge@3";
  wire::Command deploy = command("d1", wire::CommandKind::deploy_model);
  deploy.model = wire::encode_model(model).value();

  Box box;
  box.step(OutboxOpened{});
  box.ticks(20);
  box.step(LinkUp{});
  EXPECT_EQ(box.ask(deploy).status, wire::CommandStatus::done) << box.result.text;
  EXPECT_EQ(box.birth.model, "edge@3");
  EXPECT_EQ(box.keeps, 1);
  EXPECT_EQ(wire::decode_model(box.kept)->id, "edge@3");
  box.ticks(60);
  EXPECT_EQ(box.count("model_change"), 1U);
  EXPECT_EQ(box.count("anomaly"), 0U);
  box.broken = true;
  box.ticks(5);
  EXPECT_EQ(box.count("anomaly"), 1U) << "it is useful at once";
  box.step(StopRequested{});
  Box again;
  again.step(box.disk());
  again.tick();
  again.step(LinkUp{});
  EXPECT_EQ(again.birth.model, "edge@3");
}

TEST(AgentDetect, AModelThatComesTooEarlyIsAskedForAgain) {
  Box box;
  box.step(OutboxOpened{});
  box.tick();
  box.step(LinkUp{});
  const auto answer = box.ask(command("d1", wire::CommandKind::deploy_model));
  EXPECT_EQ(answer.status, wire::CommandStatus::failed) << "a refusal would be for good";
  EXPECT_NE(answer.text.find("only just started"), std::string::npos);
  box.ticks(20);
  EXPECT_EQ(box.count("model_change"), 0U);
}

TEST(AgentDetect, AModelThatCantBeIsRefusedWithTheReasonAndNothingChanges) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(200);
  box.step(LinkUp{});
  auto good = wire::decode_model(box.ask(command("t", wire::CommandKind::train)).model).value();
  wire::Command deploy = command("d1", wire::CommandKind::deploy_model);
  const auto refused = [&](std::string id, std::vector<std::byte> payload) {
    deploy.id = std::move(id);
    deploy.model = std::move(payload);
    const auto answer = box.ask(deploy);
    EXPECT_EQ(answer.status, wire::CommandStatus::refused);
    EXPECT_FALSE(answer.text.empty());
    return answer.text;
  };
  auto payload = wire::encode_model(good).value();
  refused("d1", {});
  refused("d2", {payload.begin(), payload.end() - 100});
  refused("d3", std::vector<std::byte>(100, std::byte{7}));
  for (std::string& name : good.metrics) name = "other." + name;
  EXPECT_NE(refused("d4", wire::encode_model(good).value()).find("of other metrics"),
            std::string::npos);
  EXPECT_EQ(box.birth.model, "");
  EXPECT_EQ(box.keeps, 0);
  const auto rows = box.agent.detector()->rows();
  box.ticks(61);
  EXPECT_GT(box.agent.detector()->rows(), rows);
  EXPECT_EQ(box.count("model_change"), 4U);
}

TEST(AgentDetect, AnExpiredCommandIsNotCarriedOut) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(100);
  box.step(LinkUp{});
  wire::Command late = command("s1", wire::CommandKind::silence);
  late.for_ms = 60'000;
  late.expires_ms = to_ms(box.wall()) - 5000;
  EXPECT_EQ(box.ask(late).status, wire::CommandStatus::expired);
  box.tick();
  EXPECT_EQ(box.value("self.anomaly_silenced"), 0);
  EXPECT_TRUE(box.log.find("no anomaly is told") == std::string::npos);
}

TEST(AgentDetect, OnlySoManyAnswersAreRemembered) {
  Box box;
  box.step(OutboxOpened{});
  box.ticks(20);
  box.step(LinkUp{});
  wire::Command quiet = command("first", wire::CommandKind::silence);
  quiet.for_ms = 60'000;
  box.ask(quiet);
  box.log.clear();
  box.ask(quiet);
  EXPECT_EQ(box.log, "") << "answered from memory";
  for (std::size_t i = 0; i < Agent::kAnswersKept; ++i) {
    quiet.id = std::to_string(i);
    box.ask(quiet);
  }
  box.log.clear();
  quiet.id = "first";
  box.ask(quiet);
  EXPECT_NE(box.log, "") << "carried out again";
}

}  // namespace
}  // namespace bw::agent
