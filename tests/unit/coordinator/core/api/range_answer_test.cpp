#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class RangeAnswerTest : public ApiTest {
 protected:
  static wire::SeriesInfo gauge() { return {"cpu.util", "%", wire::SeriesKind::gauge, {}}; }
  // As it would be sent, in however many pieces.
  std::string whole(Response response) {
    std::string text = response.body;
    pieces_ = 1;
    while (response.more) {
      const std::string piece = response.more();
      if (piece.empty()) break;
      text += piece;
      ++pieces_;
    }
    return text;
  }
  Response answer(const std::string& parameters, RangeResult result) {
    question<RangeQuery>("/api/v1/query?" + parameters);
    return *api.finish(last_id, std::move(result), fleet);
  }

  int pieces_ = 0;
};

TEST_F(RangeAnswerTest, TellsHowSeriesWereGrouped) {
  RangeResult result;
  wire::SeriesInfo group = gauge();
  group.labels = {{"site", "paris"}};
  result.series.push_back({"", group, {{1000, 2.5}}});
  result.resolution = Resolution::minute;
  const Json json = Json::parse(
      answer("metric=cpu.util&function=p95&group_by=site&across=max", std::move(result)).body);
  EXPECT_EQ(json["function"], "p95");
  EXPECT_EQ(json["group_by"], Json::array({"site"}));
  EXPECT_EQ(json["across"], "max");
  EXPECT_EQ(json["resolution"], "1m");
  EXPECT_EQ(json["series"][0]["labels"]["site"], "paris");
  EXPECT_EQ(json["series"][0]["unit"], "%");
}

TEST_F(RangeAnswerTest, PutsNoLiveValueBehindGroups) {
  FakeNode& node = fleet.add("n1");
  node.series = {gauge()};
  node.live = {42.0F};
  node.live_ms = kNowMs - 500;
  const Json json = Json::parse(answer("metric=cpu.util&across=sum&to=%2B1m", RangeResult{}).body);
  EXPECT_TRUE(json["series"].empty());
}

TEST_F(RangeAnswerTest, CountsSeriesInNoUnit) {
  RangeResult result;
  result.series.push_back({"", gauge(), {{1000, 3}}});
  const Json json = Json::parse(answer("metric=cpu.util&across=count", std::move(result)).body);
  EXPECT_EQ(json["series"][0]["unit"], "count");
}

TEST_F(RangeAnswerTest, NamesTheMetricsNearToOneThatIsNotKnown) {
  FakeNode& node = fleet.add("n1");
  node.series = {{"shop.queue", "1", wire::SeriesKind::gauge, {}}};
  const Response response = answer("metric=cpu.utl", RangeResult{});
  EXPECT_EQ(response.status, 404);
  const Json problem = Json::parse(response.body);
  EXPECT_EQ(problem["parameter"], "metric");
  EXPECT_NE(problem["detail"].get<std::string>().find("cpu.util"), std::string::npos);
  EXPECT_NE(answer("metric=shop.quee", RangeResult{}).body.find("shop.queue"), std::string::npos);
  EXPECT_EQ(answer("metric=xyzxyzxyzxyzxyz", RangeResult{}).body.find("near to it"),
            std::string::npos);
}

TEST_F(RangeAnswerTest, AMetricWithoutPointsIsNoError) {
  FakeNode& node = fleet.add("n1");
  node.series = {{"shop.queue", "1", wire::SeriesKind::gauge, {}}};
  EXPECT_EQ(answer("metric=cpu.util", RangeResult{}).status, 200);
  EXPECT_EQ(answer("metric=shop.queue", RangeResult{}).status, 200);
}

TEST_F(RangeAnswerTest, WhatTheStoreHasOfAnUnknownMetricIsAnswered) {
  RangeResult result;
  wire::SeriesInfo old = gauge();
  old.name = "no.longer";
  result.series.push_back({"n9", old, {{1000, 1}}});
  EXPECT_EQ(answer("metric=no.longer", std::move(result)).status, 200);
}

TEST_F(RangeAnswerTest, ManyPointsComeInPieces) {
  const auto make = [](std::size_t series, std::size_t points) {
    RangeResult result;
    for (std::size_t i = 0; i < series; ++i) {
      result.series.push_back({"n" + std::to_string(i), gauge(), {}});
      for (std::size_t at = 0; at < points; ++at) {
        result.series.back().points.push_back({static_cast<std::int64_t>(at) * 1000, 1.5});
      }
    }
    result.truncated = true;
    return result;
  };
  EXPECT_FALSE(answer("metric=cpu.util", make(10, 1000)).more);
  Response response = answer("metric=cpu.util", make(11, 1000));
  ASSERT_TRUE(response.more);
  EXPECT_GE(response.more_bytes, 11'000 * sizeof(Point));
  const Json json = Json::parse(whole(std::move(response)));
  EXPECT_EQ(pieces_, 11);
  ASSERT_EQ(json["series"].size(), 11U);
  for (const Json& one : json["series"]) EXPECT_EQ(one["points"].size(), 1000U);
  EXPECT_EQ(json["truncated"], true);
}

}  // namespace
}  // namespace bw::coordinator::api
