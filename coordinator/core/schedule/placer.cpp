#include "coordinator/core/schedule/placer.h"

#include <algorithm>
#include <utility>

#include "coordinator/core/schedule/preempt.h"
#include "coordinator/core/schedule/reserve.h"
#include "coordinator/core/schedule/schedule.h"

namespace bw::coordinator::schedule {

namespace {

// Nodes of one reserved site that are tried before the site is given up.
constexpr std::size_t kReserveTries = 4;

}  // namespace

Placer::Placer(Workbench& bench) : bench_(bench) {
  find_depths();
}

void Placer::find_depths() {
  const auto& workloads = bench_.snapshot().workloads;
  depths_.assign(workloads.size(), 0);
  // A chain is no longer than this; what is in a circle stays where it is then.
  constexpr int kDeepest = 8;
  for (int round = 0; round < kDeepest; ++round) {
    bool has_changed = false;
    for (std::size_t i = 0; i < workloads.size(); ++i) {
      for (const std::string& name : workloads[i].placement.near) {
        const std::size_t other = bench_.tally().find(name);
        if (other == Tally::kNone || other == i || depths_[other] < depths_[i]) continue;
        depths_[i] = std::min(depths_[other] + 1, kDeepest);
        has_changed = true;
      }
    }
    if (!has_changed) break;
  }
}

void Placer::add(const Want& want) {
  const Workload& workload = bench_.workload(want.workload);
  const Ask& ask = bench_.ranking(want.workload).ask();
  const bool is_standby = bench_.is_standby(want);
  const Order order{-workload.priority, depths_[want.workload] + (is_standby ? 1 : 0),
                    -ask.gpu_milli,     -ask.cpu,
                    want.workload,      workload.is_gang ? 0 : want.replica};
  Unit& unit = pending_[order];
  const bool is_in = std::any_of(unit.begin(), unit.end(),
                                 [&](const Want& other) { return other.replica == want.replica; });
  if (!is_in) unit.push_back(want);
}

void Placer::place_all(const Reconciled& reconciled) {
  const auto& verdicts = reconciled.verdicts;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].fate == Fate::stops) bench_.stop(i, verdicts[i].why);
  }
  for (const std::string& site : bench_.snapshot().reserved_sites) {
    if (!reserve_gap(bench_, site)) held_sites_.insert(site);
  }
  // What gives way does so for a reason of its own, kept until then.
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].fate == Fate::gives_way) bench_.expect(i, verdicts[i].why);
  }
  for (const Want& want : reconciled.wants) add(want);
  for (int round = 0; round < kMaxRounds; ++round) {
    failed_.clear();
    const std::size_t mark = bench_.mark();
    while (!pending_.empty()) {
      Unit unit = std::move(pending_.extract(pending_.begin()).mapped());
      if (!place_unit(unit)) failed_.push_back(unit);
    }
    if (failed_.empty() || bench_.mark() == mark || round + 1 == kMaxRounds) break;
    for (const Unit& unit : failed_) {
      for (const Want& want : unit) add(want);
    }
  }
}

Placer::Attempt Placer::attempt_of(const Unit& unit) const {
  return {bench_.stops(), bench_.has_relations(unit.front()) ? bench_.starts() : 0};
}

bool Placer::place_unit(Unit& unit) {
  const std::size_t workload = unit.front().workload;
  const bool is_gang = bench_.workload(workload).is_gang;
  const auto tried = tried_.find(workload);
  const bool has_own_room = std::any_of(
      unit.begin(), unit.end(), [](const Want& want) { return want.predecessor != Want::kNone; });
  if (!is_gang && !has_own_room && tried != tried_.end() && tried->second == attempt_of(unit)) {
    return false;
  }
  if (is_gang) return place_gang(unit);
  std::vector<Want> displaced;
  const std::size_t mark = bench_.mark();
  if (place(unit.front(), displaced)) {
    for (const Want& want : displaced) add(want);
    return true;
  }
  bench_.back_to(mark);
  if (!has_own_room) tried_[workload] = attempt_of(unit);
  return false;
}

bool Placer::place_each(const Unit& unit, std::vector<Want>& displaced) {
  const std::size_t mark = bench_.mark();
  for (const Want& want : unit) {
    if (place(want, displaced)) continue;
    bench_.back_to(mark);
    displaced.clear();
    return false;
  }
  return true;
}

bool Placer::place_gang(Unit& unit) {
  std::vector<Want> displaced;
  const auto done = [&] {
    for (const Want& want : displaced) add(want);
    return true;
  };
  if (place_each(unit, displaced)) return done();
  // What was to give way goes on, where all of the gang runs.
  const bool is_complete = std::all_of(
      unit.begin(), unit.end(), [](const Want& want) { return want.predecessor != Want::kNone; });
  if (is_complete) return false;
  const std::size_t workload = unit.front().workload;
  Unit all = unit;
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < bench_.runs().size(); ++i) {
    const Run& run = bench_.runs()[i];
    if (!run.is_on || run.workload != workload) continue;
    members.push_back(i);
    const bool is_in = std::any_of(unit.begin(), unit.end(),
                                   [&](const Want& want) { return want.replica == run.replica; });
    if (!is_in) all.push_back({workload, run.replica, Want::kNone, run.assignment});
  }
  if (members.empty()) return false;
  for (Want& want : all) want.predecessor = Want::kNone;
  for (const std::size_t member : members) bench_.stop(member, StopWhy::gang_incomplete);
  unit = all;
  return place_each(unit, displaced) && done();
}

bool Placer::start(const Want& want, const Pick& pick, const std::string& from) {
  const std::size_t mark = bench_.mark();
  bench_.start(want, pick, from);
  const std::string& site = bench_.snapshot().nodes[pick.node].site;
  if (!held_sites_.contains(site) || !reserve_gap(bench_, site)) return true;
  bench_.back_to(mark);
  return false;
}

bool Placer::place(const Want& want, std::vector<Want>& displaced) {
  std::string from;
  const auto& assignments = bench_.snapshot().assignments;
  if (want.former != Want::kNone) from = assignments[want.former].node;
  if (want.predecessor != Want::kNone) {
    from = assignments[want.predecessor].node;
    // Preempted in the meantime, it is gone already.
    if (bench_.runs()[want.predecessor].is_on) {
      bench_.stop(want.predecessor, bench_.runs()[want.predecessor].why);
    }
  }
  std::set<std::size_t> excluded;
  while (const auto pick = bench_.find(want, excluded)) {
    if (start(want, *pick, from)) return true;
    excluded.insert(pick->node);
    if (excluded.size() % kReserveTries != 0) continue;
    const auto& nodes = bench_.snapshot().nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].site == nodes[pick->node].site) excluded.insert(i);
    }
  }
  return place_by_preemption(want, from, excluded, displaced);
}

bool Placer::place_by_preemption(const Want& want, const std::string& from,
                                 const std::set<std::size_t>& excluded,
                                 std::vector<Want>& displaced) {
  const auto preemption = find_preemption(bench_, want, excluded);
  if (!preemption) return false;
  const std::string& name = bench_.workload(want.workload).name;
  for (const std::size_t victim : preemption->victims) {
    const Run& run = bench_.runs()[victim];
    displaced.push_back({run.workload, run.replica, Want::kNone, run.assignment});
    bench_.stop(victim, StopWhy::preempted, name);
  }
  const Ranking& ranking = bench_.ranking(want.workload);
  const auto pick = bench_.board().best_on(preemption->node, ranking.ask(), ranking.latency_to());
  return pick && start(want, *pick, from);
}

}  // namespace bw::coordinator::schedule
