#include "tests/unit/coordinator/core/schedule/golden.h"

#include <cstdio>

#include <toml.hpp>

namespace bw::coordinator::schedule {

namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

// Takes keys out of a table; what is left over is a mistake in the case.
class Keys {
 public:
  Keys(toml::value table, std::string what) : table_(std::move(table)), what_(std::move(what)) {}

  template <typename T>
  T take(const std::string& key, T otherwise) {
    auto& all = table_.as_table();
    const auto it = all.find(key);
    if (it == all.end()) return otherwise;
    T value = toml::get<T>(it->second);
    all.erase(it);
    return value;
  }
  std::string unknown() const {
    if (table_.as_table().empty()) return "";
    return what_ + ": unknown key " + table_.as_table().begin()->first;
  }

 private:
  toml::value table_;
  std::string what_;
};

using Texts = std::vector<std::string>;
using Map = std::map<std::string, std::string>;

Topology topology(const std::string& text) {
  return text == "site" ? Topology::site : Topology::node;
}

Condition condition(const std::string& text) {
  if (text == "cordoned") return Condition::cordoned;
  if (text == "draining") return Condition::draining;
  if (text == "unknown") return Condition::unknown;
  return text == "offline" ? Condition::offline : Condition::ready;
}

// "key=value", or "key".
std::pair<std::string, std::string> halves(const std::string& text) {
  const auto at = text.find('=');
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

void read_gpus(Keys& keys, Node& node) {
  const int count = keys.take("gpus", 0);
  const auto model = keys.take<std::string>("gpu_model", "T4");
  const auto memory = keys.take<std::int64_t>("gpu_memory_mib", 16384);
  const auto broken = keys.take<std::vector<int>>("broken_gpus", {});
  const auto foreign = keys.take<std::vector<std::int64_t>>("foreign_mib", {});
  const auto mig = keys.take<Texts>("mig", {});
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    Gpu gpu;
    gpu.uuid = node.id + "-" + std::to_string(i);
    gpu.model = model;
    gpu.memory_bytes = memory * kMiB;
    if (at < foreign.size()) gpu.foreign_bytes = foreign[at] * kMiB;
    if (at < mig.size()) gpu.mig_profile = mig[at];
    for (const int which : broken) gpu.is_healthy = gpu.is_healthy && which != i;
    node.gpus.push_back(gpu);
  }
}

Node read_node(Keys& keys) {
  Node node;
  node.id = keys.take<std::string>("id", "");
  node.site = keys.take<std::string>("site", "x");
  node.labels = keys.take<Map>("labels", {});
  for (const std::string& text : keys.take<Texts>("taints", {})) {
    const auto [key, value] = halves(text);
    node.taints.push_back({key, value, false});
  }
  for (const std::string& text : keys.take<Texts>("evicting_taints", {})) {
    const auto [key, value] = halves(text);
    node.taints.push_back({key, value, true});
  }
  node.condition = condition(keys.take<std::string>("condition", "ready"));
  node.cpu_milli = keys.take<std::int64_t>("cpu", 8000);
  node.memory_bytes = keys.take<std::int64_t>("memory_mib", 32768) * kMiB;
  node.cost = keys.take("cost", 0.0);
  for (const std::string& name : keys.take<Texts>("datasets", {})) node.datasets.insert(name);
  node.latency_ms = keys.take<std::map<std::string, double>>("latency_ms", {});
  read_gpus(keys, node);
  return node;
}

Resources read_resources(Keys& keys) {
  Resources asked;
  asked.cpu_milli = keys.take<std::int64_t>("cpu", 1000);
  asked.memory_bytes = keys.take<std::int64_t>("memory_mib", 1024) * kMiB;
  asked.gpus = keys.take("gpus", 0);
  asked.gpu_milli = keys.take("gpu_milli", 0);
  asked.gpu_memory_bytes = keys.take<std::int64_t>("gpu_memory_mib", 0) * kMiB;
  asked.gpu_models = keys.take<Texts>("gpu_models", {});
  asked.mig_profile = keys.take<std::string>("mig_profile", "");
  return asked;
}

Workload read_workload(Keys& keys) {
  Workload workload;
  workload.name = keys.take<std::string>("name", "");
  workload.revision = keys.take<std::uint64_t>("revision", 1);
  workload.replicas = keys.take("replicas", 1);
  workload.standbys = keys.take("standbys", 0);
  workload.resources = read_resources(keys);
  workload.priority = keys.take("priority", 0);
  workload.may_preempt = keys.take("may_preempt", true);
  workload.is_gang = keys.take("gang", false);
  if (keys.take("exclusive", false)) workload.failover = FailoverClass::exclusive;
  Placement& placement = workload.placement;
  placement.labels = keys.take<Map>("labels", {});
  placement.sites = keys.take<Texts>("sites", {});
  for (const std::string& text : keys.take<Texts>("tolerates", {})) {
    const auto [key, value] = halves(text);
    placement.tolerations.push_back({key, value});
  }
  for (const std::string& name : keys.take<Texts>("datasets", {})) placement.datasets.insert(name);
  placement.near = keys.take<Texts>("near", {});
  placement.near_by = topology(keys.take<std::string>("near_by", "node"));
  placement.apart = keys.take<Texts>("apart", {});
  placement.apart_by = topology(keys.take<std::string>("apart_by", "node"));
  placement.spread = keys.take("spread", 0);
  placement.spread_by = topology(keys.take<std::string>("spread_by", "site"));
  placement.latency_to = keys.take<std::string>("latency_to", "");
  placement.latency_ms = keys.take("latency_ms", 0.0);
  return workload;
}

// "web/0 on a [a-0 a-1]", of the workload's revision and resources unless "web/0@1 on ...".
Assignment read_run(const std::string& text, const std::vector<Workload>& workloads) {
  Assignment run;
  const auto slash = text.find('/');
  const auto on = text.find(" on ");
  const auto bracket = text.find(" [");
  run.workload = text.substr(0, slash);
  const auto [replica, revision] = [&] {
    const std::string part = text.substr(slash + 1, on - slash - 1);
    const auto at = part.find('@');
    return std::pair(part.substr(0, at), at == std::string::npos ? "" : part.substr(at + 1));
  }();
  run.replica = std::stoi(replica);
  run.node = text.substr(on + 4, bracket == std::string::npos ? bracket : bracket - on - 4);
  if (bracket != std::string::npos) {
    std::string uuid;
    for (const char c : text.substr(bracket + 2)) {
      if (c == ' ' || c == ']') {
        run.gpus.push_back(uuid);
        uuid.clear();
      } else {
        uuid += c;
      }
    }
  }
  for (const Workload& workload : workloads) {
    if (workload.name != run.workload) continue;
    run.revision = workload.revision;
    run.resources = workload.resources;
  }
  if (!revision.empty()) run.revision = std::stoull(revision);
  return run;
}

GoldenCase read_case(const toml::value& file) {
  GoldenCase made;
  made.says = toml::find<std::string>(file, "says");
  made.is_stable = toml::find_or(file, "stable", true);
  const auto name = toml::find_or(file, "policy", std::string("balance"));
  const Policy* policy = policy_of(name);
  if (policy == nullptr) throw std::runtime_error("no policy " + name);
  made.options.policy = *policy;
  const auto each = [&](const char* key, auto read) {
    // A copy: where the key is missing, find_or() gives back a reference to what it was given.
    const std::vector<toml::value> tables = toml::find_or(file, key, std::vector<toml::value>{});
    for (const auto& table : tables) {
      Keys keys(table, key);
      read(keys);
      if (const std::string wrong = keys.unknown(); !wrong.empty()) {
        throw std::runtime_error(wrong);
      }
    }
  };
  each("node", [&](Keys& keys) { made.snapshot.nodes.push_back(read_node(keys)); });
  each("workload", [&](Keys& keys) { made.snapshot.workloads.push_back(read_workload(keys)); });
  const Texts runs = toml::find_or(file, "runs", Texts{});
  for (const auto& text : runs) {
    made.snapshot.assignments.push_back(read_run(text, made.snapshot.workloads));
  }
  const Texts reserved_sites = toml::find_or(file, "reserved_sites", Texts{});
  for (const auto& site : reserved_sites) {
    made.snapshot.reserved_sites.insert(site);
  }
  if (file.contains("expected")) {
    made.expected = toml::find<Texts>(toml::find(file, "expected"), "plan");
  }
  return made;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value == 0 ? 0.0 : value);
  return text;
}

}  // namespace

