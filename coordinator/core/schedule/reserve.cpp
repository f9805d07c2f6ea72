#include "coordinator/core/schedule/reserve.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace bw::coordinator::schedule {

namespace {

// The device share that leaves the least behind, or the first whole devices.
Room taken(const Room& room, const Ask& ask, const Kind& kind) {
  std::optional<Room> best;
  int least = INT32_MAX;
  for_each_way(room, ask, kind, [&](const Room& after, Devices devices) {
    int left = 0;
    for (unsigned i = 0; i < after.gpus; ++i) {
      if ((devices >> i & 1U) != 0) left += after.gpu[i];
    }
    if (best && left >= least) return;
    best = after;
    least = left;
  });
  return *best;
}

// The runs of a node, the largest first.
std::vector<std::size_t> by_size(const Workbench& bench, std::size_t node) {
  std::vector<std::size_t> runs;
  for (const std::size_t run : bench.runs_on(node)) {
    if (bench.runs()[run].workload != Want::kNone) runs.push_back(run);
  }
  const auto size = [&](std::size_t index) {
    const Run& run = bench.runs()[index];
    const Ask& ask = bench.ask_of(run);
    return std::tuple(-ask.gpu_milli, -ask.cpu, -ask.memory,
                      std::string_view(bench.workload(run.workload).name), run.replica);
  };
  std::sort(runs.begin(), runs.end(),
            [&](std::size_t a, std::size_t b) { return size(a) < size(b); });
  return runs;
}

// The workload that finds no place among these rooms; nothing where all do.
std::optional<std::size_t> homeless(Workbench& bench, std::size_t lost,
                                    std::map<std::size_t, Room> rooms) {
  rooms.erase(lost);
  for (const std::size_t index : by_size(bench, lost)) {
    const Run& run = bench.runs()[index];
    const Ask& ask = bench.ask_of(run);
    const auto& suitable = bench.suitable(run.workload);
    Room* best = nullptr;
    for (auto& [node, room] : rooms) {
      if (!suitable[node] || !has_room(room, ask)) continue;
      if (best == nullptr || room.cpu < best->cpu) best = &room;
    }
    if (best == nullptr) return run.workload;
    *best = taken(*best, ask, bench.board().rooms().kinds()[best->kind]);
  }
  return std::nullopt;
}

}  // namespace

std::optional<ReserveGap> reserve_gap(Workbench& bench, const std::string& site) {
  std::map<std::size_t, Room> rooms;
  const auto& nodes = bench.snapshot().nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].site == site && nodes[i].condition != Condition::offline) {
      rooms.emplace(i, bench.board().rooms()[i]);
    }
  }
  for (const auto& [node, room] : rooms) {
    if (const auto workload = homeless(bench, node, rooms)) {
      return ReserveGap{site, nodes[node].id, bench.workload(*workload).name};
    }
  }
  return std::nullopt;
}

}  // namespace bw::coordinator::schedule
