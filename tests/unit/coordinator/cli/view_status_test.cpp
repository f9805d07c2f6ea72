#include "coordinator/cli/view_status.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

FleetStatus well() {
  FleetStatus status;
  status.version = "0.1.0";
  status.started_ms = 0;
  status.uptime_s = 7500;
  status.broker_connected = true;
  status.broker_url = "mqtt://127.0.0.1:1883";
  status.store_ok = true;
  status.online = 9;
  status.silent = 1;
  status.stored = 1234567;
  return status;
}

TEST(ViewStatus, SaysHowItIsInSixLines) {
  EXPECT_EQ(status_view(well(), "http://c:8420", {}),
            "coordinator  well       at http://c:8420, version 0.1.0, up 2h 5m\n"
            "broker       connected  mqtt://127.0.0.1:1883\n"
            "store        ok\n"
            "nodes        10         9 online, 0 draining, 0 offline, 1 silent\n"
            "records      1,234,567  stored, 0 duplicates dropped, 0 in gaps\n"
            "payloads     0          refused\n");
  EXPECT_EQ(status_troubles(well()), "");
}

TEST(ViewStatus, WideTellsWhenItStarted) {
  const std::string text = status_view(well(), "http://c:8420", {{}, true, 60'000});
  EXPECT_NE(text.find("(1m ago)"), std::string::npos);
}

TEST(ViewStatus, ALostBrokerIsATrouble) {
  FleetStatus status = well();
  status.broker_connected = false;
  status.broker_reason = "refused";
  EXPECT_EQ(status_troubles(status),
            "no connection to the broker at mqtt://127.0.0.1:1883: refused; no telemetry arrives, "
            "the agents keep theirs until it is back\n");
  const std::string text = status_view(status, "u", {});
  EXPECT_NE(text.find("coordinator  unwell"), std::string::npos);
  EXPECT_NE(text.find("broker       lost       mqtt://127.0.0.1:1883, refused"), std::string::npos);
}

TEST(ViewStatus, AFailingStoreIsATroubleWithItsReason) {
  FleetStatus status = well();
  status.store_ok = false;
  status.store_reason = "disk full\x1b[2J";
  EXPECT_EQ(status_troubles(status),
            "the store is failing: disk full\\x1b[2J; the agents keep their records until it is "
            "well\n");
  EXPECT_NE(status_view(status, "u", {}).find("store        failing"), std::string::npos);
}

TEST(ViewStatus, AnExportHasALineOfItsOwn) {
  FleetStatus status = well();
  status.exports.push_back({.name = "otlp/a", .url = "http://a", .ok = true, .samples = 12});
  status.exports.push_back({.name = "remote_write/b",
                            .url = "http://b",
                            .ok = false,
                            .reason = "HTTP 503",
                            .lag_s = 90,
                            .lag_blocks = 7,
                            .refused = 3,
                            .lost_blocks = 2,
                            .retries = 4});
  status.exports.push_back({.name = "otlp/c",
                            .url = "http://c",
                            .ok = true,
                            .lag_blocks = 1,
                            .last_refusal = "too old"});
  const std::string text = status_view(status, "u", {});
  EXPECT_NE(text.find("export       ok         otlp/a at http://a, 12 samples\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("export       failing    remote_write/b at http://b, 0 samples, 7 blocks "
                      "behind (1m 30s), 4 retries, 3 samples refused, 2 blocks lost: HTTP 503\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("export       behind     otlp/c at http://c, 0 samples, 1 blocks behind; last "
                "refusal: too old\n"),
      std::string::npos)
      << text;
  EXPECT_EQ(status_troubles(status), "");
}

}  // namespace
}  // namespace bw::cli
