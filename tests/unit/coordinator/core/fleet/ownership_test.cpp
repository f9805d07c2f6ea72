#include "coordinator/core/fleet/fleet.h"
#include "tests/unit/coordinator/core/harness.h"

namespace bw::coordinator {
namespace {

using wire::CommandKind;
using wire::NodeCondition;
using wire::Refusal;

// Agent 1 keeps store 1 and is up; agent 2 keeps store 2.
class OwnershipTest : public testing::Test {
 protected:
  void SetUp() override {
    hear(some_birth(1, 1));
    hear(some_state(1, NodeCondition::online));
    hear(some_live(1, 1));
  }
  template <typename M>
  Fleet::Taken hear(const M& message) {
    work = {};
    return fleet.hear(id, message, now, wall, work);
  }
  Fleet::Taken hear_record(std::uint64_t epoch) {
    work = {};
    return fleet.hear_other(id, epoch, now, wall, work);
  }
  void pass(Duration wait) {
    now += wait;
    wall += std::chrono::duration_cast<std::chrono::milliseconds>(wait);
  }
  void tick() {
    work = {};
    fleet.tick(now, wall, work);
  }
  std::uint64_t owner() { return fleet.find(id)->birth->epoch; }
  std::vector<wire::Command> commands(CommandKind kind) const {
    std::vector<wire::Command> found;
    for (const auto& send : work.commands) {
      if (send.command.kind == kind) found.push_back(send.command);
    }
    return found;
  }

  const NodeId id = node_id("n1");
  Fleet fleet{1, std::chrono::seconds{5}};
  FleetWork work;
  Instant now{std::chrono::hours{1}};
  WallTime wall = wall_from_ms(1'700'000'000'000);
};

TEST_F(OwnershipTest, AnAgentOnTheSameStoreTakesOverAtOnce) {
  EXPECT_FALSE(hear(some_birth(2, 1)));
  EXPECT_EQ(owner(), 2U);
  EXPECT_EQ(fleet.conflicts(), 0U);
}

TEST_F(OwnershipTest, AnAgentOnAnotherStoreTakesOverAtOnceWhereTheOwnerIsOffline) {
  hear(some_state(1, NodeCondition::offline));
  EXPECT_FALSE(hear(some_birth(2, 2)));
  EXPECT_EQ(owner(), 2U);
}

TEST_F(OwnershipTest, AnAgentOnAnotherStoreTakesOverAtOnceWhereTheOwnerIsSilent) {
  pass(std::chrono::seconds{6});
  EXPECT_FALSE(hear(some_birth(2, 2)));
  EXPECT_EQ(owner(), 2U);
}

TEST_F(OwnershipTest, TheLiveValuesOfTheFormerOwnerEndWithIt) {
  EXPECT_FALSE(fleet.find(id)->live.empty());
  hear(some_birth(2, 1));
  EXPECT_TRUE(fleet.find(id)->live.empty());
  EXPECT_EQ(hear(some_live(1, 2)), Refusal::wrong_epoch);
  EXPECT_FALSE(hear(some_live(2, 1)));
}

TEST_F(OwnershipTest, ANewcomerBesideALivingOwnerMustWaitWhileTheOwnerIsAsked) {
  EXPECT_EQ(hear(some_birth(2, 2)), Refusal::wrong_epoch);
  EXPECT_EQ(owner(), 1U);
  ASSERT_EQ(commands(CommandKind::announce).size(), 1U);
  EXPECT_EQ(commands(CommandKind::announce)[0].epoch, 1U);
  EXPECT_TRUE(commands(CommandKind::refuse).empty());
}

TEST_F(OwnershipTest, NothingOfAContestingNewcomerIsTaken) {
  hear(some_birth(2, 2));
  EXPECT_EQ(hear(some_state(2, NodeCondition::offline)), Refusal::wrong_epoch);
  EXPECT_EQ(hear(some_live(2, 1)), Refusal::wrong_epoch);
  EXPECT_EQ(hear_record(2), Refusal::wrong_epoch);
  EXPECT_EQ(fleet.find(id)->status, NodeStatus::online);
  EXPECT_EQ(fleet.find(id)->live_sequence, 1U);
  EXPECT_EQ(fleet.conflicts(), 0U);
}

TEST_F(OwnershipTest, ANewcomerIsRefusedOnceTheOwnerSpeaksAndBothAreTold) {
  hear(some_birth(2, 2));
  pass(std::chrono::seconds{1});
  EXPECT_FALSE(hear(some_live(1, 2)));
  EXPECT_EQ(owner(), 1U);
  EXPECT_EQ(fleet.conflicts(), 1U);
  const auto refused = commands(CommandKind::refuse);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].epoch, 2U);
  EXPECT_NE(refused[0].reason.find("host1"), std::string::npos);
  EXPECT_NE(refused[0].reason.find("host2"), std::string::npos);
  const auto told = commands(CommandKind::announce);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].epoch, 1U);
  EXPECT_NE(told[0].reason.find("host2"), std::string::npos);
  ASSERT_EQ(work.log.size(), 1U);
  EXPECT_EQ(work.log[0].level, LogLevel::warning);
}

