#include "coordinator/core/schedule/plan.h"

#include <set>

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Plan, HasAWordForEachReasonToStop) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kStopWhys; ++i) names.insert(name_of(static_cast<StopWhy>(i)));
  EXPECT_EQ(names.size(), kStopWhys);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(name_of(StopWhy::rebalanced), "rebalanced");
}

TEST(Plan, CarriedOutStopsAndStartsWhatItSays) {
  Snapshot snapshot;
  snapshot.workloads = {workload("a", gpus(1))};
  snapshot.workloads[0].revision = 7;
  snapshot.assignments = {run(snapshot.workloads[0], 0, "n1", {"n1-0"}),
                          run(snapshot.workloads[0], 1, "n1", {"n1-1"})};
  Plan made;
  made.stops.push_back({"a", 0, "n1", StopWhy::drained, {}});
  made.starts.push_back({"a", 0, "n2", {"n2-3"}, "n1", 1.5, {}});
  const Snapshot after = carried_out(snapshot, made);
  ASSERT_EQ(after.assignments.size(), 2U);
  EXPECT_EQ(after.assignments[0].replica, 1);
  EXPECT_EQ(after.assignments[1].node, "n2");
  EXPECT_EQ(after.assignments[1].revision, 7U);
  EXPECT_EQ(after.assignments[1].gpus, std::vector<std::string>{"n2-3"});
  EXPECT_EQ(after.assignments[1].resources, gpus(1));
}

TEST(Plan, CarriedOutPassesOverAStopOfWhatDoesNotRun) {
  Plan made;
  made.stops.push_back({"a", 0, "n1", StopWhy::drained, {}});
  EXPECT_TRUE(carried_out({}, made).assignments.empty());
  EXPECT_FALSE(made.changes_nothing());
}

}  // namespace
}  // namespace bw::coordinator::schedule
