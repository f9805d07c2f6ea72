#include "tests/unit/coordinator/core/api/anomaly_events.h"
#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class HealthAnswerTest : public ApiTest {};

TEST_F(HealthAnswerTest, SaysWhatIsKnownAndWhy) {
  FakeNode& node = fleet.add("n1");
  node.birth.epoch = kEpoch;
  node.birth.site = "paris";
  node.birth.model = "edge@3";
  node.series = {{"self.anomaly_score", "1", wire::SeriesKind::gauge, {}},
                 {"self.anomaly_threshold", "1", wire::SeriesKind::gauge, {}},
                 {"self.model_drift", "1", wire::SeriesKind::gauge, {}}};
  node.live = {31.5F, 20.25F, 0.5F};
  EXPECT_EQ(question<EventQuery>("/api/v1/nodes/n1/health").node, "n1");
  EventRow crash = begin_of("n1", 5, some_anomaly());
  crash.event.kind = "process_crash";
  const Json json = finish(EventResult{{begin_of("n1", 4, some_anomaly()), crash}});
  EXPECT_EQ(json["node"], "n1");
  EXPECT_EQ(json["site"], "paris");
  EXPECT_EQ(json["status"], "online");
  EXPECT_EQ(json["verdict"], "unwell");
  EXPECT_EQ(json["reasons"][0]["severity"], "warning");
  EXPECT_EQ(json["detector"], Json::parse(R"({"state": "watching", "score": 31.5,
      "threshold": 20.25, "series": null, "anomalies_a_day": null})"));
  EXPECT_EQ(json["model"], Json::parse(R"({"id": "edge@3", "rows": null, "age_s": null,
      "drift": 0.5, "drifted": true})"));
  EXPECT_EQ(json["anomalies"][0]["id"], "n1:00000000000000ab:1");
  EXPECT_EQ(json["anomalies_24h"], 1);
  EXPECT_EQ(json["events"], Json::parse(R"([{"kind": "process_crash", "severity": "warning",
      "count": 1, "open": false, "last": "2023-11-14T22:13:20.000Z", "text": "anomaly 5"}])"));
  EXPECT_EQ(json["truncated"], false);
}

TEST_F(HealthAnswerTest, OfANodeThatWasNeverHeardIsUnknown) {
  fleet.add("mute").is_born = false;
  question<EventQuery>("/api/v1/nodes/mute/health");
  const Json json = finish(EventResult{});
  EXPECT_EQ(json["verdict"], "unknown");
  EXPECT_EQ(json["site"], "");
  EXPECT_EQ(json["model"]["id"], nullptr);
  EXPECT_EQ(json["detector"]["state"], "unknown");
}

TEST_F(HealthAnswerTest, OfNoNodeIsAProblem) {
  EXPECT_EQ(problem_of("/api/v1/nodes/n1/health", 404)["detail"], "there is no node of this id");
}

}  // namespace
}  // namespace bw::coordinator::api
