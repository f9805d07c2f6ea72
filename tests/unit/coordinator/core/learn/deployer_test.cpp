#include "coordinator/core/learn/deployer.h"

#include <algorithm>

#include "tests/unit/coordinator/core/learn/fakes.h"

namespace bw::coordinator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class DeployerTest : public testing::Test {
 protected:
  DeployerTest() {
    keep("edge");
    fleet.add("n1");
  }

  void keep(const std::string& name) {
    const auto plan = registry.plan(Registry::Newcomer{name, "", "", "", small_model()}, 1);
    for (const Change& change : plan.changes) {
      registry.apply(change);
      const auto& put = std::get<PutModel>(change);
      stored[put.model.id] = put.payload;
    }
  }
  void wish(const std::string& node, const std::string& model = "edge@1") {
    const PutWish put{learn_node(node), Wish{model, 1, WishState::waiting, "", {}}};
    registry.apply(put);
    deployer.take(put.node, put.wish);
  }
  LearnWork pump() {
    LearnWork work;
    deployer.pump(registry, fleet, book, now, kNowMs, work);
    return work;
  }
  // Answers what is asked of the store, and pumps on.
  std::vector<LearnWork::Send> sends() {
    LearnWork work = pump();
    std::vector<LearnWork::Send> sent = std::move(work.sends);
    for (int i = 0; i < 10 && !work.loads.empty(); ++i) {
      for (const auto& load : work.loads) {
        EXPECT_TRUE(Deployer::is_own_query(load.query));
        deployer.loaded(load.query, stored[load.model], registry, now, log);
      }
      work = pump();
      std::move(work.sends.begin(), work.sends.end(), std::back_inserter(sent));
    }
    return sent;
  }
  bool answer(const LearnWork::Send& send, wire::CommandStatus status, std::string text = "") {
    return deployer.take_result(send.node, {send.command.id, send.command.epoch, status, text, {}},
                                registry, now);
  }
  void be_born(const std::string& node, std::uint64_t epoch, const std::string& model) {
    auto& birth = fleet.at(node).birth;
    birth.epoch = epoch;
    birth.model = model;
    deployer.take_birth(learn_node(node), birth, registry, now);
  }
  const Wish& wish_of(const std::string& node) { return *registry.wish_of(learn_node(node)); }
  std::string reported() {
    LearnWork work;
    deployer.report(now, work);
    std::string text;
    for (const auto& line : work.log) text += line.text + "\n";
    return text;
  }

  static constexpr std::int64_t kNowMs = 1'700'000'000'000;
  Registry registry;
  LearnFleet fleet;
  CommandBook book{1};
  Deployer deployer{2};
  std::map<ModelId, std::vector<std::byte>> stored;
  LearnWork log;
  Instant now{std::chrono::hours{1}};
};

TEST_F(DeployerTest, FetchesTheModelAndSendsItOnce) {
  wish("n1");
  const auto sent = sends();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].node.str(), "n1");
  EXPECT_EQ(sent[0].command.kind, wire::CommandKind::deploy_model);
  EXPECT_EQ(sent[0].command.epoch, 7U);
  EXPECT_EQ(sent[0].command.expires_ms, kNowMs + Deployer::kLifeMs);
  EXPECT_EQ(sent[0].command.model, stored[(ModelId{"edge", 1})]);
  EXPECT_TRUE(sends().empty());
  EXPECT_EQ(deployer.on_the_way(), 1U);
}

TEST_F(DeployerTest, IsDoneWhenTheNodeSaysSo) {
  wish("n1");
  const auto sent = sends();
  EXPECT_TRUE(answer(sent[0], wire::CommandStatus::done));
  EXPECT_EQ(wish_of("n1").state, WishState::done);
  EXPECT_TRUE(deployer.dirty().contains(learn_node("n1")));
  EXPECT_EQ(deployer.bytes_on_the_way(), 0U);
  EXPECT_EQ(reported(), "model edge@1 runs on n1\n");
  EXPECT_EQ(reported(), "");
  EXPECT_FALSE(answer(sent[0], wire::CommandStatus::done)) << "a second time";
  now += std::chrono::hours{5};
  EXPECT_TRUE(sends().empty());
}

TEST_F(DeployerTest, EndsWhereTheNodeRefusesWithItsWords) {
  wish("n1");
  answer(sends()[0], wire::CommandStatus::refused, "other metrics");
  EXPECT_EQ(wish_of("n1").state, WishState::refused);
  EXPECT_EQ(wish_of("n1").reason, "other metrics");
  EXPECT_EQ(reported(), "model edge@1 is refused (other metrics) on n1\n");
  now += std::chrono::hours{5};
  EXPECT_TRUE(sends().empty());
}

