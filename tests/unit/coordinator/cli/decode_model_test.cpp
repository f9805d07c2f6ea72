#include "coordinator/cli/decode_model.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

TEST(DecodeModel, ReadsTheList) {
  const auto list = decode_models(R"({"models":[{"id":"edge@3","name":"edge","version":3,
    "class":"edge","source":null,"created":"2026-03-01T10:00:00Z","from":"2026-02-01T10:00:00Z",
    "to":null,"rows":900,"metrics":12,"threshold":31.5,"bytes":400000,"crc32c":"00000abc",
    "note":"n","running":2,"waiting":1,"refused":0,"drift":0.5,"anomaly_rate":null}],
    "classes":[{"class":"edge","model":"edge@3"}],"most":64})");
  ASSERT_TRUE(list) << list.error().message;
  const ModelInfo& model = list->models.at(0);
  EXPECT_EQ(model.id, "edge@3");
  EXPECT_EQ(model.node_class, "edge");
  EXPECT_EQ(model.source, "");
  EXPECT_EQ(model.created_ms, 1'772'359'200'000);
  EXPECT_FALSE(model.to_ms);
  EXPECT_EQ(model.rows, 900U);
  EXPECT_EQ(model.metrics, 12U);
  EXPECT_EQ(model.threshold, 31.5);
  EXPECT_EQ(model.bytes, 400000U);
  EXPECT_EQ(model.crc, "00000abc");
  EXPECT_EQ(model.running, 2U);
  EXPECT_EQ(model.drift, 0.5);
  EXPECT_FALSE(model.rate);
  EXPECT_EQ(list->classes.at(0).model, "edge@3");
}

TEST(DecodeModel, ReadsOneWithItsNodes) {
  const auto detail = decode_model(R"({"id":"edge@3","metric_names":["cpu.util"],"truncated":true,
    "nodes":[{"node":"box-1","status":"online","state":"running","since":null,"before":"edge@2",
    "reason":"","drift":0.1,"anomaly_rate":1.5,"threshold":30}]})");
  ASSERT_TRUE(detail) << detail.error().message;
  EXPECT_EQ(detail->metrics, std::vector<std::string>{"cpu.util"});
  EXPECT_TRUE(detail->truncated);
  const ModelNode& node = detail->nodes.at(0);
  EXPECT_EQ(node.node, "box-1");
  EXPECT_EQ(node.state, "running");
  EXPECT_EQ(node.before, "edge@2");
  EXPECT_FALSE(node.since_ms);
  EXPECT_EQ(node.rate, 1.5);
}

TEST(DecodeModel, ReadsADeploymentAndACommand) {
  const auto deployment = decode_deployment(R"({"model":null,"class":"edge","class_text":"so",
    "changed":1,"nodes":[{"node":"a","model":"edge@1","text":""},
    {"node":"b","model":null,"text":"why"}]})");
  ASSERT_TRUE(deployment) << deployment.error().message;
  EXPECT_EQ(deployment->model, "");
  EXPECT_EQ(deployment->changed, 1U);
  EXPECT_EQ(deployment->nodes.at(1).model, "");
  EXPECT_EQ(deployment->nodes.at(1).text, "why");
  const auto command = decode_command(R"({"id":"c1","node":"a","kind":"train","state":"storing",
    "text":"","model":null})");
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_TRUE(command->is_open());
  EXPECT_EQ(command->model, "");
}

TEST(DecodeModel, SaysWhereAnAnswerIsNotTheCoordinators) {
  EXPECT_FALSE(decode_models("{}"));
  EXPECT_FALSE(decode_models("nonsense"));
  EXPECT_FALSE(decode_model(R"({"metric_names":[]})"));
  EXPECT_FALSE(decode_deployment("[]"));
  EXPECT_FALSE(decode_command(R"({"id":"c1"})"));
  const auto wrong = decode_models(R"({"models":[{"id":"a@1","rows":"many"}]})");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("models[0].rows"), std::string::npos);
}

}  // namespace
}  // namespace bw::cli
