#include "coordinator/core/schedule/tally.h"

#include <algorithm>

#include "base/assert.h"

namespace bw::coordinator::schedule {

Tally::Tally(std::span<const Node> nodes, std::span<const Workload> workloads)
    : workloads_(workloads),
      by_node_(workloads.size()),
      by_site_(workloads.size()),
      enemies_(workloads.size()) {
  std::map<std::string_view, std::size_t> sites;
  for (const Node& node : nodes) {
    site_of_.push_back(sites.emplace(node.site, sites.size()).first->second);
  }
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    const Placement& placement = workloads[i].placement;
    for (const std::string& name : placement.apart) {
      const std::size_t other = find(name);
      if (other == kNone) continue;
      enemies_[i].push_back({other, placement.apart_by});
      if (other != i) enemies_[other].push_back({i, placement.apart_by});
    }
  }
}

std::size_t Tally::find(std::string_view name) const {
  const auto it = std::lower_bound(
      workloads_.begin(), workloads_.end(), name,
      [](const Workload& workload, std::string_view text) { return workload.name < text; });
  if (it == workloads_.end() || it->name != name) return kNone;
  return static_cast<std::size_t>(it - workloads_.begin());
}

int Tally::count_at(std::size_t workload, std::size_t node, Topology by) const {
  const auto& counts = places(workload, by);
  const auto it = counts.find(place_of(node, by));
  return it == counts.end() ? 0 : it->second;
}

void Tally::count(std::size_t workload, std::size_t node, int by) {
  for (const Topology topology : {Topology::node, Topology::site}) {
    auto& counts = topology == Topology::node ? by_node_[workload] : by_site_[workload];
    const auto it = counts.emplace(place_of(node, topology), 0).first;
    it->second += by;
    BW_ASSERT(it->second >= 0);
    if (it->second == 0) counts.erase(it);
  }
}

}  // namespace bw::coordinator::schedule
