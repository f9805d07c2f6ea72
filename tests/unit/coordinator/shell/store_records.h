// Nodes, blocks and events to put into a store.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/records.h"
#include "schemas/wire/columns.h"

namespace bw::coordinator {

inline NodeId node_id(const std::string& name) {
  return NodeId::parse(name).value();
}

// cpu_busy of two CPUs, and one counter.
inline std::vector<wire::SeriesInfo> series_table() {
  return {{"cpu_busy", "ratio", wire::SeriesKind::gauge, {{"cpu", "0"}}},
          {"cpu_busy", "ratio", wire::SeriesKind::gauge, {{"cpu", "1"}}},
          {"net_bytes", "bytes", wire::SeriesKind::counter, {}}};
}

inline PutNode put_node(const std::string& node, std::vector<wire::SeriesInfo> series,
                        std::int64_t seen_ms = 1'000'000) {
  wire::NodeBirth birth;
  birth.epoch = 0xfedc'ba98'7654'3210U;  // the upper half: a bit pattern, not a positive int64
  birth.store_id = 7;
  birth.site = "lab";
  birth.labels = {{"rack", "3"}};
  birth.hardware.hostname = node;
  birth.hardware.cpus = 2;
  birth.agent_version = "1.2.3";
  birth.started_ms = 999'000;
  birth.period_ms = 1000;
  birth.table_id = wire::series_table_id(series);
  birth.series = std::move(series);
  return {node_id(node), seen_ms, std::move(birth)};
}

// A row a time, its values row by row.
inline PutBlock put_block(const std::string& node, std::uint64_t epoch, std::uint64_t number,
                          const std::vector<std::int64_t>& times_ms,
                          const std::vector<double>& values,
                          const std::vector<wire::SeriesInfo>& series = series_table()) {
  wire::ColumnEncoder encoder;
  const auto columns = encoder.encode(times_ms, values, values.size() / times_ms.size());
  PutBlock block{node_id(node), epoch, number, wire::series_table_id(series), 0, 0, 0, {}};
  block.start_ms = times_ms.front();
  block.end_ms = times_ms.back();
  block.rows = static_cast<std::uint32_t>(times_ms.size());
  block.columns.assign(columns.begin(), columns.end());
  return block;
}

inline PutEvent put_event(const std::string& node, std::uint64_t epoch, std::uint64_t number,
                          std::int64_t time_ms, const std::string& kind = "clock_step",
                          wire::Severity severity = wire::Severity::info) {
  wire::EventRecord event;
  event.epoch = epoch;
  event.number = number;
  event.oldest = 1;
  event.time_ms = time_ms;
  event.kind = kind;
  event.severity = severity;
  event.text = "something happened";
  event.details = {{"why", "because"}};
  return {node_id(node), std::move(event)};
}

}  // namespace bw::coordinator
