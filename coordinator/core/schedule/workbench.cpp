#include "coordinator/core/schedule/workbench.h"

#include <algorithm>

#include "base/assert.h"

namespace bw::coordinator::schedule {

namespace {

void append(std::string& key, std::string_view text) {
  key += std::to_string(text.size());
  key += ':';
  key += text;
}

void append(std::string& key, std::int64_t number) {
  key += std::to_string(number);
  key += ' ';
}

std::string key_of(const Resources& resources) {
  std::string key;
  append(key, resources.cpu_milli);
  append(key, resources.memory_bytes);
  append(key, resources.gpus);
  append(key, resources.gpu_milli);
  append(key, resources.gpu_memory_bytes);
  append(key, resources.mig_profile);
  for (const std::string& model : resources.gpu_models) append(key, model);
  return key;
}

// Of all that the filters of a node alone and the scorers look at.
std::string key_of(const Workload& workload) {
  const Placement& placement = workload.placement;
  std::string key = key_of(workload.resources) + "|";
  for (const auto& [name, value] : placement.labels) {
    append(key, name);
    append(key, value);
  }
  key += '|';
  for (const std::string& site : placement.sites) append(key, site);
  key += '|';
  for (const Toleration& toleration : placement.tolerations) {
    append(key, toleration.key);
    append(key, toleration.value);
  }
  key += '|';
  for (const std::string& name : placement.datasets) append(key, name);
  key += '|';
  append(key, placement.latency_to);
  if (!placement.latency_to.empty()) append(key, std::to_string(placement.latency_ms));
  return key;
}

}  // namespace

Workbench::Workbench(const Snapshot& sorted, const Policy& policy, const Expectations& expected)
    : snapshot_(sorted),
      board_(sorted.nodes, expected, policy),
      tally_(sorted.nodes, sorted.workloads),
      on_node_(sorted.nodes.size()),
      group_of_(sorted.workloads.size(), Want::kNone) {
  for (std::size_t i = 0; i < sorted.assignments.size(); ++i) adopt(sorted.assignments[i], i);
}

std::size_t Workbench::ask_for(const Resources& resources) {
  const auto [it, is_new] = ask_index_.emplace(key_of(resources), asks_.size());
  if (is_new) asks_.push_back(board_.rooms().ask_of(resources));
  return it->second;
}

void Workbench::adopt(const Assignment& assignment, std::size_t index) {
  Run run;
  run.workload = tally_.find(assignment.workload);
  run.replica = assignment.replica;
  run.assignment = index;
  run.ask = ask_for(assignment.resources);
  const auto& nodes = snapshot_.nodes;
  const auto it =
      std::lower_bound(nodes.begin(), nodes.end(), assignment.node,
                       [](const Node& node, const std::string& id) { return node.id < id; });
  if (it != nodes.end() && it->id == assignment.node) {
    run.node = static_cast<std::size_t>(it - nodes.begin());
    run.devices = board_.rooms().find(run.node, assignment.gpus);
  }
  runs_.push_back(std::move(run));
  turn_on(runs_.size() - 1);
}

void Workbench::turn_on(std::size_t index) {
  Run& run = runs_[index];
  BW_ASSERT(!run.is_on);
  ++starts_;
  run.is_on = true;
  if (run.node == Want::kNone) return;
  board_.rooms().take(run.node, asks_[run.ask], run.devices);
  if (run.workload != Want::kNone) tally_.add(run.workload, run.node);
  on_node_[run.node].push_back(index);
}

void Workbench::turn_off(std::size_t index) {
  Run& run = runs_[index];
  BW_ASSERT(run.is_on);
  ++stops_;
  run.is_on = false;
  if (run.node == Want::kNone) return;
  board_.rooms().give(run.node, asks_[run.ask], run.devices);
  if (run.workload != Want::kNone) tally_.remove(run.workload, run.node);
  auto& here = on_node_[run.node];
  here.erase(std::find(here.begin(), here.end(), index));
}

std::size_t Workbench::start(const Want& want, const Pick& pick, std::string from) {
  const Workload& wanted = workload(want.workload);
  Run run;
  run.workload = want.workload;
  run.replica = want.replica;
  run.node = pick.node;
  run.devices = pick.devices;
  run.ask = ask_for(wanted.resources);
  run.from = std::move(from);
  run.score = pick.score;
  run.parts = board_.parts(pick.node, asks_[run.ask], wanted.placement.latency_to, pick.devices);
  runs_.push_back(std::move(run));
  turn_on(runs_.size() - 1);
  journal_.push_back({runs_.size() - 1, true, {}, {}});
  return runs_.size() - 1;
}

void Workbench::stop(std::size_t index, StopWhy why, std::string by) {
  journal_.push_back({index, false, runs_[index].why, std::move(runs_[index].by)});
  turn_off(index);
  runs_[index].why = why;
  runs_[index].by = std::move(by);
}

void Workbench::back_to(std::size_t mark) {
  while (journal_.size() > mark) {
    Entry& entry = journal_.back();
    if (entry.was_started) {
      // The latest of all: what came after it is undone already.
      BW_ASSERT(entry.run + 1 == runs_.size());
      turn_off(entry.run);
      runs_.pop_back();
    } else {
      runs_[entry.run].why = entry.why;
      runs_[entry.run].by = std::move(entry.by);
      turn_on(entry.run);
    }
    journal_.pop_back();
  }
}

Ranking& Workbench::ranking(std::size_t index) {
  std::size_t& group = group_of_[index];
  if (group == Want::kNone) {
    const Workload& wanted = workload(index);
    const auto [it, is_new] = group_index_.emplace(key_of(wanted), groups_.size());
    group = it->second;
    if (is_new) {
      const Ask ask = asks_[ask_for(wanted.resources)];
      std::vector<bool> suitable(snapshot_.nodes.size());
      for (std::size_t i = 0; i < suitable.size(); ++i) {
        const Question question{wanted, index, false, ask, snapshot_.nodes[i], i, board_.rooms()[i],
                                tally_};
        suitable[i] = passes(question, Looks::at_node);
      }
      groups_.push_back({suitable, Ranking(ask, wanted.placement.latency_to, suitable)});
    }
  }
  return groups_[group].ranking;
}

const std::vector<bool>& Workbench::suitable(std::size_t index) {
  ranking(index);
  return groups_[group_of_[index]].suitable;
}

int Workbench::emptiest(std::size_t index) {
  const Placement& placement = workload(index).placement;
  if (placement.spread <= 0) return 0;
  const auto& nodes = suitable(index);
  const auto& counts = tally_.places(index, placement.spread_by);
  std::optional<int> fewest;
  for (std::size_t i = 0; i < nodes.size() && fewest != 0; ++i) {
    if (!nodes[i]) continue;
    const auto it = counts.find(tally_.place_of(i, placement.spread_by));
    const int count = it == counts.end() ? 0 : it->second;
    fewest = std::min(fewest.value_or(count), count);
  }
  return fewest.value_or(0);
}

Question Workbench::question(const Want& want, std::size_t node, int emptiest_place) {
  return {
      workload(want.workload), want.workload, is_standby(want),     ranking(want.workload).ask(),
      snapshot_.nodes[node],   node,          board_.rooms()[node], tally_,
      emptiest_place};
}

bool Workbench::has_relations(const Want& want) const {
  const Placement& placement = workload(want.workload).placement;
  return is_standby(want) || !placement.near.empty() || placement.spread > 0 ||
         !tally_.enemies(want.workload).empty();
}

std::optional<Pick> Workbench::find(const Want& want, const std::set<std::size_t>& excluded) {
  Ranking& ranked = ranking(want.workload);
  if (excluded.empty() && !has_relations(want)) return board_.best(ranked);
  const int emptiest_place = emptiest(want.workload);
  std::optional<Pick> best;
  for (std::size_t i = 0; i < snapshot_.nodes.size(); ++i) {
    if (!ranked.is_allowed(i) || excluded.contains(i)) continue;
    if (!passes(question(want, i, emptiest_place), Looks::at_others)) continue;
    const auto pick = board_.best_on(i, ranked.ask(), ranked.latency_to());
    if (pick && (!best || board_.is_better(*pick, *best))) best = pick;
  }
  return best;
}

}  // namespace bw::coordinator::schedule
