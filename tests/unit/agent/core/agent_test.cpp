#include "agent/core/agent.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kEpoch = 0xabc;
constexpr std::int64_t kStartMs = 1'790'000'000'000;

AgentOptions options() {
  AgentOptions options{NodeId::parse("edge-1").value()};
  options.site = "lab";
  options.epoch = kEpoch;
  options.store_id = 5;
  options.version = "1.2.3";
  options.started_ms = kStartMs;
  options.block = seconds{5};
  options.first_block = seconds{5};
  options.second_block = seconds{5};
  options.drain.start_within = Duration{};
  return options;
}

class AgentTest : public testing::Test {
 protected:
  Instant now() const { return Instant{} + seconds{100} + milliseconds{elapsed_ms_}; }

  void step(const Event& event) {
    effects_.clear();
    agent_.step(event, now(), effects_);
    for (const Effect& effect : effects_) {
      if (const auto* line = std::get_if<Log>(&effect)) log_ += line->text + "\n";
      if (const auto* persist = std::get_if<PersistRecord>(&effect)) {
        persisting_.push_back(persist->record.key);
      }
    }
  }
  void tick(std::string_view loadavg = "0.50 0.40 0.30 1/200 4242\n",
            std::int64_t wall_shift_ms = 0) {
    elapsed_ms_ += 1000;
    texts_[0] = TextReading{SourceId::loadavg, "/proc/loadavg", loadavg, 0};
    Readings readings;
    readings.when = now();
    readings.wall = wall_from_ms(kStartMs + elapsed_ms_ + wall_shift_ms);
    readings.tick = tick_++;
    readings.texts = texts_;
    step(Ticked{readings});
  }
  template <typename T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const Effect& effect : effects_) {
      if (const auto* it = std::get_if<T>(&effect)) found.push_back(*it);
    }
    return found;
  }
  std::vector<wire::Topic> topics() const {
    std::vector<wire::Topic> found;
    for (const auto& publish : all<Publish>()) found.push_back(publish.topic);
    return found;
  }
  wire::Bytes payload(wire::Topic topic) const {
    for (const auto& publish : all<Publish>()) {
      if (publish.topic == topic) return publish.payload;
    }
    return {};
  }
  void persist_all() {
    for (const RecordKey key : std::exchange(persisting_, {})) step(RecordPersisted{key});
  }

  Agent agent_{options()};
  std::int64_t elapsed_ms_ = 0;
  std::uint64_t tick_ = 0;
  std::array<TextReading, 1> texts_;
  Effects effects_;
  std::vector<RecordKey> persisting_;
  std::string log_;
};

using Topics = std::vector<wire::Topic>;

TEST_F(AgentTest, WithoutALinkItMeasuresAndPublishesNothing) {
  step(OutboxOpened{});
  tick();
  EXPECT_TRUE(topics().empty());
  EXPECT_GT(agent_.collector().sample().series().size(), 0U);
}

TEST_F(AgentTest, ANewLinkGetsBirthStateAndTheNewestSampleAtOnce) {
  tick();
  step(LinkUp{});
  EXPECT_EQ(topics(), (Topics{wire::Topic::birth, wire::Topic::state, wire::Topic::live}));
  auto birth = wire::decode_birth(payload(wire::Topic::birth));
  ASSERT_TRUE(birth);
  EXPECT_EQ(birth->epoch, kEpoch);
  EXPECT_EQ(birth->store_id, 5U);
  EXPECT_EQ(birth->site, "lab");
  EXPECT_EQ(birth->period_ms, 1000U);
  EXPECT_EQ(birth->table_id, wire::series_table_id(birth->series));
  auto state = wire::decode_state(payload(wire::Topic::state));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->condition, wire::NodeCondition::online);
  auto live = wire::decode_live(payload(wire::Topic::live));
  ASSERT_TRUE(live);
  EXPECT_EQ(live->table_id, birth->table_id);
  const auto load1 = std::find_if(birth->series.begin(), birth->series.end(),
                                  [](const auto& series) { return series.name == "cpu.load1"; });
  ASSERT_NE(load1, birth->series.end());
  EXPECT_FLOAT_EQ(live->values.at(static_cast<std::size_t>(load1 - birth->series.begin())), 0.5F);
}