// Each kind of message of the owner ends the contest.
TEST_F(OwnershipTest, TheOwnersAnswerCountsWhateverItIs) {
  hear(some_birth(2, 2));
  hear(some_birth(1, 1));
  EXPECT_EQ(fleet.conflicts(), 1U);
  hear(some_birth(3, 3));
  hear(some_state(1, NodeCondition::online));
  EXPECT_EQ(fleet.conflicts(), 2U);
  hear(some_birth(4, 4));
  hear_record(1);
  EXPECT_EQ(fleet.conflicts(), 3U);
  EXPECT_EQ(owner(), 1U);
}

TEST_F(OwnershipTest, TheOwnersAnswerIsASignOfItsLifeEvenWhereItSaysNothingNew) {
  pass(std::chrono::seconds{4});
  hear(some_birth(2, 2));
  pass(std::chrono::seconds{2});
  hear(some_birth(1, 1));
  pass(std::chrono::seconds{4});
  EXPECT_EQ(hear(some_birth(3, 3)), Refusal::wrong_epoch);
  EXPECT_EQ(owner(), 1U);
}

TEST_F(OwnershipTest, TheOwnerIsAskedHoweverLatelyItWasAskedForSomethingElse) {
  wire::LiveSample sample = some_live(1, 2);
  sample.table_id = 99;
  EXPECT_EQ(hear(sample), Refusal::unknown_table);
  EXPECT_EQ(commands(CommandKind::announce).size(), 1U);
  hear(some_birth(2, 2));
  EXPECT_EQ(commands(CommandKind::announce).size(), 1U);
}

TEST_F(OwnershipTest, TheOwnersWillIsNoAnswer) {
  hear(some_birth(2, 2));
  hear(some_state(1, NodeCondition::offline));
  EXPECT_EQ(fleet.conflicts(), 0U);
  pass(Fleet::kContestWindow);
  tick();
  EXPECT_EQ(owner(), 2U);
}

TEST_F(OwnershipTest, ANewcomerOwnsTheNodeWhereTheOwnerDoesNotSpeakInTime) {
  hear(some_birth(2, 2));
  pass(Fleet::kContestWindow - std::chrono::milliseconds{1});
  tick();
  EXPECT_EQ(owner(), 1U);
  pass(std::chrono::milliseconds{1});
  tick();
  EXPECT_EQ(owner(), 2U);
  EXPECT_EQ(work.births.size(), 1U);
  EXPECT_EQ(*fleet.find(id)->table, some_series());
  // Its state was not taken meanwhile.
  const auto asked = commands(CommandKind::announce);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].epoch, 2U);
  EXPECT_FALSE(hear(some_live(2, 5)));
}

TEST_F(OwnershipTest, TheWindowEndsWithTheNextMessageEvenBeforeATick) {
  hear(some_birth(2, 2));
  pass(Fleet::kContestWindow);
  EXPECT_FALSE(hear(some_live(2, 1)));
  EXPECT_EQ(owner(), 2U);
}

TEST_F(OwnershipTest, TheOwnerSpeakingTooLateIsNotTheOwnerAnyMore) {
  hear(some_birth(2, 2));
  pass(Fleet::kContestWindow);
  EXPECT_EQ(hear(some_live(1, 9)), Refusal::wrong_epoch);
  EXPECT_EQ(owner(), 2U);
}

TEST_F(OwnershipTest, ANewcomerThatRepeatsItsBirthGainsNoTime) {
  hear(some_birth(2, 2));
  pass(std::chrono::seconds{2});
  wire::NodeBirth changed = some_birth(2, 2);
  changed.site = "newer";
  EXPECT_EQ(hear(changed), Refusal::wrong_epoch);
  pass(std::chrono::seconds{1});
  tick();
  EXPECT_EQ(owner(), 2U);
  EXPECT_EQ(fleet.find(id)->birth->site, "newer");
}

TEST_F(OwnershipTest, NothingOfARefusedNewcomerIsTakenAndItIsToldEveryFewSeconds) {
  hear(some_birth(2, 2));
  hear(some_live(1, 2));
  EXPECT_EQ(hear(some_live(2, 1)), Refusal::wrong_epoch);
  EXPECT_EQ(hear_record(2), Refusal::wrong_epoch);
  EXPECT_EQ(hear(some_state(2, NodeCondition::online)), Refusal::wrong_epoch);
  EXPECT_EQ(hear(some_birth(2, 2)), Refusal::wrong_epoch);
  EXPECT_TRUE(work.commands.empty());
  pass(Fleet::kRepeatAfter);
  hear(some_live(1, 3));
  EXPECT_EQ(hear(some_live(2, 2)), Refusal::wrong_epoch);
  ASSERT_EQ(commands(CommandKind::refuse).size(), 1U);
  EXPECT_EQ(commands(CommandKind::refuse)[0].epoch, 2U);
  EXPECT_EQ(fleet.conflicts(), 2U);
  EXPECT_EQ(hear(some_live(2, 3)), Refusal::wrong_epoch);
  EXPECT_TRUE(work.commands.empty());
}

