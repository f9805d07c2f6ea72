#include "coordinator/core/schedule/board.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "coordinator/core/schedule/hash.h"

namespace bw::coordinator::schedule {

Board::Board(std::span<const Node> nodes, const Expectations& expected, const Policy& policy)
    : nodes_(nodes),
      rooms_(nodes),
      yardstick_(rooms_, expected, policy.tuning),
      weights_(policy.weights) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> hashes;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) hashes.emplace_back(hash_of(nodes[i].id), i);
  // By id where two hashes are the same.
  std::sort(hashes.begin(), hashes.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : nodes[a.second].id < nodes[b.second].id;
  });
  order_.resize(nodes.size());
  for (std::uint32_t i = 0; i < hashes.size(); ++i) order_[hashes[i].second] = i;
  for (std::size_t i = 0; i < nodes.size(); ++i) potentials_.push_back(potential(rooms_[i]));
}

double Board::potential(const Room& room) {
  double sum = 0;
  for (std::size_t i = 0; i < kScorers; ++i) {
    if (weights_[i] == 0 || kScorerTable[i].potential == nullptr) continue;
    sum += weights_[i] * kScorerTable[i].potential(room, yardstick_);
  }
  return sum;
}

double Board::potential_of(std::size_t node) {
  const auto& changes = rooms_.changes();
  if (epoch_ != rooms_.epoch()) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) potentials_[i] = potential(rooms_[i]);
    epoch_ = rooms_.epoch();
    seen_ = changes.size();
  }
  for (; seen_ < changes.size(); ++seen_) {
    if (!rooms_.is_last_change(seen_)) continue;
    potentials_[changes[seen_]] = potential(rooms_[changes[seen_]]);
  }
  return potentials_[node];
}

Score Board::score(const Trial& trial, double potential_before) {
  double sum = potential_before - potential(trial.after);
  for (std::size_t i = 0; i < kScorers; ++i) {
    if (weights_[i] == 0 || kScorerTable[i].points == nullptr) continue;
    sum += weights_[i] * kScorerTable[i].points(trial, yardstick_);
  }
  return std::llrint(sum / kScoreUnit);
}

std::optional<Pick> Board::best_on(std::size_t node, const Ask& ask,
                                   const std::string& latency_to) {
  const Room& before = rooms_[node];
  if (!has_room(before, ask)) return std::nullopt;
  const double potential_before = potential_of(node);
  std::optional<Pick> best;
  for_each_way(before, ask, rooms_.kinds()[before.kind], [&](const Room& after, Devices devices) {
    const Trial trial{nodes_[node], rooms_.whole(node), before, after, ask, latency_to};
    const Score points = score(trial, potential_before);
    if (!best || points > best->score) best = Pick{node, devices, points};
  });
  return best;
}

std::vector<ScorePart> Board::parts(std::size_t node, const Ask& ask, const std::string& latency_to,
                                    Devices devices) {
  const Room& before = rooms_[node];
  std::vector<ScorePart> parts;
  for_each_way(before, ask, rooms_.kinds()[before.kind], [&](const Room& after, Devices way) {
    if (way != devices) return;
    const Trial trial{nodes_[node], rooms_.whole(node), before, after, ask, latency_to};
    for (std::size_t i = 0; i < kScorers; ++i) {
      const Scorer& scorer = kScorerTable[i];
      if (weights_[i] == 0) continue;
      const double points = scorer.points != nullptr ? scorer.points(trial, yardstick_)
                                                     : scorer.potential(before, yardstick_) -
                                                           scorer.potential(after, yardstick_);
      parts.push_back({scorer.name, weights_[i] * points});
    }
  });
  return parts;
}

bool Board::is_better(const Ranking& ranking, std::size_t a, std::size_t b) const {
  const Score of_a = ranking.scores_[a];
  const Score of_b = ranking.scores_[b];
  return of_a != of_b ? of_a > of_b : order_[a] < order_[b];
}

void Board::look(Ranking& ranking, std::size_t node) {
  if (!ranking.is_allowed(node)) return;
  const auto pick = best_on(node, ranking.ask_, ranking.latency_to_);
  const Score before = ranking.scores_[node];
  const Score after = pick ? pick->score : Ranking::kNone;
  if (pick) ranking.devices_[node] = pick->devices;
  if (before == after) return;
  ranking.scores_[node] = after;
  const std::size_t block = node / kBlock;
  std::uint32_t& best = ranking.best_of_block_[block];
  if (best == node) {
    if (after < before) ranking.is_stale_[block] = true;
  } else if (!ranking.is_stale_[block] && is_better(ranking, node, best)) {
    best = static_cast<std::uint32_t>(node);
  }
}

void Board::find_best_of_block(Ranking& ranking, std::size_t block) {
  const std::size_t end = std::min((block + 1) * kBlock, nodes_.size());
  std::size_t best = block * kBlock;
  for (std::size_t i = best + 1; i < end; ++i) {
    if (is_better(ranking, i, best)) best = i;
  }
  ranking.best_of_block_[block] = static_cast<std::uint32_t>(best);
  ranking.is_stale_[block] = false;
}

void Board::look_at_all(Ranking& ranking) {
  const std::size_t blocks = (nodes_.size() + kBlock - 1) / kBlock;
  ranking.scores_.assign(nodes_.size(), Ranking::kNone);
  ranking.devices_.assign(nodes_.size(), 0);
  ranking.best_of_block_.assign(blocks, 0);
  ranking.is_stale_.assign(blocks, true);
  for (std::size_t i = 0; i < nodes_.size(); ++i) look(ranking, i);
}

std::optional<Pick> Board::best(Ranking& ranking) {
  const auto& changes = rooms_.changes();
  if (nodes_.empty()) return std::nullopt;
  if (ranking.scores_.empty() || ranking.epoch_ != rooms_.epoch()) {
    look_at_all(ranking);
    ranking.epoch_ = rooms_.epoch();
    ranking.seen_ = changes.size();
  }
  for (; ranking.seen_ < changes.size(); ++ranking.seen_) {
    if (rooms_.is_last_change(ranking.seen_)) look(ranking, changes[ranking.seen_]);
  }
  std::size_t best = nodes_.size();
  for (std::size_t block = 0; block < ranking.best_of_block_.size(); ++block) {
    if (ranking.is_stale_[block]) find_best_of_block(ranking, block);
    const std::size_t node = ranking.best_of_block_[block];
    if (best == nodes_.size() || is_better(ranking, node, best)) best = node;
  }
  if (ranking.scores_[best] == Ranking::kNone) return std::nullopt;
  return Pick{best, ranking.devices_[best], ranking.scores_[best]};
}

}  // namespace bw::coordinator::schedule
