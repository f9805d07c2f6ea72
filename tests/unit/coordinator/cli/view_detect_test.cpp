#include "coordinator/cli/view_detect.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/cli/document.h"

namespace bw::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

DetectReport some_report() {
  DetectReport report;
  report.csv = "a.csv";
  report.rows = 2000;
  report.first = "row 1";
  report.last = "row 2000";
  report.metrics = {"cpu", "disk"};
  report.period_ms = 1000;
  report.learnt_rows = 1980;
  report.threshold = 21.5;
  DetectEpisode episode;
  episode.begin_row = 1501;
  episode.peak_row = 1505;
  episode.end_row = 1520;
  episode.begin = "row 1501";
  episode.peak = "row 1505";
  episode.end = "row 1520";
  episode.lasted_s = 20;
  episode.level = "critical";
  episode.outcome = "calm";
  episode.score = 50.5;
  episode.threshold = 21;
  episode.causes = {{"disk", "disk", {}, "", 0.7, 95, 8, 12, "above"}};
  report.episodes = {episode};
  return report;
}

TEST(ViewDetect, TellsWhatWasReadAndFound) {
  EXPECT_EQ(detect_view(some_report(), {}),
            "a.csv: 2,000 rows of 2 metrics, 1.00 s apart (33m 20s), from row 1 to row 2000\n"
            "threshold at the end: 21.5\n"
            "\n"
            "BEGAN     LAST      LASTED  LEVEL     STATE  SCORE  CAUSES\n"
            "row 1501  row 1520     20s  critical  calm    50.5  disk 95, usually 8 to 12\n");
}

TEST(ViewDetect, WideHasATableOfCausesForEach) {
  EXPECT_THAT(detect_view(some_report(), {{}, true, 0}),
              HasSubstr("row 1501  row 1520     20s  critical  calm    50.5\n"
                        "highest at row 1505\n"
                        "METRIC  VALUE  USUALLY  IT IS  SHARE\n"
                        "disk       95  8 to 12  above    70%  ##############......\n"));
}

TEST(ViewDetect, SaysWhatIsOdd) {
  DetectReport report = some_report();
  report.trained_rows = 1;
  report.left_out = {"m65", "m66"};
  report.missing = {"gone"};
  report.late_rows = 3;
  report.more_episodes = 4;
  report.episodes[0].outcome = "active";
  report.episodes[0].flares = 2;
  const std::string text = detect_view(report, {{}, true, 0});
  EXPECT_THAT(text, HasSubstr("learnt from 1 row before, and from none of these\n"));
  EXPECT_THAT(text, HasSubstr("left out, for 64 metrics are watched at most: m65, m66\n"));
  EXPECT_THAT(text, HasSubstr("known to the model, but not in the file: gone\n"));
  EXPECT_THAT(text, HasSubstr("3 rows not later than the one before, and left out\n"));
  EXPECT_THAT(text, HasSubstr("goes on"));
  EXPECT_THAT(text, HasSubstr("highest at row 1505, came 2 times\n"));
  EXPECT_THAT(text, HasSubstr("and 4 episodes more\n"));
  report.episodes[0].outcome = "lasting";
  EXPECT_THAT(detect_view(report, {}), HasSubstr("new normal"));
  report.episodes.clear();
  report.threshold.reset();
  EXPECT_THAT(detect_view(report, {}), HasSubstr("no anomalies\n"));
  EXPECT_THAT(detect_view(report, {}), HasSubstr("too few rows to set a threshold"));
}

TEST(ViewDetect, LabelsHaveTheirLines) {
  DetectReport report = some_report();
  EXPECT_THAT(detect_view(report, {}), Not(HasSubstr("AP")));
  DetectMetrics metrics;
  metrics.rows = 2000;
  metrics.labelled_rows = 20;
  metrics.events = 2;
  metrics.events_found = 1;
  metrics.false_episodes = 1;
  metrics.false_episodes_a_day = 0.5;
  metrics.precision = 0.75;
  metrics.recall = 0.5;
  metrics.f1 = 0.6;
  metrics.average_precision = 0.8;
  report.metrics_of_labels = metrics;
  EXPECT_THAT(detect_view(report, {}),
              HasSubstr("\nevents          1 of 2 found  20 of 2,000 rows are labelled\n"
                        "false alarms    0.50 a day    1 episode without a row of an event\n"
                        "alarms, by row  F1 0.600      precision 0.750, recall 0.500\n"
                        "scores          AP 0.800      ROC-AUC -, whatever the threshold\n"));
}

TEST(ViewDetect, TheDocumentHasItAll) {
  DetectReport report = some_report();
  EXPECT_THAT(pretty_json(detect_document(report)).value(),
              HasSubstr("  \"against_labels\": null\n"));
  report.metrics_of_labels = DetectMetrics{};
  report.threshold.reset();
  const std::string json = detect_document(report);
  ASSERT_TRUE(pretty_json(json));
  EXPECT_THAT(json, HasSubstr(R"("threshold":null)"));
  EXPECT_THAT(json, HasSubstr(R"("episodes":[{"start_row":1501,"peak_row":1505,"end_row":1520,)"));
  EXPECT_THAT(json, HasSubstr(R"("causes":[{"metric":"disk","share":0.7,"value":95)"));
  EXPECT_THAT(json, HasSubstr(R"("f1":null)"));
}

TEST(ViewDetect, ScoresAreLinesOfCsv) {
  EXPECT_EQ(score_line({7, "row 7", 5.25, INFINITY, false}), "7,,5.25,inf,0");
  EXPECT_EQ(score_line({7, "2026-03-01 10:00:00", 31.125, 20, true}),
            "7,2026-03-01 10:00:00,31.125,20,1");
}

}  // namespace
}  // namespace bw::cli
