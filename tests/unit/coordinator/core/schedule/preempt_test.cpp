#include "coordinator/core/schedule/preempt.h"

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Preempt, HitsTheLowestPriorityAndAsFewAsItCan) {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 4000), node("b", 4000)};
  snapshot.workloads = {workload("high", cpus(3000)), workload("low", cpus(2000), 2),
                        workload("middle", cpus(4000))};
  snapshot.workloads[0].priority = 9;
  snapshot.workloads[2].priority = 5;
  snapshot.assignments = {run(snapshot.workloads[1], 0, "a"), run(snapshot.workloads[1], 1, "a"),
                          run(snapshot.workloads[2], 0, "b")};
  Workbench bench(snapshot, kPolicyTable[0], {});
  const auto found = find_preemption(bench, {0, 0, Want::kNone, Want::kNone}, {});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->node, 0U);  // two of priority 0 rather than one of priority 5
  EXPECT_EQ(found->victims.size(), 2U);
}

TEST(Preempt, SparesWhatNeedNotGo) {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 4000)};
  snapshot.workloads = {workload("big", cpus(3000)), workload("high", cpus(2500)),
                        workload("small", cpus(1000))};
  snapshot.workloads[0].priority = 1;
  snapshot.workloads[1].priority = 9;
  snapshot.assignments = {run(snapshot.workloads[0], 0, "a"), run(snapshot.workloads[2], 0, "a")};
  Workbench bench(snapshot, kPolicyTable[0], {});
  const auto found = find_preemption(bench, {1, 0, Want::kNone, Want::kNone}, {});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->victims, std::vector<std::size_t>{0});  // the small one alone would not do
}

TEST(Preempt, LeavesEqualPrioritiesAndThoseWhoMayNotAlone) {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 1000)};
  snapshot.workloads = {workload("v", cpus(1000)), workload("w", cpus(1000))};
  snapshot.assignments = {run(snapshot.workloads[0], 0, "a")};
  {
    Workbench bench(snapshot, kPolicyTable[0], {});
    EXPECT_FALSE(find_preemption(bench, {1, 0, Want::kNone, Want::kNone}, {}).has_value());
  }
  snapshot.workloads[1].priority = 1;
  snapshot.workloads[1].may_preempt = false;
  Workbench bench(snapshot, kPolicyTable[0], {});
  EXPECT_FALSE(find_preemption(bench, {1, 0, Want::kNone, Want::kNone}, {}).has_value());
}

}  // namespace
}  // namespace bw::coordinator::schedule
