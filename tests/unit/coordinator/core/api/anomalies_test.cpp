#include "tests/unit/coordinator/core/api/anomaly_events.h"
#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

class AnomaliesTest : public ApiTest {
 protected:
  AnomaliesTest() {
    FakeNode& node = fleet.add("n1");
    node.birth.epoch = kEpoch;
    node.birth.site = "paris";
    fleet.add("n2").birth.epoch = kEpoch;
  }

  // The ids of what is answered to a request, once the store has these events.
  std::vector<std::string> ids(const std::string& target, std::vector<EventRow> events) {
    question<EventQuery>(target);
    std::vector<std::string> found;
    const Json json = finish(EventResult{std::move(events)});
    for (const Json& one : json["anomalies"]) found.push_back(one["id"]);
    return found;
  }
};

TEST_F(AnomaliesTest, AreAskedForByTheEventsThatTellOfThem) {
  const auto all = question<EventQuery>("/api/v1/anomalies");
  EXPECT_TRUE(all.of_anomalies);
  EXPECT_EQ(all.node, "");
  EXPECT_EQ(all.limit, 1600U);
  const auto some = question<EventQuery>("/api/v1/anomalies?node=n1&from=-2h&to=-1h&limit=2");
  EXPECT_EQ(some.node, "n1");
  EXPECT_EQ(some.from_ms, kNowMs - 7'200'000 - kDayMs) << "what was on then was told before";
  EXPECT_EQ(some.to_ms, kNowMs - 3'600'000 + 7 * kDayMs) << "and its end after";
  EXPECT_EQ(some.limit, 1000U);
  EXPECT_EQ(question<EventQuery>("/api/v1/anomalies?active=true").limit, 10'000U);
}

TEST_F(AnomaliesTest, AreAnsweredWholeWithTheirCauses) {
  question<EventQuery>("/api/v1/anomalies");
  const Json json = finish(EventResult{{begin_of("n1", 4, some_anomaly())}});
  EXPECT_EQ(json["truncated"], false);
  EXPECT_EQ(json["damaged"], 0);
  const Json expected = Json::parse(R"([{
    "id": "n1:00000000000000ab:1", "node": "n1", "site": "paris", "active": true,
    "level": "minor", "outcome": "active", "start": "2023-11-14T22:13:20.000Z",
    "peak": "2023-11-14T22:13:21.000Z", "end": null, "duration_s": 100.0, "troubled_s": 2.0,
    "flares": 1, "score": 30.0, "threshold": 20.0, "text": "anomaly 4",
    "causes": [
      {"metric": "disk.util{device=sda}", "name": "disk.util", "labels": {"device": "sda"},
       "unit": "%", "share": 0.54, "value": 98.1, "low": 1.0, "high": 40.0, "direction": "above"},
      {"metric": "cpu.load1", "name": "cpu.load1", "labels": {}, "unit": "1", "share": 0.31,
       "value": 7.0, "low": 0.5, "high": 2.0, "direction": "below"}]}])");
  EXPECT_EQ(json["anomalies"], expected);
}

TEST_F(AnomaliesTest, SayHowTheyEnded) {
  question<EventQuery>("/api/v1/anomalies");
  const Json json = finish(EventResult{
      {end_of("n1", 2, some_anomaly(), kStartMs + 5000, kEpoch, wire::AnomalyOutcome::lasting),
       begin_of("n2", 1, some_anomaly(), 7)}});
  EXPECT_EQ(json["anomalies"][0]["outcome"], "lasting");
  EXPECT_EQ(json["anomalies"][0]["end"], "2023-11-14T22:13:25.000Z");
  EXPECT_EQ(json["anomalies"][0]["active"], false);
  EXPECT_EQ(json["anomalies"][1]["outcome"], "interrupted");
  EXPECT_EQ(json["anomalies"][1]["end"], nullptr);
  EXPECT_EQ(json["anomalies"][1]["active"], false);
  EXPECT_EQ(json["anomalies"][1]["site"], "");
}

