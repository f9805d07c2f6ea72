// Room for a workload at the cost of lower priorities: whose, with the least harm.
#pragma once

#include <optional>
#include <vector>

#include "coordinator/core/schedule/workbench.h"

namespace bw::coordinator::schedule {

struct Preemption {
  std::size_t node = 0;
  std::vector<std::size_t> victims;  // runs; of a gang, all of it
};

// The least harm: first the lowest of the highest priorities that are hit, then the fewest runs,
// then the least GPU, CPU and memory; of equals the node whose id's hash is the smallest.
std::optional<Preemption> find_preemption(Workbench& bench, const Want& want,
                                          const std::set<std::size_t>& excluded);

}  // namespace bw::coordinator::schedule
