// Events of anomalies as agents tell them, for the tests beside this file.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/api/query.h"
#include "schemas/wire/anomaly.h"

namespace bw::coordinator::api {

inline constexpr std::int64_t kStartMs = 1'700'000'000'000;
inline constexpr std::uint64_t kEpoch = 0xab;

inline wire::Anomaly some_anomaly(std::uint64_t episode = 1) {
  wire::Anomaly anomaly;
  anomaly.episode = episode;
  anomaly.start_ms = kStartMs;
  anomaly.peak_ms = kStartMs + 1000;
  anomaly.score = 30;
  anomaly.threshold = 20;
  anomaly.troubled_ms = 2000;
  anomaly.causes = {{"disk.util{device=sda}", "%", 0.54, 98.1, 1, 40, {}},
                    {"cpu.load1", "1", 0.31, 7, 0.5, 2, wire::AnomalyDirection::below}};
  return anomaly;
}

inline EventRow event_of(std::string node, std::uint64_t number, std::string_view kind,
                         const wire::Anomaly& anomaly, std::int64_t time_ms,
                         std::uint64_t epoch = kEpoch) {
  EventRow row;
  row.node = std::move(node);
  row.event.epoch = epoch;
  row.event.number = number;
  row.event.time_ms = time_ms;
  row.event.kind = kind;
  row.event.severity = wire::Severity::warning;
  row.event.text = std::string(kind) + " " + std::to_string(number);
  row.event.details = wire::anomaly_details(anomaly);
  return row;
}

inline EventRow begin_of(const std::string& node, std::uint64_t number,
                         const wire::Anomaly& anomaly, std::uint64_t epoch = kEpoch) {
  return event_of(node, number, wire::kAnomalyKind, anomaly, anomaly.start_ms, epoch);
}

inline EventRow end_of(const std::string& node, std::uint64_t number, wire::Anomaly anomaly,
                       std::int64_t end_ms, std::uint64_t epoch = kEpoch,
                       wire::AnomalyOutcome outcome = wire::AnomalyOutcome::calm) {
  anomaly.end_ms = end_ms;
  anomaly.outcome = outcome;
  return event_of(node, number, wire::kAnomalyEndKind, anomaly, end_ms, epoch);
}

}  // namespace bw::coordinator::api
