#include "coordinator/core/schedule/explain.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "coordinator/core/schedule/schedule.h"

namespace bw::coordinator::schedule {

namespace {

// A node that nothing speaks against is kept free for the loss of another.
constexpr std::string_view kReserveFilter = "reserve";
constexpr double kReserveEffort = 8;

Unplaced explain_one(Workbench& bench, const Want& want) {
  // As if what it is to follow had gone.
  const std::size_t mark = bench.mark();
  if (want.predecessor != Want::kNone && bench.runs()[want.predecessor].is_on) {
    bench.stop(want.predecessor, bench.runs()[want.predecessor].why);
  }
  const Workload& workload = bench.workload(want.workload);
  Unplaced unplaced{workload.name, want.replica, {}, {}};
  const int emptiest = bench.emptiest(want.workload);
  std::optional<Change> least;
  for (std::size_t i = 0; i < bench.snapshot().nodes.size(); ++i) {
    const Node& node = bench.snapshot().nodes[i];
    const Question question = bench.question(want, i, emptiest);
    Rejection rejection{node.id, blockers(question)};
    Change change = change_for(question);
    if (rejection.blockers.empty()) {
      const std::string site = "'" + node.site + "'";
      rejection.blockers.push_back({kReserveFilter, "site " + site + " has to survive a loss"});
      change = {"give up the reserve of site " + site, kReserveEffort};
    }
    if (!least || change.effort < least->effort) least = std::move(change);
    unplaced.rejections.push_back(std::move(rejection));
  }
  bench.back_to(mark);
  unplaced.change = least ? least->text : "add a node";
  return unplaced;
}

// The first of a gang that has no place once those before it have theirs.
Unplaced explain_gang(Workbench& bench, const Unit& unit) {
  const std::size_t mark = bench.mark();
  for (const Want& want : unit) {
    const auto pick = bench.find(want, {});
    if (pick) {
      bench.start(want, *pick, {});
      continue;
    }
    Unplaced unplaced = explain_one(bench, want);
    bench.back_to(mark);
    return unplaced;
  }
  bench.back_to(mark);
  return {bench.workload(unit.front().workload).name, unit.front().replica, {}, {}};
}

}  // namespace

void explain(Workbench& bench, const std::vector<Unit>& without_place, Plan& plan) {
  std::set<std::size_t> explained;
  for (const Unit& unit : without_place) {
    const std::size_t workload = unit.front().workload;
    const bool is_first = !explained.contains(workload) && explained.size() < kMaxExplained;
    explained.insert(workload);
    std::optional<Unplaced> whole;
    if (is_first) {
      whole = bench.workload(workload).is_gang ? explain_gang(bench, unit)
                                               : explain_one(bench, unit.front());
    }
    for (const Want& want : unit) {
      if (whole && whole->replica == want.replica) {
        plan.unplaced.push_back(*whole);
      } else {
        plan.unplaced.push_back({bench.workload(workload).name, want.replica, {}, {}});
      }
    }
  }
  std::sort(plan.unplaced.begin(), plan.unplaced.end(), [](const Unplaced& a, const Unplaced& b) {
    return std::tie(a.workload, a.replica) < std::tie(b.workload, b.replica);
  });
}

}  // namespace bw::coordinator::schedule
