// What a plan is made from: the fleet, what runs where, and what should run. Plain facts, no
// pointers; the order of the lists says nothing. Who fills them is the wiring's business.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace bw::coordinator::schedule {

inline constexpr int kWholeGpu = 1000;             // GPUs are shared in thousandths
inline constexpr std::size_t kMaxGpusOfNode = 16;  // MIG instances counted; more are not used

// ready takes work; cordoned keeps what it has; draining gives it away; unknown is silent, and may
// be alive; offline is known to be gone.
enum class Condition : std::uint8_t { ready, cordoned, draining, unknown, offline };

struct Gpu {
  std::string uuid;  // of the device, or of the MIG instance
  std::string model;
  std::string mig_profile;  // empty: a whole device
  std::int64_t memory_bytes = 0;
  std::int64_t foreign_bytes = 0;  // held by processes that are none of ours
  bool is_healthy = true;
};

struct Taint {
  std::string key;
  std::string value;
  bool evicts = false;  // what does not tolerate it leaves, too
};

struct Node {
  std::string id;
  std::string site;
  std::map<std::string, std::string> labels;
  std::vector<Taint> taints;
  Condition condition = Condition::ready;
  std::int64_t cpu_milli = 0;  // what workloads may have
  std::int64_t memory_bytes = 0;
  std::vector<Gpu> gpus;
  double cost = 0;  // of an hour that it is in use, in the fleet's currency
  std::set<std::string> datasets;
  std::map<std::string, double> latency_ms;  // to sites, as measured
};

// Whole GPUs by `gpus`, or a share of one by `gpu_milli`, or by its memory alone; never both.
struct Resources {
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
  int gpus = 0;
  int gpu_milli = 0;
  std::int64_t gpu_memory_bytes = 0;    // of each
  std::vector<std::string> gpu_models;  // any of these; empty: any
  std::string mig_profile;              // empty: no MIG instance

  bool operator==(const Resources&) const = default;
};

struct Toleration {
  std::string key;
  std::string value;  // empty: any
};

enum class Topology : std::uint8_t { node, site };

struct Placement {
  std::map<std::string, std::string> labels;
  std::vector<std::string> sites;  // any of these; empty: any
  std::vector<Toleration> tolerations;
  std::set<std::string> datasets;  // the node has all of them
  std::vector<std::string> near;   // workloads that run on the same node, or site
  Topology near_by = Topology::node;
  std::vector<std::string> apart;  // workloads (its own name: replicas) that do not
  Topology apart_by = Topology::node;
  int spread = 0;  // replicas of the fullest and emptiest place differ by this at most; 0: no rule
  Topology spread_by = Topology::site;
  std::string latency_to;  // a site; empty: no rule
  double latency_ms = 0;   // at most
};

// At no instant two copies, or better two than none.
enum class FailoverClass : std::uint8_t { at_least_one, exclusive };

struct Workload {
  std::string name;
  std::uint64_t revision = 1;  // another one replaces what runs
  int replicas = 1;
  int standbys = 0;  // hold their room, on nodes of a replica's site that have none of it
  Resources resources;
  Placement placement;
  int priority = 0;
  bool may_preempt = true;  // take the room of lower priorities
  bool is_gang = false;     // all replicas, or none
  FailoverClass failover = FailoverClass::at_least_one;
};

// A replica that runs, or was told to. Standbys count on from the replicas.
struct Assignment {
  std::string workload;
  int replica = 0;
  std::uint64_t revision = 1;
  std::string node;
  std::vector<std::string> gpus;
  Resources resources;  // as they were when it was placed
};

struct Snapshot {
  std::vector<Node> nodes;
  std::vector<Workload> workloads;
  std::vector<Assignment> assignments;
  // Sites that must survive the loss of any one of their nodes.
  std::set<std::string> reserved_sites;
};

}  // namespace bw::coordinator::schedule
