#include <algorithm>

#include "coordinator/core/learn/registry.h"
#include "tests/unit/coordinator/core/learn/fakes.h"

namespace bw::coordinator {
namespace {

class RegistryPlanTest : public testing::Test {
 protected:
  RegistryPlanTest() {
    for (int i = 0; i < 3; ++i) {
      apply(registry.plan(Registry::Newcomer{"edge", "", "", "", small_model()}, 1));
    }
    fleet.add("n1");
    fleet.add("n2");
    fleet.add("big", "gpu");
  }

  Registry::Plan apply(Registry::Plan plan) {
    for (const Change& change : plan.changes) registry.apply(change);
    return plan;
  }
  // What is told of it; everything it changes is in force then.
  WishesChanged deploy(const std::string& model, NodeSelector selector) {
    const auto plan =
        apply(registry.plan(DeployRequest{model, std::move(selector)}, fleet, ++now_ms));
    const auto* const told = std::get_if<WishesChanged>(&plan.outcome);
    if (told != nullptr) return *told;
    ADD_FAILURE() << std::get<RequestRefused>(plan.outcome).detail;
    return {};
  }
  WishesChanged roll_back(NodeSelector selector) {
    const auto plan = apply(registry.plan(RollbackRequest{std::move(selector)}, fleet, ++now_ms));
    const auto* const told = std::get_if<WishesChanged>(&plan.outcome);
    if (told != nullptr) return *told;
    ADD_FAILURE() << std::get<RequestRefused>(plan.outcome).detail;
    return {};
  }
  RequestRefused refused(const Registry::Plan& plan) {
    EXPECT_TRUE(plan.changes.empty());
    const auto* const found = std::get_if<RequestRefused>(&plan.outcome);
    if (found != nullptr) return *found;
    ADD_FAILURE() << "it was not refused";
    return {};
  }
  void settle(const std::string& node, WishState state) {
    registry.wish_of(learn_node(node))->state = state;
  }
  const Wish& wish(const std::string& node) { return *registry.wish_of(learn_node(node)); }

