// Why there is no place: for each node all that speaks against it, and the smallest change that
// would make one.
#pragma once

#include <vector>

#include "coordinator/core/schedule/placer.h"

namespace bw::coordinator::schedule {

// Adds what has no place to the plan, by workload and replica. Of a workload the first replica is
// explained, of kMaxExplained workloads at most; the others are only named.
void explain(Workbench& bench, const std::vector<Unit>& without_place, Plan& plan);

}  // namespace bw::coordinator::schedule
