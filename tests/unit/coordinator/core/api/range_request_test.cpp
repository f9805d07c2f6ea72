#include <limits>

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class RangeRequestTest : public ApiTest {
 protected:
  RangeRequestTest() {
    FakeNode& node = fleet.add("n1");
    node.series = {gauge(), counter()};
    node.live = {42.0F, 7.0F};
    node.live_ms = kNowMs - 500;
  }
  static wire::SeriesInfo gauge() { return {"cpu.util", "%", wire::SeriesKind::gauge, {}}; }
  static wire::SeriesInfo counter() {
    return {"net.rx_bytes", "B", wire::SeriesKind::counter, {{"interface", "eth0"}}};
  }
  RangeQuery query(const std::string& parameters) {
    return question<RangeQuery>("/api/v1/query?metric=cpu.util" + parameters);
  }
  std::string culprit(const std::string& parameters) {
    return problem_of("/api/v1/query?metric=cpu.util" + parameters)["parameter"];
  }
  // The points of the only series in the answer to a query of `parameters`, where the store has
  // `stored` of n1's `series`.
  Json points(const std::string& parameters, wire::SeriesInfo series, std::vector<Point> stored) {
    question<RangeQuery>("/api/v1/query?" + parameters);
    RangeResult result;
    result.series.push_back({"n1", std::move(series), std::move(stored)});
    const Json json = finish(std::move(result));
    EXPECT_EQ(json["series"].size(), 1U);
    return json["series"][0]["points"];
  }
};

