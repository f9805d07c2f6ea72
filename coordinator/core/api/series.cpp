// A node's series with their newest values.
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/parameters.h"
#include "coordinator/core/api/problem.h"

namespace bw::coordinator::api {

Answer list_series(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  const std::string prefix = in.metric("metric");
  if (auto bad = in.problem()) return *std::move(bad);
  const auto node = call.fleet.find(call.id);
  if (!node) return problem(404, "there is no node of this id", call.target.path);

  static const std::vector<wire::SeriesInfo> kNone;
  const auto& table = node->series == nullptr ? kNone : *node->series;
  JsonWriter json;
  json.begin_object();
  json.member("node", node->id);
  write_time(json, "time", node->live_ms);
  json.member("sequence", node->live_sequence);
  json.key("series").begin_array();
  for (std::size_t alias = 0; alias < table.size(); ++alias) {
    const wire::SeriesInfo& series = table[alias];
    if (!series.name.starts_with(prefix)) continue;
    const bool is_counter = series.kind == wire::SeriesKind::counter;
    json.begin_object();
    json.member("alias", alias);
    json.member("name", series.name);
    json.member("unit", is_counter ? series.unit + "/s" : series.unit);
    json.member("kind", is_counter ? "counter" : "gauge");
    write_labels(json, "labels", series.labels);
    json.key("value");
    write_float(json, live_value(*node, alias));
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(std::move(json));
}

}  // namespace bw::coordinator::api
