#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class EventsTest : public ApiTest {};

TEST_F(EventsTest, AreAskedForByNodeKindSeverityAndTime) {
  const auto query = question<EventQuery>(
      "/api/v1/events?node=n1&kind=outbox_gap&severity=warning&from=-1h&to=now&limit=5");
  EXPECT_EQ(query.node, "n1");
  EXPECT_EQ(query.kind, "outbox_gap");
  EXPECT_EQ(query.min_severity, 1);
  EXPECT_EQ(query.from_ms, kNowMs - 3'600'000);
  EXPECT_EQ(query.to_ms, kNowMs);
  EXPECT_EQ(query.limit, 5U);
}

TEST_F(EventsTest, AreAllThereAreWhereNothingIsSaid) {
  const auto query = question<EventQuery>("/api/v1/events");
  EXPECT_EQ(query.node, "");
  EXPECT_EQ(query.min_severity, 0);
  EXPECT_EQ(query.from_ms, 0);
  EXPECT_GT(query.to_ms, kNowMs);
  EXPECT_EQ(query.limit, 100U);
}

TEST_F(EventsTest, AreAnsweredAsTheStoreHasThem) {
  question<EventQuery>("/api/v1/events");
  wire::EventRecord event;
  event.epoch = 0xff;
  event.number = 7;
  event.time_ms = 1'700'000'000'000;
  event.kind = "outbox_gap";
  event.severity = wire::Severity::critical;
  event.text = "records \"lost\"";
  event.details = {{"first", "1"}, {"last", "4"}, {"last", "again"}};
  const Json json = finish(EventResult{{{"n1", event}}});
  ASSERT_EQ(json["events"].size(), 1U);
  EXPECT_EQ(json["events"][0], (Json{{"node", "n1"},
                                     {"epoch", "00000000000000ff"},
                                     {"number", 7},
                                     {"time", "2023-11-14T22:13:20.000Z"},
                                     {"kind", "outbox_gap"},
                                     {"severity", "critical"},
                                     {"text", "records \"lost\""},
                                     {"details", {{"first", "1"}, {"last", "4"}}}}));
}

TEST_F(EventsTest, RefuseParametersThatMakeNoSense) {
  EXPECT_EQ(problem_of("/api/v1/events?severity=bad")["parameter"], "severity");
  EXPECT_EQ(problem_of("/api/v1/events?kind=a%20b")["parameter"], "kind");
  EXPECT_EQ(problem_of("/api/v1/events?node=-x")["parameter"], "node");
  EXPECT_EQ(problem_of("/api/v1/events?limit=1001")["parameter"], "limit");
  EXPECT_EQ(problem_of("/api/v1/events?from=soon")["parameter"], "from");
  EXPECT_EQ(problem_of("/api/v1/events?from=now&to=-1h")["parameter"], "to");
}

}  // namespace
}  // namespace bw::coordinator::api
