#include <limits>

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class SeriesTest : public ApiTest {
 protected:
  SeriesTest() {
    FakeNode& node = fleet.add("n1");
    node.series = {{"cpu.util", "%", wire::SeriesKind::gauge, {}},
                   {"net.rx_bytes", "B", wire::SeriesKind::counter, {{"interface", "eth0"}}},
                   {"cpu.load1", "1", wire::SeriesKind::gauge, {}}};
    node.live = {0.1F, std::numeric_limits<float>::quiet_NaN()};
    node.live_ms = 1'700'000'000'000;
  }
};

TEST_F(SeriesTest, HaveTheirNewestValues) {
  const Json json = get_json("/api/v1/nodes/n1/series");
  EXPECT_EQ(json["node"], "n1");
  EXPECT_EQ(json["time"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(json["sequence"], 5);
  ASSERT_EQ(json["series"].size(), 3U);
  EXPECT_EQ(json["series"][0], (Json{{"alias", 0},
                                     {"name", "cpu.util"},
                                     {"unit", "%"},
                                     {"kind", "gauge"},
                                     {"labels", Json::object()},
                                     {"value", 0.1}}));
}

TEST_F(SeriesTest, SayThatACountersValueIsARate) {
  const Json series = get_json("/api/v1/nodes/n1/series")["series"][1];
  EXPECT_EQ(series["unit"], "B/s");
  EXPECT_EQ(series["kind"], "counter");
  EXPECT_EQ(series["labels"], (Json{{"interface", "eth0"}}));
}

TEST_F(SeriesTest, AreNullWhereThereIsNoValue) {
  const Json json = get_json("/api/v1/nodes/n1/series");
  EXPECT_TRUE(json["series"][1]["value"].is_null());
  EXPECT_TRUE(json["series"][2]["value"].is_null());  // the sample is shorter than the table
}

TEST_F(SeriesTest, FilterByTheBeginOfTheirName) {
  const Json json = get_json("/api/v1/nodes/n1/series?metric=cpu.l");
  ASSERT_EQ(json["series"].size(), 1U);
  EXPECT_EQ(json["series"][0]["alias"], 2);
}

TEST_F(SeriesTest, RefuseANameThatCanNotBe) {
  EXPECT_EQ(problem_of("/api/v1/nodes/n1/series?metric=a%22b")["parameter"], "metric");
}

TEST_F(SeriesTest, AreNoneOfANodeThatSaidNothingYet) {
  fleet.add("mute").is_born = false;
  const Json json = get_json("/api/v1/nodes/mute/series");
  EXPECT_TRUE(json["series"].empty());
  EXPECT_TRUE(json["time"].is_null());
}

TEST_F(SeriesTest, AreNotFoundForANodeThatIsNotThere) {
  problem_of("/api/v1/nodes/nobody/series", 404);
}

}  // namespace
}  // namespace bw::coordinator::api
