// One plan in the making: who runs where, as far as it is decided, and how a decision is taken
// back. The order of decisions is schedule.cpp's, what a node says to it the filters'.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/core/schedule/board.h"
#include "coordinator/core/schedule/filters.h"
#include "coordinator/core/schedule/reconcile.h"

namespace bw::coordinator::schedule {

// A replica on a node: one that ran before, or one that the plan starts.
struct Run {
  std::size_t workload = Want::kNone;  // kNone: not wanted any more
  int replica = 0;
  std::size_t node = Want::kNone;        // kNone: not in the snapshot
  std::size_t assignment = Want::kNone;  // kNone: started by the plan
  Devices devices = 0;
  std::size_t ask = 0;  // among the workbench's
  bool is_on = false;
  StopWhy why = StopWhy::removed;  // where it is not, and ran before
  std::string by;
  std::string from;  // of one that is started
  Score score = 0;
  std::vector<ScorePart> parts;
};

class Workbench {
 public:
  // `sorted` has its lists in order, and stays while this lives.
  Workbench(const Snapshot& sorted, const Policy& policy, const Expectations& expected);

  const Snapshot& snapshot() const { return snapshot_; }
  const Workload& workload(std::size_t index) const { return snapshot_.workloads[index]; }
  const std::vector<Run>& runs() const { return runs_; }
  const std::vector<std::size_t>& runs_on(std::size_t node) const { return on_node_[node]; }
  Board& board() { return board_; }
  const Ask& ask_of(const Run& run) const { return asks_[run.ask]; }
  Tally& tally() { return tally_; }

  // Each is undone by back_to(), in turn.
  std::size_t start(const Want& want, const Pick& pick, std::string from);
  void stop(std::size_t run, StopWhy why, std::string by = {});
  // Why it will stop, should it; not undone.
  void expect(std::size_t run, StopWhy why) { runs_[run].why = why; }
  // Counts what was stopped and what was started, undone or not: nothing of it, nothing changed.
  std::uint64_t stops() const { return stops_; }
  std::uint64_t starts() const { return starts_; }
  std::size_t mark() const { return journal_.size(); }
  void back_to(std::size_t mark);

  // Where it would go now; none where no node will do. Nodes in `excluded` won't.
  std::optional<Pick> find(const Want& want, const std::set<std::size_t>& excluded);
  // The nodes that by themselves will do for a workload.
  const std::vector<bool>& suitable(std::size_t workload);
  Question question(const Want& want, std::size_t node, int emptiest);
  int emptiest(std::size_t workload);
  Ranking& ranking(std::size_t workload);

  bool is_standby(const Want& want) const {
    return want.replica >= workload(want.workload).replicas;
  }

  // Whether it depends on where others are.
  bool has_relations(const Want& want) const;

 private:
  struct Entry {
    std::size_t run;
    bool was_started;
    StopWhy why;
    std::string by;
  };
  std::size_t ask_for(const Resources& resources);
  void adopt(const Assignment& assignment, std::size_t index);
  void turn_on(std::size_t run);
  void turn_off(std::size_t run);

  const Snapshot& snapshot_;
  Board board_;
  Tally tally_;
  std::deque<Ask> asks_;
  std::map<std::string, std::size_t> ask_index_;
  std::vector<Run> runs_;
  std::vector<std::vector<std::size_t>> on_node_;
  std::vector<Entry> journal_;
  std::uint64_t stops_ = 0;
  std::uint64_t starts_ = 0;
  struct Group {
    std::vector<bool> suitable;
    Ranking ranking;
  };
  std::deque<Group> groups_;  // workloads that ask and rule alike share one
  std::map<std::string, std::size_t> group_index_;
  std::vector<std::size_t> group_of_;  // by workload
};

}  // namespace bw::coordinator::schedule
