#include "coordinator/core/schedule/filters.h"

#include <algorithm>
#include <cmath>

namespace bw::coordinator::schedule {

namespace {

using Q = const Question&;

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

template <typename List>
std::string joined(const List& list, std::string_view between = ", ") {
  std::string text;
  for (const auto& item : list) {
    if (!text.empty()) text += between;
    text += item;
  }
  return text;
}

std::string mib(std::int64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

std::string gpus_word(int count) {
  return std::to_string(count) + (count == 1 ? " GPU" : " GPUs");
}

std::string tenths(double number) {
  const auto rounded = std::llround(number * 10);
  return std::to_string(rounded / 10) + "." + std::to_string(std::abs(rounded % 10));
}

// --- of the node alone

bool condition_passes(Q q) {
  return q.node.condition == Condition::ready;
}
std::string_view name_of_condition(Condition condition) {
  switch (condition) {
    case Condition::ready:
      return "ready";
    case Condition::cordoned:
      return "cordoned";
    case Condition::draining:
      return "draining";
    case Condition::unknown:
      return "silent";
    case Condition::offline:
      return "offline";
  }
  return "";
}
std::string condition_detail(Q q) {
  return "it is " + std::string(name_of_condition(q.node.condition));
}
std::string condition_change(Q q) {
  switch (q.node.condition) {
    case Condition::cordoned:
      return "uncordon " + q.node.id;
    case Condition::draining:
      return "undrain " + q.node.id;
    default:
      return "bring " + q.node.id + " back";
  }
}

const Taint* untolerated(Q q) {
  for (const Taint& taint : q.node.taints) {
    const auto& all = q.workload.placement.tolerations;
    if (std::none_of(all.begin(), all.end(), [&](const Toleration& toleration) {
          return toleration.key == taint.key &&
                 (toleration.value.empty() || toleration.value == taint.value);
        })) {
      return &taint;
    }
  }
  return nullptr;
}
std::string text_of(const Taint& taint) {
  return taint.value.empty() ? taint.key : taint.key + "=" + taint.value;
}
bool taints_pass(Q q) {
  return untolerated(q) == nullptr;
}
std::string taints_detail(Q q) {
  return "taint " + quoted(text_of(*untolerated(q))) + " is not tolerated";
}
std::string taints_change(Q q) {
  return "tolerate " + quoted(text_of(*untolerated(q)));
}

bool site_passes(Q q) {
  const auto& sites = q.workload.placement.sites;
  return sites.empty() || std::find(sites.begin(), sites.end(), q.node.site) != sites.end();
}
std::string site_detail(Q q) {
  return "site " + quoted(q.node.site) + ", not " + joined(q.workload.placement.sites, " or ");
}
std::string site_change(Q q) {
  return "allow site " + quoted(q.node.site);
}

const std::pair<const std::string, std::string>* missing_label(Q q) {
  for (const auto& wanted : q.workload.placement.labels) {
    const auto it = q.node.labels.find(wanted.first);
    if (it == q.node.labels.end() || it->second != wanted.second) return &wanted;
  }
  return nullptr;
}
bool labels_pass(Q q) {
  return missing_label(q) == nullptr;
}
std::string labels_detail(Q q) {
  const auto& [key, value] = *missing_label(q);
  const auto it = q.node.labels.find(key);
  if (it == q.node.labels.end()) return "no label " + quoted(key) + ", wanted " + quoted(value);
  return "label " + key + " is " + quoted(it->second) + ", wanted " + quoted(value);
}
std::string labels_change(Q q) {
  const auto& [key, value] = *missing_label(q);
  return "label " + q.node.id + " " + key + "=" + value;
}

std::vector<std::string> missing_datasets(Q q) {
  std::vector<std::string> missing;
  for (const std::string& name : q.workload.placement.datasets) {
    if (!q.node.datasets.contains(name)) missing.push_back(name);
  }
  return missing;
}
bool datasets_pass(Q q) {
  return missing_datasets(q).empty();
}
std::string datasets_detail(Q q) {
  return "no dataset " + joined(missing_datasets(q));
}
std::string datasets_change(Q q) {
  return "copy " + joined(missing_datasets(q)) + " to " + q.node.id;
}

// Below 0: not measured.
double latency_of(Q q) {
  const std::string& to = q.workload.placement.latency_to;
  if (to == q.node.site) return 0;
  const auto it = q.node.latency_ms.find(to);
  return it == q.node.latency_ms.end() ? -1 : it->second;
}
bool latency_passes(Q q) {
  if (q.workload.placement.latency_to.empty()) return true;
  const double latency = latency_of(q);
  return latency >= 0 && latency <= q.workload.placement.latency_ms;
}
std::string latency_detail(Q q) {
  const std::string to = quoted(q.workload.placement.latency_to);
  if (latency_of(q) < 0) return "latency to " + to + " is not measured";
  return tenths(latency_of(q)) + " ms to " + to + ", at most " +
         tenths(q.workload.placement.latency_ms) + " wanted";
}
std::string latency_change(Q q) {
  if (latency_of(q) < 0) return "measure " + q.node.id + "'s latency";
  return "allow " + tenths(latency_of(q)) + " ms";
}

int suitable_devices(Q q) {
  const auto& need = q.ask.need[q.room.kind];
  int count = 0;
  for (unsigned i = 0; i < q.room.gpus; ++i) count += need[i] <= kWholeGpu ? 1 : 0;
  return count;
}
bool gpu_kind_passes(Q q) {
  return suitable_devices(q) >= q.ask.count;
}
std::string gpu_kind_detail(Q q) {
  return std::to_string(suitable_devices(q)) + " of " + gpus_word(q.ask.count) + " that will do";
}
std::string gpu_kind_change(Q q) {
  return "fit " + q.node.id + " with " + gpus_word(q.ask.count - suitable_devices(q)) + " more";
}

// --- of its room

bool cpu_passes(Q q) {
  return q.ask.cpu <= 0 || q.ask.cpu <= q.room.cpu;
}
std::string cpu_detail(Q q) {
  return std::to_string(q.room.cpu) + " of " + std::to_string(q.ask.cpu) + " milli CPU left";
}
std::string cpu_change(Q q) {
  return "free " + std::to_string(q.ask.cpu - q.room.cpu) + " milli CPU on " + q.node.id;
}

double cpu_lack(Q q) {
  return static_cast<double>(q.ask.cpu - q.room.cpu) / static_cast<double>(q.ask.cpu);
}

bool memory_passes(Q q) {
  return q.ask.memory <= 0 || q.ask.memory <= q.room.memory;
}
std::string memory_detail(Q q) {
  return mib(q.room.memory) + " of " + mib(q.ask.memory) + " memory left";
}
std::string memory_change(Q q) {
  return "free " + mib(q.ask.memory - q.room.memory) + " memory on " + q.node.id;
}

double memory_lack(Q q) {
  return static_cast<double>(q.ask.memory - q.room.memory) / static_cast<double>(q.ask.memory);
}

int free_devices(Q q) {
  const auto& need = q.ask.need[q.room.kind];
  int count = 0;
  for (unsigned i = 0; i < q.room.gpus; ++i) count += q.room.gpu[i] >= need[i] ? 1 : 0;
  return count;
}
bool gpus_pass(Q q) {
  // Where too few of its devices would ever do, that is said by the filter for it.
  return free_devices(q) >= q.ask.count || !gpu_kind_passes(q);
}
std::string gpus_detail(Q q) {
  if (q.ask.is_share) return "no GPU has so large a share left";
  return std::to_string(free_devices(q)) + " of " + gpus_word(q.ask.count) + " free";
}
std::string gpus_change(Q q) {
  if (q.ask.is_share) return "free a larger share of a GPU on " + q.node.id;
  return "free " + gpus_word(q.ask.count - free_devices(q)) + " on " + q.node.id;
}

double gpus_lack(Q q) {
  return static_cast<double>(q.ask.count - free_devices(q)) / q.ask.count;
}

// --- of where others are

// A workload that it wants to be near to and that is not here; the first of its own kind is near to
// itself.
const std::string* missing_neighbour(Q q) {
  const Placement& placement = q.workload.placement;
  for (const std::string& name : placement.near) {
    const std::size_t other = q.tally.find(name);
    if (other == q.workload_index && q.tally.places(other, Topology::node).empty()) continue;
    if (other == Tally::kNone || q.tally.count_at(other, q.node_index, placement.near_by) == 0) {
      return &name;
    }
  }
  return nullptr;
}
std::string_view place_word(Topology by) {
  return by == Topology::node ? "node" : "site";
}
bool near_passes(Q q) {
  return missing_neighbour(q) == nullptr;
}
std::string near_detail(Q q) {
  return quoted(*missing_neighbour(q)) + " is not on this " +
         std::string(place_word(q.workload.placement.near_by));
}
std::string near_change(Q q) {
  return "run " + quoted(*missing_neighbour(q)) + " on " + q.node.id;
}

std::size_t enemy_here(Q q) {
  for (const auto& enemy : q.tally.enemies(q.workload_index)) {
    if (q.tally.count_at(enemy.workload, q.node_index, enemy.by) > 0) return enemy.workload;
  }
  return Tally::kNone;
}
bool apart_passes(Q q) {
  return enemy_here(q) == Tally::kNone;
}
std::string apart_detail(Q q) {
  return "must be apart from " + quoted(q.tally.name_of(enemy_here(q)));
}
std::string apart_change(Q q) {
  return "move " + quoted(q.tally.name_of(enemy_here(q))) + " away from " + q.node.id;
}

int spread_excess(Q q) {
  const Placement& placement = q.workload.placement;
  if (placement.spread <= 0 || q.is_standby) return 0;
  const int here = q.tally.count_at(q.workload_index, q.node_index, placement.spread_by) + 1;
  return here - q.emptiest - placement.spread;
}
bool spread_passes(Q q) {
  return spread_excess(q) <= 0;
}
std::string spread_detail(Q q) {
  return "this " + std::string(place_word(q.workload.placement.spread_by)) + " would have " +
         std::to_string(q.workload.placement.spread + spread_excess(q)) +
         " more than another, at most " + std::to_string(q.workload.placement.spread) + " wanted";
}
std::string spread_change(Q q) {
  return "allow a spread of " + std::to_string(q.workload.placement.spread + spread_excess(q));
}

bool standby_passes(Q q) {
  if (!q.is_standby) return true;
  return q.tally.count_at(q.workload_index, q.node_index, Topology::node) == 0 &&
         q.tally.count_at(q.workload_index, q.node_index, Topology::site) > 0;
}
std::string standby_detail(Q q) {
  if (q.tally.count_at(q.workload_index, q.node_index, Topology::node) > 0) {
    return "another replica of it is here already";
  }
  return "no replica of it is at this site";
}
std::string standby_change(Q q) {
  return "add a node to the site of a replica of " + quoted(q.workload.name);
}

}  // namespace

constexpr std::array<Filter, kFilters> kFilterTable = {{
    {"condition", "the node takes work", Looks::at_node, condition_passes, condition_detail,
     condition_change, 3, nullptr},
    {"taints", "its taints are tolerated", Looks::at_node, taints_pass, taints_detail,
     taints_change, 2, nullptr},
    {"site", "its site is one of those named", Looks::at_node, site_passes, site_detail,
     site_change, 2, nullptr},
    {"labels", "it has the labels", Looks::at_node, labels_pass, labels_detail, labels_change, 2,
     nullptr},
    {"datasets", "it has the datasets", Looks::at_node, datasets_pass, datasets_detail,
     datasets_change, 10, nullptr},
    {"latency", "it is near enough to the site named", Looks::at_node, latency_passes,
     latency_detail, latency_change, 4, nullptr},
    {"gpu kind", "it has the GPUs asked for", Looks::at_node, gpu_kind_passes, gpu_kind_detail,
     gpu_kind_change, 100, nullptr},
    {"cpu", "enough CPU is left", Looks::at_room, cpu_passes, cpu_detail, cpu_change, 6, cpu_lack},
    {"memory", "enough memory is left", Looks::at_room, memory_passes, memory_detail, memory_change,
     6, memory_lack},
    {"gpus", "enough of its GPUs is left", Looks::at_room, gpus_pass, gpus_detail, gpus_change, 6,
     gpus_lack},
    {"affinity", "what it wants near is there", Looks::at_others, near_passes, near_detail,
     near_change, 5, nullptr},
    {"anti-affinity", "what must be apart is elsewhere", Looks::at_others, apart_passes,
     apart_detail, apart_change, 5, nullptr},
    {"spread", "replicas stay evenly spread", Looks::at_others, spread_passes, spread_detail,
     spread_change, 2, nullptr},
    {"standby", "a standby is beside its replica, on another node", Looks::at_others,
     standby_passes, standby_detail, standby_change, 50, nullptr},
}};

bool passes(const Question& question, Looks looks) {
  return std::all_of(kFilterTable.begin(), kFilterTable.end(), [&](const Filter& filter) {
    return filter.looks != looks || filter.passes(question);
  });
}

std::vector<Blocker> blockers(const Question& question) {
  std::vector<Blocker> found;
  for (const Filter& filter : kFilterTable) {
    if (!filter.passes(question)) found.push_back({filter.name, filter.detail(question)});
  }
  return found;
}

Change change_for(const Question& question) {
  Change change;
  for (const Filter& filter : kFilterTable) {
    if (filter.passes(question)) continue;
    if (!change.text.empty()) change.text += ", ";
    change.text += filter.change(question);
    change.effort += filter.effort;
    if (filter.lack != nullptr) change.effort += std::clamp(filter.lack(question), 0.0, 1.0) / 2;
  }
  return change;
}

}  // namespace bw::coordinator::schedule
