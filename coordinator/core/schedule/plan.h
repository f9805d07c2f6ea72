// What should change, and why: what to start and stop, and what has no place, with each node's
// reasons and the smallest change that would make one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/core/schedule/snapshot.h"

namespace bw::coordinator::schedule {

enum class StopWhy : std::uint8_t {
  removed,          // its workload is not wanted any more
  scaled_down,      // fewer replicas are
  duplicate,        // the same replica runs twice
  replaced,         // by another revision
  node_offline,     // with its node
  drained,          // its node is emptied
  tainted,          // its node has a taint that evicts it
  gpu_lost,         // a GPU of it is gone or broken
  preempted,        // a higher priority takes its room
  gang_incomplete,  // the rest of its gang has no place
  rebalanced,       // it is better off elsewhere
};
inline constexpr std::size_t kStopWhys = 11;
std::string_view name_of(StopWhy why);

struct ScorePart {
  std::string_view scorer;
  double points = 0;  // weighed

  bool operator==(const ScorePart&) const = default;
};

struct Start {
  std::string workload;
  int replica = 0;
  std::string node;
  std::vector<std::string> gpus;
  std::string from;  // the node where it ran, where it moves
  double score = 0;
  std::vector<ScorePart> parts;

  bool operator==(const Start&) const = default;
};

struct Stop {
  std::string workload;
  int replica = 0;
  std::string node;
  StopWhy why = StopWhy::removed;
  std::string by;  // the workload that preempts it

  bool operator==(const Stop&) const = default;
};

struct Blocker {
  std::string_view filter;  // its name
  std::string detail;       // "2000 of 8000 milli free"

  bool operator==(const Blocker&) const = default;
};

struct Rejection {
  std::string node;
  std::vector<Blocker> blockers;  // all of them, in the filters' order

  bool operator==(const Rejection&) const = default;
};

struct Unplaced {
  std::string workload;
  int replica = 0;
  std::vector<Rejection> rejections;  // a node each, by id
  std::string change;                 // the smallest that would make it fit

  bool operator==(const Unplaced&) const = default;
};

// A site that would not survive the loss of `node`: `workload` would have no place.
struct ReserveGap {
  std::string site;
  std::string node;
  std::string workload;

  bool operator==(const ReserveGap&) const = default;
};

struct Plan {
  std::vector<Stop> stops;  // by workload, replica and node, as the others
  std::vector<Start> starts;
  std::vector<Unplaced> unplaced;
  std::vector<ReserveGap> reserve_gaps;

  bool changes_nothing() const { return stops.empty() && starts.empty(); }
  bool operator==(const Plan&) const = default;
};

// The snapshot as it will be once the plan is carried out.
Snapshot carried_out(Snapshot snapshot, const Plan& plan);

}  // namespace bw::coordinator::schedule