Result<GoldenCase> read_golden(const std::string& path) {
  try {
    return read_case(toml::parse(path));
  } catch (const std::exception& failure) {
    return Error{path + ": " + failure.what()};
  }
}

std::string with_expected(const std::string& text, const std::vector<std::string>& lines) {
  std::string done = text.substr(0, text.find("[expected]"));
  done += "[expected]\nplan = [\n";
  for (const std::string& line : lines) done += "  \"" + line + "\",\n";
  return done + "]\n";
}

std::vector<std::string> lines_of(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Stop& stop : plan.stops) {
    lines.push_back("stop " + stop.workload + "/" + std::to_string(stop.replica) + " on " +
                    stop.node + ": " + std::string(name_of(stop.why)) +
                    (stop.by.empty() ? "" : " by " + stop.by));
  }
  for (const Start& start : plan.starts) {
    std::string line =
        "start " + start.workload + "/" + std::to_string(start.replica) + " on " + start.node;
    for (const std::string& uuid : start.gpus) line += " " + uuid;
    if (!start.from.empty()) line += ", from " + start.from;
    line += " (";
    for (const ScorePart& part : start.parts) {
      if (line.back() != '(') line += ", ";
      line += std::string(part.scorer) + " " + number(part.points);
    }
    lines.push_back(line + ")");
  }
  for (const Unplaced& unplaced : plan.unplaced) {
    const std::string name = unplaced.workload + "/" + std::to_string(unplaced.replica);
    lines.push_back("no place for " + name +
                    (unplaced.change.empty() ? "" : ": " + unplaced.change));
    for (const Rejection& rejection : unplaced.rejections) {
      std::string line = "  " + rejection.node + ":";
      for (const Blocker& blocker : rejection.blockers) {
        line += " " + std::string(blocker.filter) + " (" + blocker.detail + ")";
      }
      lines.push_back(line);
    }
  }
  for (const ReserveGap& gap : plan.reserve_gaps) {
    lines.push_back("site " + gap.site + " would not survive the loss of " + gap.node + ": " +
                    gap.workload);
  }
  return lines;
}

}  // namespace bw::coordinator::schedule