TEST_F(DeployerTest, TriesAgainEverMoreRarely) {
  wish("n1");
  Duration last{};
  for (int i = 0; i < 6; ++i) {
    auto sent = sends();
    for (int waited = 0; sent.empty() && waited < 4000; ++waited) {
      now += seconds{1};
      last += seconds{1};
      sent = sends();
    }
    ASSERT_EQ(sent.size(), 1U) << i;
    if (i == 1) {
      EXPECT_LE(last, Deployer::kFirstAgain + seconds{1});
    }
    if (i == 5) {
      EXPECT_GE(last, seconds{80});
    }
    last = {};
    answer(sent[0], i % 2 == 0 ? wire::CommandStatus::failed : wire::CommandStatus::expired);
    EXPECT_EQ(wish_of("n1").state, WishState::waiting);
  }
}

TEST_F(DeployerTest, SaysWhatAFailingDeploymentLacksOnceAMinute) {
  wish("n1");
  answer(sends()[0], wire::CommandStatus::failed, "no space left");
  EXPECT_EQ(wish_of("n1").state, WishState::waiting);
  EXPECT_EQ(wish_of("n1").reason, "no space left");
  EXPECT_TRUE(deployer.dirty().contains(learn_node("n1")));
  EXPECT_EQ(reported(), "model edge@1 does not get on yet (no space left) on n1\n");
  deployer.dirty().clear();
  now += Deployer::kFirstAgain;
  answer(sends()[0], wire::CommandStatus::failed, "no space left");
  EXPECT_TRUE(deployer.dirty().empty()) << "nothing new";
  EXPECT_EQ(reported(), "");
  now += Deployer::kToldAgain;
  EXPECT_EQ(reported(), "model edge@1 does not get on yet (no space left) on n1\n");
  answer(sends()[0], wire::CommandStatus::expired);
  EXPECT_EQ(wish_of("n1").reason, "came too late");
  now += Deployer::kToldAgain;
  answer(sends()[0], wire::CommandStatus::done);
  EXPECT_EQ(wish_of("n1").reason, "");
}

TEST_F(DeployerTest, TriesAgainWhereNoAnswerComes) {
  wish("n1");
  const auto sent = sends();
  now += Deployer::kAnswerWithin - seconds{1};
  EXPECT_TRUE(sends().empty());
  EXPECT_EQ(deployer.on_the_way(), 1U);
  now += seconds{1};
  sends();
  EXPECT_EQ(deployer.on_the_way(), 0U);
  now += Deployer::kFirstAgain;
  ASSERT_EQ(sends().size(), 1U);
  EXPECT_FALSE(answer(sent[0], wire::CommandStatus::done)) << "of the first command, too late";
}

TEST_F(DeployerTest, TakesABirthForTheAnswerThatWasLost) {
  wish("n1");
  sends();
  be_born("n1", 7, "edge@1");
  EXPECT_EQ(wish_of("n1").state, WishState::done);
  EXPECT_EQ(deployer.on_the_way(), 0U);
}

TEST_F(DeployerTest, NeedsNothingOfANodeThatRunsItAlready) {
  fleet.at("n1").birth.model = "edge@1";
  wish("n1");
  EXPECT_TRUE(sends().empty());
  EXPECT_EQ(wish_of("n1").state, WishState::done);
}

TEST_F(DeployerTest, WaitsForNodesThatAreAway) {
  fleet.at("n1").status = NodeStatus::offline;
  wish("n1");
  EXPECT_TRUE(pump().loads.empty());
  fleet.at("n1").status = NodeStatus::silent;
  EXPECT_TRUE(sends().empty());
  fleet.at("n1").status = NodeStatus::draining;
  EXPECT_EQ(sends().size(), 1U);
}

TEST_F(DeployerTest, AsksTheNextAgentAtOnceWhereTheFirstIsGone) {
  wish("n1");
  const auto first = sends();
  be_born("n1", 8, "");
  const auto second = sends();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].command.epoch, 8U);
  EXPECT_FALSE(answer(first[0], wire::CommandStatus::done)) << "of the wrong epoch";
  // One that falls over it time and again is given rest.
  be_born("n1", 9, "");
  EXPECT_TRUE(sends().empty());
  now += Deployer::kFirstAgain * 2;
  EXPECT_EQ(sends().size(), 1U);
}

