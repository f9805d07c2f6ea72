#include "coordinator/cli/decode.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

constexpr const char* kNode = R"({"id":"box-1","site":"paris","status":"online",
  "since":"2026-11-21T08:00:00Z","last_seen":"2026-11-21T08:00:05.500Z","labels":{"b":"2","a":"1"},
  "agent_version":"0.1.0","hostname":"h","arch":"x86_64","os":"Debian","kernel":"6.1",
  "cpu_model":"EPYC","cpus":16,"memory_bytes":68719476736,"series":412,
  "summary":{"cpu_util":12.5,"mem_used_ratio":0.25,"load1":1.5,"psi_cpu_some_avg10":0,
  "net_rx_bytes_rate":1,"net_tx_bytes_rate":2,"disk_util_max":3,"temp_max":null}})";

TEST(Decode, ANodeIsReadInFull) {
  const auto page = decode_nodes(std::string("{\"nodes\":[") + kNode + "],\"next\":\"box-1\"}");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  ASSERT_EQ(page.value().nodes.size(), 1U);
  const Node& node = page.value().nodes[0];
  EXPECT_EQ(page.value().next, "box-1");
  EXPECT_EQ(node.id, "box-1");
  EXPECT_EQ(node.status, "online");
  EXPECT_EQ(node.since_ms, 1'795'248'000'000);
  EXPECT_EQ(node.last_seen_ms, 1'795'248'005'500);
  EXPECT_EQ(node.labels, (Labels{{"b", "2"}, {"a", "1"}}));
  EXPECT_EQ(node.cpus, 16U);
  EXPECT_EQ(node.memory_bytes, 68'719'476'736U);
  EXPECT_EQ(node.summary.cpu_util, 12.5);
  EXPECT_EQ(node.summary.mem_used_ratio, 0.25);
  EXPECT_EQ(node.summary.psi_cpu, 0.0);
  EXPECT_EQ(node.summary.net_tx, 2.0);
  EXPECT_EQ(node.summary.temperature, std::nullopt);
}

TEST(Decode, WhatIsMissingOrNullIsUnknown) {
  const auto page = decode_nodes(R"({"nodes":[{"id":"x","since":null}],"next":null})");
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page.value().nodes[0].since_ms, std::nullopt);
  EXPECT_EQ(page.value().nodes[0].cpus, std::nullopt);
  EXPECT_EQ(page.value().nodes[0].summary.cpu_util, std::nullopt);
  EXPECT_EQ(page.value().next, "");
}

TEST(Decode, AWrongShapeSaysWhere) {
  const std::string before = "the answer is not the coordinator's: ";
  EXPECT_EQ(decode_nodes(R"({"nodes":{}})").error().message, before + "nodes is not a list");
  EXPECT_EQ(decode_nodes("{}").error().message, before + "nodes is not a list");
  EXPECT_EQ(decode_nodes("[]").error().message, before + "it is not an object");
  EXPECT_EQ(decode_nodes(R"({"nodes":[{}]})").error().message, before + "nodes[0].id is not given");
  EXPECT_EQ(decode_nodes(R"({"nodes":[{"id":"a"},7]})").error().message,
            before + "nodes[1] is not an object");
  EXPECT_EQ(decode_nodes(R"({"nodes":[{"id":7}]})").error().message,
            before + "nodes[0].id is not a string");
  EXPECT_EQ(decode_nodes(R"({"nodes":[{"id":"a","since":"x"}]})").error().message,
            before + "nodes[0].since is not a time");
  EXPECT_EQ(decode_nodes(R"({"nodes":[{"id":"a","labels":[]}]})").error().message,
            before + "nodes[0].labels is not an object");
  EXPECT_EQ(decode_nodes(R"({"nodes":[{"id":"a","cpus":-1}]})").error().message,
            before + "nodes[0].cpus is not a count");
  EXPECT_EQ(decode_nodes(R"({"nodes":[{"id":"a","summary":{"load1":"x"}}]})").error().message,
            before + "nodes[0].summary.load1 is not a number");
}

