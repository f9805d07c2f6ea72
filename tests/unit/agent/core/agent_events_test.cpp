// What the agent tells by itself: events of the kernel log with their position, and boots.
#include <algorithm>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "agent/core/agent.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kBootMs = 1'790'000'000'000;
constexpr std::string_view kXid =
    "4,5,100000000,-;NVRM: Xid (PCI:0000:01:00): 48, pid=1, name=x, DBE\n";
constexpr std::string_view kKill =
    "3,6,101000000,-;Out of memory: Killed process 5 (py) total-vm:1kB, anon-rss:1kB\n";

// An agent whose disk takes everything at once, run after run.
class AgentEventsTest : public testing::Test {
 protected:
  void start(std::string boot = "boot-a") {
    boot_ = std::move(boot);
    AgentOptions options{NodeId::parse("edge-1").value()};
    options.epoch = ++epoch_;
    options.store_id = 5;
    options.hardware.boot_id = boot_;
    agent_ = std::make_unique<Agent>(options);
    OutboxOpened opened{.records = {}, .store_id = 5, .facts = {}};
    for (const auto& [name, value] : facts_) opened.facts.push_back({name, value});
    told_.clear();
    step(opened);
  }
  void tick(std::string_view log = {}) {
    second_ += 1;
    Readings readings;
    readings.when = Instant{} + seconds{second_};
    readings.wall = wall_from_ms(kBootMs + second_ * 1000 + shift_ms_);
    readings.tick = tick_++;
    readings.kernel_log = {
        .available = true, .text = log, .boot_id = boot_, .caught_up = true, .error = 0};
    step(Ticked{readings});
  }
  void stop() { step(StopRequested{}); }

  void step(const Event& event) {
    std::vector<RecordKey> written;
    Effects effects;
    agent_->step(event, Instant{} + seconds{second_}, effects);
    for (const Effect& effect : effects) {
      const auto* write = std::get_if<PersistRecord>(&effect);
      if (write == nullptr || !disk_works_) continue;
      for (const Fact& fact : write->facts) facts_[fact.name] = fact.value;
      if (write->record.topic == wire::Topic::event) {
        told_.push_back(*wire::decode_event(write->payload));
      }
      written.push_back(write->record.key);
    }
    for (const RecordKey& key : written) step(RecordPersisted{key});
  }
  double value(std::string_view name) const {
    const Sample& sample = agent_->collector().sample();
    for (std::size_t i = 0; i < sample.series().size(); ++i) {
      if (sample.series()[i].name == name) return sample.values()[i];
    }
    return -1;
  }
  std::string kinds() const {
    std::string out;
    for (const auto& event : told_) out += (out.empty() ? "" : " ") + event.kind;
    return out;
  }

  std::string boot_;
  std::uint64_t epoch_ = 0;
  std::int64_t second_ = 1000;
  std::int64_t shift_ms_ = 0;  // of the wall clock
  std::uint64_t tick_ = 0;
  bool disk_works_ = true;
  std::map<std::string, std::string> facts_;  // on disk
  std::vector<wire::EventRecord> told_;       // on disk, of this run
  std::unique_ptr<Agent> agent_;
};