TEST_F(DeployerTest, SendsAgainToANodeThatLostItsModel) {
  wish("n1");
  answer(sends()[0], wire::CommandStatus::done);
  be_born("n1", 7, "edge@1");
  EXPECT_EQ(reported(), "model edge@1 runs on n1\n");
  be_born("n1", 9, "");
  EXPECT_EQ(wish_of("n1").state, WishState::waiting);
  EXPECT_EQ(reported(),
            "model edge@1 no longer runs, but what it learnt itself, and is sent again on n1\n");
  now += Deployer::kFirstAgain;
  EXPECT_EQ(sends().size(), 1U);
}

TEST_F(DeployerTest, ForgetsWhatIsOnTheWayWhereAnotherModelIsWished) {
  keep("other");
  wish("n1");
  const auto first = sends();
  wish("n1", "other@1");
  EXPECT_EQ(deployer.bytes_on_the_way(), 0U);
  EXPECT_FALSE(answer(first[0], wire::CommandStatus::done));
  const auto second = sends();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].command.model, stored[(ModelId{"other", 1})]);
  answer(second[0], wire::CommandStatus::done);
  EXPECT_EQ(wish_of("n1").state, WishState::done);
}

TEST_F(DeployerTest, HasABoundedNumberOnTheWay) {
  for (int i = 0; i < 300; ++i) {
    fleet.add("m" + std::to_string(i));
    wish("m" + std::to_string(i));
  }
  auto sent = sends();
  EXPECT_EQ(sent.size(), Deployer::kMaxOnTheWay);
  EXPECT_TRUE(sends().empty());
  std::size_t done = 0;
  while (!sent.empty()) {
    for (const auto& one : sent) answer(one, wire::CommandStatus::done);
    done += sent.size();
    sent = sends();
  }
  EXPECT_EQ(done, 300U);
  EXPECT_NE(reported().find(" and 295 more"), std::string::npos);
}

TEST_F(DeployerTest, CountsTheBytesOnTheWay) {
  std::vector<std::byte> large(3U << 20);
  ModelRecord model = *registry.find("edge@1");
  model.bytes = large.size();
  registry.apply(PutModel{model, {}});
  for (int i = 0; i < 5; ++i) {
    fleet.add("m" + std::to_string(i));
    wish("m" + std::to_string(i));
  }
  const auto work = pump();
  ASSERT_EQ(work.loads.size(), 1U) << "fetched once for all";
  EXPECT_TRUE(pump().loads.empty());
  // What came is checked against the record: here it is made to fit.
  stored[model.id] = large;
  deployer.loaded(work.loads[0].query, large, registry, now, log);
  EXPECT_EQ(wish_of("m0").state, WishState::refused);
  EXPECT_NE(wish_of("m0").reason.find("damaged"), std::string::npos);
}

TEST_F(DeployerTest, RefusesForTheStoreWhatItLacks) {
  wish("n1");
  const auto work = pump();
  deployer.loaded(work.loads[0].query, std::vector<std::byte>{}, registry, now, log);
  EXPECT_EQ(wish_of("n1").state, WishState::refused);
  EXPECT_EQ(log.log.at(0).level, LogLevel::error);
}

TEST_F(DeployerTest, AsksTheStoreAgainWhereItCouldNotAnswer) {
  wish("n1");
  const auto work = pump();
  deployer.loaded(work.loads[0].query + 1, std::nullopt, registry, now, log);
  EXPECT_TRUE(pump().loads.empty()) << "that was another question's";
  deployer.loaded(work.loads[0].query, std::nullopt, registry, now, log);
  EXPECT_TRUE(pump().loads.empty());
  now += Deployer::kLoadAgain;
  EXPECT_EQ(sends().size(), 1U);
}

TEST_F(DeployerTest, ServesMoreModelsThanItHoldsInMemory) {
  for (int i = 0; i < 10; ++i) {
    const std::string name = "model" + std::to_string(i);
    keep(name);
    fleet.add("m" + std::to_string(i));
    wish("m" + std::to_string(i), name + "@1");
  }
  EXPECT_EQ(sends().size(), 10U);
}

TEST_F(DeployerTest, GoesOnWithWhatTheRegistryHoldsAfterARestart) {
  wish("n1");
  const auto sent = sends();
  deployer.restore(registry);
  EXPECT_FALSE(answer(sent[0], wire::CommandStatus::done)) << "nobody knows that command now";
  EXPECT_EQ(sends().size(), 1U);
}

TEST_F(DeployerTest, DropsAWishWhoseModelIsGone) {
  wish("n1");
  registry.apply(DropModel{{"edge", 1}});
  EXPECT_TRUE(sends().empty());
  EXPECT_EQ(wish_of("n1").state, WishState::refused);
}

}  // namespace
}  // namespace bw::coordinator
