#include "coordinator/core/api/federate.h"

#include <cmath>
#include <sstream>

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class FederateTest : public ApiTest {
 protected:
  FakeNode& add(const std::string& id, const std::string& site = "paris") {
    FakeNode& node = fleet.add(id);
    node.birth.site = site;
    node.series = {{"cpu.util", "%", wire::SeriesKind::gauge, {}},
                   {"cpu.util", "%", wire::SeriesKind::gauge, {{"cpu", "0"}}},
                   {"net.rx_bytes", "B", wire::SeriesKind::counter, {{"interface", "eth0"}}}};
    node.birth.table_id = wire::series_table_id(node.series);
    node.live = {12.5F, 50.F, 1000.F};
    node.live_ms = 1'700'000'001'000;
    return node;
  }
  // All pieces together.
  std::string text(const std::string& target = "/federate") {
    Response response = get(target);
    EXPECT_EQ(response.status, 200) << response.body;
    std::string all = response.body;
    if (!response.more) return all;
    for (std::string piece = response.more(); !piece.empty(); piece = response.more()) all += piece;
    return all;
  }
};

TEST_F(FederateTest, GivesTheNewestValuesMetricByMetric) {
  add("a");
  add("b", "");
  EXPECT_EQ(get("/federate").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(text(),
            "# HELP bw_cpu_util_ratio Share of the time in which the CPU was neither idle nor "
            "waiting for I/O.\n"
            "# TYPE bw_cpu_util_ratio gauge\n"
            "bw_cpu_util_ratio{node=\"a\",site=\"paris\"} 0.125 1700000001000\n"
            "bw_cpu_util_ratio{node=\"a\",site=\"paris\",cpu=\"0\"} 0.5 1700000001000\n"
            "bw_cpu_util_ratio{node=\"b\"} 0.125 1700000001000\n"
            "bw_cpu_util_ratio{node=\"b\",cpu=\"0\"} 0.5 1700000001000\n"
            "# HELP bw_net_rx_bytes_per_second Data received. As a rate a second.\n"
            "# TYPE bw_net_rx_bytes_per_second gauge\n"
            "bw_net_rx_bytes_per_second{node=\"a\",site=\"paris\",interface=\"eth0\"} 1000 "
            "1700000001000\n"
            "bw_net_rx_bytes_per_second{node=\"b\",interface=\"eth0\"} 1000 1700000001000\n");
}

TEST_F(FederateTest, LeavesOutNodesAndSeriesWithoutANewestValue) {
  add("a").status = NodeStatus::silent;
  add("b").status = NodeStatus::offline;
  add("c").live.clear();
  add("d").is_born = false;
  add("e").live = {std::nanf(""), 50.F, std::nanf("")};
  add("f").status = NodeStatus::draining;
  const std::string all = text("/federate?metric=cpu.*");
  for (const char* node : {"a", "b", "c", "d"}) {
    EXPECT_EQ(all.find("node=\"" + std::string(node) + "\""), std::string::npos) << node;
  }
  EXPECT_EQ(all.find("{node=\"e\",site=\"paris\"}"), std::string::npos);
  EXPECT_NE(all.find("{node=\"e\",site=\"paris\",cpu=\"0\"} 0.5"), std::string::npos);
  EXPECT_NE(all.find("node=\"f\""), std::string::npos);
}

TEST_F(FederateTest, FiltersByNodeSiteAndMetric) {
  add("box-1");
  add("box-2", "lyon");
  add("gate-1", "lyon");
  const auto count = [&](const std::string& target) {
    std::istringstream lines(text(target));
    int found = 0;
    for (std::string line; std::getline(lines, line);) found += line.starts_with('#') ? 0 : 1;
    return found;
  };
  EXPECT_EQ(count("/federate"), 9);
  EXPECT_EQ(count("/federate?node=box-*"), 6);
  EXPECT_EQ(count("/federate?node=box-1&node=gate-?"), 6);
  EXPECT_EQ(count("/federate?site=lyon"), 6);
  EXPECT_EQ(count("/federate?site=lyon&node=box-*&metric=net.*"), 1);
  EXPECT_EQ(count("/federate?metric=nothing"), 0);
}

TEST_F(FederateTest, RefusesWhatIsNoPattern) {
  EXPECT_EQ(problem_of("/federate?metric=a%5Bb%5D")["status"], 400);
  EXPECT_EQ(problem_of("/federate?node=")["status"], 400);
  EXPECT_EQ(problem_of("/federate?match=cpu")["status"], 400);
}

TEST_F(FederateTest, LabelsThatWouldHideOursAreRenamed) {
  FakeNode& node = add("a");
  node.series = {
      {"mem.free", "B", wire::SeriesKind::gauge, {{"node", "0"}, {"__x", "1"}, {"empty", ""}}}};
  node.birth.table_id = wire::series_table_id(node.series);
  node.live = {5};
  EXPECT_NE(text().find("{node=\"a\",site=\"paris\",exported_node=\"0\",exported___x=\"1\"} 5 "),
            std::string::npos);
}

TEST_F(FederateTest, AMetricThatTheTableDoesNotKnowGoesOutToo) {
  FakeNode& node = add("a");
  node.series = {{"new.thing", "s", wire::SeriesKind::gauge, {}}};
  node.birth.table_id = wire::series_table_id(node.series);
  node.live = {5};
  EXPECT_NE(text().find("bw_new_thing_seconds{node=\"a\",site=\"paris\"} 5 "), std::string::npos);
}

TEST_F(FederateTest, TablesThatPretendToBeTheSameAreToldApart) {
  FakeNode& long_one = add("a");
  FakeNode& short_one = add("b");
  short_one.series = {{"fan.speed", "rpm", wire::SeriesKind::gauge, {}}};
  short_one.birth.table_id = long_one.birth.table_id;
  short_one.live = {700.F, 701.F, 702.F};  // a value more than there are series
  const std::string all = text();
  EXPECT_EQ(all.find("{node=\"b\",site=\"paris\",cpu"), std::string::npos);
  EXPECT_NE(all.find("{node=\"b\",site=\"paris\"} 700 "), std::string::npos);
  EXPECT_EQ(all.find("} 701 "), std::string::npos);
}

TEST_F(FederateTest, ManyNodesComeInBoundedPiecesAndNoneTwice) {
  constexpr int kNodes = 10'000;
  for (int i = 0; i < kNodes; ++i) add("node-" + std::to_string(i));
  Response response = get("/federate");
  std::string all;
  int pieces = 0;
  for (std::string piece = response.body; !piece.empty(); piece = response.more()) {
    EXPECT_LE(piece.size(), Federation::kPieceBytes + 4096);
    all += piece;
    ++pieces;
  }
  EXPECT_GT(pieces, 10);
  std::istringstream lines(all);
  std::set<std::string> seen;
  int types = 0;
  for (std::string line; std::getline(lines, line);) {
    types += line.starts_with("# TYPE") ? 1 : 0;
    if (line.starts_with('#')) continue;
    EXPECT_TRUE(seen.insert(line).second) << line;
  }
  EXPECT_EQ(seen.size(), 3U * kNodes);
  EXPECT_EQ(types, 2);
}

TEST_F(FederateTest, NodesThatDoNotMatchCostABoundedPieceToo) {
  for (int i = 0; i < 3 * static_cast<int>(Federation::kNodesAPiece); ++i) {
    add("node-" + std::to_string(i));
  }
  add("a-first");
  add("z-last");
  const std::string all = text("/federate?node=?-*&metric=net.*");
  EXPECT_NE(all.find("a-first"), std::string::npos);
  EXPECT_NE(all.find("z-last"), std::string::npos);
  EXPECT_EQ(all.find("node-"), std::string::npos);
}

}  // namespace
}  // namespace bw::coordinator::api
