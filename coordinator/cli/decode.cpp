#include "coordinator/cli/decode.h"

#include <utility>

#include "coordinator/cli/json_reader.h"

namespace bw::cli {

namespace {

NodeSummary read_summary(JsonReader in) {
  NodeSummary out;
  out.cpu_util = in.number("cpu_util");
  out.mem_used_ratio = in.number("mem_used_ratio");
  out.load1 = in.number("load1");
  out.psi_cpu = in.number("psi_cpu_some_avg10");
  out.net_rx = in.number("net_rx_bytes_rate");
  out.net_tx = in.number("net_tx_bytes_rate");
  out.disk_util = in.number("disk_util_max");
  out.temperature = in.number("temp_max");
  return out;
}

Node read_node(JsonReader& in) {
  Node out;
  in.require("id");
  out.id = in.text("id");
  out.site = in.text("site");
  out.status = in.text("status");
  out.since_ms = in.time("since");
  out.last_seen_ms = in.time("last_seen");
  out.labels = in.labels("labels");
  out.agent_version = in.text("agent_version");
  out.hostname = in.text("hostname");
  out.arch = in.text("arch");
  out.os = in.text("os");
  out.kernel = in.text("kernel");
  out.cpu_model = in.text("cpu_model");
  out.cpus = in.count("cpus");
  out.memory_bytes = in.count("memory_bytes");
  out.series = in.count("series");
  out.summary = read_summary(in.object("summary"));
  return out;
}

void read_detail(JsonReader& in, NodeDetail& out) {
  out.node = read_node(in);
  out.epoch = in.id("epoch");
  out.store_id = in.id("store_id");
  out.started_ms = in.time("started");
  out.period_ms = in.count("period_ms");
  out.boot_id = in.text("boot_id");
  out.machine_id = in.text("machine_id");
  out.table_id = in.id("table_id");
  out.node_class = in.text("class");
  out.model = in.text("model");
  out.clock_offset_ms = in.number("clock_offset_ms");
  out.capabilities = in.texts("capabilities");
  JsonReader records = in.object("records");
  out.stored = records.count("stored").value_or(0);
  out.duplicates = records.count("duplicates").value_or(0);
  out.gaps = records.count("gaps").value_or(0);
  out.last_stored_ms = records.time("last_stored");
  out.refused = in.counts("refused");
}

void read_query_series(JsonReader& in, QuerySeries& out) {
  out.node = in.text("node");
  out.name = in.text("name");
  out.unit = in.text("unit");
  out.labels = in.labels("labels");
  out.points = in.points("points");
}

}  // namespace

Result<NodePage> decode_nodes(std::string_view json) {
  return decode_json<NodePage>(json, [](JsonReader& in, NodePage& out) {
    in.list("nodes", true, [&](JsonReader item) { out.nodes.push_back(read_node(item)); });
    out.next = in.text("next");
  });
}

Result<NodeDetail> decode_node(std::string_view json) {
  return decode_json<NodeDetail>(json, read_detail);
}

Result<NodeSeries> decode_series(std::string_view json) {
  return decode_json<NodeSeries>(json, [](JsonReader& in, NodeSeries& out) {
    out.node = in.text("node");
    out.time_ms = in.time("time");
    in.list("series", true, [&](JsonReader item) {
      SeriesValue value;
      value.name = item.text("name");
      value.unit = item.text("unit");
      value.kind = item.text("kind");
      value.labels = item.labels("labels");
      value.value = item.number("value");
      out.series.push_back(std::move(value));
    });
  });
}

Result<QueryAnswer> decode_query(std::string_view json) {
  return decode_json<QueryAnswer>(json, [](JsonReader& in, QueryAnswer& out) {
    out.metric = in.text("metric");
    out.function = in.text("function");
    out.from_ms = in.time("from");
    out.to_ms = in.time("to");
    if (const auto step = in.count("step_ms")) out.step_ms = static_cast<std::int64_t>(*step);
    out.truncated = in.flag("truncated");
    in.list("series", true, [&](JsonReader item) {
      QuerySeries series;
      read_query_series(item, series);
      out.series.push_back(std::move(series));
    });
  });
}

EventRow read_event(JsonReader& item) {
  EventRow row;
  row.node = item.text("node");
  row.epoch = item.id("epoch");
  row.number = item.id("number");
  row.time_ms = item.time("time");
  row.kind = item.text("kind");
  row.severity = item.text("severity");
  row.text = item.text("text");
  row.details = item.labels("details");
  return row;
}

Result<std::vector<EventRow>> decode_events(std::string_view json) {
  return decode_json<std::vector<EventRow>>(json, [](JsonReader& in, std::vector<EventRow>& out) {
    in.list("events", true, [&](JsonReader item) { out.push_back(read_event(item)); });
  });
}

ExportState read_export(JsonReader in) {
  ExportState out;
  out.name = in.text("name");
  out.url = in.text("url");
  out.ok = in.flag("ok");
  out.reason = in.text("reason");
  out.lag_s = in.count("lag_s").value_or(0);
  out.lag_blocks = in.count("lag_blocks").value_or(0);
  out.samples = in.count("samples").value_or(0);
  out.refused = in.count("refused_samples").value_or(0);
  out.lost_blocks = in.count("lost_blocks").value_or(0);
  out.retries = in.count("retries").value_or(0);
  out.last_refusal = in.text("last_refusal");
  return out;
}

Result<FleetStatus> decode_status(std::string_view json) {
  return decode_json<FleetStatus>(json, [](JsonReader& in, FleetStatus& out) {
    out.version = in.text("version");
    out.started_ms = in.time("started");
    out.uptime_s = in.number("uptime_s");
    in.require("broker");
    JsonReader broker = in.object("broker");
    out.broker_connected = broker.flag("connected");
    out.broker_url = broker.text("url");
    out.broker_reason = broker.text("reason");
    in.require("store");
    JsonReader store = in.object("store");
    out.store_ok = store.flag("ok");
    out.store_reason = store.text("reason");
    JsonReader nodes = in.object("nodes");
    out.online = nodes.count("online").value_or(0);
    out.draining = nodes.count("draining").value_or(0);
    out.offline = nodes.count("offline").value_or(0);
    out.silent = nodes.count("silent").value_or(0);
    JsonReader records = in.object("records");
    out.stored = records.count("stored").value_or(0);
    out.duplicates = records.count("duplicates").value_or(0);
    out.gaps = records.count("gaps").value_or(0);
    out.refused_payloads = in.count("refused_payloads").value_or(0);
    in.list("exports", false,
            [&](JsonReader item) { out.exports.push_back(read_export(std::move(item))); });
  });
}

std::string decode_problem(std::string_view json) {
  std::string title;
  std::string detail;
  const auto read = read_json(json, [&](JsonReader& in) {
    title = in.text("title");
    detail = in.text("detail");
  });
  if (!read || title.empty()) return detail;
  return detail.empty() ? title : title + ": " + detail;
}

}  // namespace bw::cli
