// What happened, out of the store.
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "coordinator/core/api/episodes.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/parameters.h"

namespace bw::coordinator::api {

namespace {

constexpr std::string_view kSeverities[] = {"info", "warning", "critical"};

}  // namespace

Answer list_events(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  EventQuery query;
  query.node = in.node("node");
  query.kind = in.metric("kind");
  query.min_severity = static_cast<int>(in.choice("severity", kSeverities).value_or(0));
  // All there are where nothing is said: events are few, and old ones matter.
  query.from_ms = in.time("from", "0");
  query.to_ms = in.time("to", "9999-12-31T23:59:59Z");
  query.limit = static_cast<std::uint32_t>(in.integer("limit", 100, 1, 1000));
  if (query.from_ms >= query.to_ms) in.fail("to", "'to' is not later than 'from'");
  if (auto bad = in.problem()) return *std::move(bad);
  return StoreQuery(std::move(query));
}

Response finish_events(const EventResult& result) {
  JsonWriter json;
  json.begin_object().key("events").begin_array();
  for (const EventRow& row : result.events) write_event(json, row);
  json.end_array().end_object();
  return json_response(std::move(json));
}

}  // namespace bw::coordinator::api
