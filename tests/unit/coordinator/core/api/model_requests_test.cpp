#include "schemas/wire/limits.h"
#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class ModelRequestsTest : public ApiTest {
 protected:
  Json refused(const std::string& target, int status = 400, std::string body = "") {
    const auto answer =
        api.handle(++last_id, Request{"POST", target, std::move(body)}, fleet, service);
    const auto* const response = std::get_if<Response>(&answer);
    if (response == nullptr) {
      ADD_FAILURE() << target << " is not refused";
      return {};
    }
    EXPECT_EQ(response->status, status) << response->body;
    return Json::parse(response->body);
  }
};

TEST_F(ModelRequestsTest, AskANodeForItsModel) {
  const auto request = wanted<TrainRequest>("/api/v1/nodes/n1/train?name=edge&note=quiet+week");
  EXPECT_EQ(request.node, "n1");
  EXPECT_EQ(request.name, "edge");
  EXPECT_EQ(request.note, "quiet week");
  EXPECT_FALSE(request.is_fresh);
  EXPECT_TRUE(wanted<TrainRequest>("/api/v1/nodes/n1/train?fresh=true").is_fresh);
  EXPECT_FALSE(wanted<TrainRequest>("/api/v1/nodes/n1/train?fresh=false").is_fresh);
  EXPECT_EQ(refused("/api/v1/nodes/n1/train?name=a%20b")["parameter"], "name");
  EXPECT_EQ(refused("/api/v1/nodes/n1/train?name=a&fresh=true")["parameter"], "name");
  EXPECT_EQ(refused("/api/v1/nodes/n1/train?fresh=yes")["parameter"], "fresh");
  EXPECT_EQ(refused("/api/v1/nodes/n1/train?note=" + std::string(300, 'x'))["parameter"], "note");
}

TEST_F(ModelRequestsTest, AreAnsweredWithTheCommandThatWasSent) {
  wanted<TrainRequest>("/api/v1/nodes/n1/train");
  CommandRecord command{"c1", "n1"};
  command.created_ms = 1000;
  const Response response = done(CommandSent{command});
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.headers.at(0),
            (std::pair<std::string, std::string>("Location", "/api/v1/commands/c1")));
  const Json json = Json::parse(response.body);
  EXPECT_EQ(json["state"], "sent");
  EXPECT_EQ(json["kind"], "train");
  EXPECT_TRUE(json["model"].is_null());
  EXPECT_TRUE(json["settled"].is_null());
}

TEST_F(ModelRequestsTest, TellWhatBecameOfACommand) {
  models.commands = {
      {"c1", "n1", wire::CommandKind::silence, CommandState::done, "silent", "", 1, 2000}};
  const Json json = get_json("/api/v1/commands/c1");
  EXPECT_EQ(json["kind"], "silence");
  EXPECT_EQ(json["state"], "done");
  EXPECT_EQ(json["text"], "silent");
  EXPECT_EQ(json["settled"], "1970-01-01T00:00:02.000Z");
  problem_of("/api/v1/commands/c2", 404);
}

TEST_F(ModelRequestsTest, SilenceANode) {
  const auto request = wanted<SilenceRequest>("/api/v1/nodes/n1/silence?for=2h&why=new+disks");
  EXPECT_EQ(request.node, "n1");
  EXPECT_EQ(request.for_ms, 7'200'000U);
  EXPECT_EQ(request.why, "new disks");
  EXPECT_EQ(wanted<SilenceRequest>("/api/v1/nodes/n1/silence?for=0s").for_ms, 0U);
  EXPECT_EQ(refused("/api/v1/nodes/n1/silence")["parameter"], "for");
  EXPECT_EQ(refused("/api/v1/nodes/n1/silence?for=soon")["parameter"], "for");
  EXPECT_EQ(refused("/api/v1/nodes/n1/silence?for=500d")["parameter"], "for");
}

