#include "coordinator/cli/detect_metrics.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

// Rows of a score, whether it was told and whether it is labelled.
struct Judged {
  double score;
  bool told;
  bool labelled;
};

DetectMetrics judge(const std::vector<Judged>& rows, double rows_a_day = 100) {
  DetectJudge judge;
  for (const Judged& row : rows) judge.add(row.score, row.told, row.labelled);
  return judge.finish(rows_a_day);
}

TEST(DetectMetrics, AgreeWithNumbersWorkedOutByHand) {
  // By score: 9 y, 8 n, 7 y, 5 n, 5 y, 1 n.
  const DetectMetrics metrics = judge({{9, true, true},
                                       {8, true, false},
                                       {7, false, true},
                                       {5, false, false},
                                       {5, false, true},
                                       {1, false, false}});
  EXPECT_EQ(metrics.rows, 6U);
  EXPECT_EQ(metrics.labelled_rows, 3U);
  EXPECT_DOUBLE_EQ(*metrics.precision, 0.5);
  EXPECT_DOUBLE_EQ(*metrics.recall, 1.0 / 3);
  EXPECT_DOUBLE_EQ(*metrics.f1, 0.4);
  EXPECT_DOUBLE_EQ(*metrics.average_precision, (1 + 2.0 / 3 + 3.0 / 5) / 3);
  EXPECT_DOUBLE_EQ(*metrics.roc_auc, (3 + 2 + 1.5) / 9);
}

TEST(DetectMetrics, ScoresThatSayNothingAreWorthChance) {
  const DetectMetrics metrics = judge({{1, false, true}, {1, false, false}, {1, false, false}});
  EXPECT_DOUBLE_EQ(*metrics.average_precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(*metrics.roc_auc, 0.5);
  EXPECT_FALSE(metrics.precision) << "nothing was told";
  EXPECT_DOUBLE_EQ(*metrics.recall, 0);
  EXPECT_DOUBLE_EQ(*metrics.f1, 0);
}

TEST(DetectMetrics, WhatIsNotDefinedIsNothing) {
  const DetectMetrics none = judge({{1, true, false}});
  EXPECT_FALSE(none.recall);
  EXPECT_FALSE(none.f1);
  EXPECT_FALSE(none.average_precision);
  EXPECT_FALSE(none.roc_auc);
  const DetectMetrics all = judge({{1, true, true}});
  EXPECT_DOUBLE_EQ(*all.average_precision, 1);
  EXPECT_FALSE(all.roc_auc);
  EXPECT_EQ(judge({}).rows, 0U);
}

TEST(DetectMetrics, EventsAndFalseEpisodesAreStretchesOfRows) {
  std::vector<Judged> rows(100, Judged{0, false, false});
  const auto mark = [&](std::size_t first, std::size_t last, bool told, bool labelled) {
    for (std::size_t i = first; i <= last; ++i) {
      rows[i].told = rows[i].told || told;
      rows[i].labelled = rows[i].labelled || labelled;
    }
  };
  mark(10, 14, false, true);
  mark(14, 20, true, false);  // found at its last row; goes on behind it
  mark(29, 30, true, false);  // nine rows later: the same episode
  mark(50, 52, false, true);  // not found
  mark(70, 70, true, false);  // false
  mark(79, 79, true, false);  // the same
  mark(95, 99, true, false);  // false, up to the end
  const DetectMetrics metrics = judge(rows, 50);
  EXPECT_EQ(metrics.events, 2U);
  EXPECT_EQ(metrics.events_found, 1U);
  EXPECT_EQ(metrics.false_episodes, 2U);
  EXPECT_DOUBLE_EQ(metrics.false_episodes_a_day, 1);
}

TEST(DetectMetrics, AnEpisodeThatReachesAnEventIsNotFalse) {
  std::vector<Judged> rows(30, Judged{0, false, false});
  for (std::size_t i = 5; i < 15; ++i) rows[i].told = true;
  rows[14].labelled = true;
  EXPECT_EQ(judge(rows).false_episodes, 0U);
}

}  // namespace
}  // namespace bw::cli
