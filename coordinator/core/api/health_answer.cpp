// Whether a node is well, as the API answers it.
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/node_health.h"
#include "coordinator/core/api/problem.h"
#include "coordinator/core/api/time_text.h"

namespace bw::coordinator::api {

namespace {

constexpr std::string_view kSeverityWords[] = {"info", "warning", "critical"};

void write_number(JsonWriter& json, std::string_view name, const std::optional<double>& number) {
  json.key(name);
  write_float(json, number ? static_cast<float>(*number) : NAN);
}

void write_detector(JsonWriter& json, const NodeHealth& health, const NodeView& node) {
  const DetectorFacts& facts = health.detector;
  json.key("detector").begin_object();
  json.member("state", name_of(facts.state));
  write_number(json, "score", facts.score);
  write_number(json, "threshold", facts.threshold);
  write_number(json, "series", facts.series);
  write_number(json, "anomalies_a_day", facts.anomalies_a_day);
  json.end_object();
  json.key("model").begin_object();
  json.key("id");
  if (node.birth != nullptr && !node.birth->model.empty()) {
    json.value(node.birth->model);
  } else {
    json.null();
  }
  write_number(json, "rows", facts.rows);
  write_number(json, "age_s", facts.age_s);
  write_number(json, "drift", facts.drift);
  json.member("drifted", facts.drift.value_or(0) > kMuchDrift);
  json.end_object();
}

Response write_health(const NodeHealth& health, const NodeView& node, bool truncated,
                      const FleetView& fleet, std::int64_t now_ms) {
  JsonWriter json;
  json.begin_object();
  json.member("node", node.id);
  json.member("site",
              node.birth == nullptr ? std::string_view() : std::string_view(node.birth->site));
  json.member("status", name_of(node.status));
  write_time(json, "since", node.since_ms);
  write_time(json, "last_seen", node.last_seen_ms);
  json.member("verdict", name_of(health.verdict));
  json.key("reasons").begin_array();
  for (const HealthReason& reason : health.reasons) {
    json.begin_object();
    json.member("severity", kSeverityWords[static_cast<std::size_t>(reason.severity)]);
    json.member("text", reason.text);
    json.end_object();
  }
  json.end_array();
  write_detector(json, health, node);
  json.key("anomalies").begin_array();
  for (const Episode& episode : health.active) {
    json.begin_object();
    write_anomaly(json, episode, fleet, now_ms);
    json.end_object();
  }
  json.end_array();
  json.member("anomalies_24h", health.anomalies);
  json.key("events").begin_array();
  for (const EventGroup& group : health.events) {
    json.begin_object();
    json.member("kind", group.kind);
    json.member("severity", kSeverityWords[static_cast<std::size_t>(group.severity)]);
    json.member("count", group.count);
    json.member("open", group.is_open);
    json.member("last", format_time(group.last_ms));
    json.member("text", group.text);
    json.end_object();
  }
  json.end_array();
  json.member("truncated", truncated);
  json.end_object();
  return json_response(std::move(json));
}

}  // namespace

Answer show_node_health(const Call& call) {
  const auto node = call.fleet.find(call.id);
  if (!node) return problem(404, "there is no node of this id", call.target.path);
  const std::int64_t now_ms = call.service.now_ms;
  return Question{
      health_query(call.id, now_ms), [id = std::string(call.id), path = call.target.path, now_ms](
                                         const EventResult& result, const FleetView& fleet) {
        const auto here = fleet.find(id);
        if (!here) return problem(404, "there is no node of this id", path);
        return write_health(health_of(*here, result.events, result.truncated, fleet, now_ms), *here,
                            result.truncated, fleet, now_ms);
      }};
}

}  // namespace bw::coordinator::api
