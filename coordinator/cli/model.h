// What the coordinator's API answers, as plain structs. Unknown values are empty optionals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bw::cli {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct NodeSummary {
  std::optional<double> cpu_util;        // percent
  std::optional<double> mem_used_ratio;  // 0 to 1
  std::optional<double> load1;
  std::optional<double> psi_cpu;      // percent of the last 10 s
  std::optional<double> net_rx;       // bytes a second
  std::optional<double> net_tx;       // bytes a second
  std::optional<double> disk_util;    // percent
  std::optional<double> temperature;  // degrees Celsius
};

struct Node {
  std::string id;
  std::string site;
  std::string status;  // online, draining, offline, silent
  std::optional<std::int64_t> since_ms;
  std::optional<std::int64_t> last_seen_ms;
  Labels labels;
  std::string agent_version;
  std::string hostname;
  std::string arch;
  std::string os;
  std::string kernel;
  std::string cpu_model;
  std::optional<std::uint64_t> cpus;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> series;
  NodeSummary summary;
};

struct NodeDetail {
  Node node;
  std::string epoch;
  std::string store_id;
  std::optional<std::int64_t> started_ms;
  std::optional<std::uint64_t> period_ms;
  std::string boot_id;
  std::string machine_id;
  std::vector<std::string> capabilities;
  std::string table_id;
  std::string node_class;
  std::string model;  // that was deployed to it; empty: none
  std::uint64_t stored = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t gaps = 0;
  std::optional<std::int64_t> last_stored_ms;
  std::vector<std::pair<std::string, std::uint64_t>> refused;
  std::optional<double> clock_offset_ms;
};

struct SeriesValue {
  std::string name;
  std::string unit;
  std::string kind;  // gauge, counter: then value and unit are those of its rate
  Labels labels;
  std::optional<double> value;
};

struct NodeSeries {
  std::string node;
  std::optional<std::int64_t> time_ms;
  std::vector<SeriesValue> series;
};

struct QueryPoint {
  std::int64_t time_ms = 0;
  std::optional<double> value;
};

struct QuerySeries {
  std::string node;
  std::string name;
  std::string unit;
  Labels labels;
  std::vector<QueryPoint> points;
};

struct QueryAnswer {
  std::string metric;
  std::string function;
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  std::optional<std::int64_t> step_ms;
  std::vector<QuerySeries> series;
  bool truncated = false;
};

struct EventRow {
  std::string node;
  std::string epoch;
  std::string number;
  std::optional<std::int64_t> time_ms;
  std::string kind;
  std::string severity;  // info, warning, critical
  std::string text;
  Labels details;
};

struct ExportState {
  std::string name;
  std::string url;
  bool ok = false;
  std::string reason;
  std::uint64_t lag_s = 0;
  std::uint64_t lag_blocks = 0;
  std::uint64_t samples = 0;
  std::uint64_t refused = 0;
  std::uint64_t lost_blocks = 0;
  std::uint64_t retries = 0;
  std::string last_refusal;
};

struct FleetStatus {
  std::string version;
  std::optional<std::int64_t> started_ms;
  std::optional<double> uptime_s;
  bool broker_connected = false;
  std::string broker_url;
  std::string broker_reason;  // why it is not connected
  bool store_ok = false;
  std::string store_reason;
  std::uint64_t online = 0;
  std::uint64_t draining = 0;
  std::uint64_t offline = 0;
  std::uint64_t silent = 0;
  std::uint64_t stored = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t gaps = 0;
  std::uint64_t refused_payloads = 0;
  std::vector<ExportState> exports;
};

}  // namespace bw::cli
