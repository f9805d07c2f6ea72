// An anomaly as a node tells of it: an event of its begin, of a change for the worse, and of its
// end, each with all that is known by then, so that the newest one of an episode says it whole.
//
// Events carry texts: this is how the numbers get into their details and out again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/wire/messages.h"

namespace bw::wire {

inline constexpr std::size_t kMaxAnomalyCauses = 8;

// By its peak against the threshold: major from 1.5 times, critical from twice.
enum class AnomalySeverity : std::uint8_t { minor, major, critical };

// How it ended. lasting: it is the new normal. silenced: a known change began. stopped: the agent
// did, in the midst of it.
enum class AnomalyOutcome : std::uint8_t { active, calm, lasting, silenced, stopped };

enum class AnomalyDirection : std::uint8_t { above, below, restless, still, unlike };

struct AnomalyCause {
  std::string metric;  // series_key()
  std::string unit;
  double share = 0;  // of all metrics' part in it, 0 to 1
  double value = 0;  // NaN: missing
  double low = 0;    // what 98 % of its values lie between
  double high = 0;
  AnomalyDirection direction = AnomalyDirection::above;
  bool operator==(const AnomalyCause&) const = default;
};

struct Anomaly {
  std::uint64_t episode = 0;  // counts from 1 in each epoch
  std::int64_t start_ms = 0;
  std::int64_t peak_ms = 0;
  std::int64_t end_ms = 0;  // 0: it goes on
  AnomalySeverity severity = AnomalySeverity::minor;
  AnomalyOutcome outcome = AnomalyOutcome::active;
  double score = 0;                  // at its peak
  double threshold = 0;              // at its start
  std::uint32_t flares = 1;          // times it was entered
  std::uint64_t troubled_ms = 0;     // in all, calm stretches left out
  std::vector<AnomalyCause> causes;  // the greatest share first
  bool operator==(const Anomaly&) const = default;
};

// Kinds of event that carry one.
inline constexpr std::string_view kAnomalyKind = "anomaly";               // its begin
inline constexpr std::string_view kAnomalyUpdateKind = "anomaly_update";  // worse, or back again
inline constexpr std::string_view kAnomalyEndKind = "anomaly_end";
bool is_anomaly_kind(std::string_view kind);

std::string_view name_of(AnomalySeverity severity);
std::string_view name_of(AnomalyOutcome outcome);
std::string_view name_of(AnomalyDirection direction);

// "disk.util{device=sda}": a series' name with its labels in their order.
std::string series_key(const SeriesInfo& series);

// Details of an event that say it, causes beyond kMaxAnomalyCauses left out.
std::vector<Label> anomaly_details(const Anomaly& anomaly);

// What the details say; nothing where they are none of an anomaly, or not as they have to be.
std::optional<Anomaly> anomaly_of(const std::vector<Label>& details);

// Names it in a fleet: "box-1:00f3a2c4d5e6b701:3", the node, its agent's run, and the episode.
struct AnomalyId {
  std::string node;
  std::uint64_t epoch = 0;
  std::uint64_t episode = 0;
  bool operator==(const AnomalyId&) const = default;
};
std::string text_of(const AnomalyId& id);
std::optional<AnomalyId> parse_anomaly_id(std::string_view text);

}  // namespace bw::wire