TEST_F(RangeRequestTest, AsksTheLastQuarterOfAnHourWhereNothingIsSaid) {
  const RangeQuery asked = query("");
  EXPECT_EQ(asked.metric, "cpu.util");
  EXPECT_EQ(asked.node, "");
  EXPECT_EQ(asked.to_ms, kNowMs);
  EXPECT_EQ(asked.from_ms, kNowMs - 900'000);
  EXPECT_EQ(asked.step_ms, 5000);
  EXPECT_EQ(asked.function, Function::avg);
}

TEST_F(RangeRequestTest, AsksWhatIsSaid) {
  const RangeQuery asked = query(
      "&node=n1&label=interface=eth0&label=a=b=c&from=2023-11-14T22:00:00Z&to=1700000000"
      "&step=500ms&function=max");
  EXPECT_EQ(asked.node, "n1");
  EXPECT_EQ(asked.labels, (std::vector<wire::Label>{{"interface", "eth0"}, {"a", "b=c"}}));
  EXPECT_EQ(asked.from_ms, 1'699'999'200'000);
  EXPECT_EQ(asked.to_ms, 1'700'000'000'000);
  EXPECT_EQ(asked.step_ms, 500);
  EXPECT_EQ(asked.function, Function::max);
}

TEST_F(RangeRequestTest, ChoosesAStepForAbout300PointsButNoneBelowASecond) {
  EXPECT_EQ(query("&from=-10s").step_ms, 1000);
  EXPECT_EQ(query("&from=-5m").step_ms, 1000);
  EXPECT_EQ(query("&from=-1h").step_ms, 15'000);
  EXPECT_EQ(query("&from=-1d").step_ms, 300'000);
  EXPECT_EQ(query("&from=-30d").step_ms, 10'800'000);
  EXPECT_EQ(query("&from=-400d").step_ms, 2 * 86'400'000);
}

TEST_F(RangeRequestTest, RatesWhatANodeKnowsAsACounter) {
  EXPECT_EQ(question<RangeQuery>("/api/v1/query?metric=net.rx_bytes").function, Function::rate);
  EXPECT_EQ(question<RangeQuery>("/api/v1/query?metric=net.rx_bytes&node=n1").function,
            Function::rate);
  EXPECT_EQ(question<RangeQuery>("/api/v1/query?metric=net.rx_bytes&node=n2").function,
            Function::avg);
  EXPECT_EQ(question<RangeQuery>("/api/v1/query?metric=net.rx_bytes&function=last").function,
            Function::last);
  EXPECT_EQ(question<RangeQuery>("/api/v1/query?metric=other").function, Function::avg);
  EXPECT_EQ(query("&aggregate=max").function, Function::max) << "as it was called";
}

TEST_F(RangeRequestTest, GroupsByLabelsAndTellsTheSitesOfNodes) {
  fleet.add("n0").birth.site = "lab";
  const RangeQuery asked = query("&group_by=site&group_by=cpu&across=p95&function=p99");
  EXPECT_TRUE(asked.is_grouped);
  EXPECT_EQ(asked.group_by, (std::vector<std::string>{"site", "cpu"}));
  EXPECT_EQ(asked.across, Across::p95);
  EXPECT_EQ(asked.function, Function::p99);
  ASSERT_EQ(asked.sites.size(), 2U);
  EXPECT_EQ(asked.sites[0].first, "n0");
  EXPECT_EQ(asked.sites[0].second, "lab");
  EXPECT_TRUE(query("&group_by=node").sites.empty());
  EXPECT_EQ(query("&group_by=node").across, Across::avg);
  EXPECT_TRUE(query("&across=sum").is_grouped);
  EXPECT_FALSE(query("").is_grouped);
  EXPECT_EQ(culprit("&across=median"), "across");
  EXPECT_EQ(culprit("&group_by=a%20b"), "group_by");
  EXPECT_EQ(culprit("&group_by=a&group_by=a"), "group_by");
  EXPECT_EQ(culprit("&group_by=a&group_by=b&group_by=c&group_by=d&group_by=e"), "group_by");
}

TEST_F(RangeRequestTest, BoundsThePointsOfTheWholeAnswer) {
  EXPECT_EQ(query("&from=-1m&step=1s").max_series, 1000U);
  EXPECT_EQ(query("&from=-10000s&step=1s").max_series, 100U);
  EXPECT_EQ(query("&from=-11000s&step=1s").max_series, 90U);
}

TEST_F(RangeRequestTest, RefusesAbsurdRangesAndSteps) {
  EXPECT_EQ(culprit("&from=now"), "to");
  EXPECT_EQ(culprit("&from=now&to=-1h"), "to");
  EXPECT_EQ(culprit("&from=0"), "from");
  EXPECT_EQ(culprit("&from=-401d"), "from");
  EXPECT_EQ(culprit("&step=0s"), "step");
  EXPECT_EQ(culprit("&step=0.1ms"), "step");
  EXPECT_EQ(culprit("&step=-5s"), "step");
  EXPECT_EQ(culprit("&step=5"), "step");
  EXPECT_EQ(culprit("&step=401d"), "step");
  EXPECT_EQ(culprit("&from=-11001s&step=1s"), "step");
  EXPECT_EQ(culprit("&from=-1d&step=1ms"), "step");
  EXPECT_EQ(culprit("&from=tomorrow"), "from");
  EXPECT_EQ(culprit("&to=-99999999d"), "to");
}

TEST_F(RangeRequestTest, RefusesAbsurdNamesLabelsAndAggregates) {
  EXPECT_EQ(problem_of("/api/v1/query?metric=a%20b")["parameter"], "metric");
  EXPECT_EQ(problem_of("/api/v1/query?metric=%27;drop")["parameter"], "metric");
  EXPECT_EQ(problem_of("/api/v1/query?metric=" + std::string(201, 'a'))["parameter"], "metric");
  EXPECT_EQ(culprit("&label=eth0"), "label");
  EXPECT_EQ(culprit("&label==eth0"), "label");
  EXPECT_EQ(culprit("&label=a=" + std::string(257, 'b')), "label");
  EXPECT_EQ(culprit("&label=a=1&label=a=2&label=a=3&label=a=4&label=a=5&label=a=6&label=a=7"
                    "&label=a=8&label=a=9"),
            "label");
  EXPECT_EQ(culprit("&function=median"), "function");
  EXPECT_EQ(culprit("&aggregate=median"), "aggregate");
  EXPECT_EQ(culprit("&function=avg&aggregate=avg"), "aggregate");
  EXPECT_EQ(culprit("&node=a/b"), "node");
}

TEST_F(RangeRequestTest, AnswersWhatTheStoreHas) {
  question<RangeQuery>("/api/v1/query?metric=net.rx_bytes&node=n2&from=-1m&step=10s&function=rate");
  RangeResult result;
  result.series.push_back({"n2", counter(), {{1000, 2.5}, {2000, 3}}});
  result.truncated = true;
  EXPECT_EQ(finish(std::move(result)), Json::parse(R"({
    "metric": "net.rx_bytes", "function": "rate",
    "group_by": null, "across": null, "resolution": "raw",
    "from": "2023-11-14T22:14:00.000Z", "to": "2023-11-14T22:15:00.000Z", "step_ms": 10000,
    "series": [{"node": "n2", "name": "net.rx_bytes", "unit": "B/s",
                "labels": {"interface": "eth0"}, "points": [[1000, 2.5], [2000, 3.0]]}],
    "truncated": true})"));
}

TEST_F(RangeRequestTest, CountsInNoUnitOfTheSeries) {
  question<RangeQuery>("/api/v1/query?metric=cpu.util&function=count");
  RangeResult result;
  result.series.push_back({"n1", gauge(), {}});
  EXPECT_EQ(finish(std::move(result))["series"][0]["unit"], "count");
}

TEST_F(RangeRequestTest, PutsTheNewestLiveValueBehindWhatTheStoreHas) {
  EXPECT_EQ(points("metric=cpu.util&to=%2B1m&step=1s", gauge(), {{kNowMs - 60'000, 1}}),
            (Json{{kNowMs - 60'000, 1.0}, {kNowMs - 1000, 42.0}}));
}

TEST_F(RangeRequestTest, PutsNoLiveValueWhereTheStoreHasThatStepAlready) {
  EXPECT_EQ(points("metric=cpu.util&to=%2B1m&step=1s", gauge(), {{kNowMs - 1000, 1}}).size(), 1U);
  EXPECT_EQ(points("metric=cpu.util&to=%2B1m&step=1s", gauge(), {{kNowMs, 1}}).size(), 1U);
}

TEST_F(RangeRequestTest, PutsNoLiveValueThatLiesOutsideTheRange) {
  EXPECT_TRUE(points("metric=cpu.util&to=-1s", gauge(), {}).empty());
  EXPECT_TRUE(points("metric=cpu.util&from=now&to=%2B1m", gauge(), {}).empty());
}

TEST_F(RangeRequestTest, PutsNoLiveValueOfAnotherSeriesBehindOne) {
  wire::SeriesInfo other = gauge();
  other.labels = {{"cpu", "0"}};
  question<RangeQuery>("/api/v1/query?metric=cpu.util");
  RangeResult result;
  result.series.push_back({"n1", other, {{1000, 1}}});
  const Json json = finish(std::move(result));
  ASSERT_EQ(json["series"].size(), 2U);
  EXPECT_EQ(json["series"][0]["points"].size(), 1U);
  EXPECT_EQ(json["series"][1]["points"][0][1], 42.0);
}

TEST_F(RangeRequestTest, PutsAGaugesLiveValueOnlyWhereItIsSuchAPoint) {
  for (const char* with : {"avg", "min", "max", "last"}) {
    EXPECT_EQ(points(std::string("metric=cpu.util&function=") + with, gauge(), {}).size(), 1U);
  }
  for (const char* without : {"sum", "count", "rate"}) {
    EXPECT_TRUE(points(std::string("metric=cpu.util&function=") + without, gauge(), {}).empty());
  }
}

TEST_F(RangeRequestTest, PutsACountersLiveRateBehindRatesOnly) {
  EXPECT_EQ(points("metric=net.rx_bytes&function=rate", counter(), {})[0][1], 7.0);
  EXPECT_TRUE(points("metric=net.rx_bytes&function=last", counter(), {}).empty());
}

TEST_F(RangeRequestTest, ShowsASeriesThatIsOnlyLiveYet) {
  question<RangeQuery>("/api/v1/query?metric=cpu.util&step=1s");
  const Json json = finish(RangeResult{});
  ASSERT_EQ(json["series"].size(), 1U);
  EXPECT_EQ(json["series"][0]["node"], "n1");
  EXPECT_EQ(json["series"][0]["points"], (Json{{kNowMs - 1000, 42.0}}));
}

TEST_F(RangeRequestTest, ShowsLiveValuesOfTheAskedNodeAndLabelsOnly) {
  FakeNode& other = fleet.add("n2");
  other.series = {gauge()};
  other.live = {1.0F};
  other.live_ms = kNowMs - 500;
  question<RangeQuery>("/api/v1/query?metric=cpu.util&node=n2");
  const Json one = finish(RangeResult{});
  ASSERT_EQ(one["series"].size(), 1U);
  EXPECT_EQ(one["series"][0]["node"], "n2");
  question<RangeQuery>("/api/v1/query?metric=cpu.util&label=a=b");
  EXPECT_TRUE(finish(RangeResult{})["series"].empty());
}

TEST_F(RangeRequestTest, ShowsNoMoreLiveSeriesThanItsBound) {
  FakeNode& wide = fleet.add("n2");
  for (int i = 0; i < 1500; ++i) {
    wide.series.push_back({"disk.util", "%", wire::SeriesKind::gauge, {{"d", std::to_string(i)}}});
    wide.live.push_back(1.0F);
  }
  wide.live_ms = kNowMs - 500;
  question<RangeQuery>("/api/v1/query?metric=disk.util");
  const Json json = finish(RangeResult{});
  EXPECT_EQ(json["series"].size(), 1000U);
  EXPECT_EQ(json["truncated"], true);
}

TEST_F(RangeRequestTest, ShowsNoLiveValueThatIsNone) {
  FakeNode& none = fleet.add("n2");
  none.series = {gauge()};
  none.live = {std::numeric_limits<float>::quiet_NaN()};
  none.live_ms = kNowMs - 500;
  question<RangeQuery>("/api/v1/query?metric=cpu.util&node=n2");
  EXPECT_TRUE(finish(RangeResult{})["series"].empty());
}

}  // namespace
}  // namespace bw::coordinator::api