  Registry registry;
  LearnFleet fleet;
  std::int64_t now_ms = 100;
};

TEST_F(RegistryPlanTest, WishesAModelOfNodesByName) {
  const auto told = deploy("edge@1", nodes_named({"n1", "big"}));
  ASSERT_EQ(told.nodes.size(), 2U);
  EXPECT_EQ(told.model, "edge@1");
  EXPECT_EQ(told.node_class, "");
  EXPECT_EQ(wish("n1").model, "edge@1");
  EXPECT_EQ(wish("n1").since_ms, 101);
  EXPECT_EQ(wish("n1").state, WishState::waiting);
  EXPECT_TRUE(wish("n1").before.empty());
  EXPECT_EQ(registry.wish_of(learn_node("n2")), nullptr);
}

TEST_F(RegistryPlanTest, SelectsBySiteLabelClassAndAll) {
  fleet.at("n2").birth.site = "away";
  fleet.at("n2").birth.labels.push_back({"role", "db"});
  fleet.add("unborn").is_born = false;
  NodeSelector by_site;
  by_site.site = "home";
  EXPECT_EQ(deploy("edge@1", by_site).nodes.size(), 2U);
  NodeSelector by_label;
  by_label.labels = {{"role", "db"}};
  EXPECT_EQ(deploy("edge@1", by_label).nodes.at(0).node, "n2");
  NodeSelector all;
  all.is_all = true;
  EXPECT_EQ(deploy("edge@2", all).nodes.size(), 3U);
  NodeSelector both = nodes_of_class("edge");
  both.site = "home";
  EXPECT_EQ(deploy("edge@3", both).nodes.size(), 1U);
  EXPECT_TRUE(registry.classes().empty());
}

TEST_F(RegistryPlanTest, IsRefusedForWhatIsNotThere) {
  EXPECT_EQ(refused(registry.plan(DeployRequest{"edge@9", nodes_named({"n1"})}, fleet, 1)).status,
            404);
  const auto unknown =
      refused(registry.plan(DeployRequest{"edge@1", nodes_named({"n1", "n9"})}, fleet, 1));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.detail, "there is no node called n9");
  NodeSelector nobody;
  nobody.site = "moon";
  EXPECT_EQ(refused(registry.plan(DeployRequest{"edge@1", nobody}, fleet, 1)).detail,
            "no node fits");
  EXPECT_EQ(refused(registry.plan(RollbackRequest{nobody}, fleet, 1)).detail, "no node fits");
  EXPECT_EQ(refused(registry.plan(RollbackRequest{nodes_named({"n9"})}, fleet, 1)).status, 404);
}

TEST_F(RegistryPlanTest, ChangesNothingWhereTheModelIsWishedAlready) {
  deploy("edge@1", nodes_named({"n1"}));
  auto told = deploy("edge@1", nodes_named({"n1"}));
  EXPECT_EQ(told.nodes[0].model, "");
  EXPECT_EQ(told.nodes[0].text, "waits for it already");
  settle("n1", WishState::done);
  told = deploy("edge@1", nodes_named({"n1"}));
  EXPECT_EQ(told.nodes[0].text, "runs it already");
  EXPECT_EQ(wish("n1").since_ms, 101);
  settle("n1", WishState::refused);
  EXPECT_EQ(deploy("edge@1", nodes_named({"n1"})).nodes[0].model, "edge@1");
  EXPECT_EQ(wish("n1").state, WishState::waiting);
}

TEST_F(RegistryPlanTest, SaysThatANodeIsAway) {
  fleet.at("n1").status = NodeStatus::offline;
  const auto told = deploy("edge@1", nodes_named({"n1"}));
  EXPECT_EQ(told.nodes[0].model, "edge@1");
  EXPECT_EQ(told.nodes[0].text, "offline: gets it when it is back");
}

TEST_F(RegistryPlanTest, RollsBackStepByStep) {
  fleet.at("n1").birth.model = "edge@1";
  deploy("edge@2", nodes_named({"n1"}));
  EXPECT_EQ(wish("n1").before, std::vector<std::string>{"edge@1"});
  settle("n1", WishState::done);
  deploy("edge@3", nodes_named({"n1"}));
  EXPECT_EQ(wish("n1").before, (std::vector<std::string>{"edge@1", "edge@2"}));
  settle("n1", WishState::done);
  EXPECT_EQ(roll_back(nodes_named({"n1"})).nodes[0].model, "edge@2");
  EXPECT_EQ(wish("n1").state, WishState::waiting);
  EXPECT_EQ(roll_back(nodes_named({"n1"})).nodes[0].model, "edge@1");
  const auto told = roll_back(nodes_named({"n1"}));
  EXPECT_EQ(told.nodes[0].model, "");
  EXPECT_EQ(told.nodes[0].text, "there was no model before; edge@1 is no longer wished of it");
  EXPECT_EQ(wish("n1").model, "edge@1");
}

TEST_F(RegistryPlanTest, DoesNotRollBackToWhatWasNeverRunNorIsKept) {
  EXPECT_EQ(roll_back(nodes_named({"n1"})).nodes[0].text, "there was no model before");
  EXPECT_EQ(registry.wish_of(learn_node("n1")), nullptr);
  deploy("edge@1", nodes_named({"n1"}));
  settle("n1", WishState::refused);
  deploy("edge@2", nodes_named({"n1"}));
  EXPECT_TRUE(wish("n1").before.empty());  // edge@1 was refused
  settle("n1", WishState::done);
  deploy("edge@3", nodes_named({"n1"}));
  registry.apply(DropModel{{"edge", 2}});
  EXPECT_EQ(roll_back(nodes_named({"n1"})).nodes[0].text,
            "edge@2, the one before, is no longer kept; edge@3 is no longer wished of it");
}

TEST_F(RegistryPlanTest, TakesBackWhatNeverRan) {
  deploy("edge@1", nodes_named({"n1", "n2"}));
  settle("n2", WishState::refused);
  fleet.at("n1").status = NodeStatus::offline;
  const auto told = roll_back(nodes_named({"n1", "n2"}));
  EXPECT_EQ(told.nodes[0].model, "");
  EXPECT_TRUE(told.nodes[0].is_ended);
  EXPECT_EQ(told.nodes[0].text, "there was no model before; edge@1 is no longer wished of it");
  EXPECT_EQ(wish("n1").state, WishState::ended);
  EXPECT_EQ(wish("n2").state, WishState::ended);
  deploy("edge@1", nodes_named({"n1"}));
  settle("n1", WishState::done);
  EXPECT_FALSE(roll_back(nodes_named({"n1"})).nodes[0].is_ended);
  EXPECT_EQ(wish("n1").state, WishState::done)
      << "it runs, and there is nothing to put in its place";
}

TEST_F(RegistryPlanTest, RemembersABoundedNumberOfModelsBefore) {
  for (std::size_t i = 0; i < kMaxModelsBefore + 4; ++i) {
    deploy(i % 2 == 0 ? "edge@1" : "edge@2", nodes_named({"n1"}));
  }
  EXPECT_EQ(wish("n1").before.size(), kMaxModelsBefore);
}

TEST_F(RegistryPlanTest, GivesNewNodesOfAClassItsModel) {
  const auto told = deploy("edge@1", nodes_of_class("edge"));
  EXPECT_EQ(told.nodes.size(), 2U);
  EXPECT_EQ(told.node_class, "edge");
  fleet.add("n3");
  const auto start = registry.start_of(*fleet.find("n3"), 500);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->wish.model, "edge@1");
  EXPECT_EQ(start->wish.state, WishState::waiting);
  EXPECT_FALSE(registry.start_of(*fleet.find("n1"), 500)) << "it has a wish of its own";
  fleet.add("n4").birth.model = "own@1";
  EXPECT_FALSE(registry.start_of(*fleet.find("n4"), 500)) << "it runs a model";
  fleet.add("n5", "gpu");
  EXPECT_FALSE(registry.start_of(*fleet.find("n5"), 500));
  fleet.add("n6").is_born = false;
  EXPECT_FALSE(registry.start_of(*fleet.find("n6"), 500));
}

