// What should run against what does: which assignments stay, which have to stop, and which replicas
// still want a place. Looks at no room and decides about no node.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "coordinator/core/schedule/plan.h"
#include "coordinator/core/schedule/tally.h"

namespace bw::coordinator::schedule {

// What becomes of an assignment. One that is to give way goes on until its successor has a place.
enum class Fate : std::uint8_t { stays, stops, gives_way };

struct Verdict {
  Fate fate = Fate::stays;
  StopWhy why = StopWhy::removed;  // where it does not stay
};

struct Want {
  std::size_t workload = 0;
  int replica = 0;
  std::size_t predecessor = kNone;  // an assignment that gives way
  std::size_t former = kNone;       // one that stopped: where it comes from

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
};

struct Reconciled {
  std::vector<Verdict> verdicts;  // by assignment
  std::vector<Want> wants;        // by workload and replica
};

// All sorted: by id, by name, by workload, replica and node.
Reconciled reconcile(std::span<const Node> nodes, std::span<const Workload> workloads,
                     std::span<const Assignment> assignments);

}  // namespace bw::coordinator::schedule
