#include "coordinator/core/schedule/workbench.h"

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Workbench, TakesBackWhatWasDone) {
  Snapshot snapshot;
  snapshot.nodes = {node("a", 8000, 2)};
  snapshot.workloads = {workload("v", gpus(1)), workload("w", gpus(1))};
  snapshot.assignments = {run(snapshot.workloads[0], 0, "a", {"a-0"})};
  Workbench bench(snapshot, kPolicyTable[0], {});
  const Room before = bench.board().rooms()[0];
  const std::size_t mark = bench.mark();
  bench.stop(0, StopWhy::preempted, "w");
  const Want want{1, 0, Want::kNone, Want::kNone};
  const auto pick = bench.find(want, {});
  ASSERT_TRUE(pick.has_value());
  bench.start(want, *pick, "");
  EXPECT_EQ(bench.runs().size(), 2U);
  bench.back_to(mark);
  EXPECT_EQ(bench.runs().size(), 1U);
  EXPECT_TRUE(bench.runs()[0].is_on);
  EXPECT_EQ(bench.runs()[0].by, "");
  EXPECT_EQ(bench.board().rooms()[0], before);
  EXPECT_EQ(bench.tally().count_at(0, 0, Topology::node), 1);
}

TEST(Workbench, ExcludedNodesAreNotFound) {
  Snapshot snapshot;
  snapshot.nodes = {node("a"), node("b")};
  snapshot.workloads = {workload("w", cpus(1))};
  Workbench bench(snapshot, kPolicyTable[0], {});
  const Want want{0, 0, Want::kNone, Want::kNone};
  EXPECT_EQ(bench.find(want, {0})->node, 1U);
  EXPECT_FALSE(bench.find(want, {0, 1}).has_value());
}

}  // namespace
}  // namespace bw::coordinator::schedule
