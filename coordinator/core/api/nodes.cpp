// The nodes, and one node.
#include <algorithm>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/parameters.h"
#include "coordinator/core/api/problem.h"
#include "coordinator/core/api/summary.h"
#include "coordinator/core/models.h"

namespace bw::coordinator::api {

namespace {

constexpr std::string_view kStatuses[] = {"online", "draining", "offline", "silent"};

const wire::NodeBirth& birth_of(const NodeView& node) {
  static const wire::NodeBirth kNone;
  return node.birth == nullptr ? kNone : *node.birth;
}

void write_node(JsonWriter& json, const NodeView& node, Summaries& summaries) {
  const wire::NodeBirth& birth = birth_of(node);
  const wire::Hardware& hardware = birth.hardware;
  json.member("id", node.id);
  json.member("site", birth.site);
  json.member("status", name_of(node.status));
  write_time(json, "since", node.since_ms);
  write_time(json, "last_seen", node.last_seen_ms);
  write_labels(json, "labels", birth.labels);
  json.member("agent_version", birth.agent_version);
  json.member("hostname", hardware.hostname);
  json.member("arch", hardware.arch);
  json.member("os", hardware.os);
  json.member("kernel", hardware.kernel);
  json.member("cpu_model", hardware.cpu_model);
  json.member("cpus", hardware.cpus);
  json.member("memory_bytes", hardware.memory_bytes);
  json.member("series", node.series == nullptr ? std::size_t{0} : node.series->size());
  json.key("summary").begin_object();
  summaries.write(json, node);
  json.end_object();
}

void write_detail(JsonWriter& json, const NodeView& node) {
  const wire::NodeBirth& birth = birth_of(node);
  json.member("epoch", hex_id(birth.epoch));
  json.member("store_id", hex_id(birth.store_id));
  write_time(json, "started", birth.started_ms);
  json.member("period_ms", birth.period_ms);
  json.member("boot_id", birth.hardware.boot_id);
  json.member("machine_id", birth.hardware.machine_id);
  json.key("capabilities").begin_array();
  for (const std::string& capability : birth.capabilities) json.value(capability);
  json.end_array();
  json.member("table_id", hex_id(birth.table_id));
  json.member("class", NodeClasses().of(birth, node.series));
  write_text_or_null(json, "model", birth.model);
  write_records(json, "records", node.records);
  json.key("refused").begin_object();
  for (std::size_t i = 0; node.refused != nullptr && i < node.refused->size(); ++i) {
    if ((*node.refused)[i] == 0) continue;
    json.member(wire::name_of(static_cast<wire::Refusal>(i)), (*node.refused)[i]);
  }
  json.end_object();
  json.key("clock_offset_ms");
  if (node.clock_offset_ms) {
    json.value(*node.clock_offset_ms);
  } else {
    json.null();
  }
}

struct Filter {
  std::string site;
  std::optional<std::size_t> status;
  std::vector<wire::Label> labels;

  bool admits(const NodeView& node) const {
    if (status && *status != static_cast<std::size_t>(node.status)) return false;
    const wire::NodeBirth& birth = birth_of(node);
    if (!site.empty() && birth.site != site) return false;
    return std::all_of(labels.begin(), labels.end(), [&](const wire::Label& label) {
      return std::find(birth.labels.begin(), birth.labels.end(), label) != birth.labels.end();
    });
  }
};

}  // namespace

Answer list_nodes(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  const Filter filter{in.text("site"), in.choice("status", kStatuses), in.labels("label")};
  const std::int64_t limit = in.integer("limit", 100, 1, 1000);
  const std::string after = in.node("after");
  if (auto bad = in.problem()) return *std::move(bad);

  JsonWriter json;
  Summaries summaries;
  std::int64_t written = 0;
  std::string last;
  bool is_more = false;
  json.begin_object().key("nodes").begin_array();
  call.fleet.each(after, [&](const NodeView& node) {
    if (!filter.admits(node)) return true;
    is_more = written == limit;
    if (is_more) return false;
    json.begin_object();
    write_node(json, node, summaries);
    json.end_object();
    last = node.id;
    ++written;
    return true;
  });
  json.end_array().key("next");
  if (is_more) {
    json.value(last);
  } else {
    json.null();
  }
  json.end_object();
  return json_response(std::move(json));
}

Answer show_node(const Call& call) {
  const auto node = call.fleet.find(call.id);
  if (!node) {
    return problem(404, "there is no node of this id", call.target.path);
  }
  JsonWriter json;
  Summaries summaries;
  json.begin_object();
  write_node(json, *node, summaries);
  write_detail(json, *node);
  json.end_object();
  return json_response(std::move(json));
}

}  // namespace bw::coordinator::api
