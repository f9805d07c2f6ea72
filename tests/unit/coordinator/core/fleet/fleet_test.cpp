#include "coordinator/core/fleet/fleet.h"

#include "tests/unit/coordinator/core/harness.h"

namespace bw::coordinator {
namespace {

using wire::NodeCondition;
using wire::Refusal;

class FleetTest : public testing::Test {
 protected:
  template <typename M>
  Fleet::Taken hear(const M& message, std::string_view id = "n1") {
    work = {};
    return fleet.hear(node_id(id), message, now, wall, work);
  }
  void tick_after(Duration wait) {
    now += wait;
    wall += std::chrono::duration_cast<std::chrono::milliseconds>(wait);
    work = {};
    fleet.tick(now, wall, work);
  }
  const Node& node(std::string_view id = "n1") { return *fleet.find(node_id(id)); }
  NodeStatus status(std::string_view id = "n1") { return node(id).status; }
  std::string log() const {
    std::string text;
    for (const auto& line : work.log) text += line.text + "\n";
    return text;
  }
  // An agent that is up and heard.
  void bring_up(std::string_view id = "n1", std::uint64_t epoch = 1) {
    hear(some_birth(epoch), id);
    hear(some_state(epoch, NodeCondition::online), id);
    hear(some_live(epoch, 1), id);
  }

