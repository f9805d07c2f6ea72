// Records as the agent's core hands them to its spool, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/shell/spool_store.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"

namespace bw::agent {

// Above what a signed number holds, as half of all epochs are.
inline constexpr std::uint64_t kEpoch = 0xf123456789abcdefU;

inline std::vector<wire::SeriesInfo> series_of(const std::string& name) {
  return {{.name = name, .unit = "B", .kind = wire::SeriesKind::gauge, .labels = {}}};
}

inline std::vector<std::byte> history_payload(RecordKey key, std::uint64_t table_id) {
  const std::vector<std::int64_t> times{1000, 2000};
  const std::vector<double> values{0.5, 1.5};
  wire::ColumnEncoder columns;
  const auto encoded = columns.encode(times, values, 1);
  wire::HistoryBlock block;
  block.epoch = key.epoch;
  block.number = key.number;
  block.table_id = table_id;
  block.start_ms = times.front();
  block.end_ms = times.back();
  block.rows = 2;
  block.columns.assign(encoded.begin(), encoded.end());
  wire::Encoder encoder;
  const auto bytes = encoder.encode(block);
  return {bytes.begin(), bytes.end()};
}

inline std::vector<std::byte> event_payload(RecordKey key, const std::string& text = "so it was") {
  wire::EventRecord event;
  event.epoch = key.epoch;
  event.number = key.number;
  event.kind = "clock_step";
  event.text = text;
  wire::Encoder encoder;
  const auto bytes = encoder.encode(event);
  return {bytes.begin(), bytes.end()};
}

inline SpoolWrite history_write(RecordKey key, const std::string& series_name = "mem.free") {
  const auto series = series_of(series_name);
  const std::uint64_t table_id = wire::series_table_id(series);
  SpoolWrite write;
  write.payload = history_payload(key, table_id);
  write.record = {key, wire::Topic::history, write.payload.size(), 5000};
  write.table_id = table_id;
  write.table = encode_table(table_id, series);
  return write;
}

inline SpoolWrite event_write(RecordKey key, const std::string& text = "so it was") {
  SpoolWrite write;
  write.payload = event_payload(key, text);
  write.record = {key, wire::Topic::event, write.payload.size(), 6000};
  return write;
}

}  // namespace bw::agent
