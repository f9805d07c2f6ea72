#include "coordinator/cli/view_health.h"

#include <algorithm>

#include "coordinator/cli/table.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/units.h"
#include "coordinator/cli/view_anomalies.h"

namespace bw::cli {

namespace {

Tone tone_of_verdict(std::string_view verdict) {
  if (verdict == "well") return Tone::good;
  return verdict == "learning" ? Tone::warning : Tone::bad;
}

Tone tone_of_reason(std::string_view severity) {
  if (severity == "critical") return Tone::bad;
  return severity == "warning" ? Tone::warning : Tone::plain;
}

std::string whole(double value) {
  return count_text(static_cast<std::uint64_t>(std::clamp(value, 0.0, 1e15)));
}

std::string detector_text(const NodeHealth& health) {
  if (health.detector == "off") return "none runs there";
  if (health.detector == "unknown") return "not known";
  std::string text = health.detector;
  if (health.series) text += ", " + whole(*health.series) + " series watched";
  if (health.score) text += ", score " + number_text(health.score);
  if (health.threshold) text += ", threshold " + number_text(health.threshold);
  if (health.anomalies_a_day) {
    text += ", " + number_text(health.anomalies_a_day) + " anomalies a day";
  }
  return text;
}

std::string model_text(const NodeHealth& health) {
  std::string text = health.model.empty() ? "its own" : health.model;
  if (health.rows) text += ", learnt from " + whole(*health.rows) + " rows";
  if (health.age_s) {
    text += ", " +
            duration_text(static_cast<std::int64_t>(std::clamp(*health.age_s, 0.0, 1e12) * 1000)) +
            " old";
  }
  if (health.drift) {
    text += ", drift " + number_text(health.drift) + (health.drifted ? ": much" : "");
  }
  return text;
}

std::string status_text(const NodeHealth& health, std::int64_t now_ms) {
  std::string text = health.status;
  if (!health.site.empty()) text += " at " + health.site;
  if (health.since_ms) text += ", since " + local_time(health.since_ms);
  if (health.last_seen_ms) text += ", seen " + ago(health.last_seen_ms, now_ms);
  return text;
}

std::string anomalies_line(const NodeHealth& health) {
  const std::string on = health.active.empty() ? "none is on" : health.active.front().id + " is on";
  return on + ", " + count_text(health.anomalies_24h) + " began within a day";
}

std::string events_table(const NodeHealth& health, const View& view) {
  Table table;
  table.column("KIND").column("SEVERITY").column("COUNT", Align::right);
  table.column("LAST", Align::right).column("TEXT OF THE LAST");
  for (const EventGroup& group : health.events) {
    table.row({group.kind,
               {group.severity, tone_of_reason(group.severity)},
               count_text(group.count),
               ago(group.last_ms, view.now_ms),
               group.text});
  }
  return table.text(view.style);
}

}  // namespace

bool is_well(const NodeHealth& health) {
  return health.verdict == "well" || health.verdict == "learning";
}

std::string health_view(const NodeHealth& health, const View& view) {
  std::string text = view.style.paint(Tone::strong, visible(health.node)) + " is " +
                     view.style.paint(tone_of_verdict(health.verdict), visible(health.verdict)) +
                     "\n";
  Table reasons;
  reasons.column("").column("").column("");
  for (const HealthReason& reason : health.reasons) {
    reasons.row(
        {{" ", Tone::plain}, {reason.severity, tone_of_reason(reason.severity)}, reason.text});
  }
  text += reasons.text(view.style);
  Table facts;
  facts.column("").column("");
  const auto row = [&](const char* name, std::string value) {
    facts.row({{name, Tone::dim}, std::move(value)});
  };
  row("status", status_text(health, view.now_ms));
  row("detector", detector_text(health));
  row("model", model_text(health));
  row("anomalies", anomalies_line(health));
  text += "\n" + facts.text(view.style);
  for (const Anomaly& anomaly : health.active) {
    if (!anomaly.causes.empty()) text += "\n" + causes_table(anomaly.causes, view);
  }
  if (!health.events.empty()) {
    text += "\nwarnings and worse of the last day\n" + events_table(health, view);
    if (health.truncated) text += "There were more events than are counted.\n";
  }
  return text;
}

}  // namespace bw::cli
