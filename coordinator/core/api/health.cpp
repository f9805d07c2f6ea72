// Whether the coordinator runs, does its work, and in what state it is.
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"

namespace bw::coordinator::api {

namespace {

// Why the store does not take records; empty where it does.
std::string store_trouble(const ServiceView& service) {
  if (!service.store_is_open) return "the store is not open yet";
  if (service.store_is_well) return {};
  return "the store takes nothing: " + std::string(service.store_failure);
}

std::string broker_trouble(const ServiceView& service) {
  if (service.is_connected) return {};
  std::string text = "there is no link to the broker";
  if (!service.disconnect_reason.empty()) text += ": " + std::string(service.disconnect_reason);
  return text;
}

void write_exports(JsonWriter& json, const ServiceView& service) {
  json.key("exports").begin_array();
  for (const ExportStatus& one : service.exports) {
    json.begin_object();
    json.member("name", one.name);
    json.member("url", one.url);
    json.member("ok", one.trouble.empty());
    json.member("reason", one.trouble);
    json.member("lag_s", lag_s(one, service.now_ms));
    json.member("lag_blocks", one.lag_blocks);
    json.member("samples", one.samples);
    json.member("refused_samples", one.refused_samples);
    json.member("late_samples", one.late_samples);
    json.member("lost_blocks", one.lost_blocks);
    json.member("retries", one.retries);
    json.member("last_refusal", one.last_refusal);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

Answer show_health(const Call&) {
  JsonWriter json;
  json.begin_object();
  json.member("status", "ok");
  json.end_object();
  return json_response(std::move(json));
}

Answer show_readiness(const Call& call) {
  std::vector<std::string> reasons;
  for (std::string& trouble :
       std::vector{store_trouble(call.service), broker_trouble(call.service)}) {
    if (!trouble.empty()) reasons.push_back(std::move(trouble));
  }
  if (call.service.is_stopping) reasons.emplace_back("the coordinator is stopping");
  JsonWriter json;
  json.begin_object();
  json.member("ready", reasons.empty());
  json.key("reasons").begin_array();
  for (const std::string& reason : reasons) json.value(reason);
  json.end_array().end_object();
  Response response = json_response(std::move(json));
  response.status = reasons.empty() ? 200 : 503;
  return response;
}

Answer show_status(const Call& call) {
  const ServiceView& service = call.service;
  const std::string trouble = store_trouble(service);
  JsonWriter json;
  json.begin_object();
  json.member("version", service.version);
  write_time(json, "started", service.started_ms);
  json.member("uptime_s", service.uptime_s);
  json.key("broker").begin_object();
  json.member("connected", service.is_connected);
  json.member("url", service.broker_url);
  json.member("reason", service.is_connected ? std::string_view() : service.disconnect_reason);
  json.end_object();
  json.key("store").begin_object();
  json.member("ok", trouble.empty());
  json.member("reason", trouble);
  json.member("bytes", service.store.bytes);
  json.member("used_bytes", service.store.used_bytes);
  write_time(json, "rolled_until", service.store.rolled_until_ms);
  json.member("dropped_blocks", service.store.dropped_blocks);
  json.member("dropped_rollups", service.store.dropped_rollups);
  json.member("dropped_events", service.store.dropped_events);
  json.member("missed_blocks", service.store.missed_blocks);
  json.end_object();
  json.key("nodes").begin_object();
  for (std::size_t i = 0; i < kNodeStatuses; ++i) {
    json.member(name_of(static_cast<NodeStatus>(i)), service.nodes[i]);
  }
  json.end_object();
  json.key("records").begin_object();
  json.member("stored", service.records.stored);
  json.member("duplicates", service.records.duplicates);
  json.member("gaps", service.records.gaps);
  json.end_object();
  json.member("refused_payloads", service.refused_payloads);
  write_exports(json, service);
  json.end_object();
  return json_response(std::move(json));
}

}  // namespace bw::coordinator::api