TEST_F(OwnershipTest, ARefusedNewcomerIsNotContestedAgain) {
  hear(some_birth(2, 2));
  hear(some_live(1, 2));
  EXPECT_EQ(hear(some_birth(2, 2)), Refusal::wrong_epoch);
  EXPECT_FALSE(fleet.find(id)->contest);
}

TEST_F(OwnershipTest, ARefusedNewcomerMayTakeOverOnceTheOwnerIsGone) {
  hear(some_birth(2, 2));
  hear(some_live(1, 2));
  pass(std::chrono::seconds{6});
  EXPECT_EQ(hear(some_live(2, 1)), Refusal::wrong_epoch);
  ASSERT_EQ(commands(CommandKind::announce).size(), 1U);
  EXPECT_EQ(commands(CommandKind::announce)[0].epoch, 2U);
  EXPECT_FALSE(hear(some_birth(2, 2)));
  EXPECT_EQ(owner(), 2U);
  EXPECT_FALSE(hear(some_live(2, 2)));
  EXPECT_FALSE(hear_record(2));
}

TEST_F(OwnershipTest, RemembersABoundedNumberOfRefusedAgents) {
  for (std::uint64_t epoch = 2; epoch < 2 + 3 * Node::kMaxRefusedEpochs; ++epoch) {
    hear(some_birth(epoch, epoch));
    hear(some_live(1, epoch));
  }
  EXPECT_EQ(fleet.find(id)->refused_epochs.size(), Node::kMaxRefusedEpochs);
  EXPECT_EQ(fleet.conflicts(), 3 * Node::kMaxRefusedEpochs);
}

// The broker keeps the birth of one of two agents that were there before the coordinator.
TEST_F(OwnershipTest, AnAgentWhoseBirthNeverCameIsAskedForItAndThenRefused) {
  EXPECT_EQ(hear(some_live(2, 1)), Refusal::wrong_epoch);
  const auto asked = commands(CommandKind::announce);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].epoch, 2U);
  EXPECT_FALSE(hear_record(2));
  EXPECT_EQ(hear(some_birth(2, 2)), Refusal::wrong_epoch);
  EXPECT_FALSE(hear(some_live(1, 2)));
  EXPECT_EQ(owner(), 1U);
  EXPECT_EQ(fleet.conflicts(), 1U);
  const auto refused = commands(CommandKind::refuse);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].epoch, 2U);
  EXPECT_EQ(hear_record(2), Refusal::wrong_epoch);
  EXPECT_EQ(hear(some_live(2, 2)), Refusal::wrong_epoch);
}

TEST_F(OwnershipTest, AnAgentWhoseBirthNeverCameIsAskedWhenItSaysThatItIsOnline) {
  hear(some_state(2, NodeCondition::offline));
  EXPECT_TRUE(work.commands.empty());
  hear(some_state(2, NodeCondition::online));
  ASSERT_EQ(commands(CommandKind::announce).size(), 1U);
  EXPECT_EQ(commands(CommandKind::announce)[0].epoch, 2U);
}

TEST_F(OwnershipTest, AgentsWhoseBirthNeverCameAreAskedEveryFewSecondsHoweverManyThereAre) {
  hear(some_live(2, 1));
  EXPECT_EQ(work.commands.size(), 1U);
  hear(some_live(2, 2));
  EXPECT_TRUE(work.commands.empty());
  pass(Fleet::kRepeatAfter - std::chrono::milliseconds{1});
  hear(some_live(1, 2));
  hear(some_live(3, 1));
  EXPECT_TRUE(work.commands.empty());
  pass(std::chrono::milliseconds{1});
  hear(some_live(3, 2));
  ASSERT_EQ(commands(CommandKind::announce).size(), 1U);
  EXPECT_EQ(commands(CommandKind::announce)[0].epoch, 3U);
}

TEST_F(OwnershipTest, NoOtherAgentIsAskedForItsBirthDuringAContest) {
  hear(some_birth(2, 2));
  EXPECT_EQ(hear(some_live(3, 1)), Refusal::wrong_epoch);
  EXPECT_TRUE(work.commands.empty());
}

TEST_F(OwnershipTest, WhatStillComesOfTheAgentBeforeARestartAsksForNothing) {
  hear(some_birth(2, 1));
  EXPECT_EQ(hear(some_live(1, 2)), Refusal::wrong_epoch);
  EXPECT_TRUE(work.commands.empty());
  hear(some_live(3, 1));
  EXPECT_EQ(commands(CommandKind::announce).size(), 1U);
}

TEST_F(OwnershipTest, RecordsOfEarlierAgentsOfTheNodeAreWelcome) {
  EXPECT_FALSE(hear_record(77));
  hear(some_birth(2, 1));
  EXPECT_FALSE(hear_record(1));
  EXPECT_FALSE(hear_record(2));
}

TEST_F(OwnershipTest, RecordsOfEarlierAgentsAreNoSignOfTheOwnersLife) {
  pass(std::chrono::seconds{10});
  hear_record(77);
  tick();
  EXPECT_EQ(fleet.find(id)->status, NodeStatus::silent);
}

}  // namespace
}  // namespace bw::coordinator
