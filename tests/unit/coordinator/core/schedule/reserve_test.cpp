#include "coordinator/core/schedule/reserve.h"

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Reserve, SaysWhichLossASiteWouldNotSurvive) {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 4000), node("b", 4000), node("c", 4000)};
  snapshot.nodes[2].site = "y";  // does not help
  snapshot.workloads = {workload("w", cpus(3000), 2)};
  snapshot.assignments = {run(snapshot.workloads[0], 0, "a")};
  {
    Workbench bench(snapshot, kPolicyTable[0], {});
    EXPECT_FALSE(reserve_gap(bench, "x").has_value());
  }
  snapshot.assignments.push_back(run(snapshot.workloads[0], 1, "b"));
  Workbench bench(snapshot, kPolicyTable[0], {});
  EXPECT_EQ(reserve_gap(bench, "x"), (ReserveGap{"x", "a", "w"}));
}

}  // namespace
}  // namespace bw::coordinator::schedule