TEST_F(AgentEventsTest, AnEventOfTheKernelLogAndItsPositionAreOneWrite) {
  start();
  tick(kXid);
  EXPECT_EQ(kinds(), "xid");
  EXPECT_EQ(told_[0].time_ms, kBootMs + 100'000);
  EXPECT_NE(facts_["kernel_log"].find("boot-a\n5|0\n"), std::string::npos);
  tick(kKill);
  EXPECT_EQ(kinds(), "xid oom_kill");
  EXPECT_NE(facts_["kernel_log"].find("boot-a\n6|0\n"), std::string::npos);
}

TEST_F(AgentEventsTest, AfterARestartTheRingIsReadAgainAndNothingToldAgain) {
  start();
  tick(kXid);
  start();
  tick(std::string(kXid) + std::string(kKill));
  EXPECT_EQ(kinds(), "oom_kill");
}

TEST_F(AgentEventsTest, WhatTheDiskDidNotTakeIsToldByTheNextRun) {
  start();
  tick(kXid);
  disk_works_ = false;
  tick(kKill);
  disk_works_ = true;
  start();
  tick(std::string(kXid) + std::string(kKill));
  EXPECT_EQ(kinds(), "oom_kill");
}

TEST_F(AgentEventsTest, MessagesThatTellNothingMoveThePositionWithTheNextBlock) {
  start();
  tick(kXid);
  tick("6,6,101000000,-;usb 1-1: new device\n6,7,101000000,-;usb 1-1: new device\n");
  for (int i = 0; i < 80; ++i) tick();
  EXPECT_NE(facts_["kernel_log"].find("boot-a\n7|0\n"), std::string::npos);
  start();
  // All that was read has been overwritten meanwhile.
  tick("6,8,300000000,-;usb 1-1: new device\n");
  for (int i = 0; i < 20; ++i) tick();
  EXPECT_EQ(kinds().find("kernel_log_gap"), std::string::npos) << kinds();
}

TEST_F(AgentEventsTest, AClockThatIsSetAgainAndAgainIsNoEventEachTime) {
  start();
  tick();
  for (int i = 0; i < 30; ++i) {
    shift_ms_ += 5000;
    tick();
  }
  EXPECT_EQ(value("event.clock_step"), 30);
  EXPECT_EQ(std::ranges::count(told_, "clock_step", &wire::EventRecord::kind), 1);
  for (int i = 0; i < 60; ++i) tick();
  EXPECT_EQ(std::ranges::count(told_, "clock_step", &wire::EventRecord::kind), 2);
  // The other way is another story.
  shift_ms_ -= 5000;
  tick();
  shift_ms_ -= 7000;
  tick();
  EXPECT_EQ(std::ranges::count(told_, "clock_step", &wire::EventRecord::kind), 3);
}

TEST_F(AgentEventsTest, TheFirstStartOfAllIsNoBoot) {
  start();
  for (int i = 0; i < 20; ++i) tick();
  EXPECT_EQ(kinds(), "");
  EXPECT_EQ(facts_["boot"], "boot-a running");
}

TEST_F(AgentEventsTest, ABoxThatWasShutDownProperlyWasStarted) {
  start();
  for (int i = 0; i < 20; ++i) tick();
  stop();
  EXPECT_EQ(facts_["boot"], "boot-a");
  start("boot-b");
  for (int i = 0; i < 20; ++i) tick();  // what is no trouble is written with the next block
  ASSERT_EQ(kinds(), "boot");
  EXPECT_EQ(told_[0].time_ms, kBootMs);
  EXPECT_EQ(told_[0].severity, wire::Severity::info);
  EXPECT_EQ(facts_["boot"], "boot-b running");
  start("boot-b");
  for (int i = 0; i < 20; ++i) tick();
  EXPECT_EQ(kinds(), "");
}

TEST_F(AgentEventsTest, ABoxThatWentDownUnderTheAgentDidSoUncleanly) {
  start();
  for (int i = 0; i < 20; ++i) tick();
  start("boot-b");
  tick();
  ASSERT_EQ(kinds(), "boot unclean_shutdown");
  EXPECT_EQ(told_[0].severity, wire::Severity::info);
  EXPECT_EQ(told_[1].severity, wire::Severity::warning);
  EXPECT_EQ(value("event.boot"), 1);
  EXPECT_EQ(value("event.unclean_shutdown"), 1);
}

TEST_F(AgentEventsTest, AnAgentThatDiesWithinABootIsNoBoot) {
  start();
  for (int i = 0; i < 20; ++i) tick();
  start();
  tick();
  EXPECT_EQ(kinds(), "");
}

}  // namespace
}  // namespace bw::agent
