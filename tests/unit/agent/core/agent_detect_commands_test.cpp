#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/core/agent.h"
#include "tests/unit/agent/core/detect_box.h"

namespace bw::agent {
namespace {

using detect_box::Box;
using detect_box::command;

TEST(AgentDetectCommands, ASilenceHoldsIsKeptOverARestartAndCanBeEnded) {
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

TEST(AgentDetectCommands, TrainAnswersWithTheModelAndFreshBeginsAnew) {
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

TEST(AgentDetectCommands, ADeployedModelIsTakenOverKeptAndAnnounced) {
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

TEST(AgentDetectCommands, AModelThatComesTooEarlyIsAskedForAgain) {
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

TEST(AgentDetectCommands, AModelThatCantBeIsRefusedWithTheReasonAndNothingChanges) {
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

TEST(AgentDetectCommands, AnExpiredCommandIsNotCarriedOut) {
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

TEST(AgentDetectCommands, OnlySoManyAnswersAreRemembered) {
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
