#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class NodesTest : public ApiTest {
 protected:
  NodesTest() {
    FakeNode& full = fleet.add("edge-1");
    full.birth.epoch = 0xabc;
    full.birth.store_id = 1;
    full.birth.site = "berlin";
    full.birth.labels = {{"rack", "a1"}, {"role", "infer"}};
    full.birth.agent_version = "0.1.0";
    full.birth.started_ms = 1'700'000'000'000;
    full.birth.period_ms = 1000;
    full.birth.capabilities = {"telemetry"};
    full.birth.table_id = 0x1234;
    full.birth.hardware = {"host-1", "m-1",  "b-1", "6.1",  "Debian 12",
                           "x86_64", "Xeon", 4,     1 << 30};
    full.series = {{"cpu.util", "%", wire::SeriesKind::gauge, {}}};
    full.live = {25.0F};
    full.refused[static_cast<std::size_t>(wire::Refusal::malformed)] = 3;
    fleet.add("edge-2").status = NodeStatus::silent;
    fleet.add("edge-3").birth.labels = {{"rack", "a1"}};
  }
  std::vector<std::string> ids(const std::string& target) {
    std::vector<std::string> found;
    const Json json = get_json(target);
    for (const Json& node : json["nodes"]) found.push_back(node["id"]);
    return found;
  }
  using Ids = std::vector<std::string>;
};

TEST_F(NodesTest, ListsThemByIdWithWhatTheyAre) {
  const Json json = get_json("/api/v1/nodes");
  ASSERT_EQ(json["nodes"].size(), 3U);
  EXPECT_TRUE(json["next"].is_null());
  const Json& node = json["nodes"][0];
  EXPECT_EQ(node["id"], "edge-1");
  EXPECT_EQ(node["site"], "berlin");
  EXPECT_EQ(node["status"], "online");
  EXPECT_EQ(node["since"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(node["last_seen"], "2023-11-14T22:13:21.000Z");
  EXPECT_EQ(node["labels"], (Json{{"rack", "a1"}, {"role", "infer"}}));
  EXPECT_EQ(node["agent_version"], "0.1.0");
  EXPECT_EQ(node["hostname"], "host-1");
  EXPECT_EQ(node["arch"], "x86_64");
  EXPECT_EQ(node["os"], "Debian 12");
  EXPECT_EQ(node["kernel"], "6.1");
  EXPECT_EQ(node["cpu_model"], "Xeon");
  EXPECT_EQ(node["cpus"], 4);
  EXPECT_EQ(node["memory_bytes"], 1 << 30);
  EXPECT_EQ(node["series"], 1);
  EXPECT_EQ(node["summary"]["cpu_util"], 25);
  EXPECT_TRUE(node["summary"]["load1"].is_null());
  EXPECT_FALSE(node.contains("epoch"));
}

TEST_F(NodesTest, FilterBySiteStatusAndEveryLabel) {
  EXPECT_EQ(ids("/api/v1/nodes?site=berlin"), Ids{"edge-1"});
  EXPECT_EQ(ids("/api/v1/nodes?status=silent"), Ids{"edge-2"});
  EXPECT_EQ(ids("/api/v1/nodes?label=rack=a1"), (Ids{"edge-1", "edge-3"}));
  EXPECT_EQ(ids("/api/v1/nodes?label=rack=a1&label=role=infer"), Ids{"edge-1"});
  EXPECT_EQ(ids("/api/v1/nodes?label=rack=b"), Ids{});
}

TEST_F(NodesTest, ComeInPages) {
  Json page = get_json("/api/v1/nodes?limit=2");
  EXPECT_EQ(page["nodes"].size(), 2U);
  EXPECT_EQ(page["next"], "edge-2");
  page = get_json("/api/v1/nodes?limit=2&after=edge-2");
  EXPECT_EQ(page["nodes"][0]["id"], "edge-3");
  EXPECT_TRUE(page["next"].is_null());
  page = get_json("/api/v1/nodes?limit=3");
  EXPECT_TRUE(page["next"].is_null());
}

TEST_F(NodesTest, SayNextOnlyWhereAnotherOnePassesTheFilter) {
  EXPECT_TRUE(get_json("/api/v1/nodes?limit=1&status=silent")["next"].is_null());
}

TEST_F(NodesTest, RefuseParametersThatMakeNoSense) {
  EXPECT_EQ(problem_of("/api/v1/nodes?limit=0")["parameter"], "limit");
  EXPECT_EQ(problem_of("/api/v1/nodes?limit=1001")["parameter"], "limit");
  EXPECT_EQ(problem_of("/api/v1/nodes?limit=ten")["parameter"], "limit");
  EXPECT_EQ(problem_of("/api/v1/nodes?status=up")["parameter"], "status");
  EXPECT_EQ(problem_of("/api/v1/nodes?label=rack")["parameter"], "label");
  EXPECT_EQ(problem_of("/api/v1/nodes?after=a%20b")["parameter"], "after");
}

TEST_F(NodesTest, ShowOneWithAllThatIsKnown) {
  const Json node = get_json("/api/v1/nodes/edge-1");
  EXPECT_EQ(node["id"], "edge-1");
  EXPECT_EQ(node["epoch"], "0000000000000abc");
  EXPECT_EQ(node["store_id"], "0000000000000001");
  EXPECT_EQ(node["table_id"], "0000000000001234");
  EXPECT_EQ(node["class"], "x86_64-4cpu-1gib");
  EXPECT_TRUE(node["model"].is_null());
  EXPECT_EQ(node["started"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(node["period_ms"], 1000);
  EXPECT_EQ(node["boot_id"], "b-1");
  EXPECT_EQ(node["machine_id"], "m-1");
  EXPECT_EQ(node["capabilities"], Json::array({"telemetry"}));
  EXPECT_EQ(node["records"]["stored"], 10);
  EXPECT_EQ(node["records"]["duplicates"], 2);
  EXPECT_EQ(node["records"]["gaps"], 1);
  EXPECT_EQ(node["records"]["last_stored"], "2023-11-14T22:13:22.000Z");
  EXPECT_EQ(node["refused"], (Json{{"malformed", 3}}));
  EXPECT_TRUE(node["clock_offset_ms"].is_null());
}

TEST_F(NodesTest, ShowOneThatSaidNothingOfItselfYet) {
  fleet.add("mute").is_born = false;
  const Json node = get_json("/api/v1/nodes/mute");
  EXPECT_EQ(node["site"], "");
  EXPECT_EQ(node["series"], 0);
  EXPECT_TRUE(node["started"].is_null());
  EXPECT_TRUE(node["summary"]["cpu_util"].is_null());
}

TEST_F(NodesTest, AreNotFoundByAnIdThatNoneHas) {
  EXPECT_EQ(problem_of("/api/v1/nodes/nobody", 404)["instance"], "/api/v1/nodes/nobody");
  problem_of("/api/v1/nodes/a%20b", 404);
}

}  // namespace
}  // namespace bw::coordinator::api
