#include "coordinator/core/schedule/explain.h"

#include "coordinator/core/schedule/schedule.h"
#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Explain, AWorkloadIsExplainedOnceAndAllReplicasAreNamed) {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 500)};
  snapshot.workloads = {workload("w", cpus(1000), 3)};
  const Plan made = plan(snapshot);
  ASSERT_EQ(made.unplaced.size(), 3U);
  EXPECT_EQ(made.unplaced[0].rejections.size(), 1U);
  EXPECT_TRUE(made.unplaced[1].rejections.empty());
  EXPECT_EQ(made.unplaced[0].change, "free 500 milli CPU on a");
}

TEST(Explain, WithoutNodesOneHasToBeAdded) {
  Snapshot snapshot;
  snapshot.workloads = {workload("w", cpus(1000))};
  EXPECT_EQ(plan(snapshot).unplaced[0].change, "add a node");
}

TEST(Explain, OfAGangTheMemberThatIsTooMany) {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 8000, 2)};
  snapshot.workloads = {workload("g", gpus(1), 3)};
  snapshot.workloads[0].is_gang = true;
  const Plan made = plan(snapshot);
  ASSERT_EQ(made.unplaced.size(), 3U);
  EXPECT_TRUE(made.unplaced[0].rejections.empty());
  EXPECT_EQ(made.unplaced[2].change, "free 1 GPU on a");
}

}  // namespace
}  // namespace bw::coordinator::schedule