TEST(Decode, GarbageAndDeepNestingAreSaidToBeSo) {
  for (const std::string text : {"", "<html>", "{\"nodes\":[", "\xff"}) {
    EXPECT_EQ(decode_nodes(text).error().message, "the answer is not JSON: is this a coordinator?");
  }
  EXPECT_EQ(decode_status(std::string(100'000, '[')).error().message,
            "the answer nests too deep to be the coordinator's");
}

TEST(Decode, TheDetailOfANodeIsRead) {
  const auto detail = decode_node(
      R"({"id":"box-1","epoch":18446744073709551615,"store_id":"77","started":1000,
      "period_ms":1000,"boot_id":"b","machine_id":"m","capabilities":["x","y"],"table_id":"t",
      "records":{"stored":9,"duplicates":2,"gaps":1,"last_stored":"1970-01-01T00:00:01Z"},
      "refused":{"bad_crc":3},"clock_offset_ms":-12.5})");
  ASSERT_TRUE(detail.has_value()) << detail.error().message;
  const NodeDetail& read = detail.value();
  EXPECT_EQ(read.epoch, "18446744073709551615");
  EXPECT_EQ(read.store_id, "77");
  EXPECT_EQ(read.started_ms, 1000);
  EXPECT_EQ(read.capabilities, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(read.stored, 9U);
  EXPECT_EQ(read.duplicates, 2U);
  EXPECT_EQ(read.gaps, 1U);
  EXPECT_EQ(read.last_stored_ms, 1000);
  ASSERT_EQ(read.refused.size(), 1U);
  EXPECT_EQ(read.refused[0].first, "bad_crc");
  EXPECT_EQ(read.refused[0].second, 3U);
  EXPECT_EQ(read.clock_offset_ms, -12.5);
}

TEST(Decode, AWrongDetailSaysWhere) {
  EXPECT_NE(decode_node(R"({"id":"a","capabilities":7})").error().message.find("capabilities"),
            std::string::npos);
  EXPECT_NE(decode_node(R"({"id":"a","refused":7})").error().message.find("refused"),
            std::string::npos);
}

TEST(Decode, SeriesAreReadWithUnknownValues) {
  const auto series = decode_series(R"({"node":"box-1","time":"1970-01-01T00:00:01Z","sequence":3,
    "series":[{"alias":0,"name":"cpu.util","unit":"%","kind":"gauge","labels":{"cpu":"0"},
    "value":null},{"name":"x","value":2}]})");
  ASSERT_TRUE(series.has_value()) << series.error().message;
  EXPECT_EQ(series.value().node, "box-1");
  EXPECT_EQ(series.value().time_ms, 1000);
  ASSERT_EQ(series.value().series.size(), 2U);
  EXPECT_EQ(series.value().series[0].value, std::nullopt);
  EXPECT_EQ(series.value().series[0].labels, (Labels{{"cpu", "0"}}));
  EXPECT_EQ(series.value().series[1].value, 2.0);
}

TEST(Decode, AQueryIsReadWithItsPoints) {
  const auto query = decode_query(R"({"metric":"cpu.util","function":"avg",
    "from":"1970-01-01T00:00:00Z","to":"1970-01-01T00:01:00Z","step_ms":1000,"truncated":true,
    "series":[{"node":"a","name":"cpu.util","unit":"%","labels":{},
    "points":[[1000,1.5],[2000,null]]}]})");
  ASSERT_TRUE(query.has_value()) << query.error().message;
  EXPECT_TRUE(query.value().truncated);
  EXPECT_EQ(query.value().step_ms, 1000);
  EXPECT_EQ(query.value().to_ms, 60'000);
  const auto& points = query.value().series.at(0).points;
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].time_ms, 1000);
  EXPECT_EQ(points[0].value, 1.5);
  EXPECT_EQ(points[1].value, std::nullopt);
}

TEST(Decode, WrongPointsSayWhere) {
  for (const char* points : {"7", "[7]", "[[1]]", "[[1,2,3]]", "[[\"x\",1]]", "[[1,\"x\"]]"}) {
    const auto query = decode_query(std::string(R"({"series":[{"points":)") + points + "}]}");
    ASSERT_FALSE(query.has_value()) << points;
    EXPECT_NE(query.error().message.find("series[0].points is not a list"), std::string::npos);
  }
  EXPECT_FALSE(decode_query(R"({"series":[],"truncated":1})").has_value());
}

