#include "coordinator/cli/decode.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "coordinator/cli/document.h"
#include "coordinator/cli/times.h"

namespace bw::cli {

namespace {

using Json = nlohmann::ordered_json;

// Reads members of one object. The first that is of a wrong type is remembered; all reads after it
// give unknown values.
class Reader {
 public:
  Reader(const Json& object, std::string path, std::string& trouble)
      : object_(object), path_(std::move(path)), trouble_(trouble) {
    if (!object_.is_object()) fail("", "an object");
  }

  const Json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  std::string text(const char* name) {
    const Json* member = find(name);
    if (member == nullptr) return "";
    if (!member->is_string()) return fail(name, "a string"), "";
    return member->get<std::string>();
  }
  // Numbers of 64 bits travel as numbers or as strings.
  std::string id(const char* name) {
    const Json* member = find(name);
    if (member == nullptr) return "";
    if (member->is_number_integer()) return member->dump();
    return text(name);
  }
  std::optional<double> number(const char* name) {
    const Json* member = find(name);
    if (member == nullptr) return std::nullopt;
    if (!member->is_number()) return fail(name, "a number"), std::nullopt;
    return member->get<double>();
  }
  std::optional<std::uint64_t> count(const char* name) {
    const auto value = number(name);
    if (!value) return std::nullopt;
    if (!(*value >= 0 && *value < 1.8e19)) return fail(name, "a count"), std::nullopt;
    const Json& member = *find(name);
    return member.is_number_unsigned() ? member.get<std::uint64_t>()
                                       : static_cast<std::uint64_t>(*value);
  }
  bool flag(const char* name) {
    const Json* member = find(name);
    if (member == nullptr) return false;
    if (!member->is_boolean()) return fail(name, "true or false"), false;
    return member->get<bool>();
  }
  // RFC 3339, or milliseconds since 1970.
  std::optional<std::int64_t> time(const char* name) {
    const Json* member = find(name);
    if (member == nullptr) return std::nullopt;
    if (member->is_number_integer()) return member->get<std::int64_t>();
    const auto ms =
        member->is_string() ? parse_rfc3339(member->get_ref<const std::string&>()) : std::nullopt;
    if (!ms) fail(name, "a time");
    return ms;
  }
  Labels labels(const char* name) {
    Labels result;
    const Json* member = find(name);
    if (member == nullptr) return result;
    if (!member->is_object()) return fail(name, "an object"), result;
    for (const auto& [key, value] : member->items()) {
      result.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
    }
    return result;
  }
  // Nothing of it where it is missing.
  Reader object(const char* name) {
    static const Json kEmpty = Json::object();
    const Json* member = find(name);
    return Reader(member == nullptr ? kEmpty : *member, path_of(name), trouble_);
  }
  // Calls `each` with a Reader of every item.
  template <typename F>
  void list(const char* name, bool required, F&& each) {
    const Json* member = find(name);
    if (member == nullptr ? required : !member->is_array()) fail(name, "a list");
    if (member == nullptr || !member->is_array()) return;
    std::size_t index = 0;
    for (const Json& item : *member) {
      each(Reader(item, path_of(name) + "[" + std::to_string(index++) + "]", trouble_));
      if (!trouble_.empty()) return;
    }
  }
  void require(const char* name) {
    if (find(name) == nullptr) fail(name, "given");
  }
  void fail(std::string_view name, std::string_view expected) {
    if (!trouble_.empty()) return;
    const std::string path = path_of(name);
    trouble_ = "the answer is not the coordinator's: " + (path.empty() ? "it" : path) + " is not " +
               std::string(expected);
  }

 private:
  std::string path_of(std::string_view name) const {
    if (path_.empty() || name.empty()) return path_ + std::string(name);
    return path_ + "." + std::string(name);
  }

