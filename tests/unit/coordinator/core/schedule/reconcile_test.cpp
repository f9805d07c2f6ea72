#include "coordinator/core/schedule/reconcile.h"

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

Reconciled of(const Snapshot& snapshot) {
  return reconcile(snapshot.nodes, snapshot.workloads, snapshot.assignments);
}

Snapshot one_running() {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 8000, 1), node("b", 8000, 1)};
  snapshot.workloads = {workload("w", gpus(1))};
  snapshot.assignments = {run(snapshot.workloads[0], 0, "a", {"a-0"})};
  return snapshot;
}

TEST(Reconcile, LeavesAloneWhatIsAsItShouldBe) {
  const Reconciled done = of(one_running());
  EXPECT_EQ(done.verdicts[0].fate, Fate::stays);
  EXPECT_TRUE(done.wants.empty());
}

TEST(Reconcile, StopsWhatIsNotWantedAnyMore) {
  Snapshot snapshot = one_running();
  snapshot.workloads.clear();
  EXPECT_EQ(of(snapshot).verdicts[0].why, StopWhy::removed);
  snapshot = one_running();
  snapshot.workloads[0].replicas = 0;
  EXPECT_EQ(of(snapshot).verdicts[0].why, StopWhy::scaled_down);
}

TEST(Reconcile, AnotherRevisionGivesWay) {
  Snapshot snapshot = one_running();
  snapshot.workloads[0].revision = 2;
  const Reconciled done = of(snapshot);
  EXPECT_EQ(done.verdicts[0].fate, Fate::gives_way);
  ASSERT_EQ(done.wants.size(), 1U);
  EXPECT_EQ(done.wants[0].predecessor, 0U);
}

TEST(Reconcile, WhatLostItsGpuStops) {
  Snapshot snapshot = one_running();
  snapshot.nodes[0].gpus[0].is_healthy = false;
  const Reconciled done = of(snapshot);
  EXPECT_EQ(done.verdicts[0].why, StopWhy::gpu_lost);
  ASSERT_EQ(done.wants.size(), 1U);
  EXPECT_EQ(done.wants[0].former, 0U);
  snapshot = one_running();
  snapshot.assignments[0].gpus.clear();
  EXPECT_EQ(of(snapshot).verdicts[0].why, StopWhy::gpu_lost);
}

TEST(Reconcile, OfASilentNodeOnlyTheExclusiveWait) {
  Snapshot snapshot = one_running();
  snapshot.nodes[0].condition = Condition::unknown;
  EXPECT_EQ(of(snapshot).wants.size(), 1U);
  snapshot.workloads[0].failover = FailoverClass::exclusive;
  EXPECT_TRUE(of(snapshot).wants.empty());
  EXPECT_EQ(of(snapshot).verdicts[0].fate, Fate::stays);
}

TEST(Reconcile, ANodeThatIsGoneLosesAll) {
  Snapshot snapshot = one_running();
  snapshot.nodes[0].condition = Condition::offline;
  EXPECT_EQ(of(snapshot).verdicts[0].why, StopWhy::node_offline);
  snapshot = one_running();
  snapshot.nodes.erase(snapshot.nodes.begin());
  EXPECT_EQ(of(snapshot).verdicts[0].why, StopWhy::node_offline);
}

TEST(Reconcile, ATaintThatEvictsDoesUnlessTolerated) {
  Snapshot snapshot = one_running();
  snapshot.nodes[0].taints = {{"maintenance", "now", true}};
  EXPECT_EQ(of(snapshot).verdicts[0].why, StopWhy::tainted);
  snapshot.workloads[0].placement.tolerations = {{"maintenance", ""}};
  EXPECT_EQ(of(snapshot).verdicts[0].fate, Fate::stays);
}

TEST(Reconcile, OfTwoOnReadyNodesOneStops) {
  Snapshot snapshot = one_running();
  snapshot.assignments.push_back(run(snapshot.workloads[0], 0, "b", {"b-0"}));
  const Reconciled done = of(snapshot);
  EXPECT_NE(done.verdicts[0].fate, done.verdicts[1].fate);
  EXPECT_TRUE(done.wants.empty());
}

}  // namespace
}  // namespace bw::coordinator::schedule
