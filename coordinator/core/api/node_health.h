// Whether a node is well, in one word, and why: of what is known of it now and of the last day's
// events. A pure function of its input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/core/api/episodes.h"
#include "coordinator/core/view.h"

namespace bw::coordinator::api {

// unknown: nothing is heard of it.
enum class Verdict : std::uint8_t { well, learning, unwell, unknown };
// off: no detector runs there, or it publishes nothing.
enum class DetectorState : std::uint8_t { unknown, off, learning, watching, silenced };
std::string_view name_of(Verdict verdict);
std::string_view name_of(DetectorState state);

inline constexpr double kMuchDrift = 0.25;        // population stability index
inline constexpr double kManyAnomalies = 3;       // a day
inline constexpr std::size_t kRowsToWatch = 576;  // about what a detector learns before it watches
// A critical event that tells of no lasting condition makes a node unwell for so long.
inline constexpr std::int64_t kFreshMs = std::int64_t{3600} * 1000;
inline constexpr std::int64_t kHealthWindowMs = std::int64_t{24} * 3600 * 1000;

struct HealthReason {
  wire::Severity severity = wire::Severity::info;
  std::string text;
};

struct EventGroup {
  std::string kind;
  wire::Severity severity = wire::Severity::warning;  // the worst of them
  std::uint64_t count = 0;
  std::int64_t last_ms = 0;
  std::string text;      // of the last
  bool is_open = false;  // what makes the node unwell is among them
};

// From the newest values of the node's own series; nothing: not known.
struct DetectorFacts {
  DetectorState state = DetectorState::unknown;
  std::optional<double> score, threshold, active, series, rows, age_s, drift, anomalies_a_day;
};

struct NodeHealth {
  Verdict verdict = Verdict::unknown;
  std::vector<HealthReason> reasons;  // the worst first
  DetectorFacts detector;
  std::vector<Episode> active;     // the one that began last first
  std::uint64_t anomalies = 0;     // that began within the window
  std::vector<EventGroup> events;  // the worst first, of these the latest
};

// `events`: of the window, as health_query() asks for them, in any order.
NodeHealth health_of(const NodeView& node, const std::vector<EventRow>& events, bool truncated,
                     const FleetView& fleet, std::int64_t now_ms);

EventQuery health_query(std::string_view node, std::int64_t now_ms);

}  // namespace bw::coordinator::api
