// The rooms, and which of them is the best for an ask: exactly the one that a look at every node
// would find, without looking at every node. Follows the rooms' changes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "coordinator/core/schedule/scorers.h"

namespace bw::coordinator::schedule {

using Score = std::int64_t;  // in kScoreUnit

struct Pick {
  std::size_t node = 0;
  Devices devices = 0;
  Score score = 0;
};

// All nodes by their points for one ask, as of the last look.
class Ranking {
 public:
  // Nodes that are not in `allowed` never win; empty: all are.
  Ranking(Ask ask, std::string latency_to, std::vector<bool> allowed)
      : ask_(std::move(ask)), latency_to_(std::move(latency_to)), allowed_(std::move(allowed)) {}

  const Ask& ask() const { return ask_; }
  const std::string& latency_to() const { return latency_to_; }
  bool is_allowed(std::size_t node) const { return allowed_.empty() || allowed_[node]; }

 private:
  friend class Board;
  static constexpr Score kNone = INT64_MIN;

  Ask ask_;
  std::string latency_to_;
  std::vector<bool> allowed_;
  std::vector<Score> scores_;  // kNone where there is no room; none yet: empty
  std::vector<Devices> devices_;
  std::vector<std::uint32_t> best_of_block_;
  std::vector<bool> is_stale_;  // a block whose best has to be found again
  std::size_t seen_ = 0;        // of the rooms' changes
  std::uint64_t epoch_ = 0;
};

class Board {
 public:
  // The nodes stay where they are while the board lives.
  Board(std::span<const Node> nodes, const Expectations& expected, const Policy& policy);

  Rooms& rooms() { return rooms_; }
  const Rooms& rooms() const { return rooms_; }
  std::span<const Node> nodes() const { return nodes_; }

  // The node with the most points that is allowed and has room. Of equals, the one whose id's hash
  // is the smallest.
  std::optional<Pick> best(Ranking& ranking);
  // The way with the most points on this node; none where there is no room.
  std::optional<Pick> best_on(std::size_t node, const Ask& ask, const std::string& latency_to);
  // Whether a pick goes before another.
  bool is_better(const Pick& a, const Pick& b) const {
    return a.score != b.score ? a.score > b.score : order_[a.node] < order_[b.node];
  }
  std::vector<ScorePart> parts(std::size_t node, const Ask& ask, const std::string& latency_to,
                               Devices devices);

 private:
  static constexpr std::size_t kBlock = 64;

  double potential(const Room& room);
  double potential_of(std::size_t node);
  Score score(const Trial& trial, double potential_before);
  void look(Ranking& ranking, std::size_t node);
  void look_at_all(Ranking& ranking);
  void find_best_of_block(Ranking& ranking, std::size_t block);
  bool is_better(const Ranking& ranking, std::size_t a, std::size_t b) const;

  std::span<const Node> nodes_;
  Rooms rooms_;
  Yardstick yardstick_;
  Weights weights_;
  std::vector<std::uint32_t> order_;  // of node ids' hashes
  // Of the rooms as they are, to be computed again where a change came after.
  std::vector<double> potentials_;
  std::size_t seen_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace bw::coordinator::schedule
