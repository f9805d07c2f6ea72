#include <set>
#include <sstream>

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class PrometheusTest : public ApiTest {
 protected:
  PrometheusTest() {
    for (std::size_t i = 0; i < messages.size(); ++i) messages[i] = i + 1;
    service.messages = messages;
    service.nodes = {4, 3, 2, 1};
    service.records = {100, 5, 6, 0};
    service.commits = 50;
    service.live_samples = 70;
    service.store.skipped_hours = 13;
    service.store.unmarked_hours = 14;
  }
  std::string text() { return get("/metrics").body; }
  bool has_line(const std::string& line) {
    return ("\n" + text()).find("\n" + line + "\n") != std::string::npos;
  }

  std::array<std::uint64_t, 8> messages{};
};

TEST_F(PrometheusTest, IsTextOfVersion004) {
  EXPECT_EQ(get("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(PrometheusTest, HasTheFigures) {
  for (const char* line :
       {"bw_build_info{version=\"1.2.3\"} 1", "bw_nodes{status=\"online\"} 4",
        "bw_nodes{status=\"draining\"} 3", "bw_nodes{status=\"offline\"} 2",
        "bw_nodes{status=\"silent\"} 1", "bw_messages_total{topic=\"birth\"} 1",
        "bw_messages_total{topic=\"history\"} 4", "bw_records_stored_total 100",
        "bw_records_duplicate_total 5", "bw_record_gaps_total 6", "bw_store_commits_total 50",
        "bw_store_ok 1", "bw_broker_connected 1", "bw_live_samples_total 70",
        "bw_store_skipped_hours_total 13", "bw_store_unmarked_hours_total 14",
        "bw_node_conflicts_total 0", "bw_start_time_seconds 1700000000"}) {
    EXPECT_TRUE(has_line(line)) << line << " in\n" << text();
  }
}

TEST_F(PrometheusTest, CountsNoMessagesOfTopicsThatNodesOnlyRead) {
  EXPECT_EQ(text().find("topic=\"ack\""), std::string::npos);
  EXPECT_EQ(text().find("topic=\"down"), std::string::npos);
}

TEST_F(PrometheusTest, ShowsWhatIsNotWell) {
  service.store_is_well = false;
  service.is_connected = false;
  EXPECT_TRUE(has_line("bw_store_ok 0"));
  EXPECT_TRUE(has_line("bw_broker_connected 0"));
}

TEST_F(PrometheusTest, EscapesLabels) {
  std::array<std::uint64_t, wire::kRefusals> counts{};
  counts[static_cast<std::size_t>(wire::Refusal::bad_node_id)] = 2;
  service.each_refused = [&](const auto& visit) { visit("a\"b\\c\nd", counts); };
  EXPECT_TRUE(has_line(R"(bw_payloads_refused_total{node="a\"b\\c\nd",reason="bad_node_id"} 2)"));
}

TEST_F(PrometheusTest, DescribesEveryMetricOnceBeforeItsSamples) {
  std::set<std::string> described;
  std::istringstream lines(text());
  std::string current;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    std::string second;
    words >> first >> second;
    if (first == "#" && second == "HELP") {
      words >> current;
      EXPECT_TRUE(described.insert(current).second) << current;
    } else if (first == "#") {
      std::string name;
      std::string type;
      words >> name >> type;
      EXPECT_EQ(second, "TYPE");
      EXPECT_EQ(name, current);
      EXPECT_TRUE(type == "counter" || type == "gauge") << line;
      EXPECT_EQ(type == "counter", name.ends_with("_total")) << line;
    } else {
      EXPECT_EQ(first.substr(0, first.find('{')), current) << line;
    }
  }
  EXPECT_GT(described.size(), 10U);
}

TEST_F(PrometheusTest, ShowsHowEachExportGetsOn) {
  EXPECT_EQ(text().find("bw_export"), std::string::npos);
  std::vector<ExportStatus> exports(2);
  exports[0].name = "remote_write/main";
  exports[0].samples = 70;
  exports[0].lag_blocks = 3;
  exports[0].oldest_waiting_ms = kNowMs - 90'500;
  exports[0].trouble = "connection refused";
  exports[0].refused_samples = 5;
  exports[0].late_samples = 4;
  exports[0].lost_blocks = 2;
  exports[0].requests = 9;
  exports[0].retries = 8;
  exports[1].name = "otlp/collector";
  service.exports = exports;
  for (const char* line :
       {"bw_export_ok{target=\"remote_write/main\"} 0", "bw_export_ok{target=\"otlp/collector\"} 1",
        "bw_export_lag_seconds{target=\"remote_write/main\"} 90",
        "bw_export_lag_seconds{target=\"otlp/collector\"} 0",
        "bw_export_lag_blocks{target=\"remote_write/main\"} 3",
        "bw_export_samples_total{target=\"remote_write/main\"} 70",
        "bw_export_samples_refused_total{target=\"remote_write/main\"} 5",
        "bw_export_samples_late_total{target=\"remote_write/main\"} 4",
        "bw_export_blocks_lost_total{target=\"remote_write/main\"} 2",
        "bw_export_requests_total{target=\"remote_write/main\"} 9",
        "bw_export_retries_total{target=\"remote_write/main\"} 8"}) {
    EXPECT_TRUE(has_line(line)) << line << " in\n" << text();
  }
}

TEST_F(PrometheusTest, TellsOfModelsThatNodesSentForNothing) {
  service.odd_models = 4;
  service.bad_models = 3;
  EXPECT_TRUE(has_line("bw_models_unasked_total 4")) << text();
  EXPECT_TRUE(has_line("bw_models_unreadable_total 3")) << text();
}

}  // namespace
}  // namespace bw::coordinator::api
