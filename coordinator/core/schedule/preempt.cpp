#include "coordinator/core/schedule/preempt.h"

#include <algorithm>
#include <tuple>

#include "coordinator/core/schedule/hash.h"

namespace bw::coordinator::schedule {

namespace {

struct Harm {
  int highest = INT32_MIN;
  std::size_t runs = 0;
  std::int64_t gpu_milli = 0;
  std::int64_t cpu = 0;
  std::int64_t memory = 0;

  auto as_tuple() const { return std::tie(highest, runs, gpu_milli, cpu, memory); }
};

void give_back(Room& room, const Ask& ask, Devices devices) {
  room.cpu += ask.cpu;
  room.memory += ask.memory;
  for (unsigned i = 0; i < room.gpus; ++i) {
    if ((devices >> i & 1U) == 0) continue;
    const int need = std::min<int>(ask.need[room.kind][i], kWholeGpu);
    room.gpu[i] = static_cast<std::int16_t>(room.gpu[i] + need);
  }
}

class Search {
 public:
  Search(Workbench& bench, const Want& want)
      : bench_(bench), want_(want), ask_(bench.ranking(want.workload).ask()) {}

  // Those of a node that have to go, the fewest that a greedy choice finds; none: it won't do.
  std::vector<std::size_t> victims_on(std::size_t node) {
    const int priority = bench_.workload(want_.workload).priority;
    std::vector<std::size_t> lower;
    for (const std::size_t run : bench_.runs_on(node)) {
      const Run& here = bench_.runs()[run];
      if (here.workload == Want::kNone || here.workload == want_.workload) continue;
      if (priority_of(here) < priority) lower.push_back(run);
    }
    std::sort(lower.begin(), lower.end(), [&](std::size_t a, std::size_t b) {
      return rank(bench_.runs()[a]) < rank(bench_.runs()[b]);
    });
    Room room = bench_.board().rooms()[node];
    std::vector<std::size_t> victims;
    for (const std::size_t run : lower) {
      if (has_room(room, ask_)) break;
      give_back(room, bench_.ask_of(bench_.runs()[run]), bench_.runs()[run].devices);
      victims.push_back(run);
    }
    if (!has_room(room, ask_)) return {};
    spare(node, victims);
    return victims;
  }

  // A gang goes as one.
  void add_gangs(std::vector<std::size_t>& victims) {
    const std::size_t count = victims.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t workload = bench_.runs()[victims[i]].workload;
      if (!bench_.workload(workload).is_gang) continue;
      for (std::size_t run = 0; run < bench_.runs().size(); ++run) {
        const Run& other = bench_.runs()[run];
        if (other.is_on && other.workload == workload) victims.push_back(run);
      }
    }
    std::sort(victims.begin(), victims.end());
    victims.erase(std::unique(victims.begin(), victims.end()), victims.end());
  }

  Harm harm_of(const std::vector<std::size_t>& victims) const {
    Harm harm;
    for (const std::size_t victim : victims) {
      const Run& run = bench_.runs()[victim];
      harm.highest = std::max(harm.highest, priority_of(run));
      ++harm.runs;
      harm.gpu_milli += bench_.ask_of(run).gpu_milli;
      harm.cpu += bench_.ask_of(run).cpu;
      harm.memory += bench_.ask_of(run).memory;
    }
    return harm;
  }

 private:
  int priority_of(const Run& run) const { return bench_.workload(run.workload).priority; }

  // The lowest priority goes first; of one, the largest, so that few go.
  std::tuple<int, std::int64_t, std::int64_t, std::int64_t, std::string_view, int> rank(
      const Run& run) const {
    const Ask& ask = bench_.ask_of(run);
    return {
        priority_of(run), -ask.gpu_milli, -ask.cpu, -ask.memory, bench_.workload(run.workload).name,
        run.replica};
  }

  // Takes back those that need not go after all, the highest priority first.
  void spare(std::size_t node, std::vector<std::size_t>& victims) const {
    for (std::size_t i = victims.size(); i-- > 0;) {
      Room room = bench_.board().rooms()[node];
      for (std::size_t k = 0; k < victims.size(); ++k) {
        const Run& run = bench_.runs()[victims[k]];
        if (k != i) give_back(room, bench_.ask_of(run), run.devices);
      }
      if (has_room(room, ask_)) victims.erase(victims.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  Workbench& bench_;
  const Want& want_;
  const Ask& ask_;
};

}  // namespace

std::optional<Preemption> find_preemption(Workbench& bench, const Want& want,
                                          const std::set<std::size_t>& excluded) {
  const Workload& workload = bench.workload(want.workload);
  if (!workload.may_preempt) return std::nullopt;
  Search search(bench, want);
  const auto& suitable = bench.suitable(want.workload);
  const int emptiest = bench.emptiest(want.workload);
  std::optional<Preemption> best;
  Harm least;
  std::uint64_t best_hash = 0;
  for (std::size_t node = 0; node < suitable.size(); ++node) {
    if (!suitable[node] || excluded.contains(node)) continue;
    if (!passes(bench.question(want, node, emptiest), Looks::at_others)) continue;
    auto victims = search.victims_on(node);
    if (victims.empty()) continue;
    search.add_gangs(victims);
    const Harm harm = search.harm_of(victims);
    const std::uint64_t hash = hash_of(bench.snapshot().nodes[node].id);
    if (!best || harm.as_tuple() < least.as_tuple() ||
        (harm.as_tuple() == least.as_tuple() && hash < best_hash)) {
      best = Preemption{node, std::move(victims)};
      least = harm;
      best_hash = hash;
    }
  }
  return best;
}

}  // namespace bw::coordinator::schedule
