#include "coordinator/core/api/node_health.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/node_conditions.h"

namespace bw::coordinator::api {

namespace {

constexpr std::uint32_t kMostHealthEvents = 5000;
constexpr std::size_t kCausesInWords = 3;
constexpr double kMostRows = 1e18;  // a node may say any float; beyond 2^64 no integer holds it

// Whether it still stands: a condition without its end, or anything else that is fresh.
bool is_open(const wire::EventRecord& event, const Conditions& conditions, std::int64_t now_ms) {
  if (event.severity != wire::Severity::critical) return false;
  const std::optional<bool> stands = conditions.stands(event);
  return stands ? *stands : now_ms - event.time_ms < kFreshMs;
}

std::vector<EventGroup> group_events(const std::vector<EventRow>& events,
                                     const Conditions& conditions, std::int64_t now_ms) {
  std::map<std::string, EventGroup> by_kind;
  for (const EventRow& row : events) {
    const wire::EventRecord& event = row.event;
    if (event.severity == wire::Severity::info || wire::is_anomaly_kind(event.kind)) continue;
    EventGroup& group = by_kind[event.kind];
    group.kind = event.kind;
    group.severity = std::max(group.severity, event.severity);
    ++group.count;
    if (group.count == 1 || event.time_ms > group.last_ms) {
      group.last_ms = event.time_ms;
      group.text = event.text;
    }
    group.is_open = group.is_open || is_open(event, conditions, now_ms);
  }
  std::vector<EventGroup> groups;
  for (auto& [kind, group] : by_kind) groups.push_back(std::move(group));
  std::stable_sort(groups.begin(), groups.end(), [](const EventGroup& a, const EventGroup& b) {
    return std::tuple(a.is_open, a.severity, a.last_ms) >
           std::tuple(b.is_open, b.severity, b.last_ms);
  });
  return groups;
}

std::optional<double> own_value(const NodeView& node, std::string_view name, bool* declared) {
  if (node.series == nullptr) return std::nullopt;
  for (std::size_t alias = 0; alias < node.series->size(); ++alias) {
    const wire::SeriesInfo& series = (*node.series)[alias];
    if (series.name != name || !series.labels.empty()) continue;
    if (declared != nullptr) *declared = true;
    const float value = live_value(node, alias);
    return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
  }
  return std::nullopt;
}

DetectorFacts detector_of(const NodeView& node) {
  DetectorFacts facts;
  const bool is_heard = node.status == NodeStatus::online || node.status == NodeStatus::draining;
  if (!is_heard || node.series == nullptr) return facts;
  bool is_there = false;
  facts.score = own_value(node, "self.anomaly_score", &is_there);
  facts.threshold = own_value(node, "self.anomaly_threshold", &is_there);
  facts.active = own_value(node, "self.anomaly_active", &is_there);
  facts.series = own_value(node, "self.anomaly_series", &is_there);
  facts.rows = own_value(node, "self.model_rows", &is_there);
  facts.age_s = own_value(node, "self.model_age", nullptr);
  facts.drift = own_value(node, "self.model_drift", nullptr);
  facts.anomalies_a_day = own_value(node, "self.anomaly_rate", nullptr);
  facts.state = DetectorState::off;
  if (!is_there) return facts;
  facts.state = facts.threshold ? DetectorState::watching : DetectorState::learning;
  const auto silenced = own_value(node, "self.anomaly_silenced", nullptr);
  if (silenced.value_or(0) > 0) facts.state = DetectorState::silenced;
  return facts;
}

// "5m", "3h", "2d": as exact as it has to be.
std::string span_text(std::int64_t ms) {
  const std::int64_t seconds = std::max<std::int64_t>(0, ms / 1000);
  if (seconds < 60) return std::to_string(seconds) + "s";
  if (seconds < 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

std::string short_number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::general, 3);
  return {text, end.ptr};
}

std::string anomaly_words(const Episode& episode, std::int64_t now_ms) {
  std::string text = "unlike itself for " + span_text(duration_ms(episode, now_ms)) + " (" +
                     std::string(wire::name_of(episode.anomaly.severity)) + ")";
  const auto& causes = episode.anomaly.causes;
  for (std::size_t i = 0; i < std::min(kCausesInWords, causes.size()); ++i) {
    text += i == 0 ? ": " : ", ";
    text += causes[i].metric + " " + std::string(wire::name_of(causes[i].direction)) + " (" +
            std::to_string(std::lround(100 * causes[i].share)) + " %)";
  }
  return text;
}

class Judge {
 public:
  Judge(const NodeView& node, std::int64_t now_ms, NodeHealth& out)
      : node_(node), now_ms_(now_ms), out_(out) {}

