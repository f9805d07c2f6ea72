#include "coordinator/cli/detect_metrics.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

// Rows of a score, the episode they were told in, and whether they are labelled.
struct Judged {
  double score;
  std::uint64_t episode;
  bool labelled;
};

DetectMetrics judge(const std::vector<Judged>& rows, double rows_a_day = 100) {
  DetectJudge judge;
  for (const Judged& row : rows) judge.add(row.score, row.episode, row.labelled);
  return judge.finish(rows_a_day);
}

TEST(DetectMetrics, AgreeWithNumbersWorkedOutByHand) {
  // By score: 9 y, 8 n, 7 y, 5 n, 5 y, 1 n.
  const DetectMetrics metrics = judge(
      {{9, 1, true}, {8, 1, false}, {7, 0, true}, {5, 0, false}, {5, 0, true}, {1, 0, false}});
  EXPECT_EQ(metrics.rows, 6U);
  EXPECT_EQ(metrics.labelled_rows, 3U);
  EXPECT_DOUBLE_EQ(*metrics.precision, 0.5);
  EXPECT_DOUBLE_EQ(*metrics.recall, 1.0 / 3);
  EXPECT_DOUBLE_EQ(*metrics.f1, 0.4);
  EXPECT_DOUBLE_EQ(*metrics.average_precision, (1 + 2.0 / 3 + 3.0 / 5) / 3);
  EXPECT_DOUBLE_EQ(*metrics.roc_auc, (3 + 2 + 1.5) / 9);
}

TEST(DetectMetrics, ScoresThatSayNothingAreWorthChance) {
  const DetectMetrics metrics = judge({{1, 0, true}, {1, 0, false}, {1, 0, false}});
  EXPECT_DOUBLE_EQ(*metrics.average_precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(*metrics.roc_auc, 0.5);
  EXPECT_FALSE(metrics.precision) << "nothing was told";
  EXPECT_DOUBLE_EQ(*metrics.recall, 0);
  EXPECT_DOUBLE_EQ(*metrics.f1, 0);
}

TEST(DetectMetrics, WhatIsNotDefinedIsNothing) {
  const DetectMetrics none = judge({{1, 1, false}});
  EXPECT_FALSE(none.recall);
  EXPECT_FALSE(none.f1);
  EXPECT_FALSE(none.average_precision);
  EXPECT_FALSE(none.roc_auc);
  const DetectMetrics all = judge({{1, 1, true}});
  EXPECT_DOUBLE_EQ(*all.average_precision, 1);
  EXPECT_FALSE(all.roc_auc);
  EXPECT_EQ(judge({}).rows, 0U);
}

TEST(DetectMetrics, AnEpisodeIsFalseWhereNoneOfItsRowsIsLabelled) {
  std::vector<Judged> rows(100, Judged{0, 0, false});
  const auto tell = [&](std::size_t first, std::size_t last, std::uint64_t episode) {
    for (std::size_t i = first; i <= last; ++i) rows[i].episode = episode;
  };
  const auto label = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i <= last; ++i) rows[i].labelled = true;
  };
  label(10, 14);
  tell(14, 20, 1);  // found at its last row; goes on behind it
  tell(40, 41, 1);  // flares up again: the same episode
  label(50, 52);    // not found
  tell(70, 70, 2);  // false
  tell(79, 79, 2);
  tell(90, 91, 3);  // reaches an event later on
  label(95, 96);
  tell(96, 97, 3);
  tell(99, 99, 4);  // false, up to the end
  const DetectMetrics metrics = judge(rows, 50);
  EXPECT_EQ(metrics.events, 3U);
  EXPECT_EQ(metrics.events_found, 2U);
  EXPECT_EQ(metrics.false_episodes, 2U);
  EXPECT_DOUBLE_EQ(metrics.false_episodes_a_day, 1);
}

}  // namespace
}  // namespace bw::cli