TEST_F(AgentTest, EachTickPublishesOneLiveSampleAndCountsOn) {
  tick();
  step(LinkUp{});
  tick();
  EXPECT_EQ(topics(), Topics{wire::Topic::live});
  EXPECT_EQ(wire::decode_live(payload(wire::Topic::live))->sequence, 1U);
}

TEST_F(AgentTest, ANewSeriesIsAnnouncedBeforeASampleThatHasIt) {
  tick("");
  step(LinkUp{});
  tick();
  EXPECT_EQ(topics(), (Topics{wire::Topic::birth, wire::Topic::state, wire::Topic::live}));
}

TEST_F(AgentTest, ABlockGoesToDiskThenToTheCoordinatorAndIsFreedByItsAcknowledgement) {
  tick();
  step(LinkUp{});
  for (int i = 0; i < 4; ++i) tick();
  ASSERT_EQ(persisting_.size(), 1U);
  EXPECT_EQ(agent_.outbox().size(), 1U);
  persist_all();
  EXPECT_EQ(topics(), Topics{wire::Topic::history});
  EXPECT_EQ(agent_.outbox().size(), 1U);
  step(AckReceived{wire::Ack{{{kEpoch, 1}}}});
  EXPECT_EQ(agent_.outbox().size(), 0U);
}

TEST_F(AgentTest, AClockSetForwardEndsTheBlockAndIsTold) {
  tick();
  tick();
  tick("0.50 0.40 0.30 1/200 4242\n", 3'600'000);
  const auto writes = all<PersistRecord>();
  ASSERT_EQ(writes.size(), 2U);
  const auto block = wire::decode_history(writes[0].payload);
  EXPECT_EQ(block->rows, 2U);
  const auto event = wire::decode_event(writes[1].payload);
  EXPECT_EQ(event->kind, "clock_step");
  EXPECT_EQ(event->details[0], (wire::Label{"step_ms", "3600000"}));
  EXPECT_NE(log_.find("set forward by 3600000 ms"), std::string::npos);
}

TEST_F(AgentTest, AClockSetBackIsToldAndRatesGoOn) {
  tick();
  tick();
  tick("0.50 0.40 0.30 1/200 4242\n", -3'600'000);
  EXPECT_NE(log_.find("set back by 3600000 ms"), std::string::npos);
  tick("0.50 0.40 0.30 1/200 4242\n", -3'600'000);
  EXPECT_EQ(std::count(log_.begin(), log_.end(), '\n'), 1) << "told once";
}

TEST_F(AgentTest, ASlewOfTheClockIsNoStep) {
  for (int i = 0; i < 4; ++i) tick("0.50 0.40 0.30 1/200 4242\n", i * 500);
  EXPECT_EQ(log_, "");
}

TEST_F(AgentTest, TheCoordinatorMayAskForTheBirthAgain) {
  tick();
  step(LinkUp{});
  step(CommandReceived{wire::Command{"c1", wire::CommandKind::announce, kEpoch, 0, ""}});
  EXPECT_EQ(topics(), (Topics{wire::Topic::result, wire::Topic::birth, wire::Topic::state}));
  EXPECT_EQ(wire::decode_result(payload(wire::Topic::result))->id, "c1");
}

TEST_F(AgentTest, ACommandForAnotherAgentOfThisNameIsNotObeyed) {
  tick();
  step(LinkUp{});
  step(CommandReceived{wire::Command{"c1", wire::CommandKind::refuse, kEpoch + 1, 0, "no"}});
  EXPECT_TRUE(effects_.empty());
}

TEST_F(AgentTest, WhenRefusedItStopsWithCodeThreeAndLeavesTheStateToTheOther) {
  tick();
  step(LinkUp{});
  step(CommandReceived{
      wire::Command{"c1", wire::CommandKind::refuse, kEpoch, 0, "edge-1 is taken by host-a"}});
  EXPECT_EQ(topics(), Topics{wire::Topic::result});
  ASSERT_EQ(all<Stop>().size(), 1U);
  EXPECT_EQ(all<Stop>()[0].exit_code, 3);
  EXPECT_NE(log_.find("taken by host-a"), std::string::npos);
  tick();
  EXPECT_TRUE(effects_.empty());
}

