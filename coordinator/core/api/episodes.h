// Anomalies as people ask for them: episodes, put together from the events that tell of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "coordinator/core/api/query.h"
#include "coordinator/core/view.h"
#include "schemas/wire/anomaly.h"

namespace bw::coordinator::api {

struct Episode {
  wire::AnomalyId id;
  wire::Anomaly anomaly;      // as its newest event has it
  std::string text;           // of the newest event that is not its end
  std::uint64_t number = 0;   // of its newest event
  std::int64_t known_ms = 0;  // the newest event's time
  // Nobody will tell its end: the agent's run is over, or its node has been away for long.
  bool interrupted = false;

  bool is_active() const { return anomaly.outcome == wire::AnomalyOutcome::active && !interrupted; }
};

// A node that is offline or silent for longer than this is not thought to be in an anomaly still.
inline constexpr std::int64_t kAwayMs = std::int64_t{3600} * 1000;

struct Episodes {
  std::vector<Episode> found;  // the one that began last comes first
  std::uint64_t damaged = 0;   // events whose details don't say an anomaly
};

// Events of other kinds are passed over. What of them was interrupted is told by the fleet.
Episodes merge_episodes(const std::vector<EventRow>& events, const FleetView& fleet,
                        std::int64_t now_ms);

// How long it lasts, or lasted as far as is known; not negative.
std::int64_t duration_ms(const Episode& episode, std::int64_t now_ms);

// "disk.util{device=sda}" -> the metric's name and its labels. Of "}" and "," in labels' values the
// last and those before a name count.
struct SeriesName {
  std::string name;
  std::vector<wire::Label> labels;
};
SeriesName parse_series_key(std::string_view key);

// The members of an Anomaly (schema.cpp).
void write_anomaly(JsonWriter& json, const Episode& episode, const FleetView& fleet,
                   std::int64_t now_ms);
void write_event(JsonWriter& json, const EventRow& row);

}  // namespace bw::coordinator::api
