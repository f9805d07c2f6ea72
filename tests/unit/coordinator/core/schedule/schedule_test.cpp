#include "coordinator/core/schedule/schedule.h"

#include <algorithm>

#include "base/rng.h"
#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Schedule, StartsWhatShouldRunAndDoesNot) {
  Snapshot snapshot;
  snapshot.nodes = {node("n1"), node("n2")};
  snapshot.workloads = {workload("web", cpus(1000), 2)};
  const Plan made = plan(snapshot);
  ASSERT_EQ(made.starts.size(), 2U);
  EXPECT_NE(made.starts[0].node, made.starts[1].node);  // balanced
  EXPECT_TRUE(made.stops.empty());
  EXPECT_TRUE(made.unplaced.empty());
}

TEST(Schedule, GivesAGpuByItsUuid) {
  Snapshot snapshot;
  snapshot.nodes = {node("n1", 8000, 2)};
  snapshot.nodes[0].gpus[0].is_healthy = false;
  snapshot.workloads = {workload("job", gpus(1))};
  const Plan made = plan(snapshot);
  ASSERT_EQ(made.starts.size(), 1U);
  EXPECT_EQ(made.starts[0].gpus, std::vector<std::string>{"n1-1"});
}

TEST(Schedule, SaysWhyAndWhatWouldHelp) {
  Snapshot snapshot;
  snapshot.nodes = {node("n1", 500), node("n2")};
  snapshot.nodes[1].condition = Condition::cordoned;
  snapshot.workloads = {workload("web", cpus(1000))};
  const Plan made = plan(snapshot);
  EXPECT_TRUE(made.changes_nothing());
  ASSERT_EQ(made.unplaced.size(), 1U);
  ASSERT_EQ(made.unplaced[0].rejections.size(), 2U);
  EXPECT_EQ(made.unplaced[0].rejections[0].blockers,
            (std::vector<Blocker>{{"cpu", "500 of 1000 milli CPU left"}}));
  EXPECT_EQ(made.unplaced[0].rejections[1].blockers,
            (std::vector<Blocker>{{"condition", "it is cordoned"}}));
  EXPECT_EQ(made.unplaced[0].change, "uncordon n2");
}

}  // namespace
}  // namespace bw::coordinator::schedule
