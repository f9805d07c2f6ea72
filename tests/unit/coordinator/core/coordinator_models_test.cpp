// Models' life through the whole core: requests, messages and the store's answers in, effects out.
#include "tests/unit/coordinator/core/harness.h"
#include "tests/unit/coordinator/core/learn/fakes.h"

namespace bw::coordinator {
namespace {

using std::chrono::seconds;

class CoordinatorModelsTest : public testing::Test {
 protected:
  CoordinatorModelsTest() { begin(harness()); }

  static void begin(Harness& with) {
    with.start();
    hear_from(with, "n1", 5);
  }
  // Its agent is there, and its birth is on disk.
  static void hear_from(Harness& with, std::string_view node, std::uint64_t epoch,
                        const std::string& model = "") {
    wire::NodeBirth birth = some_birth(epoch);
    birth.labels = {{"class", "edge"}};
    birth.model = model;
    with.hear(node, birth);
    with.commit_all();
  }

  void post(const std::string& target, std::uint64_t id = 9, std::string method = "POST") {
    harness().step(RequestReceived{id, {std::move(method), target}, harness().wall()});
  }
  const api::Response* response(std::uint64_t id = 9) {
    for (const Respond* one : harness().all<Respond>()) {
      if (one->id == id) return &one->response;
    }
    return nullptr;
  }
  // The only command of the last step, of this kind.
  wire::Command command(wire::CommandKind kind) {
    for (const wire::Command& one : harness().commands()) {
      if (one.kind == kind) return one;
    }
    ADD_FAILURE() << "no such command was sent";
    return {};
  }
  void answer(const wire::Command& to, wire::CommandStatus status,
              std::vector<std::byte> model = {}, std::string text = "") {
    harness().hear("n1",
                   wire::CommandResult{to.id, to.epoch, status, std::move(text), std::move(model)});
  }
  // Trains on n1; the model as it goes to the disk.
  PutModel train() {
    post("/api/v1/nodes/n1/train");
    answer(command(wire::CommandKind::train), wire::CommandStatus::done, model_bytes());
    const auto put = harness().changes<PutModel>();
    EXPECT_EQ(put.size(), 1U);
    harness().commit_all();
    return put.empty() ? PutModel{} : put[0];
  }
  // Ticks until the store is asked for a model, and gives it: what is sent then.
  wire::Command deployed(const PutModel& model) {
    harness().tick_after(seconds{1});
    for (int i = 0; i < 90 && harness().all<RunQuery>().empty(); ++i) {
      hear_live();
      harness().tick_after(seconds{1});
    }
    const auto queries = harness().all<RunQuery>();
    if (queries.size() != 1) {
      ADD_FAILURE() << "the store was asked " << queries.size() << " questions";
      return {};
    }
    EXPECT_EQ(std::get<api::ModelQuery>(queries[0]->query).model, model.model.id);
    const std::uint64_t id = queries[0]->id;
    harness().step(QueryFinished{id, api::ModelPayload{model.payload}});
    return command(wire::CommandKind::deploy_model);
  }
  void hear_live(std::uint64_t epoch = 5) { harness().hear("n1", some_live(epoch, ++sequence)); }

  Harness& harness() { return *held; }