TEST_F(RegistryPlanTest, TakesAClassThatHasNoNodeYet) {
  const auto told = deploy("edge@1", nodes_of_class("future"));
  EXPECT_TRUE(told.nodes.empty());
  EXPECT_EQ(registry.classes().at("future").model, "edge@1");
  EXPECT_TRUE(
      registry.plan(DeployRequest{"edge@1", nodes_of_class("future")}, fleet, 1).changes.empty());
}

TEST_F(RegistryPlanTest, RollsBackAClassToItsStartBefore) {
  deploy("edge@1", nodes_of_class("edge"));
  deploy("edge@2", nodes_of_class("edge"));
  auto told = roll_back(nodes_of_class("edge"));
  EXPECT_EQ(told.class_text, "new nodes of this class begin with edge@1");
  EXPECT_EQ(wish("n1").model, "edge@1");
  told = roll_back(nodes_of_class("edge"));
  EXPECT_EQ(told.class_text, "new nodes of this class begin without a model");
  fleet.add("n3");
  EXPECT_FALSE(registry.start_of(*fleet.find("n3"), 500));
}

TEST_F(RegistryPlanTest, KeepsABoundedNumberOfClasses) {
  for (std::size_t i = 0; i < kMaxClassWishes; ++i) {
    deploy("edge@1", nodes_of_class("c" + std::to_string(i)));
  }
  EXPECT_EQ(
      refused(registry.plan(DeployRequest{"edge@1", nodes_of_class("more")}, fleet, 1)).status,
      409);
  deploy("edge@2", nodes_of_class("c5"));
}

TEST_F(RegistryPlanTest, RemovesOnlyWhatNobodyUses) {
  EXPECT_EQ(refused(registry.plan(RemoveRequest{"edge@9"}, fleet, now_ms)).status, 404);
  fleet.at("n1").birth.model = "edge@1";
  fleet.at("n1").status = NodeStatus::offline;
  EXPECT_EQ(refused(registry.plan(RemoveRequest{"edge@1"}, fleet, now_ms)).detail,
            "edge@1 runs on, or is wished of, n1");
  deploy("edge@2", nodes_named({"n2"}));
  EXPECT_EQ(refused(registry.plan(RemoveRequest{"edge@2"}, fleet, now_ms)).status, 409);
  settle("n2", WishState::refused);
  const auto plan = apply(registry.plan(RemoveRequest{"edge@2"}, fleet, now_ms));
  EXPECT_EQ(std::get<ModelRemoved>(plan.outcome).model, "edge@2");
  EXPECT_EQ(registry.find("edge@2"), nullptr);
  deploy("edge@3", nodes_of_class("future"));
  EXPECT_EQ(refused(registry.plan(RemoveRequest{"edge@3"}, fleet, now_ms)).detail,
            "edge@3 is what new nodes of class future begin with");
}

TEST_F(RegistryPlanTest, ANodeThatIsAwayForLongHoldsNoModel) {
  fleet.at("n1").birth.model = "edge@1";
  fleet.at("n1").status = NodeStatus::offline;
  const RemoveRequest remove{"edge@1"};
  EXPECT_EQ(refused(registry.plan(remove, fleet, Registry::kLongAwayMs - 1)).status, 409);
  fleet.at("n1").status = NodeStatus::online;
  EXPECT_EQ(refused(registry.plan(remove, fleet, Registry::kLongAwayMs)).status, 409);
  fleet.at("n1").status = NodeStatus::silent;
  apply(registry.plan(remove, fleet, Registry::kLongAwayMs));
  EXPECT_EQ(registry.find("edge@1"), nullptr);
}

TEST_F(RegistryPlanTest, NamesAFewOfTheManyThatUseAModel) {
  for (int i = 10; i < 20; ++i) fleet.add("x" + std::to_string(i)).birth.model = "edge@1";
  EXPECT_EQ(refused(registry.plan(RemoveRequest{"edge@1"}, fleet, now_ms)).detail,
            "edge@1 runs on, or is wished of, x10, x11, x12, x13, x14 and 5 more");
}

}  // namespace
}  // namespace bw::coordinator
