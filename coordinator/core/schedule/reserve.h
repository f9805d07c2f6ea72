// Room kept for failover: whether a site would survive the loss of any one of its nodes.
#pragma once

#include <optional>
#include <string>

#include "coordinator/core/schedule/workbench.h"

namespace bw::coordinator::schedule {

// The first node, by id, whose loss would leave one of its workloads without a place on the others
// of the site; nothing where there is none. Looks at room and at what nodes are, not at where other
// workloads run.
std::optional<ReserveGap> reserve_gap(Workbench& bench, const std::string& site);

}  // namespace bw::coordinator::schedule
