#include "coordinator/cli/detect_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/detect_rows.h"
#include "tests/unit/coordinator/cli/scratch_folder.h"

namespace bw::cli {
namespace {

using testing::detect_rows;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class DetectFileTest : public ::testing::Test {
 protected:
  DetectOptions options_of(const std::string& text) {
    DetectOptions options;
    options.csv = folder_.write("a.csv", text);
    return options;
  }
  static DetectReport run(const DetectOptions& options, const TakeScore& take = {}) {
    auto report = detect_file(options, take);
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    return report ? *report : DetectReport{};
  }
  static std::string trouble(const DetectOptions& options) {
    const auto report = detect_file(options, {});
    return report ? "" : report.error().message;
  }

  testing::ScratchFolder folder_;
};

TEST_F(DetectFileTest, FindsTheTroubleAndNamesItsCause) {
  const DetectReport report = run(options_of(detect_rows(2000, 1501)));
  EXPECT_EQ(report.rows, 2000U);
  EXPECT_EQ(report.first, "row 1");
  EXPECT_EQ(report.last, "row 2000");
  EXPECT_EQ(report.period_ms, 1000);
  EXPECT_GT(report.learnt_rows, 1900U);
  ASSERT_TRUE(report.threshold);
  ASSERT_EQ(report.episodes.size(), 1U);
  const DetectEpisode& episode = report.episodes[0];
  EXPECT_EQ(episode.begin_row, 1501U);
  EXPECT_EQ(episode.begin, "row 1501");
  EXPECT_GE(episode.peak_row, 1501U);
  EXPECT_GE(episode.end_row, 1515U);
  EXPECT_LE(episode.end_row, 1560U);
  EXPECT_EQ(episode.lasted_s, static_cast<double>(episode.end_row - episode.begin_row + 1));
  EXPECT_EQ(episode.outcome, "calm");
  EXPECT_GT(episode.score, episode.threshold);
  ASSERT_FALSE(episode.causes.empty());
  EXPECT_EQ(episode.causes[0].metric, "disk");
  EXPECT_EQ(episode.causes[0].direction, "above");
  EXPECT_GT(*episode.causes[0].value, 90);
  EXPECT_LT(*episode.causes[0].high, 20);
}

TEST_F(DetectFileTest, GivesEveryRowsScoreInOrder) {
  std::vector<ScoredRow> rows;
  run(options_of(detect_rows(1000, 901)), [&](const ScoredRow& row) -> Result<void> {
    rows.push_back(row);
    return {};
  });
  ASSERT_EQ(rows.size(), 1000U);
  EXPECT_EQ(rows[0].row, 1U);
  EXPECT_EQ(rows[10].score, 0) << "nothing is known yet";
  EXPECT_FALSE(rows[899].told);
  EXPECT_TRUE(rows[900].told);
  EXPECT_GT(rows[900].score, rows[900].threshold);
}

TEST_F(DetectFileTest, IsTheSameForTheSameSeed) {
  DetectOptions options = options_of(detect_rows(1500, 1201));
  const double once = run(options).episodes.at(0).score;
  EXPECT_EQ(run(options).episodes.at(0).score, once);
  options.seed = 7;
  EXPECT_NE(run(options).episodes.at(0).score, once);
}

TEST_F(DetectFileTest, IsHeldAgainstLabels) {
  DetectOptions options = options_of(detect_rows(2000, 1501));
  options.labels = folder_.write("l.csv", "begin,end\n1501,1520\n");
  const auto metrics = run(options).metrics_of_labels;
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->rows, 2000U);
  EXPECT_EQ(metrics->labelled_rows, 20U);
  EXPECT_EQ(metrics->events, 1U);
  EXPECT_EQ(metrics->events_found, 1U);
  EXPECT_EQ(metrics->false_episodes, 0U);
  EXPECT_GT(*metrics->roc_auc, 0.99);
  EXPECT_GT(*metrics->average_precision, 0.5);
}

TEST_F(DetectFileTest, LearnsFromWhatIsForThatAndFromNothingElse) {
  DetectOptions options = options_of(detect_rows(300, 101, 200));
  options.train = folder_.write("train.csv", detect_rows(1500));
  const DetectReport other_file = run(options);
  EXPECT_EQ(other_file.trained_rows, 1500U);
  EXPECT_EQ(other_file.learnt_rows, 1500U);
  ASSERT_EQ(other_file.episodes.size(), 1U);
  EXPECT_EQ(other_file.episodes[0].begin_row, 101U);
  DetectOptions own = options_of(detect_rows(1800, 1601, 100));
  own.train_rows = 1500;
  own.labels = folder_.write("l.csv", "1601,1700\n");
  const DetectReport own_rows = run(own);
  EXPECT_EQ(own_rows.trained_rows, 1500U);
  EXPECT_EQ(own_rows.first, "row 1501");
  EXPECT_EQ(own_rows.metrics_of_labels->rows, 300U);
  ASSERT_EQ(own_rows.episodes.size(), 1U);
  EXPECT_EQ(own_rows.episodes[0].begin_row, 1601U);
}

TEST_F(DetectFileTest, WhatLastsIsTheNewNormalAndWhatIsOnAtTheEndGoesOn) {
  const DetectReport lasting = run(options_of(detect_rows(5000, 2001, 3000)));
  ASSERT_FALSE(lasting.episodes.empty());
  EXPECT_EQ(lasting.episodes[0].outcome, "lasting");
  const DetectReport open = run(options_of(detect_rows(2000, 1991, 10)));
  ASSERT_EQ(open.episodes.size(), 1U);
  EXPECT_EQ(open.episodes[0].outcome, "active");
}

TEST_F(DetectFileTest, ThresholdsMayBeSetByHand) {
  DetectOptions options = options_of(detect_rows(1500));
  options.alert_threshold = 11;
  EXPECT_EQ(run(options).threshold, 11);
  options.alert_threshold.reset();
  options.contamination = 0.2;
  const double often = run(options).threshold.value();
  options.contamination = 0.01;
  EXPECT_LT(often, run(options).threshold.value());
  options.contamination.reset();
  options.false_alarms_a_day = 1000;
  const double many = run(options).threshold.value();
  options.false_alarms_a_day = 0.1;
  EXPECT_LT(many, run(options).threshold.value());
}

TEST_F(DetectFileTest, TimesOfTheFileTellPeriodAndGaps) {
  std::string text = "ts,v\n";
  for (int i = 0; i < 800; ++i) text += std::to_string(1'700'000'000 + i * 60) + ",5\n";
  text += "1700047940,5\n";  // not later than the one before
  text += "1700999999,5\n";
  const DetectReport report = run(options_of(text));
  EXPECT_EQ(report.period_ms, 60'000);
  EXPECT_EQ(report.late_rows, 1U);
  EXPECT_EQ(report.rows, 802U);
  DetectOptions options = options_of(text);
  options.period_ms = 5000;
  EXPECT_EQ(run(options).period_ms, 5000);
}

TEST_F(DetectFileTest, NothingIsToldRightBehindAGap) {
  std::string rows = detect_rows(1500, 1201, 10);
  std::string text = "ts," + rows.substr(0, rows.find('\n') + 1);
  std::string gapless = text;
  std::size_t at = rows.find('\n') + 1;
  for (int i = 1; i <= 1500; ++i) {
    const std::size_t end = rows.find('\n', at) + 1;
    const std::string row = "," + rows.substr(at, end - at);
    gapless += std::to_string(1'700'000'000 + i) + row;
    text += std::to_string(1'700'000'000 + i + (i >= 1195 ? 600 : 0)) + row;
    at = end;
  }
  EXPECT_EQ(run(options_of(gapless)).episodes.size(), 1U);
  EXPECT_TRUE(run(options_of(text)).episodes.empty());
}

TEST_F(DetectFileTest, AClockThatWentBackLosesOneRow) {
  std::string text = "ts,v\n";
  for (int i = 0; i < 100; ++i) {
    text += std::to_string(1'700'000'000 + (i < 50 ? i : i - 40)) + ",5\n";
  }
  EXPECT_EQ(run(options_of(text)).late_rows, 1U);
}

TEST_F(DetectFileTest, TooFewRowsSetNoThreshold) {
  const DetectReport report = run(options_of(detect_rows(100)));
  EXPECT_FALSE(report.threshold);
  EXPECT_TRUE(report.episodes.empty());
}

TEST_F(DetectFileTest, OddValuesStopNothing) {
  std::string text = detect_rows(1200);
  text += "nan,,inf\n1e300,-1e300,5\n50,2,10\n";
  EXPECT_EQ(run(options_of(text)).rows, 1203U);
}

TEST_F(DetectFileTest, AModelIsKeptAndTakenUpAgain) {
  DetectOptions options = options_of(detect_rows(1500));
  options.save_model = folder_.path("m.bwm");
  const DetectReport first = run(options);
  DetectOptions next = options_of(detect_rows(200, 101));
  next.model = options.save_model;
  const DetectReport report = run(next);
  EXPECT_NEAR(report.threshold.value(), first.threshold.value(), first.threshold.value() / 2);
  ASSERT_EQ(report.episodes.size(), 1U) << "known from the first row on";
  EXPECT_EQ(report.episodes[0].begin_row, 101U);
  EXPECT_EQ(report.episodes[0].causes[0].metric, "disk");
}

TEST_F(DetectFileTest, AModelsMetricsMayBeFewerMoreOrInAnotherOrder) {
  DetectOptions options = options_of(detect_rows(1500));
  options.save_model = folder_.path("m.bwm");
  run(options);
  std::string text = "new,disk\n";
  for (int i = 0; i < 200; ++i) {
    text += std::to_string(i % 7) + "," + (i >= 150 ? "95\n" : std::to_string(9 + i % 3) + "\n");
  }
  DetectOptions next = options_of(text);
  next.model = options.save_model;
  const DetectReport report = run(next);
  EXPECT_EQ(report.missing, (std::vector<std::string>{"cpu", "load"}));
  ASSERT_FALSE(report.episodes.empty());
  EXPECT_EQ(report.episodes[0].causes[0].metric, "disk");
}

TEST_F(DetectFileTest, FilesThatDoNotFitAreRefusedWithTheReason) {
  DetectOptions options = options_of(detect_rows(100));
  options.train = folder_.write("t.csv", "x,y\n1,2\n");
  EXPECT_THAT(trouble(options), HasSubstr("t.csv: its columns (x, y) are not those of"));
  options.train = folder_.path("none.csv");
  EXPECT_THAT(trouble(options), EndsWith("none.csv: No such file or directory"));
  options = options_of(detect_rows(100));
  options.train_rows = 100;
  EXPECT_THAT(trouble(options), HasSubstr("no rows are left behind those to learn from"));
  options = options_of(detect_rows(100));
  options.labels = folder_.write("l.csv", "0\n1\n");
  EXPECT_THAT(trouble(options), EndsWith("l.csv: 2 labels, for 100 rows"));
  options.labels = folder_.path("none.csv");
  EXPECT_THAT(trouble(options), EndsWith("No such file or directory"));
  options = options_of(detect_rows(10) + "x,y,z\n");
  EXPECT_THAT(trouble(options), HasSubstr("a.csv:12: column 1 (cpu): 'x' is no number"));
}

TEST_F(DetectFileTest, AModelThatIsNoneOfTheFilesIsRefused) {
  DetectOptions saving = options_of("other\n1\n2\n");
  saving.save_model = folder_.path("m.bwm");
  run(saving);
  DetectOptions options = options_of(detect_rows(100));
  options.model = saving.save_model;
  EXPECT_THAT(trouble(options), HasSubstr("m.bwm: it knows none of the file's metrics"));
  options.model = folder_.write("text.bwm", "this is no model");
  EXPECT_THAT(trouble(options), HasSubstr("text.bwm: "));
  saving = options_of(detect_rows(1000));
  saving.save_model = folder_.path("good.bwm");
  run(saving);
  const std::string bytes = folder_.read("good.bwm");
  options.model = folder_.write("cut.bwm", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(trouble(options), HasSubstr("cut.bwm: "));
  options.model = folder_.path("none.bwm");
  EXPECT_THAT(trouble(options), EndsWith("none.bwm: No such file or directory"));
}

TEST_F(DetectFileTest, ScoresThatAreNotTakenEndIt) {
  const auto report = detect_file(options_of(detect_rows(100)),
                                  [](const ScoredRow&) -> Result<void> { return Error{"full"}; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, "full");
}

TEST_F(DetectFileTest, RowsThatSpanCenturiesAreRefused) {
  std::string text = "date,v\n";
  for (int year = 1970; year < 9990; year += 2) text += std::to_string(year) + "-01-01,1\n";
  EXPECT_THAT(trouble(options_of(text)), EndsWith("the rows span more than 250 years"));
}

}  // namespace
}  // namespace bw::cli