TEST_F(AgentTest, WithoutADetectorItRefusesWhatIsAskedOfOneAndGoesOn) {
  tick();
  step(LinkUp{});
  for (const auto kind :
       {wire::CommandKind::silence, wire::CommandKind::train, wire::CommandKind::deploy_model}) {
    step(CommandReceived{wire::Command{"c1", kind, kEpoch, 0, ""}});
    EXPECT_EQ(topics(), Topics{wire::Topic::result});
    const auto result = wire::decode_result(payload(wire::Topic::result));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, wire::CommandStatus::refused);
    EXPECT_NE(result->text, "");
  }
  tick();
  EXPECT_EQ(topics(), Topics{wire::Topic::live});
}

TEST_F(AgentTest, StoppingClosesTheBlockWritesItSendsItAndSaysGoodbye) {
  tick();
  step(LinkUp{});
  tick();
  step(StopRequested{});
  ASSERT_EQ(persisting_.size(), 1U);
  EXPECT_TRUE(all<Stop>().empty());
  step(RecordPersisted{persisting_[0]});
  EXPECT_EQ(topics(), (Topics{wire::Topic::history, wire::Topic::state}));
  EXPECT_EQ(wire::decode_state(payload(wire::Topic::state))->condition,
            wire::NodeCondition::offline);
  ASSERT_EQ(all<Stop>().size(), 1U);
  EXPECT_EQ(all<Stop>()[0].exit_code, 0);
}

TEST_F(AgentTest, StoppingDoesNotWaitForADiskThatFails) {
  tick();
  step(StopRequested{});
  step(PersistFailed{persisting_.at(0), "disk full"});
  EXPECT_EQ(all<Stop>().size(), 1U);
}

TEST_F(AgentTest, StoppingTriesADiskThatFailedOnceMoreAndSaysWhatIsLost) {
  for (int i = 0; i < 5; ++i) tick();
  step(PersistFailed{persisting_.at(0), "disk full"});
  tick();
  persisting_.clear();
  step(StopRequested{});
  ASSERT_EQ(persisting_.size(), 2U) << "the block that failed, and the open one";
  EXPECT_TRUE(all<Stop>().empty());
  step(RecordPersisted{persisting_[0]});
  EXPECT_TRUE(all<Stop>().empty());
  step(PersistFailed{persisting_[1], "disk full"});
  EXPECT_EQ(all<Stop>().size(), 1U);
  EXPECT_NE(log_.find("did not take the last 1 records"), std::string::npos) << log_;
}

TEST_F(AgentTest, RecordsFoundOnDiskLateAreSentAndTheirStoreIsAnnounced) {
  tick();
  step(LinkUp{});
  step(OutboxOpened{{{RecordKey{3, 1}, wire::Topic::history, 100, kStartMs}}, 77});
  EXPECT_EQ(wire::decode_birth(payload(wire::Topic::birth))->store_id, 77U);
  ASSERT_EQ(all<LoadRecord>().size(), 1U);
  EXPECT_EQ(all<LoadRecord>()[0].key, (RecordKey{3, 1}));
}

// What an earlier run told of it is on the disk.
TEST_F(AgentTest, TheKernelLogWaitsForADiskThatCouldNotBeReadAtStart) {
  const std::string line = "4,7,400000000,-;NVRM: Xid (PCI:0000:3b:00): 31, x\n";
  const auto read = [&] {
    Readings readings;
    readings.tick = ++tick_;
    readings.when = Instant{} + std::chrono::seconds{500};
    readings.kernel_log =
        KernelLogReading{.available = true, .text = line, .boot_id = "b", .caught_up = true};
    step(Ticked{readings});
    return agent_.collector().kernel_log_taken();
  };
  step(OutboxOpened{.records = {}, .unread = true});
  EXPECT_EQ(read(), 0U);
  step(OutboxOpened{.records = {}, .store_id = 77});
  EXPECT_EQ(read(), line.size());
}

