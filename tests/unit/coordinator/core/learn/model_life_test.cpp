#include "coordinator/core/learn/model_life.h"

#include "tests/unit/coordinator/core/learn/life.h"

namespace bw::coordinator {
namespace {

using std::chrono::seconds;

class ModelLifeTest : public LifeTest {};

TEST_F(ModelLifeTest, KeepsWhatANodeHasLearnt) {
  const CommandSent sent = ask_to_train("n1");
  EXPECT_EQ(sent.command.state, CommandState::sent);
  EXPECT_EQ(last_send().command.kind, wire::CommandKind::train);
  EXPECT_FALSE(last_send().command.fresh);
  answer(model_bytes());
  EXPECT_EQ(command(sent).state, CommandState::storing);
  EXPECT_EQ(life.find("edge@1"), nullptr) << "it is not on disk yet";
  const auto changes = next_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_FALSE(std::get<PutModel>(changes[0]).payload.empty());
  commit();
  EXPECT_EQ(command(sent).state, CommandState::done);
  EXPECT_EQ(command(sent).model, "edge@1");
  EXPECT_EQ(life.find("edge@1")->source, "n1");
  EXPECT_EQ(life.find("edge@1")->node_class, "edge");
  EXPECT_NE(logged().find("model edge@1 is kept"), std::string::npos);
}

TEST_F(ModelLifeTest, KeepsItUnderTheNameThatIsAskedFor) {
  TrainRequest request{"n1", "quiet", "after the move", false};
  request_now(request);
  answer(model_bytes());
  next_changes();
  commit();
  EXPECT_EQ(life.find("quiet@1")->note, "after the move");
}

TEST_F(ModelLifeTest, DoesNotAskNodesThatAreNotThere) {
  EXPECT_EQ(refusal_of(TrainRequest{"n9", "", "", false}).status, 404);
  fleet.at("n1").status = NodeStatus::offline;
  EXPECT_EQ(refusal_of(TrainRequest{"n1", "", "", false}).detail,
            "node n1 is offline: it can't be asked now");
  fleet.at("n1").status = NodeStatus::silent;
  EXPECT_EQ(refusal_of(SilenceRequest{"n1", 1, ""}).status, 409);
  fleet.at("n1").is_born = false;
  EXPECT_EQ(refusal_of(SilenceRequest{"n1", 1, ""}).status, 404);
}

TEST_F(ModelLifeTest, AsksOnceForTheSameThing) {
  const CommandSent first = ask_to_train("n1");
  work = {};
  const CommandSent second = ask_to_train("n1");
  EXPECT_EQ(second.command.id, first.command.id);
  EXPECT_TRUE(work.sends.empty());
  EXPECT_EQ(refusal_of(TrainRequest{"n1", "another", "", false}).status, 409);
  request_now(SilenceRequest{"n1", 5000, ""});
  EXPECT_EQ(last_send().command.kind, wire::CommandKind::silence);
}

TEST_F(ModelLifeTest, TellsWhyANodeHasNothingToGive) {
  const CommandSent sent = ask_to_train("n1");
  answer({}, wire::CommandStatus::failed, "nothing is learnt yet: 40 of 900 rows");
  EXPECT_EQ(command(sent).state, CommandState::failed);
  EXPECT_EQ(command(sent).text, "nothing is learnt yet: 40 of 900 rows");
  const CommandSent again = ask_to_train("n1");
  answer({}, wire::CommandStatus::done);
  EXPECT_EQ(command(again).text, "the node sent no model");
  const CommandSent expired = ask_to_train("n1");
  answer({}, wire::CommandStatus::expired);
  EXPECT_EQ(command(expired).state, CommandState::expired);
  const CommandSent refused = ask_to_train("n1");
  answer({}, wire::CommandStatus::refused, "no");
  EXPECT_EQ(command(refused).state, CommandState::refused);
  EXPECT_TRUE(next_changes().empty());
}

TEST_F(ModelLifeTest, KeepsNothingThatIsNoModel) {
  const CommandSent sent = ask_to_train("n1");
  auto bytes = model_bytes();
  bytes[bytes.size() / 2] ^= std::byte{1};
  answer(bytes);
  EXPECT_EQ(command(sent).state, CommandState::failed);
  EXPECT_NE(command(sent).text.find("checksum"), std::string::npos) << command(sent).text;
  EXPECT_EQ(life.bad_models(), 1U);
  EXPECT_TRUE(next_changes().empty());
}

TEST_F(ModelLifeTest, TakesNoAnswerThatIsLateTwiceOrAnotherAgents) {
  const CommandSent sent = ask_to_train("n1");
  const LearnWork::Send command_sent = last_send();
  life.take_result(learn_node("n1"),
                   {sent.command.id, 8, wire::CommandStatus::done, "", model_bytes()}, now, kNowMs,
                   work);
  EXPECT_EQ(command(sent).state, CommandState::sent);
  EXPECT_EQ(life.odd_results(), 1U);
  tick_after(CommandBook::kModelWithin);
  EXPECT_EQ(command(sent).state, CommandState::timed_out);
  answer_to(command_sent, model_bytes());
  EXPECT_EQ(life.odd_results(), 2U);
  EXPECT_TRUE(next_changes().empty());
  ask_to_train("n1");
  answer(model_bytes());
  answer(model_bytes());
  EXPECT_EQ(life.odd_results(), 3U);
  EXPECT_EQ(next_changes().size(), 1U);
  commit();
  EXPECT_TRUE(next_changes().empty());
  EXPECT_EQ(life.find("edge@2"), nullptr);
}

TEST_F(ModelLifeTest, LetsANodeForgetAndEndsWhatWasWishedOfIt) {
  keep("edge");
  deploy("edge@1", nodes_named({"n1"}));
  send_models();
  answer({}, wire::CommandStatus::done);
  EXPECT_EQ(wish_of("n1").state, WishState::done);
  const auto outcome = request_now(TrainRequest{"n1", "", "", true});
  EXPECT_TRUE(last_send().command.fresh);
  const LearnWork::Send fresh = last_send();
  EXPECT_EQ(wish_of("n1").state, WishState::ended);
  commit_all();
  be_born("n1", 7, "");
  answer_to(fresh, {}, wire::CommandStatus::done, "begins anew");
  EXPECT_EQ(command(std::get<CommandSent>(outcome)).state, CommandState::done);
  EXPECT_EQ(wish_of("n1").state, WishState::ended);
  be_born("n1", 8, "");
  tick_after(std::chrono::hours{2});
  EXPECT_TRUE(work.sends.empty());
}

TEST_F(ModelLifeTest, LetsANodeForgetWhereItsAnswerIsLost) {
  keep("edge");
  deploy("edge@1", nodes_named({"n1"}));
  send_models();
  answer({}, wire::CommandStatus::done);
  request_now(TrainRequest{"n1", "", "", true});
  bool is_stored = false;
  for (const Change& change : next_changes()) {
    const auto* const put = std::get_if<PutWish>(&change);
    is_stored = is_stored || (put != nullptr && put->wish.state == WishState::ended);
  }
  EXPECT_TRUE(is_stored) << "before the node answers";
  commit();
  tick_after(CommandBook::kModelWithin);
  be_born("n1", 7, "");
  EXPECT_EQ(wish_of("n1").state, WishState::ended);
  tick_after(std::chrono::hours{2});
  EXPECT_TRUE(work.sends.empty());
}

TEST_F(ModelLifeTest, AFreshStartDoesNotEndWhatIsWishedAfterIt) {
  keep("edge");
  request_now(TrainRequest{"n1", "", "", true});
  const LearnWork::Send fresh = last_send();
  deploy("edge@1", nodes_named({"n1"}));
  answer_to(fresh, {}, wire::CommandStatus::done);
  EXPECT_EQ(wish_of("n1").state, WishState::waiting);
}

TEST_F(ModelLifeTest, WaitsLongerForAModelThanForAWord) {
  const CommandSent training = ask_to_train("n1");
  const CommandSent silence = std::get<CommandSent>(request_now(SilenceRequest{"n2", 60'000, ""}));
  tick_after(CommandBook::kAnswerWithin);
  EXPECT_EQ(command(silence).state, CommandState::timed_out);
  EXPECT_EQ(command(silence).text, "no answer came within 30 s");
  EXPECT_EQ(command(training).state, CommandState::sent);
  tick_after(CommandBook::kModelWithin - CommandBook::kAnswerWithin);
  EXPECT_EQ(command(training).state, CommandState::timed_out);
  EXPECT_EQ(command(training).text, "no answer came within 180 s");
}

TEST_F(ModelLifeTest, TellsOfModelsThatNobodyAskedForOnceAMinute) {
  const auto send_odd = [&] {
    life.take_result(learn_node("n1"), {"none", 7, wire::CommandStatus::done, "", model_bytes()},
                     now, kNowMs, work);
  };
  const auto lines = [&] {
    const auto count = work.log.size();
    work.log.clear();
    return count;
  };
  lines();
  for (int i = 0; i < 5; ++i) send_odd();
  EXPECT_EQ(lines(), 0U);
  tick_after(std::chrono::seconds{1});
  EXPECT_NE(logged().find("5 such since"), std::string::npos) << logged();
  EXPECT_EQ(lines(), 1U);
  send_odd();
  tick_after(std::chrono::seconds{1});
  EXPECT_EQ(lines(), 0U);
  tick_after(ModelLife::kToldAgain);
  EXPECT_EQ(lines(), 1U);
  EXPECT_EQ(life.odd_results(), 6U);
}

TEST_F(ModelLifeTest, SilencesANode) {
  const auto outcome = request_now(SilenceRequest{"n1", 7'200'000, "new disks"});
  EXPECT_EQ(last_send().command.for_ms, 7'200'000U);
  EXPECT_EQ(last_send().command.reason, "new disks");
  answer({}, wire::CommandStatus::done, "silent until 12:00");
  EXPECT_EQ(command(std::get<CommandSent>(outcome)).state, CommandState::done);
  EXPECT_EQ(command(std::get<CommandSent>(outcome)).text, "silent until 12:00");
  EXPECT_TRUE(next_changes().empty());
}

TEST_F(ModelLifeTest, RefusesATrainingThatWouldFindNoRoom) {
  for (std::size_t i = 0; i < kMaxModels; ++i) keep("edge");
  EXPECT_EQ(refusal_of(TrainRequest{"n1", "", "", false}).status, 409);
  request_now(TrainRequest{"n1", "", "", true});
}

TEST_F(ModelLifeTest, ImportsAModelThatIsOne) {
  life.request(5, ImportRequest{"edge", "", model_bytes()}, fleet, now, kNowMs, work);
  next_changes();
  commit();
  EXPECT_EQ(std::get<ModelStored>(answer_to_request(5)).model.id.text(), "edge@1");
  EXPECT_EQ(life.find("edge@1")->source, "");
  auto bytes = model_bytes();
  bytes.pop_back();
  EXPECT_EQ(refusal_of(ImportRequest{"edge", "", bytes}).status, 422);
  EXPECT_EQ(refusal_of(ImportRequest{"edge", "", {std::byte{1}}}).status, 422);
}

TEST_F(ModelLifeTest, HoldsABoundedNumberOfRequests) {
  for (std::size_t i = 0; i < ModelLife::kMaxIntents; ++i) {
    life.request(100 + i, RemoveRequest{"edge@1"}, fleet, now, kNowMs, work);
  }
  EXPECT_TRUE(work.answers.empty());
  life.request(1, RemoveRequest{"edge@1"}, fleet, now, kNowMs, work);
  EXPECT_EQ(std::get<RequestRefused>(answer_to_request(1)).status, 503);
}

TEST_F(ModelLifeTest, GivesNewNodesWhatTheirClassHasOnceTheyAreSettled) {
  keep("edge");
  deploy("edge@1", nodes_of_class("edge"));
  send_models();
  fleet.add("n3");
  be_born("n3", 7, "", true);
  tick_after(ModelLife::kJoinedAfter - seconds{1});
  EXPECT_TRUE(next_changes().empty());
  tick_after(seconds{1});
  const auto changes = next_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(std::get<PutWish>(changes[0]).node.str(), "n3");
  EXPECT_TRUE(work.sends.empty()) << "it is not on disk yet";
  commit();
  EXPECT_NE(logged().find("new node n3 begins with model edge@1"), std::string::npos);
  send_models();
  EXPECT_EQ(last_send().node.str(), "n3");
}

TEST_F(ModelLifeTest, GivesNothingToNodesThatAreNotNewOrHaveAModel) {
  keep("edge");
  deploy("edge@1", nodes_of_class("other"));
  fleet.add("n3", "other");
  be_born("n3", 7, "", false);
  fleet.add("n4", "other");
  be_born("n4", 7, "own@1", true);
  tick_after(ModelLife::kJoinedAfter);
  EXPECT_TRUE(next_changes().empty());
}

TEST_F(ModelLifeTest, SaysLoudlyWhatAReplacedStoreLost) {
  keep("edge");
  deploy("edge@1", nodes_named({"n1"}));
  work = {};
  life.restore({}, true, work);
  ASSERT_EQ(work.log.size(), 1U);
  EXPECT_EQ(work.log[0].level, LogLevel::error);
  EXPECT_NE(work.log[0].text.find("1 models"), std::string::npos);
  EXPECT_EQ(life.find("edge@1"), nullptr);
  tick_after(seconds{1});
  EXPECT_TRUE(work.sends.empty());
  work = {};
  life.restore({}, true, work);
  EXPECT_TRUE(work.log.empty());
}

TEST_F(ModelLifeTest, ShowsWhatItHolds) {
  keep("edge");
  deploy("edge@1", nodes_of_class("edge"));
  std::string seen;
  life.each([&](const ModelRecord& model) { seen += model.id.text() + " "; });
  life.each_wish(
      [&](const NodeId& node, const Wish& wish) { seen += node.str() + ":" + wish.model + " "; });
  life.each_class(
      [&](const std::string& name, const Wish& wish) { seen += name + ":" + wish.model; });
  EXPECT_EQ(seen, "edge@1 n1:edge@1 n2:edge@1 edge:edge@1");
  EXPECT_FALSE(life.command("nothing"));
}

}  // namespace
}  // namespace bw::coordinator
