// How the scorer learns: a little at a time.
#include <algorithm>

#include "agent/core/detect/scorer.h"
#include "tests/unit/agent/core/detect/detect_world.h"

namespace bw::agent {
namespace {

// Rows of as many metrics as there may be, that follow a few loads.
std::vector<double> wide_row(Rng& rng) {
  double loads[3] = {normal(rng), normal(rng), normal(rng)};
  std::vector<double> row;
  for (std::size_t i = 0; i < kMaxMetrics; ++i) row.push_back(10 * loads[i % 3] + normal(rng));
  return row;
}

TEST(ScorerLearning, NoRowPaysForMoreThanALittleTraining) {
  Scorer scorer{ScorerOptions{}};
  Rng rng(1);
  std::size_t most = 0;
  std::size_t rows_above = 0;
  std::size_t ready_after = 0;
  for (std::size_t i = 0; i < 1600; ++i) {
    scorer.score(wide_row(rng));
    scorer.learn();
    most = std::max(most, scorer.work());
    rows_above += scorer.work() > Scorer::kWorkARow;
    if (!scorer.ready()) ready_after = i + 1;
  }
  EXPECT_LE(most, Scorer::kMostWork);
  EXPECT_GT(most, Scorer::kWorkARow / 2);  // and it is work that is counted
  EXPECT_LT(rows_above, 120U);             // steps of iterations alone
  EXPECT_GE(ready_after, Scorer::kFirstRows);
  EXPECT_LT(ready_after, Scorer::kFirstRows + 64);
  EXPECT_EQ(scorer.reference().rows, 1024U);  // the training at 1,024 rows is done
}

TEST(ScorerLearning, TrainsAnewEachTimeTheFirstRowsHaveDoubled) {
  ScorerOptions options;
  options.metrics = DetectWorld::kMetrics;
  options.reservoir = 512;
  Scorer scorer(options);
  DetectWorld world(2);
  std::vector<std::size_t> trained_with;
  for (std::size_t i = 0; i < 560; ++i) {
    scorer.score(world.row());
    scorer.learn();
    const std::size_t rows = scorer.reference().rows;
    if (trained_with.empty() || trained_with.back() != rows) trained_with.push_back(rows);
  }
  // Others may lie between: training goes on at its slow pace too.
  for (const std::size_t doubled : {64U, 128U, 256U}) {
    const auto near = [&](std::size_t rows) { return rows >= doubled && rows < doubled + 40; };
    EXPECT_TRUE(std::ranges::any_of(trained_with, near)) << doubled;
  }
  EXPECT_EQ(trained_with.back(), 512U);
}

// Scores are those of what is known all along, also while another training is on.
TEST(ScorerLearning, ScoresStayUsualWhileItTrains) {
  ScorerOptions options;
  options.metrics = DetectWorld::kMetrics;
  Scorer scorer(options);
  DetectWorld world(3);
  double most = 0;
  for (std::size_t i = 0; i < 1500; ++i) {
    const double score = scorer.score(world.row());
    scorer.learn();
    if (i >= 200) most = std::max(most, score);
  }
  EXPECT_LT(most, 45);
  EXPECT_GT(most, 5);
}

TEST(ScorerLearning, AfterAHurryTrainingIsFastAndSlowsDownAgain) {
  ScorerOptions options;
  options.metrics = DetectWorld::kMetrics;
  options.reservoir = 256;
  Scorer scorer(options);
  DetectWorld world(4);
  const auto work_of = [&](std::size_t rows) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      scorer.score(world.row());
      scorer.learn();
      sum += scorer.work();
    }
    return sum;
  };
  work_of(20'000);
  const std::size_t slow = work_of(500);
  scorer.hurry();
  EXPECT_GT(work_of(500), 5 * slow);
  work_of(20'000);
  EXPECT_LT(work_of(500), 2 * slow);
}

}  // namespace
}  // namespace bw::agent