TEST_F(AgentTest, ADiskThatCouldNotBeReadAtStartIsTriedAgainBeforeTheKernelLogWaitedTooLong) {
  for (const bool unread : {false, true}) {
    AgentOptions long_blocks = options();
    long_blocks.block = long_blocks.first_block = seconds{300};
    Agent agent(long_blocks);
    bool tried = false;
    const auto step_it = [&](const Event& event, int s) {
      Effects effects;
      agent.step(event, Instant{} + seconds{s}, effects);
      for (const Effect& effect : effects) tried |= std::holds_alternative<PersistRecord>(effect);
    };
    step_it(OutboxOpened{.records = {}, .unread = unread}, 100);
    for (int s = 101; s < 116; ++s) {
      Readings readings;
      readings.when = Instant{} + seconds{s};
      readings.wall = wall_from_ms(kStartMs + 1000 * s);
      readings.tick = static_cast<std::uint64_t>(s - 101);
      step_it(Ticked{readings}, s);
    }
    EXPECT_EQ(tried, unread);
  }
}

TEST_F(AgentTest, StoppingWithNothingInHandIsImmediateAndOnlyOnce) {
  step(StopRequested{});
  EXPECT_EQ(all<Stop>().size(), 1U);
  step(StopRequested{});
  EXPECT_TRUE(all<Stop>().empty());
}

TEST_F(AgentTest, TheLastWillSaysOfflineForThisEpoch) {
  const auto will = wire::decode_state(agent_.last_will());
  auto copy = will;
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->epoch, kEpoch);
  EXPECT_EQ(copy->condition, wire::NodeCondition::offline);
  EXPECT_EQ(copy->since_ms, 0);
}

TEST_F(AgentTest, ReloadedLabelsAreAnnounced) {
  tick();
  step(LinkUp{});
  step(SettingsReloaded{"hall-2", {{"rack", "7"}}});
  auto birth = wire::decode_birth(payload(wire::Topic::birth));
  ASSERT_TRUE(birth);
  EXPECT_EQ(birth->site, "hall-2");
  EXPECT_EQ(birth->labels, (std::vector<wire::Label>{{"rack", "7"}}));
}

TEST_F(AgentTest, AnUnreadableSourceIsToldOnceAndItsRecoveryToo) {
  tick();
  elapsed_ms_ += 1000;
  std::array<TextReading, 1> broken{TextReading{SourceId::loadavg, "/proc/loadavg", "", 5}};
  for (int i = 0; i < 3; ++i) {
    elapsed_ms_ += 1000;
    Readings readings;
    readings.when = now();
    readings.wall = wall_from_ms(kStartMs + elapsed_ms_);
    readings.tick = tick_++;
    readings.texts = broken;
    step(Ticked{readings});
  }
  EXPECT_NE(log_.find("loadavg"), std::string::npos);
  EXPECT_EQ(std::count(log_.begin(), log_.end(), '\n'), 1);
  for (int i = 0; i < 70; ++i) tick();
  EXPECT_NE(log_.find("all sources can be read again"), std::string::npos);
}

TEST_F(AgentTest, HowItsRecordFaresIsAmongItsOwnMetrics) {
  const auto value = [this](std::string_view name) {
    const Sample& sample = agent_.collector().sample();
    for (std::size_t i = 0; i < sample.series().size(); ++i) {
      if (sample.series()[i].name == name) return sample.values()[i];
    }
    return Sample::kNoValue;
  };
  for (int i = 0; i < 11; ++i) tick();
  EXPECT_GE(value("self.spool_depth"), 1);
  EXPECT_GT(value("self.spool_bytes"), 0);
  EXPECT_GE(value("self.spool_oldest_age"), 5);
  EXPECT_EQ(value("self.spool_dropped"), 0);
  EXPECT_EQ(value("self.samples_sent"), 0);
  step(LinkUp{});
  for (int i = 0; i < 10; ++i) tick();
  const auto series = static_cast<double>(agent_.collector().sample().series().size());
  EXPECT_EQ(value("self.samples_sent"), 10 * series);
}

TEST_F(AgentTest, AMachineThatSleptHadItsClockNotSet) {
  tick();
  elapsed_ms_ += 1000;
  Readings readings;
  readings.when = now();
  readings.wall = wall_from_ms(kStartMs + elapsed_ms_ + 3'600'000);
  readings.suspended = seconds{3600};
  readings.tick = tick_++;
  step(Ticked{readings});
  EXPECT_EQ(log_.find("the clock was set"), std::string::npos) << log_;
}

}  // namespace
}  // namespace bw::agent
