// What the API answers of anomalies and of nodes' health, as plain structs. Unknown values are
// empty optionals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/cli/model.h"

namespace bw::cli {

struct AnomalyCause {
  std::string metric;  // its name with its labels
  std::string name;
  Labels labels;
  std::string unit;
  double share = 0;  // 0 to 1
  std::optional<double> value;
  std::optional<double> low;
  std::optional<double> high;
  std::string direction;  // above, below, restless, still, unlike
};

struct Anomaly {
  std::string id;
  std::string node;
  std::string site;
  bool active = false;
  std::string level;    // minor, major, critical
  std::string outcome;  // active, calm, lasting, silenced, stopped, interrupted
  std::optional<std::int64_t> start_ms;
  std::optional<std::int64_t> peak_ms;
  std::optional<std::int64_t> end_ms;
  double duration_s = 0;
  double troubled_s = 0;
  std::uint64_t flares = 1;
  std::optional<double> score;
  std::optional<double> threshold;
  std::vector<AnomalyCause> causes;
  std::string text;
};

struct AnomalyList {
  std::vector<Anomaly> anomalies;
  bool truncated = false;
  std::uint64_t damaged = 0;
};

struct AnomalyDetail {
  Anomaly anomaly;
  std::vector<EventRow> events;
};

struct HealthReason {
  std::string severity;  // info, warning, critical
  std::string text;
};

struct EventGroup {
  std::string kind;
  std::string severity;
  std::uint64_t count = 0;
  bool open = false;
  std::optional<std::int64_t> last_ms;
  std::string text;
};

struct NodeHealth {
  std::string node;
  std::string site;
  std::string status;
  std::optional<std::int64_t> since_ms;
  std::optional<std::int64_t> last_seen_ms;
  std::string verdict;  // well, learning, unwell, unknown
  std::vector<HealthReason> reasons;
  std::string detector;  // watching, learning, silenced, off, unknown
  std::optional<double> score;
  std::optional<double> threshold;
  std::optional<double> series;
  std::optional<double> anomalies_a_day;
  std::string model;  // empty: none was deployed
  std::optional<double> rows;
  std::optional<double> age_s;
  std::optional<double> drift;
  bool drifted = false;
  std::vector<Anomaly> active;
  std::uint64_t anomalies_24h = 0;
  std::vector<EventGroup> events;
  bool truncated = false;
};

}  // namespace bw::cli