  Fleet fleet{1, std::chrono::seconds{5}};
  FleetWork work;
  Instant now{std::chrono::hours{1}};
  WallTime wall = wall_from_ms(1'700'000'000'000);
};

TEST_F(FleetTest, ABirthMakesANodeAndItIsStored) {
  EXPECT_FALSE(hear(some_birth(1)));
  EXPECT_EQ(work.births, std::vector<NodeId>{node_id("n1")});
  EXPECT_EQ(work.states, std::vector<NodeId>{node_id("n1")});
  EXPECT_EQ(node().birth->site, "home");
  EXPECT_EQ(*node().table, some_series());
  EXPECT_TRUE(node().birth->series.empty());
  EXPECT_EQ(status(), NodeStatus::online);
  EXPECT_EQ(node().first_seen_ms, to_ms(wall));
}

TEST_F(FleetTest, TheSameBirthAgainIsNotStoredAgain) {
  hear(some_birth(1));
  EXPECT_FALSE(hear(some_birth(1)));
  EXPECT_TRUE(work.births.empty());
}

TEST_F(FleetTest, AChangedBirthOfTheSameAgentIsStoredAndKeepsItsState) {
  bring_up();
  hear(some_state(1, NodeCondition::draining));
  wire::NodeBirth changed = some_birth(1);
  changed.site = "away";
  EXPECT_FALSE(hear(changed));
  EXPECT_EQ(work.births.size(), 1U);
  EXPECT_TRUE(work.states.empty());
  EXPECT_EQ(node().birth->site, "away");
  EXPECT_EQ(status(), NodeStatus::draining);
  EXPECT_FALSE(node().live.empty());
}

TEST_F(FleetTest, ANewSeriesTableEndsTheLiveValuesOfTheOldOne) {
  bring_up();
  wire::NodeBirth changed = some_birth(1);
  changed.series.pop_back();
  changed.table_id = wire::series_table_id(changed.series);
  hear(changed);
  EXPECT_TRUE(node().live.empty());
  EXPECT_EQ(hear(some_live(1, 2)), Refusal::unknown_table);
  wire::LiveSample sample = some_live(1, 1);
  sample.table_id = changed.table_id;
  sample.values.pop_back();
  EXPECT_FALSE(hear(sample));
  EXPECT_EQ(node().live.size(), 1U);
}

TEST_F(FleetTest, TellsOnlineDrainingOfflineAndSilentApart) {
  bring_up();
  EXPECT_EQ(status(), NodeStatus::online);
  hear(some_state(1, NodeCondition::draining));
  EXPECT_EQ(status(), NodeStatus::draining);
  tick_after(std::chrono::seconds{6});
  EXPECT_EQ(status(), NodeStatus::silent);
  hear(some_live(1, 2));
  EXPECT_EQ(status(), NodeStatus::draining);
  hear(some_state(1, NodeCondition::offline));
  EXPECT_EQ(status(), NodeStatus::offline);
  tick_after(std::chrono::seconds{60});
  EXPECT_EQ(status(), NodeStatus::offline);
  EXPECT_EQ(fleet.counts(), (std::array<std::uint64_t, 4>{0, 0, 1, 0}));
}

TEST_F(FleetTest, SaysSinceWhenAStatusHolds) {
  bring_up();
  const std::int64_t online_ms = to_ms(wall);
  tick_after(std::chrono::seconds{4});
  EXPECT_EQ(node().since_ms, online_ms);
  tick_after(std::chrono::seconds{4});
  EXPECT_EQ(node().since_ms, to_ms(wall));
  EXPECT_EQ(node().last_seen_ms, online_ms);
}

TEST_F(FleetTest, GivesASlowNodeThreeOfItsTicks) {
  wire::NodeBirth birth = some_birth(1);
  birth.period_ms = 10000;
  hear(birth);
  tick_after(std::chrono::seconds{29});
  EXPECT_EQ(status(), NodeStatus::online);
  tick_after(std::chrono::seconds{2});
  EXPECT_EQ(status(), NodeStatus::silent);
}

TEST_F(FleetTest, TakesACopyThatTheBrokerKeptForNoSignOfLife) {
  bring_up();
  tick_after(std::chrono::seconds{10});
  hear(some_birth(1));
  hear(some_state(1, NodeCondition::online));
  EXPECT_EQ(status(), NodeStatus::silent);
  hear(some_live(1, 2));
  EXPECT_EQ(status(), NodeStatus::online);
}

TEST_F(FleetTest, TakesAWillForNoSignOfLife) {
  bring_up();
  const std::int64_t heard_ms = to_ms(wall);
  tick_after(std::chrono::seconds{3});
  hear(some_state(1, NodeCondition::offline));
  EXPECT_EQ(node().last_seen_ms, heard_ms);
}

TEST_F(FleetTest, AStateThatComesBeforeItsBirthCounts) {
  EXPECT_FALSE(hear(some_state(1, NodeCondition::offline)));
  EXPECT_EQ(status(), NodeStatus::silent);
  hear(some_birth(1));
  EXPECT_EQ(status(), NodeStatus::offline);
}

TEST_F(FleetTest, IgnoresTheWillOfAnAgentThatWasReplaced) {
  bring_up();
  hear(some_birth(2));
  hear(some_state(2, NodeCondition::online));
  EXPECT_FALSE(hear(some_state(1, NodeCondition::offline)));
  EXPECT_EQ(status(), NodeStatus::online);
  EXPECT_TRUE(work.states.empty());
}

TEST_F(FleetTest, StoresAStateOnlyWhereItChanged) {
  bring_up();
  hear(some_state(1, NodeCondition::draining));
  EXPECT_EQ(work.states.size(), 1U);
  hear(some_state(1, NodeCondition::draining));
  EXPECT_TRUE(work.states.empty());
}

TEST_F(FleetTest, KeepsTheNewestLiveValues) {
  bring_up();
  wire::LiveSample sample = some_live(1, 9, to_ms(wall) + 250);
  sample.values = {50.0F, 1.0F};
  EXPECT_FALSE(hear(sample));
  EXPECT_EQ(node().live, (std::vector<float>{50.0F, 1.0F}));
  EXPECT_EQ(node().live_sequence, 9U);
  EXPECT_EQ(node().clock_offset_ms, 250);
  sample.sequence = 8;
  sample.values = {1.0F, 1.0F};
  EXPECT_FALSE(hear(sample));
  EXPECT_EQ(node().live, (std::vector<float>{50.0F, 1.0F}));
  EXPECT_EQ(fleet.live_samples(), 3U);
}

TEST_F(FleetTest, RefusesMoreLiveValuesThanThereAreSeries) {
  bring_up();
  wire::LiveSample sample = some_live(1, 2);
  sample.values.resize(3);
  EXPECT_EQ(hear(sample), Refusal::out_of_bounds);
  EXPECT_EQ(node().live.size(), 2U);
}

TEST_F(FleetTest, RefusesALiveSampleOfAnUnknownTableAndAsksForTheBirthEveryFewSeconds) {
  EXPECT_EQ(hear(some_live(4, 1)), Refusal::unknown_table);
  ASSERT_EQ(work.commands.size(), 1U);
  EXPECT_EQ(work.commands[0].command.kind, wire::CommandKind::announce);
  EXPECT_EQ(work.commands[0].command.epoch, 4U);
  EXPECT_EQ(work.commands[0].command.expires_ms, to_ms(wall) + Fleet::kCommandLifeMs);
  hear(some_live(4, 2));
  EXPECT_TRUE(work.commands.empty());
  tick_after(Fleet::kRepeatAfter);
  hear(some_live(4, 3));
  EXPECT_EQ(work.commands.size(), 1U);
}

TEST_F(FleetTest, GivesEachCommandAnIdOfItsOwn) {
  hear(some_live(4, 1), "a");
  const std::string first = work.commands[0].command.id;
  hear(some_live(4, 1), "b");
  EXPECT_NE(work.commands[0].command.id, first);
}

TEST_F(FleetTest, AsksAnAgentThatIsSaidToBeOfflineAndGoesOnToAnnounceItself) {
  bring_up();
  hear(some_state(1, NodeCondition::offline));
  EXPECT_FALSE(hear(some_live(1, 2)));
  ASSERT_EQ(work.commands.size(), 1U);
  EXPECT_EQ(work.commands[0].command.epoch, 1U);
}

TEST_F(FleetTest, AsksAnUnknownAgentOfANodeThatIsGoneToAnnounceItself) {
  bring_up();
  tick_after(std::chrono::seconds{10});
  EXPECT_EQ(hear(some_live(2, 2)), Refusal::wrong_epoch);
  ASSERT_EQ(work.commands.size(), 1U);
  EXPECT_EQ(work.commands[0].command.epoch, 2U);
}

TEST_F(FleetTest, RefusesNodesBeyondItsBoundQuietly) {
  for (std::size_t i = 0; i < Fleet::kMaxNodes; ++i) {
    hear(some_state(1, NodeCondition::online), "n" + std::to_string(i));
  }
  EXPECT_FALSE(hear(some_birth(1), "late"));
  EXPECT_FALSE(hear(some_live(1, 1), "late"));
  EXPECT_EQ(fleet.find(node_id("late")), nullptr);
  EXPECT_EQ(fleet.refused_nodes(), 2U);
  EXPECT_FALSE(hear(some_birth(1), "n7"));
  EXPECT_NE(node("n7").birth, std::nullopt);
}

TEST_F(FleetTest, GoesOnFromWhatTheStoreHolds) {
  StoredNode there{node_id("n1"), 11, some_birth(3), some_state(3, NodeCondition::online), {}, {}};
  there.epochs.push_back({3, 1, {}, 500});
  StoredNode gone{node_id("n2"), 12, some_birth(4), {4, NodeCondition::offline, 700, ""}, {}, {}};
  StoredNode no_birth{node_id("n3"), 13, {}, {}, {}, {}};
  fleet.restore({there, gone, no_birth}, work);
  EXPECT_TRUE(work.births.empty());
  EXPECT_EQ(status("n1"), NodeStatus::silent);
  EXPECT_EQ(node("n1").last_seen_ms, 500);
  EXPECT_EQ(node("n1").first_seen_ms, 11);
  EXPECT_EQ(status("n2"), NodeStatus::offline);
  EXPECT_EQ(node("n2").since_ms, 700);
  EXPECT_EQ(node("n3").birth, std::nullopt);
  EXPECT_FALSE(hear(some_live(3, 1)));
  EXPECT_EQ(status("n1"), NodeStatus::online);
}

TEST_F(FleetTest, TakesABirthWhoseSeriesTheStoreLackedAndStoresIt) {
  StoredNode bare{node_id("n1"), 0, some_birth(3), some_state(3, NodeCondition::online), {}, {}};
  bare.birth.series.clear();
  fleet.restore({bare}, work);
  EXPECT_EQ(hear(some_live(3, 1)), Refusal::unknown_table);
  EXPECT_FALSE(hear(some_birth(3)));
  EXPECT_EQ(work.births.size(), 1U);
  EXPECT_FALSE(hear(some_live(3, 2)));
}

TEST_F(FleetTest, StoresAllItKnowsAgainIntoAReplacedStoreAndHasLiveNodesAnnounceThemselves) {
  bring_up("n1");
  bring_up("n2");
  hear(some_state(1, NodeCondition::offline), "n2");
  hear(some_state(1, NodeCondition::online), "n3");  // no birth
  work = {};
  fleet.restore({}, work);
  EXPECT_EQ(work.births, (std::vector{node_id("n1"), node_id("n2")}));
  EXPECT_EQ(work.states, (std::vector{node_id("n1"), node_id("n2")}));
  tick_after(std::chrono::seconds{1});
  ASSERT_EQ(work.commands.size(), 1U);
  EXPECT_EQ(work.commands[0].node, node_id("n1"));
  tick_after(std::chrono::seconds{1});
  EXPECT_TRUE(work.commands.empty());
}

TEST_F(FleetTest, SpreadsTheRequestsToAnnounceOverTicks) {
  for (std::size_t i = 0; i < Fleet::kAnnouncesATick + 5; ++i) bring_up("n" + std::to_string(i));
  work = {};
  fleet.restore({}, work);
  tick_after(std::chrono::seconds{1});
  EXPECT_EQ(work.commands.size(), Fleet::kAnnouncesATick);
  tick_after(std::chrono::seconds{1});
  EXPECT_EQ(work.commands.size(), 5U);
}

TEST_F(FleetTest, LogsAStatusChangeByNameAndManyInOneLine) {
  bring_up();
  tick_after(std::chrono::seconds{1});
  EXPECT_EQ(log(), "node n1 is online\n");
  for (int i = 2; i <= 8; ++i) bring_up("n" + std::to_string(i));
  tick_after(std::chrono::seconds{1});
  EXPECT_EQ(log(), "7 nodes are online: n2, n3, n4, n5, n6, ...\n");
  tick_after(std::chrono::seconds{10});
  EXPECT_EQ(log(), "8 nodes are silent: n1, n2, n3, n4, n5, ...\n");
  tick_after(std::chrono::seconds{1});
  EXPECT_EQ(log(), "");
}

}  // namespace
}  // namespace bw::coordinator
