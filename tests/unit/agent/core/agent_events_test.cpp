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
    readings.wall = wall_from_ms(kBootMs + second_ * 1000);
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
  std::string kinds() const {
    std::string out;
    for (const auto& event : told_) out += (out.empty() ? "" : " ") + event.kind;
    return out;
  }

  std::string boot_;
  std::uint64_t epoch_ = 0;
  std::int64_t second_ = 1000;
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
  ASSERT_EQ(kinds(), "unclean_shutdown");
  EXPECT_EQ(told_[0].severity, wire::Severity::warning);
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