TEST_F(ModelRequestsTest, DeployToTheNodesThatAreSelected) {
  const auto request = wanted<DeployRequest>(
      "/api/v1/models/edge@3/deploy?node=n1&node=n2&class=edge&site=paris&label=role=db");
  EXPECT_EQ(request.model, "edge@3");
  EXPECT_EQ(request.selector.nodes, (std::vector<std::string>{"n1", "n2"}));
  EXPECT_EQ(request.selector.node_class, "edge");
  EXPECT_EQ(request.selector.site, "paris");
  EXPECT_EQ(request.selector.labels.at(0), (wire::Label{"role", "db"}));
  EXPECT_FALSE(request.selector.is_all);
  EXPECT_TRUE(wanted<DeployRequest>("/api/v1/models/edge@3/deploy?all=true").selector.is_all);
  EXPECT_EQ(refused("/api/v1/models/edge@3/deploy")["parameter"], "node");
  EXPECT_EQ(refused("/api/v1/models/edge@3/deploy?all=false")["parameter"], "node");
  EXPECT_EQ(refused("/api/v1/models/edge@3/deploy?all=true&site=a")["parameter"], "all");
  EXPECT_EQ(refused("/api/v1/models/edge@3/deploy?node=a/b")["parameter"], "node");
  EXPECT_EQ(refused("/api/v1/models/edge@3/deploy?class=a/b")["parameter"], "class");
  EXPECT_EQ(refused("/api/v1/models/edge@3/deploy?label=a")["parameter"], "label");
  EXPECT_EQ(refused("/api/v1/models/edge@3/deploy?al=true")["parameter"], "al");
}

TEST_F(ModelRequestsTest, AreAnsweredWithWhatWasWishedOfEachNode) {
  wanted<DeployRequest>("/api/v1/models/edge@3/deploy?node=n1");
  const Response response =
      done(WishesChanged{"edge@3", "", "", {{"n1", "edge@3", ""}, {"n2", "", "runs it already"}}});
  EXPECT_EQ(response.status, 202);
  const Json json = Json::parse(response.body);
  EXPECT_EQ(json["changed"], 1);
  EXPECT_TRUE(json["class"].is_null());
  EXPECT_EQ(json["nodes"][0]["model"], "edge@3");
  EXPECT_TRUE(json["nodes"][1]["model"].is_null());
  EXPECT_EQ(json["nodes"][1]["text"], "runs it already");
}

TEST_F(ModelRequestsTest, RollBackRemoveAndImport) {
  EXPECT_EQ(wanted<RollbackRequest>("/api/v1/rollback?class=edge").selector.node_class, "edge");
  EXPECT_EQ(refused("/api/v1/rollback")["parameter"], "node");
  EXPECT_EQ(wanted<RemoveRequest>("/api/v1/models/edge@3", "DELETE").model, "edge@3");
  EXPECT_EQ(done(ModelRemoved{"edge@3"}).status, 200);
  const auto request =
      wanted<ImportRequest>(Request{"POST", "/api/v1/models?name=edge&note=n", "abc"});
  EXPECT_EQ(request.name, "edge");
  EXPECT_EQ(request.note, "n");
  EXPECT_EQ(request.payload,
            (std::vector<std::byte>{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}}));
  ModelRecord model;
  model.id = {"edge", 4};
  const Response response = done(ModelStored{model});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.at(0).second, "/api/v1/models/edge@4");
  EXPECT_EQ(refused("/api/v1/models", 400, "abc")["parameter"], "name");
  refused("/api/v1/models?name=edge", 400);
  refused("/api/v1/models?name=edge", 413, std::string(wire::kMaxModelPayload + 1, 'x'));
}

TEST_F(ModelRequestsTest, SayWhenToComeAgain) {
  wanted<RemoveRequest>("/api/v1/models/edge@3", "DELETE");
  const Response response = done(RequestRefused{503, "too many requests wait"});
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.headers.at(0).first, "Retry-After");
}

}  // namespace
}  // namespace bw::coordinator::api
