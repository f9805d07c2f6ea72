#include "coordinator/core/schedule/plan.h"

#include <algorithm>
#include <array>

namespace bw::coordinator::schedule {

std::string_view name_of(StopWhy why) {
  constexpr std::array<std::string_view, kStopWhys> kNames = {
      "removed", "scaled down", "duplicate", "replaced",        "node offline", "drained",
      "tainted", "GPU lost",    "preempted", "gang incomplete", "rebalanced"};
  return kNames[static_cast<std::size_t>(why)];
}

Snapshot carried_out(Snapshot snapshot, const Plan& plan) {
  auto& runs = snapshot.assignments;
  for (const Stop& stop : plan.stops) {
    const auto it = std::find_if(runs.begin(), runs.end(), [&](const Assignment& run) {
      return run.workload == stop.workload && run.replica == stop.replica && run.node == stop.node;
    });
    if (it != runs.end()) runs.erase(it);
  }
  for (const Start& start : plan.starts) {
    for (const Workload& workload : snapshot.workloads) {
      if (workload.name != start.workload) continue;
      runs.push_back({start.workload, start.replica, workload.revision, start.node, start.gpus,
                      workload.resources});
    }
  }
  return snapshot;
}

}  // namespace bw::coordinator::schedule