  const Json& object_;
  std::string path_;
  std::string& trouble_;
};

// `read` turns the whole document into a T.
template <typename T, typename F>
Result<T> decode(std::string_view text, F&& read) {
  if (!is_shallow(text)) return Error{"the answer nests too deep to be the coordinator's"};
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Error{"the answer is not JSON: is this a coordinator?"};
  std::string trouble;
  Reader whole(json, "", trouble);
  T result{};
  read(whole, result);
  if (!trouble.empty()) return Error{trouble};
  return result;
}

NodeSummary read_summary(Reader in) {
  NodeSummary out;
  out.cpu_util = in.number("cpu_util");
  out.mem_used_ratio = in.number("mem_used_ratio");
  out.load1 = in.number("load1");
  out.psi_cpu = in.number("psi_cpu_some_avg10");
  out.net_rx = in.number("net_rx_bytes_rate");
  out.net_tx = in.number("net_tx_bytes_rate");
  out.disk_util = in.number("disk_util_max");
  out.temperature = in.number("temp_max");
  return out;
}

Node read_node(Reader& in) {
  Node out;
  in.require("id");
  out.id = in.text("id");
  out.site = in.text("site");
  out.status = in.text("status");
  out.since_ms = in.time("since");
  out.last_seen_ms = in.time("last_seen");
  out.labels = in.labels("labels");
  out.agent_version = in.text("agent_version");
  out.hostname = in.text("hostname");
  out.arch = in.text("arch");
  out.os = in.text("os");
  out.kernel = in.text("kernel");
  out.cpu_model = in.text("cpu_model");
  out.cpus = in.count("cpus");
  out.memory_bytes = in.count("memory_bytes");
  out.series = in.count("series");
  out.summary = read_summary(in.object("summary"));
  return out;
}

void read_detail(Reader& in, NodeDetail& out) {
  out.node = read_node(in);
  out.epoch = in.id("epoch");
  out.store_id = in.id("store_id");
  out.started_ms = in.time("started");
  out.period_ms = in.count("period_ms");
  out.boot_id = in.text("boot_id");
  out.machine_id = in.text("machine_id");
  out.table_id = in.id("table_id");
  out.clock_offset_ms = in.number("clock_offset_ms");
  if (const Json* list = in.find("capabilities"); list != nullptr) {
    if (!list->is_array()) in.fail("capabilities", "a list");
    for (const Json& item : *list) {
      if (item.is_string()) out.capabilities.push_back(item.get<std::string>());
    }
  }
  Reader records = in.object("records");
  out.stored = records.count("stored").value_or(0);
  out.duplicates = records.count("duplicates").value_or(0);
  out.gaps = records.count("gaps").value_or(0);
  out.last_stored_ms = records.time("last_stored");
  if (const Json* refused = in.find("refused"); refused != nullptr) {
    if (!refused->is_object()) return in.fail("refused", "an object");
    Reader counts = in.object("refused");
    for (const auto& [reason, count] : refused->items()) {
      out.refused.emplace_back(reason, counts.count(reason.c_str()).value_or(0));
    }
  }
}

void read_query_series(Reader& in, QuerySeries& out) {
  out.node = in.text("node");
  out.name = in.text("name");
  out.unit = in.text("unit");
  out.labels = in.labels("labels");
  const Json* points = in.find("points");
  if (points == nullptr || !points->is_array()) return in.fail("points", "a list");
  for (const Json& point : *points) {
    const bool is_pair = point.is_array() && point.size() == 2 && point[0].is_number() &&
                         (point[1].is_number() || point[1].is_null());
    if (!is_pair) return in.fail("points", "a list of [time, value]");
    QueryPoint read{static_cast<std::int64_t>(point[0].get<double>()), std::nullopt};
    if (point[1].is_number()) read.value = point[1].get<double>();
    out.points.push_back(read);
  }
}

}  // namespace

Result<NodePage> decode_nodes(std::string_view json) {
  return decode<NodePage>(json, [](Reader& in, NodePage& out) {
    in.list("nodes", true, [&](Reader item) { out.nodes.push_back(read_node(item)); });
    out.next = in.text("next");
  });
}

Result<NodeDetail> decode_node(std::string_view json) {
  return decode<NodeDetail>(json, read_detail);
}

Result<NodeSeries> decode_series(std::string_view json) {
  return decode<NodeSeries>(json, [](Reader& in, NodeSeries& out) {
    out.node = in.text("node");
    out.time_ms = in.time("time");
    in.list("series", true, [&](Reader item) {
      SeriesValue value;
      value.name = item.text("name");
      value.unit = item.text("unit");
      value.kind = item.text("kind");
      value.labels = item.labels("labels");
      value.value = item.number("value");
      out.series.push_back(std::move(value));
    });
  });
}

Result<QueryAnswer> decode_query(std::string_view json) {
  return decode<QueryAnswer>(json, [](Reader& in, QueryAnswer& out) {
    out.metric = in.text("metric");
    out.function = in.text("function");
    out.from_ms = in.time("from");
    out.to_ms = in.time("to");
    if (const auto step = in.count("step_ms")) out.step_ms = static_cast<std::int64_t>(*step);
    out.truncated = in.flag("truncated");
    in.list("series", true, [&](Reader item) {
      QuerySeries series;
      read_query_series(item, series);
      out.series.push_back(std::move(series));
    });
  });
}

Result<std::vector<EventRow>> decode_events(std::string_view json) {
  return decode<std::vector<EventRow>>(json, [](Reader& in, std::vector<EventRow>& out) {
    in.list("events", true, [&](Reader item) {
      EventRow row;
      row.node = item.text("node");
      row.epoch = item.id("epoch");
      row.number = item.id("number");
      row.time_ms = item.time("time");
      row.kind = item.text("kind");
      row.severity = item.text("severity");
      row.text = item.text("text");
      row.details = item.labels("details");
      out.push_back(std::move(row));
    });
  });
}

ExportState read_export(Reader in) {
  ExportState out;
  out.name = in.text("name");
  out.url = in.text("url");
  out.ok = in.flag("ok");
  out.reason = in.text("reason");
  out.lag_s = in.count("lag_s").value_or(0);
  out.lag_blocks = in.count("lag_blocks").value_or(0);
  out.samples = in.count("samples").value_or(0);
  out.refused = in.count("refused_samples").value_or(0);
  out.lost_blocks = in.count("lost_blocks").value_or(0);
  out.retries = in.count("retries").value_or(0);
  out.last_refusal = in.text("last_refusal");
  return out;
}

Result<FleetStatus> decode_status(std::string_view json) {
  return decode<FleetStatus>(json, [](Reader& in, FleetStatus& out) {
    out.version = in.text("version");
    out.started_ms = in.time("started");
    out.uptime_s = in.number("uptime_s");
    in.require("broker");
    Reader broker = in.object("broker");
    out.broker_connected = broker.flag("connected");
    out.broker_url = broker.text("url");
    out.broker_reason = broker.text("reason");
    in.require("store");
    Reader store = in.object("store");
    out.store_ok = store.flag("ok");
    out.store_reason = store.text("reason");
    Reader nodes = in.object("nodes");
    out.online = nodes.count("online").value_or(0);
    out.draining = nodes.count("draining").value_or(0);
    out.offline = nodes.count("offline").value_or(0);
    out.silent = nodes.count("silent").value_or(0);
    Reader records = in.object("records");
    out.stored = records.count("stored").value_or(0);
    out.duplicates = records.count("duplicates").value_or(0);
    out.gaps = records.count("gaps").value_or(0);
    out.refused_payloads = in.count("refused_payloads").value_or(0);
    in.list("exports", false, [&](Reader item) { out.exports.push_back(read_export(item)); });
  });
}

std::string decode_problem(std::string_view json) {
  if (!is_shallow(json)) return "";
  const Json document = Json::parse(json, nullptr, false);
  std::string trouble;
  Reader in(document, "", trouble);
  const std::string title = in.text("title");
  const std::string detail = in.text("detail");
  if (!trouble.empty() || title.empty()) return detail;
  return detail.empty() ? title : title + ": " + detail;
}

}  // namespace bw::cli
