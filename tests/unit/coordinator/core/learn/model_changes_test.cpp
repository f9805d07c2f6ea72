#include "tests/unit/coordinator/core/learn/life.h"

namespace bw::coordinator {
namespace {

class ModelChangesTest : public LifeTest {
 protected:
  ModelChangesTest() { keep("edge"); }

  void request(std::uint64_t id, ModelRequest what) {
    life.request(id, std::move(what), fleet, now, kNowMs, work);
  }
  bool is_answered(std::uint64_t id) {
    for (const auto& answer : work.answers) {
      if (answer.request == id) return true;
    }
    return false;
  }
};

TEST_F(ModelChangesTest, SendsNothingBeforeTheWishIsOnDisk) {
  request(50, DeployRequest{"edge@1", nodes_named({"n1"})});
  const auto changes = next_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(std::get<PutWish>(changes[0]).wish.model, "edge@1");
  send_models();
  EXPECT_TRUE(work.sends.empty());
  EXPECT_FALSE(is_answered(50));
  commit();
  EXPECT_EQ(std::get<WishesChanged>(answer_to_request(50)).nodes.size(), 1U);
  EXPECT_NE(logged().find("deploys edge@1 to n1"), std::string::npos);
  send_models();
  EXPECT_EQ(last_send().node.str(), "n1");
}

TEST_F(ModelChangesTest, IsAsItWasWhereTheDiskTakesNothing) {
  request(50, DeployRequest{"edge@1", nodes_named({"n1"})});
  request(51, RemoveRequest{"edge@1"});
  next_changes();
  life.failed("disk full", kNowMs, work);
  EXPECT_EQ(std::get<RequestRefused>(answer_to_request(50)).status, 503);
  EXPECT_NE(std::get<RequestRefused>(answer_to_request(50)).detail.find("disk full"),
            std::string::npos);
  EXPECT_EQ(std::get<RequestRefused>(answer_to_request(51)).status, 503);
  EXPECT_NE(life.find("edge@1"), nullptr);
  EXPECT_EQ(wish_of("n1").model, "");
  EXPECT_FALSE(life.has_changes());
}

TEST_F(ModelChangesTest, FailsATrainingThatTheDiskDoesNotTake) {
  const CommandSent sent = ask_to_train("n1");
  answer(model_bytes());
  next_changes();
  life.failed("disk full", kNowMs, work);
  EXPECT_EQ(command(sent).state, CommandState::failed);
  EXPECT_NE(command(sent).text.find("disk full"), std::string::npos);
  EXPECT_EQ(life.find("edge@2"), nullptr);
}

TEST_F(ModelChangesTest, PlansOneRequestAfterTheOther) {
  request(50, ImportRequest{"edge", "", model_bytes()});
  request(51, ImportRequest{"edge", "", model_bytes()});
  request(52, DeployRequest{"edge@3", nodes_named({"n1"})});
  request(53, RemoveRequest{"edge@3"});
  request(54, RemoveRequest{"edge@2"});
  EXPECT_EQ(next_changes().size(), 1U);
  EXPECT_TRUE(next_changes().empty()) << "one is under way";
  commit();
  commit_all();
  EXPECT_EQ(std::get<ModelStored>(answer_to_request(50)).model.id.version, 2U);
  EXPECT_EQ(std::get<ModelStored>(answer_to_request(51)).model.id.version, 3U);
  EXPECT_EQ(std::get<WishesChanged>(answer_to_request(52)).nodes[0].model, "edge@3");
  EXPECT_EQ(std::get<RequestRefused>(answer_to_request(53)).status, 409);
  EXPECT_EQ(std::get<ModelRemoved>(answer_to_request(54)).model, "edge@2");
  EXPECT_NE(logged().find("model edge@2 is removed"), std::string::npos);
}

TEST_F(ModelChangesTest, AnswersAtOnceWhatChangesNothing) {
  deploy("edge@1", nodes_named({"n1"}));
  request(50, DeployRequest{"edge@1", nodes_named({"n1"})});
  request(51, RollbackRequest{nodes_named({"n2"})});
  EXPECT_TRUE(next_changes().empty());
  EXPECT_TRUE(is_answered(50));
  EXPECT_EQ(std::get<WishesChanged>(answer_to_request(51)).nodes[0].text,
            "there was no model before");
  EXPECT_FALSE(life.has_changes());
}

TEST_F(ModelChangesTest, StoresWhatNodesAnswerAndTriesUntilItIs) {
  deploy("edge@1", nodes_named({"n1"}));
  send_models();
  answer({}, wire::CommandStatus::refused, "other metrics");
  ASSERT_TRUE(life.has_changes());
  EXPECT_EQ(std::get<PutWish>(next_changes().at(0)).wish.state, WishState::refused);
  life.failed("disk full", kNowMs, work);
  ASSERT_TRUE(life.has_changes());
  EXPECT_EQ(std::get<PutWish>(next_changes().at(0)).wish.reason, "other metrics");
  commit();
  EXPECT_FALSE(life.has_changes());
}

TEST_F(ModelChangesTest, DoesNotOverwriteANewWishWithAnOldAnswer) {
  keep("edge");
  deploy("edge@1", nodes_named({"n1"}));
  send_models();
  const LearnWork::Send first = last_send();
  request(50, DeployRequest{"edge@2", nodes_named({"n1"})});
  next_changes();
  answer_to(first, {}, wire::CommandStatus::done);  // while the next is under way to the disk
  commit();
  commit_all();
  EXPECT_EQ(wish_of("n1").model, "edge@2");
  EXPECT_EQ(wish_of("n1").state, WishState::waiting);
  EXPECT_EQ(wish_of("n1").before, std::vector<std::string>{"edge@1"});
}

TEST_F(ModelChangesTest, RollsBackOverTheDisk) {
  keep("edge");
  deploy("edge@1", nodes_named({"n1"}));
  send_models();
  answer({});
  be_born("n1", 7, "edge@1");
  deploy("edge@2", nodes_named({"n1"}));
  send_models();
  answer({});
  be_born("n1", 7, "edge@2");
  request(50, RollbackRequest{nodes_named({"n1"})});
  commit_all();
  EXPECT_NE(logged().find("rolls back the model of n1"), std::string::npos);
  work.sends.clear();
  send_models();
  EXPECT_EQ(wire::decode_model(last_send().command.model)->id, "edge@1");
}

TEST_F(ModelChangesTest, TakesABoundedNumberOfAnswersIntoABatch) {
  for (int i = 0; i < 600; ++i) {
    const std::string node = "m" + std::to_string(i);
    fleet.add(node).birth.model = "edge@1";
  }
  NodeSelector all;
  all.is_all = true;
  deploy("edge@1", all);
  tick_after(std::chrono::seconds{1});
  tick_after(std::chrono::seconds{1});
  EXPECT_LE(next_changes().size(), ModelLife::kMaxWishChanges);
  commit();
  commit_all();
  EXPECT_EQ(wish_of("m599").state, WishState::done);
}

}  // namespace
}  // namespace bw::coordinator
