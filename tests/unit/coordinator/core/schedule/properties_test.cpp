// What has to hold of every plan, whatever the fleet: looked at from outside, on drawn fleets that
// are planned for, broken, and planned for again.
#include <algorithm>
#include <map>
#include <set>

#include "base/rng.h"
#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

int drawn(Rng& rng, int from, int to) {
  return from + static_cast<int>(rng.below(static_cast<std::uint64_t>(to - from + 1)));
}

Snapshot drawn_fleet(Rng& rng) {
  Snapshot snapshot;
  const int nodes = drawn(rng, 1, 9);
  for (int i = 0; i < nodes; ++i) {
    Node made = node("n" + std::to_string(i), drawn(rng, 1, 8) * 1000, drawn(rng, 0, 4),
                     rng.chance(0.5) ? "T4" : "A10");
    made.site = rng.chance(0.5) ? "x" : "y";
    if (rng.chance(0.2)) made.taints.push_back({"edge", "", rng.chance(0.3)});
    if (rng.chance(0.3)) made.labels["zone"] = "a";
    snapshot.nodes.push_back(made);
  }
  const int workloads = drawn(rng, 1, 8);
  for (int i = 0; i < workloads; ++i) {
    const int cpu = drawn(rng, 1, 30) * 100;
    const int what = drawn(rng, 0, 3);
    const Resources asked = what == 0   ? gpus(drawn(rng, 1, 2), cpu)
                            : what == 1 ? share(drawn(rng, 1, 9) * 100, cpu)
                                        : cpus(cpu);
    Workload made = workload("w" + std::to_string(i), asked, drawn(rng, 1, 4));
    made.priority = drawn(rng, 0, 2);
    made.is_gang = rng.chance(0.2);
    if (rng.chance(0.2)) made.placement.labels["zone"] = "a";
    if (rng.chance(0.2)) made.placement.apart = {"w" + std::to_string(drawn(rng, 0, i))};
    if (rng.chance(0.3)) made.failover = FailoverClass::exclusive;
    if (rng.chance(0.1)) made.placement.tolerations = {{"edge", ""}};
    snapshot.workloads.push_back(made);
  }
  return snapshot;
}

void break_something(Snapshot& snapshot, Rng& rng) {
  Node& hit = snapshot.nodes[rng.below(snapshot.nodes.size())];
  switch (rng.below(6)) {
    case 0:
      hit.condition = static_cast<Condition>(rng.below(5));
      break;
    case 1:
      hit.condition = Condition::ready;
      break;
    case 2:
      if (!hit.gpus.empty()) hit.gpus[rng.below(hit.gpus.size())].is_healthy = false;
      break;
    case 3:
      snapshot.workloads[rng.below(snapshot.workloads.size())].revision += 1;
      break;
    case 4:
      snapshot.workloads[rng.below(snapshot.workloads.size())].replicas = drawn(rng, 0, 5);
      break;
    default:
      snapshot.workloads[rng.below(snapshot.workloads.size())].priority = drawn(rng, 0, 4);
  }
}

struct Use {
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  std::map<std::string, int> gpu;
};

void expect_no_node_too_full(const Snapshot& snapshot) {
  std::map<std::string, Use> uses;
  for (const Assignment& run : snapshot.assignments) {
    Use& use = uses[run.node];
    use.cpu += run.resources.cpu_milli;
    use.memory += run.resources.memory_bytes;
    for (const std::string& uuid : run.gpus) {
      use.gpu[uuid] += run.resources.gpus > 0 ? kWholeGpu : run.resources.gpu_milli;
    }
  }
  for (const Node& on : snapshot.nodes) {
    const Use& use = uses[on.id];
    EXPECT_LE(use.cpu, on.cpu_milli) << on.id;
    EXPECT_LE(use.memory, on.memory_bytes) << on.id;
    for (const auto& [uuid, milli] : use.gpu) EXPECT_LE(milli, kWholeGpu) << uuid;
  }
}

const Workload& of_name(const Snapshot& snapshot, const std::string& name) {
  return *std::find_if(snapshot.workloads.begin(), snapshot.workloads.end(),
                       [&](const Workload& workload) { return workload.name == name; });
}

const Node& of_id(const Snapshot& snapshot, const std::string& id) {
  return *std::find_if(snapshot.nodes.begin(), snapshot.nodes.end(),
                       [&](const Node& on) { return on.id == id; });
}

void expect_starts_are_allowed(const Snapshot& after, const Plan& made) {
  for (const Start& start : made.starts) {
    const Node& on = of_id(after, start.node);
    const Workload& workload = of_name(after, start.workload);
    EXPECT_EQ(on.condition, Condition::ready);
    for (const auto& [key, value] : workload.placement.labels) {
      EXPECT_EQ(on.labels.count(key), 1U);
    }
    EXPECT_EQ(
        start.gpus.size(),
        static_cast<std::size_t>(workload.resources.gpu_milli > 0 ? 1 : workload.resources.gpus));
    for (const std::string& uuid : start.gpus) {
      EXPECT_TRUE(std::any_of(on.gpus.begin(), on.gpus.end(), [&](const Gpu& gpu) {
        return gpu.uuid == uuid && gpu.is_healthy;
      })) << uuid;
    }
    // Nothing that must be apart from it is where it starts.
    for (const Assignment& other : after.assignments) {
      if (other.node != start.node) continue;
      if (other.workload == start.workload && other.replica == start.replica) continue;
      const auto forbids = [](const Workload& a, const std::string& b) {
        const auto& apart = a.placement.apart;
        return std::find(apart.begin(), apart.end(), b) != apart.end();
      };
      EXPECT_FALSE(forbids(workload, other.workload)) << start.workload << " " << start.node;
      EXPECT_FALSE(forbids(of_name(after, other.workload), start.workload));
    }
  }
}

void expect_gangs_are_whole(const Snapshot& after) {
  for (const Workload& workload : after.workloads) {
    if (!workload.is_gang) continue;
    std::set<int> replicas;
    for (const Assignment& run : after.assignments) {
      if (run.workload == workload.name) replicas.insert(run.replica);
    }
    const auto count = static_cast<int>(replicas.size());
    EXPECT_TRUE(count == 0 || count == workload.replicas) << workload.name << " has " << count;
  }
}

void expect_all_holds(const Snapshot& snapshot, const PlanOptions& options, Snapshot& after) {
  const Plan made = plan(snapshot, options);
  after = carried_out(snapshot, made);
  expect_no_node_too_full(after);
  expect_starts_are_allowed(after, made);
  expect_gangs_are_whole(after);
  EXPECT_TRUE(plan(after, options).changes_nothing());
  Snapshot turned = snapshot;
  std::reverse(turned.nodes.begin(), turned.nodes.end());
  std::rotate(turned.workloads.begin(), turned.workloads.begin() + 1, turned.workloads.end());
  std::reverse(turned.assignments.begin(), turned.assignments.end());
  EXPECT_EQ(plan(turned, options), made);
}

TEST(ScheduleProperties, HoldOfDrawnFleetsAsTheyBreak) {
  for (std::uint64_t seed = 1; seed <= 150 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    PlanOptions options;
    options.policy = kPolicyTable[rng.below(kPolicies)];
    Snapshot snapshot = drawn_fleet(rng);
    for (int step = 0; step < 6; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      Snapshot after;
      expect_all_holds(snapshot, options, after);
      snapshot = std::move(after);
      break_something(snapshot, rng);
    }
  }
}

}  // namespace
}  // namespace bw::coordinator::schedule