TEST(Decode, EventsAreRead) {
  const auto events = decode_events(R"({"events":[{"node":"a","epoch":5,"number":"7",
    "time":"1970-01-01T00:00:01Z","kind":"clock_step","severity":"warning","text":"t",
    "details":{"by":3}}]})");
  ASSERT_TRUE(events.has_value()) << events.error().message;
  const EventRow& row = events.value().at(0);
  EXPECT_EQ(row.epoch, "5");
  EXPECT_EQ(row.number, "7");
  EXPECT_EQ(row.time_ms, 1000);
  EXPECT_EQ(row.details, (Labels{{"by", "3"}}));
}

TEST(Decode, TheStatusIsRead) {
  const auto status = decode_status(R"({"version":"0.1.0","started":"1970-01-01T00:00:01Z",
    "uptime_s":9.5,"broker":{"connected":true,"url":"mqtt://x","reason":"r"},
    "store":{"ok":true,"reason":""},
    "nodes":{"online":1,"draining":2,"offline":3,"silent":4},
    "records":{"stored":5,"duplicates":6,"gaps":7},"refused_payloads":8})");
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_TRUE(status.value().broker_connected);
  EXPECT_TRUE(status.value().store_ok);
  EXPECT_EQ(status.value().broker_reason, "r");
  EXPECT_EQ(status.value().uptime_s, 9.5);
  EXPECT_EQ(status.value().online + status.value().silent, 5U);
  EXPECT_EQ(status.value().refused_payloads, 8U);
}

TEST(Decode, AStatusThatDoesNotSayHowItIsIsNoStatus) {
  EXPECT_FALSE(decode_status(R"({"store":{"ok":true}})").has_value());
  EXPECT_FALSE(decode_status(R"({"broker":{"connected":true}})").has_value());
  EXPECT_FALSE(decode_status(R"({"broker":{"connected":1},"store":{}})").has_value());
}

TEST(Decode, AProblemIsItsTitleAndDetail) {
  EXPECT_EQ(decode_problem(R"({"title":"Bad Request","detail":"step is 0"})"),
            "Bad Request: step is 0");
  EXPECT_EQ(decode_problem(R"({"title":"Bad Request"})"), "Bad Request");
  EXPECT_EQ(decode_problem(R"({"detail":"step is 0"})"), "step is 0");
  EXPECT_EQ(decode_problem("<html>"), "");
  EXPECT_EQ(decode_problem("[]"), "");
  EXPECT_EQ(decode_problem(std::string(1000, '[')), "");
}

TEST(Decode, ExportsAreReadWhereTheCoordinatorHasThem) {
  const std::string head = R"({"version":"1","broker":{"connected":true},"store":{"ok":true})";
  EXPECT_TRUE(decode_status(head + "}").value().exports.empty());
  const auto status = decode_status(
      head + R"(,"exports":[{"name":"otlp/a","url":"http://a","ok":false,"reason":"refused",)"
             R"("lag_s":5,"lag_blocks":4,"samples":3,"refused_samples":2,"lost_blocks":1,)"
             R"("retries":9,"last_refusal":"old"}]})");
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_EQ(status->exports.size(), 1U);
  const ExportState& one = status->exports[0];
  EXPECT_EQ(one.name, "otlp/a");
  EXPECT_FALSE(one.ok);
  EXPECT_EQ(one.reason, "refused");
  EXPECT_EQ(one.lag_s, 5U);
  EXPECT_EQ(one.lag_blocks, 4U);
  EXPECT_EQ(one.samples, 3U);
  EXPECT_EQ(one.refused, 2U);
  EXPECT_EQ(one.lost_blocks, 1U);
  EXPECT_EQ(one.retries, 9U);
  EXPECT_EQ(one.last_refusal, "old");
  EXPECT_FALSE(decode_status(head + R"(,"exports":[7]})"));
}

}  // namespace
}  // namespace bw::cli