TEST_F(AnomaliesTest, AreChosenBySiteSeverityAndWhetherTheyAreOn) {
  wire::Anomaly major = some_anomaly(2);
  major.severity = wire::AnomalySeverity::major;
  const std::vector<EventRow> events = {begin_of("n1", 1, some_anomaly()),
                                        end_of("n1", 3, major, kStartMs + 1000),
                                        begin_of("n2", 1, some_anomaly())};
  const std::string first = "n1:00000000000000ab:1";
  const std::string second = "n1:00000000000000ab:2";
  const std::string other = "n2:00000000000000ab:1";
  EXPECT_EQ(ids("/api/v1/anomalies", events), (std::vector{second, first, other}));
  EXPECT_EQ(ids("/api/v1/anomalies?site=paris", events), (std::vector{second, first}));
  EXPECT_EQ(ids("/api/v1/anomalies?severity=major", events), std::vector{second});
  EXPECT_EQ(ids("/api/v1/anomalies?active=true", events), (std::vector{first, other}));
  EXPECT_EQ(ids("/api/v1/anomalies?active=false", events), std::vector{second});
}

TEST_F(AnomaliesTest, AreWithinARangeWhereTheyWereOnInIt) {
  const std::vector<EventRow> events = {end_of("n1", 1, some_anomaly(), kStartMs + 10'000)};
  const auto within = [&](std::int64_t from_s, std::int64_t to_s) {
    return ids("/api/v1/anomalies?from=" + std::to_string(from_s) + "&to=" + std::to_string(to_s),
               events)
               .size() == 1;
  };
  constexpr std::int64_t kStartS = kStartMs / 1000;
  EXPECT_TRUE(within(kStartS + 5, kStartS + 6)) << "it was on all the time";
  EXPECT_TRUE(within(kStartS + 10, kStartS + 60));
  EXPECT_FALSE(within(kStartS + 11, kStartS + 60));
  EXPECT_TRUE(within(kStartS - 60, kStartS + 1));
  EXPECT_FALSE(within(kStartS - 60, kStartS));
}

TEST_F(AnomaliesTest, BeyondTheLimitAreSaidToBeMore) {
  question<EventQuery>("/api/v1/anomalies?limit=1");
  Json json =
      finish(EventResult{{begin_of("n1", 1, some_anomaly()), begin_of("n2", 1, some_anomaly())}});
  EXPECT_EQ(json["anomalies"].size(), 1U);
  EXPECT_EQ(json["truncated"], true);
  question<EventQuery>("/api/v1/anomalies?limit=2");
  json =
      finish(EventResult{{begin_of("n1", 1, some_anomaly()), begin_of("n2", 1, some_anomaly())}});
  EXPECT_EQ(json["truncated"], false);
  question<EventQuery>("/api/v1/anomalies");
  EXPECT_EQ(finish(EventResult{{}, true})["truncated"], true) << "events were cut off";
}

TEST_F(AnomaliesTest, OfAnEmptyFleetAreNone) {
  question<EventQuery>("/api/v1/anomalies");
  EXPECT_EQ(finish(EventResult{}),
            Json::parse(R"({"anomalies": [], "truncated": false, "damaged": 0})"));
}

TEST_F(AnomaliesTest, LeaveOutAndCountDamagedEvents) {
  EventRow damaged = begin_of("n1", 1, some_anomaly());
  damaged.event.details[0].value = "first";
  question<EventQuery>("/api/v1/anomalies");
  const Json json = finish(EventResult{{damaged}});
  EXPECT_EQ(json["damaged"], 1);
  EXPECT_TRUE(json["anomalies"].empty());
}

TEST_F(AnomaliesTest, RefuseParametersThatMakeNoSense) {
  for (const char* bad :
       {"severity=bad", "active=maybe", "limit=0", "limit=501", "from=soon", "node=-x"}) {
    const std::string text(bad);
    EXPECT_EQ(problem_of("/api/v1/anomalies?" + text)["parameter"], text.substr(0, text.find('=')));
  }
  EXPECT_EQ(problem_of("/api/v1/anomalies?from=now&to=-1h")["parameter"], "to");
}

TEST_F(AnomaliesTest, OneIsShownWithItsEventsInTheirOrder) {
  const auto query = question<EventQuery>("/api/v1/anomalies/n1:00000000000000ab:1");
  EXPECT_EQ(query.node, "n1");
  EXPECT_EQ(query.epoch, kEpoch);
  EXPECT_TRUE(query.of_anomalies);
  EventRow damaged = begin_of("n1", 6, some_anomaly());
  damaged.event.details.clear();
  const Json json = finish(EventResult{{end_of("n1", 9, some_anomaly(), kStartMs + 9000),
                                        begin_of("n1", 7, some_anomaly(2)), damaged,
                                        begin_of("n1", 4, some_anomaly())}});
  EXPECT_EQ(json["id"], "n1:00000000000000ab:1");
  EXPECT_EQ(json["outcome"], "calm");
  ASSERT_EQ(json["events"].size(), 2U);
  EXPECT_EQ(json["events"][0]["number"], 4);
  EXPECT_EQ(json["events"][1]["kind"], "anomaly_end");
}

TEST_F(AnomaliesTest, AShortIdMeansTheNewestRunThatHasOne) {
  wire::Anomaly later = some_anomaly(1);
  later.start_ms += 60'000;
  const std::vector<EventRow> events = {begin_of("n1", 1, later, 9),
                                        begin_of("n1", 4, some_anomaly(2)),
                                        begin_of("n1", 3, some_anomaly())};
  const auto shown = [&](const std::string& id) {
    EXPECT_FALSE(question<EventQuery>("/api/v1/anomalies/" + id).epoch);
    return finish(EventResult{events})["id"].get<std::string>();
  };
  EXPECT_EQ(shown("n1:1"), "n1:0000000000000009:1");
  EXPECT_EQ(shown("n1:2"), "n1:00000000000000ab:2");
  EXPECT_EQ(shown("n1"), "n1:0000000000000009:1");
}

TEST_F(AnomaliesTest, WhatIsNotThereIsSaidInWords) {
  const Json no_node = problem_of("/api/v1/anomalies/nobody:00000000000000ab:1", 404);
  EXPECT_EQ(no_node["detail"], "there is no node called nobody");
  const auto detail = [&](const std::string& id) {
    question<EventQuery>("/api/v1/anomalies/" + id);
    const Json problem = finish(EventResult{{begin_of("n1", 1, some_anomaly())}}, 404);
    EXPECT_EQ(problem["instance"], "/api/v1/anomalies/" + id);
    return problem["detail"].get<std::string>();
  };
  EXPECT_EQ(detail("n1:2"),
            "node n1 has told of no anomaly 2, or it is older than what the store keeps");
  EXPECT_EQ(detail("n1:0000000000000007:1"),
            "node n1 has told of no anomaly 1 in the run 0000000000000007 of its agent, or it is "
            "older than what the store keeps");
  EXPECT_EQ(detail("n2:00000000000000ab:1").substr(0, 33), "node n2 has told of no anomaly 1 ");
  EXPECT_EQ(detail("n2"),
            "node n2 has told of no anomaly, or it is older than what the store "
            "keeps");
}

TEST_F(AnomaliesTest, AnIdThatIsNoneIsRefused) {
  for (const char* id :
       {"n1:", "n1:0", "n1:x", "n1:1x", "n1:ab:1", "n1:00000000000000ab:0",
        "n1:00000000000000ab:1:2", ":1", "-x:1", "n1:-1", "n1:99999999999999999999"}) {
    const Json problem = problem_of("/api/v1/anomalies/" + std::string(id));
    EXPECT_NE(problem["detail"].get<std::string>().find("box-1:3"), std::string::npos) << id;
  }
}

TEST_F(AnomaliesTest, AStoreThatFailsIsSaid) {
  question<EventQuery>("/api/v1/anomalies/n1");
  EXPECT_EQ(finish(QueryError{"disk on fire"}, 503)["instance"], "/api/v1/anomalies/n1");
  question<EventQuery>("/api/v1/anomalies");
  finish(RangeResult{}, 500);
}

}  // namespace
}  // namespace bw::coordinator::api
