#include "coordinator/core/schedule/filters.h"

#include "coordinator/core/schedule/schedule.h"
#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Filters, EachHasItsWords) {
  for (const Filter& filter : kFilterTable) {
    EXPECT_FALSE(filter.name.empty() || filter.text.empty());
    EXPECT_GT(filter.effort, 0) << filter.name;
  }
}

// Each of them, by a fleet of one node on which a workload can't run.
Unplaced only(Node on, Workload of) {
  Snapshot snapshot;
  snapshot.nodes = {std::move(on)};
  snapshot.workloads = {std::move(of)};
  const Plan made = plan(snapshot);
  return made.unplaced.empty() ? Unplaced{} : made.unplaced[0];
}

std::string blocker_of(const Unplaced& unplaced) {
  if (unplaced.rejections.empty()) return "";
  std::string text;
  for (const Blocker& blocker : unplaced.rejections[0].blockers) {
    text += std::string(blocker.filter) + ": " + blocker.detail + "; ";
  }
  return text + unplaced.change;
}

TEST(Filters, SayWhatIsWrongAndWhatWouldMendIt) {
  Workload web = workload("w", cpus(1000));
  web.placement.labels = {{"zone", "a"}};
  EXPECT_EQ(blocker_of(only(node("n"), web)),
            "labels: no label 'zone', wanted 'a'; label n zone=a");
  web = workload("w", cpus(1000));
  web.placement.sites = {"y", "z"};
  EXPECT_EQ(blocker_of(only(node("n"), web)), "site: site 'x', not y or z; allow site 'x'");
  web = workload("w", cpus(1000));
  web.placement.datasets = {"d", "e"};
  EXPECT_EQ(blocker_of(only(node("n"), web)), "datasets: no dataset d, e; copy d, e to n");
  web = workload("w", cpus(1000));
  web.placement.latency_to = "y";
  EXPECT_EQ(blocker_of(only(node("n"), web)),
            "latency: latency to 'y' is not measured; measure n's latency");
  EXPECT_EQ(blocker_of(only(node("n"), workload("w", gpus(2)))),
            "gpu kind: 0 of 2 GPUs that will do; fit n with 2 GPUs more");
}

TEST(Filters, SayAllThatIsWrong) {
  Node small = node("n", 500);
  small.memory_bytes = kGiB / 2;
  small.taints = {{"edge", "old", false}};
  EXPECT_EQ(blocker_of(only(small, workload("w", cpus(1000)))),
            "taints: taint 'edge=old' is not tolerated; cpu: 500 of 1000 milli CPU left; memory: "
            "512 MiB of 1024 MiB memory left; tolerate 'edge=old', free 500 milli CPU on n, free "
            "512 MiB memory on n");
}

}  // namespace
}  // namespace bw::coordinator::schedule
