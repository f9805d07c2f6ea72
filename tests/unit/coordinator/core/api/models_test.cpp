#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class ModelsApiTest : public ApiTest {
 protected:
  ModelsApiTest() {
    ModelRecord model;
    model.id = {"edge", 3};
    model.node_class = "edge";
    model.source = "n1";
    model.created_ms = kNowMs - 1000;
    model.from_ms = 1000;
    model.to_ms = 61000;
    model.rows = 900;
    model.metrics = {"cpu.util", "mem.util"};
    model.threshold = 31.5;
    model.bytes = 400'000;
    model.crc = 0xabc;
    model.note = "a note";
    models.models = {model};
  }

  FakeNode& runner(const std::string& id, float drift, float rate) {
    FakeNode& node = fleet.add(id);
    node.birth.model = "edge@3";
    node.series = {{"self.model_drift", "1", wire::SeriesKind::gauge, {}},
                   {"self.anomaly_rate", "count", wire::SeriesKind::gauge, {}},
                   {"self.anomaly_threshold", "1", wire::SeriesKind::gauge, {}}};
    node.live = {drift, rate, 30};
    return node;
  }
};

TEST_F(ModelsApiTest, AreListedWithHowTheyDo) {
  runner("n1", 0.125F, 1);
  runner("n2", 0.5F, 2);
  fleet.add("n3").birth.model = "edge@3";  // publishes nothing of it
  fleet.add("n4").is_born = false;
  models.wishes["n4"] = Wish{"edge@3", kNowMs, WishState::waiting, "", {}};
  models.wishes["n5"] = Wish{"edge@3", kNowMs, WishState::refused, "no", {}};
  models.classes["edge"] = Wish{"edge@3", kNowMs, WishState::done, "", {}};
  models.classes["old"] = Wish{"edge@2", kNowMs, WishState::ended, "", {}};
  const Json list = get_json("/api/v1/models");
  ASSERT_EQ(list["models"].size(), 1U);
  const Json& model = list["models"][0];
  EXPECT_EQ(model["id"], "edge@3");
  EXPECT_EQ(model["class"], "edge");
  EXPECT_EQ(model["source"], "n1");
  EXPECT_EQ(model["from"], "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(model["rows"], 900);
  EXPECT_EQ(model["metrics"], 2);
  EXPECT_EQ(model["threshold"], 31.5);
  EXPECT_EQ(model["crc32c"], "00000abc");
  EXPECT_EQ(model["running"], 3);
  EXPECT_EQ(model["waiting"], 1);
  EXPECT_EQ(model["refused"], 1);
  EXPECT_EQ(model["drift"], 0.5);
  EXPECT_EQ(model["anomaly_rate"], 1.5);
  ASSERT_EQ(list["classes"].size(), 1U);
  EXPECT_EQ(list["classes"][0]["class"], "edge");
  EXPECT_EQ(list["most"], 64);
}

TEST_F(ModelsApiTest, AreListedWhereNobodyRunsThem) {
  models.models[0].source = "";
  models.models[0].node_class = "";
  const Json model = get_json("/api/v1/models")["models"][0];
  EXPECT_TRUE(model["drift"].is_null());
  EXPECT_TRUE(model["anomaly_rate"].is_null());
  EXPECT_TRUE(model["source"].is_null());
  EXPECT_TRUE(model["class"].is_null());
  EXPECT_EQ(model["running"], 0);
}

TEST_F(ModelsApiTest, AreShownWithTheirNodes) {
  runner("n1", 0.125F, 1);
  models.wishes["n1"] = Wish{"edge@3", 5000, WishState::done, "", {"edge@1", "edge@2"}};
  fleet.add("n2");
  models.wishes["n2"] = Wish{"edge@3", 5000, WishState::refused, "other metrics", {}};
  fleet.add("n3");
  models.wishes["n3"] = Wish{"edge@3", 5000, WishState::ended, "", {}};
  fleet.add("n4");
  const Json model = get_json("/api/v1/models/edge@3");
  EXPECT_EQ(model["metric_names"], Json::array({"cpu.util", "mem.util"}));
  EXPECT_EQ(model["truncated"], false);
  ASSERT_EQ(model["nodes"].size(), 2U);
  const Json& first = model["nodes"][0];
  EXPECT_EQ(first["node"], "n1");
  EXPECT_EQ(first["state"], "running");
  EXPECT_EQ(first["before"], "edge@2");
  EXPECT_EQ(first["drift"], 0.125);
  EXPECT_EQ(first["threshold"], 30.0);
  const Json& second = model["nodes"][1];
  EXPECT_EQ(second["state"], "refused");
  EXPECT_EQ(second["reason"], "other metrics");
  EXPECT_TRUE(second["before"].is_null());
  EXPECT_TRUE(second["drift"].is_null());
}

TEST_F(ModelsApiTest, AreShownWithABoundedNumberOfNodes) {
  for (int i = 0; i < 1001; ++i) fleet.add("n" + std::to_string(i)).birth.model = "edge@3";
  const Json model = get_json("/api/v1/models/edge@3");
  EXPECT_EQ(model["nodes"].size(), 1000U);
  EXPECT_EQ(model["truncated"], true);
  EXPECT_EQ(model["running"], 1001);
}

TEST_F(ModelsApiTest, AreNotThereWhereTheyAreNot) {
  problem_of("/api/v1/models/edge@9", 404);
  problem_of("/api/v1/models/nonsense", 404);
  problem_of("/api/v1/models/edge@9/download", 404);
}

TEST_F(ModelsApiTest, AreDownloadedAsTheyLieInTheStore) {
  EXPECT_EQ(question<ModelQuery>("/api/v1/models/edge@3/download").model.text(), "edge@3");
  const auto response =
      api.finish(last_id, ModelPayload{{std::byte{'a'}, std::byte{0}, std::byte{'b'}}}, fleet);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->content_type, "application/octet-stream");
  EXPECT_EQ(response->body, std::string("a\0b", 3));
  EXPECT_EQ(response->headers.at(0).second, "attachment; filename=\"edge-3.bwmodel\"");
  question<ModelQuery>("/api/v1/models/edge@3/download");
  finish(ModelPayload{}, 404);
  question<ModelQuery>("/api/v1/models/edge@3/download");
  finish(QueryError{"busy"}, 503);
  question<ModelQuery>("/api/v1/models/edge@3/download");
  finish(EventResult{}, 500);
}

}  // namespace
}  // namespace bw::coordinator::api
