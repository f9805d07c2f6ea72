#include "coordinator/core/schedule/tally.h"

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Tally, CountsByNodeAndBySite) {
  std::vector<Node> nodes = {node("a"), node("b"), node("c")};
  nodes[2].site = "y";
  const std::vector<Workload> workloads = {workload("w", cpus(1))};
  Tally tally(nodes, workloads);
  tally.add(0, 0);
  tally.add(0, 1);
  EXPECT_EQ(tally.count_at(0, 0, Topology::node), 1);
  EXPECT_EQ(tally.count_at(0, 0, Topology::site), 2);
  EXPECT_EQ(tally.count_at(0, 2, Topology::site), 0);
  tally.remove(0, 0);
  EXPECT_EQ(tally.places(0, Topology::node).size(), 1U);
}

TEST(Tally, WhoMustBeApartIsSoForBoth) {
  std::vector<Workload> workloads = {workload("a", cpus(1)), workload("b", cpus(1))};
  workloads[0].placement.apart = {"b", "unknown"};
  const Tally tally({}, workloads);
  ASSERT_EQ(tally.enemies(0).size(), 1U);
  ASSERT_EQ(tally.enemies(1).size(), 1U);
  EXPECT_EQ(tally.enemies(1)[0].workload, 0U);
  EXPECT_EQ(tally.find("unknown"), Tally::kNone);
}

}  // namespace
}  // namespace bw::coordinator::schedule
