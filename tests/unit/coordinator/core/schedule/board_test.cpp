#include "coordinator/core/schedule/board.h"

#include "base/rng.h"
#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

// What a look at every node finds.
std::optional<Pick> by_scan(Board& board, const Ranking& ranking) {
  std::optional<Pick> best;
  for (std::size_t i = 0; i < board.nodes().size(); ++i) {
    if (!ranking.is_allowed(i)) continue;
    const auto pick = board.best_on(i, ranking.ask(), ranking.latency_to());
    if (pick && (!best || board.is_better(*pick, *best))) best = pick;
  }
  return best;
}

TEST(Board, FindsExactlyWhatAScanFinds) {
  Rng rng(1);
  for (const Policy& policy : kPolicyTable) {
    std::vector<Node> nodes;
    for (int i = 0; i < 150; ++i) {
      nodes.push_back(node("n" + std::to_string(i), 8000 + 8000 * (i % 3), i % 5, "T4"));
      nodes.back().cost = i % 7;
    }
    const std::vector<Resources> asks = {gpus(1), share(250), share(400, 3000), cpus(2500),
                                         gpus(3)};
    Expectations expected;
    for (const Resources& asked : asks) expected.mix.push_back({asked, 1});
    Board board(nodes, expected, policy);
    std::vector<Ranking> rankings;
    for (const Resources& asked : asks) {
      std::vector<bool> allowed(nodes.size());
      for (std::size_t i = 0; i < nodes.size(); ++i) allowed[i] = rng.below(10) > 0;
      rankings.emplace_back(board.rooms().ask_of(asked), "", allowed);
    }
    std::vector<std::pair<std::size_t, Pick>> running;
    for (int step = 0; step < 2000; ++step) {
      const std::size_t of = rng.below(asks.size());
      const auto found = board.best(rankings[of]);
      const auto scanned = by_scan(board, rankings[of]);
      ASSERT_EQ(found.has_value(), scanned.has_value()) << policy.name << " " << step;
      if (found) {
        ASSERT_EQ(found->node, scanned->node) << policy.name << " " << step;
        ASSERT_EQ(found->devices, scanned->devices);
        ASSERT_EQ(found->score, scanned->score);
        board.rooms().take(found->node, rankings[of].ask(), found->devices);
        running.emplace_back(of, *found);
      }
      if (!running.empty() && rng.below(3) == 0) {
        std::swap(running[rng.below(running.size())], running.back());
        const auto& [was, pick] = running.back();
        board.rooms().give(pick.node, rankings[was].ask(), pick.devices);
        running.pop_back();
      }
    }
  }
}

TEST(Board, ThePartsAddUpToTheScore) {
  const std::vector<Node> nodes = {node("a", 8000, 2)};
  Expectations expected;
  expected.mix = {{share(300), 1}, {gpus(1), 2}};
  Board board(nodes, expected, *policy_of("fill"));
  const Ask ask = board.rooms().ask_of(share(300));
  const auto pick = board.best_on(0, ask, "");
  ASSERT_TRUE(pick.has_value());
  double sum = 0;
  for (const ScorePart& part : board.parts(0, ask, "", pick->devices)) sum += part.points;
  EXPECT_NEAR(sum, static_cast<double>(pick->score) * kScoreUnit, kScoreUnit);
}

TEST(Board, AnEmptyFleetHasNoBest) {
  Board board({}, {}, kPolicyTable[0]);
  Ranking ranking(board.rooms().ask_of(cpus(1)), "", {});
  EXPECT_FALSE(board.best(ranking).has_value());
}

}  // namespace
}  // namespace bw::coordinator::schedule
