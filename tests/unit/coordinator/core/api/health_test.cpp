#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class HealthTest : public ApiTest {};

TEST_F(HealthTest, IsOkWhileTheProgramRuns) {
  service.store_is_well = false;
  service.is_connected = false;
  EXPECT_EQ(get_json("/healthz"), (Json{{"status", "ok"}}));
}

TEST_F(HealthTest, IsReadyWhereAllWorks) {
  EXPECT_EQ(get_json("/readyz"), (Json{{"ready", true}, {"reasons", Json::array()}}));
}

TEST_F(HealthTest, IsNotReadyForEachReasonThatThereIs) {
  service.store_is_well = false;
  service.store_failure = "disk full";
  service.is_connected = false;
  service.disconnect_reason = "connection refused";
  service.is_stopping = true;
  const Json json = get_json("/readyz", 503);
  EXPECT_EQ(json["ready"], false);
  EXPECT_EQ(json["reasons"], Json::array({"the store takes nothing: disk full",
                                          "there is no link to the broker: connection refused",
                                          "the coordinator is stopping"}));
}

TEST_F(HealthTest, IsNotReadyBeforeTheStoreIsOpenNorBeforeTheFirstLink) {
  service.store_is_open = false;
  service.is_connected = false;
  EXPECT_EQ(get_json("/readyz", 503)["reasons"],
            Json::array({"the store is not open yet", "there is no link to the broker"}));
}

TEST_F(HealthTest, SaysInWhatStateAllIs) {
  service.broker_url = "mqtt://127.0.0.1:1883";
  service.uptime_s = 77;
  service.nodes = {4, 3, 2, 1};
  service.records = {100, 5, 6, 0};
  service.refused_payloads = 9;
  service.store = {4096, 1024, 1, 2, 3, 4, 1'699'999'200'000};
  const Json json = get_json("/api/v1/status");
  EXPECT_EQ(json, Json::parse(R"({
    "version": "1.2.3", "started": "2023-11-14T22:13:20.000Z", "uptime_s": 77,
    "broker": {"connected": true, "url": "mqtt://127.0.0.1:1883", "reason": ""},
    "store": {"ok": true, "reason": "", "bytes": 4096, "used_bytes": 1024,
              "rolled_until": "2023-11-14T22:00:00.000Z", "dropped_blocks": 1,
              "dropped_rollups": 2, "dropped_events": 3, "missed_blocks": 4},
    "nodes": {"online": 4, "draining": 3, "offline": 2, "silent": 1},
    "records": {"stored": 100, "duplicates": 5, "gaps": 6},
    "refused_payloads": 9, "exports": []})"));
}

TEST_F(HealthTest, SaysWhatIsWrong) {
  service.is_connected = false;
  service.disconnect_reason = "gone";
  service.store_is_well = false;
  service.store_failure = "disk full";
  const Json json = get_json("/api/v1/status");
  EXPECT_EQ(json["broker"]["connected"], false);
  EXPECT_EQ(json["broker"]["reason"], "gone");
  EXPECT_EQ(json["store"]["ok"], false);
  EXPECT_EQ(json["store"]["reason"], "the store takes nothing: disk full");
}

TEST_F(HealthTest, StatusTellsHowEachExportGetsOn) {
  EXPECT_EQ(get_json("/api/v1/status")["exports"], Json::array());
  std::vector<ExportStatus> exports(1);
  exports[0].name = "otlp/collector";
  exports[0].url = "http://127.0.0.1:4318/v1/metrics";
  exports[0].samples = 70;
  exports[0].oldest_waiting_ms = kNowMs + 1000;  // its clock is ahead
  exports[0].trouble = "HTTP 503";
  const auto is = [&] { return get_json("/api/v1/status")["exports"][0]; };
  service.exports = exports;
  EXPECT_EQ(is()["name"], "otlp/collector");
  EXPECT_EQ(is()["url"], "http://127.0.0.1:4318/v1/metrics");
  EXPECT_EQ(is()["ok"], false);
  EXPECT_EQ(is()["reason"], "HTTP 503");
  EXPECT_EQ(is()["lag_s"], 0);
  EXPECT_EQ(is()["samples"], 70);
}

}  // namespace
}  // namespace bw::coordinator::api
