// Commits: takes what wants a place in the order of priority, and finds it one, by preemption where
// it must; gangs whole or not at all; again as long as what was done helps what was left.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/core/schedule/workbench.h"

namespace bw::coordinator::schedule {

// Replicas that have to be placed together: of a gang all that are missing, else one.
using Unit = std::vector<Want>;

class Placer {
 public:
  explicit Placer(Workbench& bench);

  void place_all(const Reconciled& reconciled);
  // What has no place in the end, in the order in which it was looked for.
  const std::vector<Unit>& without_place() const { return failed_; }

 private:
  // By priority, then after what it wants to be near to, then the largest first.
  using Order = std::tuple<int, int, int, std::int64_t, std::size_t, int>;
  // As of when a workload had no place: nothing changed since that could help it.
  struct Attempt {
    std::uint64_t stops = 0;
    std::uint64_t starts = 0;

    bool operator==(const Attempt&) const = default;
  };

  void add(const Want& want);
  // A gang that is stopped for a lack of room grows to all of it.
  bool place_unit(Unit& unit);
  bool place_gang(Unit& unit);
  bool place_each(const Unit& unit, std::vector<Want>& displaced);
  bool place(const Want& want, std::vector<Want>& displaced);
  bool place_by_preemption(const Want& want, const std::string& from,
                           const std::set<std::size_t>& excluded, std::vector<Want>& displaced);
  // Where the site it goes to would not survive a loss any more, takes it back.
  bool start(const Want& want, const Pick& pick, const std::string& from);
  Attempt attempt_of(const Unit& unit) const;
  void find_depths();

  Workbench& bench_;
  std::vector<int> depths_;  // in the chains of affinity, by workload
  std::map<Order, Unit> pending_;
  std::vector<Unit> failed_;
  std::map<std::size_t, Attempt> tried_;  // by workload
  std::set<std::string> held_sites_;      // reserved, and with room for a loss
};

}  // namespace bw::coordinator::schedule
