#include "coordinator/core/schedule/schedule.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "coordinator/core/schedule/explain.h"
#include "coordinator/core/schedule/placer.h"
#include "coordinator/core/schedule/reserve.h"

namespace bw::coordinator::schedule {

namespace {

// The lists in the order in which they are looked things up in; of two of one name, one.
Snapshot sorted(Snapshot snapshot) {
  const auto tidy = [](auto& list, auto key) {
    std::sort(list.begin(), list.end(),
              [&](const auto& a, const auto& b) { return key(a) < key(b); });
    list.erase(std::unique(list.begin(), list.end(),
                           [&](const auto& a, const auto& b) { return key(a) == key(b); }),
               list.end());
  };
  tidy(snapshot.nodes, [](const Node& node) { return std::string_view(node.id); });
  tidy(snapshot.workloads,
       [](const Workload& workload) { return std::string_view(workload.name); });
  tidy(snapshot.assignments, [](const Assignment& run) {
    return std::tuple(std::string_view(run.workload), run.replica, std::string_view(run.node));
  });
  return snapshot;
}

Expectations with_mix(Expectations expected, const Snapshot& snapshot) {
  if (!expected.mix.empty()) return expected;
  for (const Workload& workload : snapshot.workloads) {
    expected.mix.push_back({workload.resources, std::max(workload.replicas, 1) * 1.0});
  }
  return expected;
}

// What was stopped and started again in the same place was never touched.
bool is_same(const Workbench& bench, const Run& stopped, const Run& started) {
  if (stopped.node != started.node || stopped.devices != started.devices) return false;
  const Assignment& before = bench.snapshot().assignments[stopped.assignment];
  const Workload& workload = bench.workload(started.workload);
  return before.revision == workload.revision && before.resources == workload.resources;
}

void write_runs(Workbench& bench, Plan& plan) {
  std::map<std::pair<std::size_t, int>, const Run*> started;
  for (const Run& run : bench.runs()) {
    if (run.assignment == Want::kNone && run.is_on) started[{run.workload, run.replica}] = &run;
  }
  for (const Run& run : bench.runs()) {
    if (run.assignment == Want::kNone || run.is_on) continue;
    const auto it = started.find({run.workload, run.replica});
    if (it != started.end() && is_same(bench, run, *it->second)) {
      started.erase(it);
      continue;
    }
    const Assignment& before = bench.snapshot().assignments[run.assignment];
    plan.stops.push_back({before.workload, before.replica, before.node, run.why, run.by});
  }
  for (const auto& [key, run] : started) {
    const std::string& node = bench.snapshot().nodes[run->node].id;
    plan.starts.push_back({bench.workload(run->workload).name, run->replica, node,
                           bench.board().rooms().uuids(run->node, run->devices), run->from,
                           static_cast<double>(run->score) * kScoreUnit, run->parts});
  }
  const auto order = [](const Stop& a, const Stop& b) {
    return std::tie(a.workload, a.replica, a.node) < std::tie(b.workload, b.replica, b.node);
  };
  std::sort(plan.stops.begin(), plan.stops.end(), order);
}

}  // namespace

Plan plan(const Snapshot& snapshot, const PlanOptions& options) {
  const Snapshot ordered = sorted(snapshot);
  Workbench bench(ordered, options.policy, with_mix(options.expected, ordered));
  Placer placer(bench);
  placer.place_all(reconcile(ordered.nodes, ordered.workloads, ordered.assignments));
  Plan plan;
  write_runs(bench, plan);
  explain(bench, placer.without_place(), plan);
  for (const std::string& site : ordered.reserved_sites) {
    if (auto gap = reserve_gap(bench, site)) plan.reserve_gaps.push_back(std::move(*gap));
  }
  return plan;
}

}  // namespace bw::coordinator::schedule