  void look_at_status() {
    const std::string since = span_text(now_ms_ - node_.since_ms);
    if (node_.status == NodeStatus::silent) {
      say(wire::Severity::critical, "nothing has been heard of it for " + since);
    } else if (node_.status == NodeStatus::offline) {
      say(wire::Severity::critical, "it has been offline for " + since);
    } else if (node_.series == nullptr) {
      say(wire::Severity::warning, "it has not said yet what it measures");
    } else {
      is_heard_ = true;
      if (node_.status == NodeStatus::draining) say(wire::Severity::info, "it is being drained");
    }
  }
  void look_at_anomalies() {
    for (const Episode& episode : out_.active) {
      const bool is_critical = episode.anomaly.severity == wire::AnomalySeverity::critical;
      bad(is_critical ? wire::Severity::critical : wire::Severity::warning,
          anomaly_words(episode, now_ms_));
    }
    if (out_.active.empty() && out_.detector.active.value_or(0) > 0) {
      bad(wire::Severity::warning,
          "unlike itself, says its detector: an anomaly flared up once more, or its event is "
          "on its way");
    }
  }
  void look_at_events() {
    for (const EventGroup& group : out_.events) {
      std::string text = group.kind;
      if (group.count > 1) text += ", " + std::to_string(group.count) + " times, last";
      text += " " + span_text(now_ms_ - group.last_ms) + " ago";
      if (!group.text.empty()) text += ": " + group.text;
      if (group.is_open) {
        bad(wire::Severity::critical, std::move(text));
      } else {
        say(std::min(group.severity, wire::Severity::warning), std::move(text));
      }
    }
  }
  void look_at_conditions(const Conditions& conditions) {
    for (Conditions::Trouble& trouble : conditions.untold()) {
      if (trouble.severity == wire::Severity::critical) {
        bad(trouble.severity, std::move(trouble.text));
      } else {
        say(trouble.severity, std::move(trouble.text));
      }
    }
  }
  void look_at_detector() {
    const DetectorFacts& facts = out_.detector;
    const auto rows =
        static_cast<std::uint64_t>(std::clamp(facts.rows.value_or(0), 0.0, kMostRows));
    if (facts.state == DetectorState::off) {
      say(wire::Severity::info, "no detector watches it");
    } else if (facts.state == DetectorState::silenced) {
      say(wire::Severity::info, "a known change keeps its detector silent");
    } else if (facts.state == DetectorState::learning) {
      say(wire::Severity::info, "its detector learns what is usual: " + std::to_string(rows) +
                                    " rows of about " + std::to_string(kRowsToWatch));
    }
    if (facts.drift.value_or(0) > kMuchDrift) {
      say(wire::Severity::warning, "what it measures has drifted from what its detector learnt: " +
                                       short_number(*facts.drift) + ", and above " +
                                       short_number(kMuchDrift) + " is much");
    }
    if (facts.anomalies_a_day.value_or(0) > kManyAnomalies) {
      say(wire::Severity::warning, short_number(*facts.anomalies_a_day) +
                                       " anomalies a day: it is in trouble again and again, or "
                                       "its detector is too easily alarmed");
    }
  }
  Verdict verdict() const {
    if (!is_heard_) return Verdict::unknown;
    if (is_bad_) return Verdict::unwell;
    return out_.detector.state == DetectorState::learning ? Verdict::learning : Verdict::well;
  }
  void say(wire::Severity severity, std::string text) {
    out_.reasons.push_back({severity, std::move(text)});
  }

 private:
  void bad(wire::Severity severity, std::string text) {
    is_bad_ = true;
    say(severity, std::move(text));
  }

  const NodeView& node_;
  std::int64_t now_ms_;
  NodeHealth& out_;
  bool is_heard_ = false;
  bool is_bad_ = false;
};

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view kNames[] = {"well", "learning", "unwell", "unknown"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view name_of(DetectorState state) {
  constexpr std::string_view kNames[] = {"unknown", "off", "learning", "watching", "silenced"};
  return kNames[static_cast<std::size_t>(state)];
}

EventQuery health_query(std::string_view node, std::int64_t now_ms) {
  EventQuery query;
  query.node = node;
  query.min_severity = static_cast<int>(wire::Severity::warning);
  query.also_kinds = {std::string(wire::kAnomalyKind), std::string(wire::kAnomalyUpdateKind),
                      std::string(wire::kAnomalyEndKind)};
  for (std::string& kind : recovery_kinds()) query.also_kinds.push_back(std::move(kind));
  query.from_ms = now_ms - kHealthWindowMs;
  // A node's clock may be ahead of ours.
  query.to_ms = now_ms + kHealthWindowMs;
  query.limit = kMostHealthEvents;
  return query;
}

NodeHealth health_of(const NodeView& node, const std::vector<EventRow>& events, bool truncated,
                     const FleetView& fleet, std::int64_t now_ms) {
  NodeHealth out;
  out.detector = detector_of(node);
  for (Episode& episode : merge_episodes(events, fleet, now_ms).found) {
    if (episode.anomaly.start_ms >= now_ms - kHealthWindowMs) ++out.anomalies;
    if (episode.is_active()) out.active.push_back(std::move(episode));
  }
  const Conditions conditions(node, events);
  out.events = group_events(events, conditions, now_ms);
  Judge judge(node, now_ms, out);
  judge.look_at_status();
  judge.look_at_anomalies();
  judge.look_at_events();
  judge.look_at_conditions(conditions);
  judge.look_at_detector();
  if (truncated) {
    judge.say(wire::Severity::info,
              "it has told of more in a day than is looked at: only the "
              "newest " +
                  std::to_string(events.size()) + " events are");
  }
  out.verdict = judge.verdict();
  std::stable_sort(
      out.reasons.begin(), out.reasons.end(),
      [](const HealthReason& a, const HealthReason& b) { return a.severity > b.severity; });
  return out;
}

}  // namespace bw::coordinator::api
