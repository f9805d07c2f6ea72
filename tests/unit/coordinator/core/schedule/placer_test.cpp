#include "coordinator/core/schedule/placer.h"

#include "coordinator/core/schedule/reconcile.h"
#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Placer, AGangWithoutAPlaceForAllGetsNone) {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 8000, 2)};
  snapshot.workloads = {workload("g", gpus(1), 3), workload("s", gpus(1), 2)};
  snapshot.workloads[0].is_gang = true;
  snapshot.workloads[0].priority = 1;
  Workbench bench(snapshot, kPolicyTable[0], {});
  Placer placer(bench);
  placer.place_all(reconcile(snapshot.nodes, snapshot.workloads, snapshot.assignments));
  ASSERT_EQ(placer.without_place().size(), 1U);
  EXPECT_EQ(placer.without_place()[0].size(), 3U);
  EXPECT_EQ(bench.runs().size(), 2U);  // both of the other
}

TEST(Placer, WaitsForWhatItWantsToBeNearTo) {
  Snapshot snapshot;
  snapshot.nodes = {node("a"), node("b")};
  snapshot.workloads = {workload("app", cpus(4000)), workload("cache", cpus(1))};
  snapshot.workloads[0].placement.near = {"cache"};
  snapshot.workloads[0].priority = 5;  // and so comes first
  Workbench bench(snapshot, kPolicyTable[0], {});
  Placer placer(bench);
  placer.place_all(reconcile(snapshot.nodes, snapshot.workloads, snapshot.assignments));
  EXPECT_TRUE(placer.without_place().empty());
  ASSERT_EQ(bench.runs().size(), 2U);
  EXPECT_EQ(bench.runs()[0].node, bench.runs()[1].node);
}

}  // namespace
}  // namespace bw::coordinator::schedule