  std::optional<Harness> held{std::in_place};
  std::uint64_t sequence = 0;
};

TEST_F(CoordinatorModelsTest, TrainsAndSaysSo) {
  post("/api/v1/nodes/n1/train?name=edge");
  ASSERT_NE(response(), nullptr);
  EXPECT_EQ(response()->status, 202);
  const wire::Command train = command(wire::CommandKind::train);
  EXPECT_EQ(train.epoch, 5U);
  answer(train, wire::CommandStatus::done, model_bytes());
  ASSERT_EQ(harness().changes<PutModel>().size(), 1U);
  EXPECT_NE(harness().body_of("/api/v1/commands/" + train.id).find("\"state\":\"storing\""),
            std::string::npos);
  EXPECT_EQ(harness().body_of("/api/v1/models").find("edge@1"), std::string::npos);
  harness().step(Committed{2});
  EXPECT_NE(harness().log().find("model edge@1 is kept"), std::string::npos);
  EXPECT_NE(harness().body_of("/api/v1/commands/" + train.id).find("\"model\":\"edge@1\""),
            std::string::npos);
  EXPECT_NE(harness().body_of("/api/v1/models").find("\"id\":\"edge@1\""), std::string::npos);
}

TEST_F(CoordinatorModelsTest, DeploysOnceTheWishIsOnDisk) {
  const PutModel model = train();
  post("/api/v1/models/edge@1/deploy?node=n1");
  EXPECT_EQ(response(), nullptr) << "it is not on disk yet";
  EXPECT_EQ(harness().changes<PutWish>().size(), 1U);
  const std::uint64_t batch = harness().batch()->batch;
  harness().step(Committed{batch});
  ASSERT_NE(response(), nullptr);
  EXPECT_EQ(response()->status, 202);
  // The store was asked at once.
  const auto queries = harness().all<RunQuery>();
  ASSERT_EQ(queries.size(), 1U);
  harness().step(QueryFinished{queries[0]->id, api::ModelPayload{model.payload}});
  const wire::Command deploy = command(wire::CommandKind::deploy_model);
  EXPECT_EQ(wire::decode_model(deploy.model)->id, "edge@1");
  answer(deploy, wire::CommandStatus::done);
  const auto wishes = harness().changes<PutWish>();
  ASSERT_EQ(wishes.size(), 1U);
  EXPECT_EQ(wishes[0].wish.state, WishState::done);
  EXPECT_NE(harness().tick().size(), 0U);
  EXPECT_NE(harness().log().find("model edge@1 runs on n1"), std::string::npos);
}

TEST_F(CoordinatorModelsTest, RefusesWhatTheDiskDoesNotTake) {
  train();
  post("/api/v1/models/edge@1/deploy?node=n1");
  harness().step(CommitFailed{harness().batch()->batch, "disk full"});
  ASSERT_NE(response(), nullptr);
  EXPECT_EQ(response()->status, 503);
  EXPECT_EQ(harness().body_of("/api/v1/models/edge@1").find("waiting\",\"since"),
            std::string::npos);
  harness().tick_after(seconds{5});
  EXPECT_TRUE(harness().changes<PutWish>().empty());
  EXPECT_TRUE(harness().all<RunQuery>().empty());
}

TEST_F(CoordinatorModelsTest, WaitsForTheStoreThatFailsAndGoesOnAfter) {
  train();
  post("/api/v1/models/edge@1/deploy?node=n1");
  harness().step(CommitFailed{harness().batch()->batch, "disk full"});
  post("/api/v1/models/edge@1/deploy?node=n1", 10);
  EXPECT_EQ(response(10), nullptr) << "the store is tried again a second later";
  harness().tick_after(seconds{2});
  ASSERT_TRUE(harness().batch());
  harness().step(Committed{harness().batch()->batch});
  ASSERT_NE(response(10), nullptr);
  EXPECT_EQ(response(10)->status, 202);
}

TEST_F(CoordinatorModelsTest, GoesOnAfterARestartInTheMiddle) {
  const PutModel model = train();
  post("/api/v1/models/edge@1/deploy?node=n1");
  const PutWish wish = harness().changes<PutWish>().at(0);
  // Killed after the commit: this is what the file holds.
  StoreOpened opened;
  opened.nodes.push_back(
      {node_id("n1"), 0, some_birth(5), some_state(5, wire::NodeCondition::online), {}, {}});
  opened.models.models = {model.model};
  opened.models.wishes = {{wish.node, wish.wish}};
  opened.models.names = {{"edge", 1}};
  held.emplace();
  harness().step(opened);
  harness().step(LinkUp{});
  harness().tick_after(seconds{1});
  EXPECT_TRUE(harness().all<RunQuery>().empty()) << "nothing was heard of the node yet";
  hear_live();
  const wire::Command deploy = deployed(model);
  answer(deploy, wire::CommandStatus::done);
  EXPECT_EQ(harness().changes<PutWish>().at(0).wish.state, WishState::done);
}

TEST_F(CoordinatorModelsTest, AsksTheNextAgentOfTheNode) {
  const PutModel model = train();
  post("/api/v1/models/edge@1/deploy?node=n1");
  harness().step(Committed{harness().batch()->batch});
  harness().step(
      QueryFinished{harness().all<RunQuery>().at(0)->id, api::ModelPayload{model.payload}});
  const wire::Command first = command(wire::CommandKind::deploy_model);
  hear_from(harness(), "n1", 6);
  const wire::Command second = command(wire::CommandKind::deploy_model);
  EXPECT_EQ(second.epoch, 6U);
  answer(first, wire::CommandStatus::refused, {}, "late");
  answer(second, wire::CommandStatus::done);
  EXPECT_EQ(harness().changes<PutWish>().at(0).wish.state, WishState::done);
}

TEST_F(CoordinatorModelsTest, TakesNoModelOfAnAgentThatIsRefused) {
  post("/api/v1/nodes/n1/train");
  const wire::Command train = command(wire::CommandKind::train);
  harness().hear("n1", some_birth(77, 2));  // another box with this id, while the first is alive
  harness().hear("n1",
                 wire::CommandResult{train.id, 77, wire::CommandStatus::done, "", model_bytes()});
  EXPECT_TRUE(harness().changes<PutModel>().empty());
  answer(train, wire::CommandStatus::done, model_bytes());
  harness().commit_all();
  EXPECT_NE(harness().body_of("/api/v1/models").find("edge@1"), std::string::npos);
}

TEST_F(CoordinatorModelsTest, LosesItsModelsWithItsStoreAndSaysSo) {
  train();
  harness().step(StoreOpened{});
  EXPECT_NE(harness().log().find("1 models and what was wished"), std::string::npos);
  EXPECT_EQ(harness().body_of("/api/v1/models").find("edge@1"), std::string::npos);
}

TEST_F(CoordinatorModelsTest, GivesANewNodeOfAClassItsModel) {
  const PutModel model = train();
  post("/api/v1/models/edge@1/deploy?class=edge");
  harness().commit_all();
  hear_from(harness(), "n2", 8);
  std::vector<PutWish> wishes;
  for (int i = 0; i < 40 && wishes.empty(); ++i) {
    harness().tick_after(seconds{1});
    wishes = harness().changes<PutWish>();
  }
  ASSERT_EQ(wishes.size(), 1U);
  EXPECT_EQ(wishes[0].node.str(), "n2");
  EXPECT_EQ(wishes[0].wish.model, "edge@1");
}

TEST_F(CoordinatorModelsTest, TellsMetricsOfModels) {
  train();
  const std::string metrics = harness().body_of("/metrics");
  EXPECT_NE(metrics.find("bw_models 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("bw_model_wishes{state=\"waiting\"} 0\n"), std::string::npos);
}

TEST_F(CoordinatorModelsTest, ChangesNothingThroughAReadingMethod) {
  post("/api/v1/nodes/n1/train", 9, "GET");
  ASSERT_NE(response(), nullptr);
  EXPECT_EQ(response()->status, 405);
  EXPECT_TRUE(harness().commands().empty());
}

}  // namespace
}  // namespace bw::coordinator
