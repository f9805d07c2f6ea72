#include "coordinator/cli/detect_run.h"

#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/detect_rows.h"
#include "tests/unit/coordinator/cli/scratch_folder.h"

namespace bw::cli {
namespace {

class DetectRunTest : public ::testing::Test {
 protected:
  DetectRunTest()
      : table_(DetectTable::open(folder_.write("a.csv", testing::detect_rows(1500, 1201)), {})
                   .value()) {}

  static DetectRow row_at(std::int64_t time_ms, double value) {
    return {1, time_ms, {value, value, value}};
  }

  testing::ScratchFolder folder_;
  DetectTable table_;
  DetectOptions options_;
  MetricPlaces places_ = {{"cpu", "load", "disk"}, {0, 1, 2}, {}};
};

TEST_F(DetectRunTest, EpisodesAreWrittenAsTheyComeAndGo) {
  DetectRun run(options_, places_, 1000);
  DetectReport report;
  DetectRow row;
  while (table_.next(row).value()) {
    const auto verdict = run.step(row).value();
    run.note(verdict, row, table_, report);
    if (row.number == 1200) {
      EXPECT_TRUE(report.episodes.empty());
    }
    if (row.number == 1201) {
      EXPECT_EQ(report.episodes.at(0).outcome, "active");
    }
  }
  ASSERT_EQ(report.episodes.size(), 1U);
  EXPECT_EQ(report.episodes[0].outcome, "calm");
  EXPECT_EQ(report.episodes[0].begin_row, 1201U);
  EXPECT_EQ(report.more_episodes, 0U);
}

TEST_F(DetectRunTest, EpisodesBeyondTheBoundAreCounted) {
  DetectRun run(options_, places_, 1000);
  DetectReport report;
  report.episodes.resize(DetectReport::kMostEpisodes);
  DetectRow row;
  while (table_.next(row).value()) {
    const auto verdict = run.step(row).value();
    run.note(verdict, row, table_, report);
  }
  EXPECT_EQ(report.more_episodes, 1U);
  EXPECT_EQ(report.episodes.back().begin, "") << "the first are kept";
}

TEST_F(DetectRunTest, RowsThatAreNotLaterAreCountedAndLeftOut) {
  DetectRun run(options_, places_, 1000);
  ASSERT_TRUE(run.step(row_at(10'000, 1)));
  ASSERT_TRUE(run.step(row_at(10'000, 2)));
  ASSERT_TRUE(run.step(row_at(5'000, 3)));
  ASSERT_TRUE(run.step(row_at(6'000, 4)));
  EXPECT_EQ(run.late_rows(), 2U);
  run.begin_file();
  ASSERT_TRUE(run.step(row_at(1'000, 5))) << "another file's times are its own";
  EXPECT_EQ(run.late_rows(), 2U);
}

TEST_F(DetectRunTest, WhatIsKnownHasTheNamesAndTimesOfTheRows) {
  DetectRun run(options_, places_, 1000);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(run.step(row_at(1'000'000 + i * 1000, i % 7)));
  const wire::Model model = run.model();
  EXPECT_EQ(model.metrics, places_.names);
  EXPECT_EQ(model.from_ms, 1'000'000);
  EXPECT_EQ(model.to_ms, 1'099'000);
}

TEST_F(DetectRunTest, SpansThatCannotBeCountedAreRefused) {
  DetectRun run(options_, places_, 1000);
  Result<agent::RowVerdict> verdict = agent::RowVerdict{};
  for (std::int64_t i = 0; verdict && i < 4000; ++i) verdict = run.step(row_at(i << 40, 1));
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().message, "the rows span more than 250 years");
}

}  // namespace
}  // namespace bw::cli
