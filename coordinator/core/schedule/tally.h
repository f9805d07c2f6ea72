// Where the replicas of each workload are, counted by node and by site: what affinity,
// anti-affinity and spread are decided by.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/core/schedule/snapshot.h"

namespace bw::coordinator::schedule {

class Tally {
 public:
  // Both sorted by name and alive as long as this.
  Tally(std::span<const Node> nodes, std::span<const Workload> workloads);

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  // Among the workloads; kNone where there is none of this name.
  std::size_t find(std::string_view name) const;

  std::string_view name_of(std::size_t workload) const { return workloads_[workload].name; }

  void add(std::size_t workload, std::size_t node) { count(workload, node, 1); }
  void remove(std::size_t workload, std::size_t node) { count(workload, node, -1); }

  std::size_t site_of(std::size_t node) const { return site_of_[node]; }
  // A node's number where counted by node, its site's where by site.
  std::size_t place_of(std::size_t node, Topology by) const {
    return by == Topology::node ? node : site_of_[node];
  }
  int count_at(std::size_t workload, std::size_t node, Topology by) const;
  // Those of a workload by place, the empty ones left out.
  const std::map<std::size_t, int>& places(std::size_t workload, Topology by) const {
    return by == Topology::node ? by_node_[workload] : by_site_[workload];
  }
  // Workloads that must not meet this one, whichever of the two says so.
  struct Enemy {
    std::size_t workload;
    Topology by;
  };
  const std::vector<Enemy>& enemies(std::size_t workload) const { return enemies_[workload]; }

 private:
  void count(std::size_t workload, std::size_t node, int by);

  std::span<const Workload> workloads_;
  std::vector<std::size_t> site_of_;
  std::vector<std::map<std::size_t, int>> by_node_;
  std::vector<std::map<std::size_t, int>> by_site_;
  std::vector<std::vector<Enemy>> enemies_;
};

}  // namespace bw::coordinator::schedule
