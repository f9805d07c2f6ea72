#include "coordinator/cli/view_anomalies.h"

#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kStart = 1'795'230'000'000;  // 2026-11-21 03:00:00

Anomaly some_anomaly() {
  setenv("TZ", "UTC", 1);
  tzset();
  Anomaly one;
  one.id = "box-1:00f3a2c4d5e6b701:3";
  one.node = "box-1";
  one.site = "paris";
  one.level = "major";
  one.outcome = "calm";
  one.start_ms = kStart;
  one.peak_ms = kStart + 60'000;
  one.end_ms = kStart + 302'000;
  one.duration_s = 302;
  one.troubled_s = 200;
  one.score = 31.25;
  one.threshold = 20;
  one.text = "unlike itself: a\x1b[2J";
  one.causes = {
      {"disk.util{device=sda}", "disk.util", {{"device", "sda"}}, "%", 0.54, 98.1, 1, 40, "above"},
      {"net.rx_bytes", "net.rx_bytes", {}, "B/s", 0.3, 1048576, 0, 0, "restless"},
      {"cpu.load1", "cpu.load1", {}, "1", 0.1, std::nullopt, 0.5, 2, "unlike"},
      {"mem.util", "mem.util", {}, "%", 0.06, 50, std::nullopt, std::nullopt, "below"}};
  return one;
}

AnomalyList some_list() {
  Anomaly active = some_anomaly();
  active.id = "b:0000000000000001:12";
  active.active = true;
  active.outcome = "active";
  active.level = "critical";
  active.start_ms = kStart + 3'600'000;
  active.duration_s = 5;
  active.causes.resize(1);
  return {{active, some_anomaly()}, false, 0};
}

TEST(ViewAnomalies, TheNewestIsTheLastWithItsForemostCauses) {
  EXPECT_EQ(
      anomalies_view(some_list(), {}),
      "BEGAN                ID                        LEVEL     LASTED  STATE  CAUSES\n"
      "2026-11-21 03:00:00  box-1:00f3a2c4d5e6b701:3  major      5m 2s  calm   "
      "disk.util{device=sda}"
      " 98.1%, usually 1.0% to 40.0%; net.rx_bytes 1.00 MiB/s, usually 0 B/s; cpu.load1 missing, "
      "usually 0.50 to 2\n"
      "2026-11-21 04:00:00  b:0000000000000001:12     critical      5s  on     "
      "disk.util{device=sda}"
      " 98.1%, usually 1.0% to 40.0%\n");
}

TEST(ViewAnomalies, WideTellsMoreAndAllCauses) {
  const std::string text = anomalies_view(some_list(), {{}, true, 0});
  EXPECT_THAT(text, HasSubstr("SITE   SCORE  THRESHOLD  TIMES  TROUBLED  CAUSES"));
  EXPECT_THAT(text, HasSubstr("paris   31.2         20      1    3m 20s  disk.util"));
  EXPECT_THAT(text, HasSubstr("mem.util 50.0%, usually -\n"));
}

TEST(ViewAnomalies, LevelAndStateHaveTheirColours) {
  const std::string text = anomalies_view(some_list(), {{true, true}, false, 0});
  EXPECT_THAT(text, HasSubstr("\x1b[31mcritical\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[33mmajor\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[31mon\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[32mcalm\x1b[0m"));
}

TEST(ViewAnomalies, WhatIsLeftOutIsSaid) {
  EXPECT_EQ(anomalies_view({}, {}), "no anomalies in that time\n");
  AnomalyList list = some_list();
  EXPECT_THAT(anomalies_view(list, {}), Not(HasSubstr("There are more")));
  list.truncated = true;
  list.damaged = 3;
  EXPECT_THAT(anomalies_view(list, {}), HasSubstr("There are more: narrow it with --node"));
  EXPECT_THAT(anomalies_view(list, {}), HasSubstr("3 events don't say what an anomaly's should"));
  EXPECT_THAT(anomalies_view({{}, true, 0}, {}), HasSubstr("There are more"));
}

TEST(ViewAnomalies, EveryOutcomeHasItsWord) {
  Anomaly one = some_anomaly();
  const std::pair<const char*, const char*> cases[] = {{"calm", "over: it is calm again"},
                                                       {"lasting", "is the new normal"},
                                                       {"silenced", "a known change"},
                                                       {"stopped", "the agent was stopped"},
                                                       {"interrupted", "the agent's run is over"},
                                                       {"of_later", "of_later"}};
  for (const auto& [outcome, words] : cases) {
    one.outcome = outcome;
    EXPECT_THAT(anomaly_view({one, {}}, {}), HasSubstr(words));
  }
  one.outcome = "lasting";
  EXPECT_EQ(state_cell(one).text, "new normal");
  one.outcome = "interrupted";
  EXPECT_EQ(state_cell(one).text, "interrupted");
}

TEST(ViewAnomalies, OneIsShownWholeWithWhatToLookAtNext) {
  EventRow begin;
  begin.time_ms = kStart;
  begin.kind = "anomaly";
  begin.text = "it began";
  begin.details = {{"episode", "3"}, {"level", "major"}, {"score", "31.25"}};
  Anomaly one = some_anomaly();
  one.flares = 3;
  EXPECT_EQ(
      anomaly_view({one, {begin}}, {{}, false, kStart + 3'600'000}),
      "anomaly  box-1:00f3a2c4d5e6b701:3\n"
      "node     box-1 at paris\n"
      "level    major\n"
      "state    over: it is calm again\n"
      "began    2026-11-21 03:00:00 (1h ago)\n"
      "peak     2026-11-21 03:01:00, score 31.2, threshold 20\n"
      "ended    2026-11-21 03:05:02 (54m 58s ago)\n"
      "lasted   5m 2s, came 3 times, 3m 20s of trouble in all\n"
      "\n"
      "unlike itself: a\\x1b[2J\n"
      "\n"
      "METRIC                      VALUE  USUALLY        IT IS                     SHARE\n"
      "disk.util{device=sda}       98.1%  1.0% to 40.0%  above                       54%  "
      "###########.........\n"
      "net.rx_bytes           1.00 MiB/s  0 B/s          restless                    30%  "
      "######..............\n"
      "cpu.load1                 missing  0.50 to 2      unlike beside the others    10%  "
      "##..................\n"
      "mem.util                    50.0%  -              below                        6%  "
      "#...................\n"
      "\n"
      "TIME                 EVENT    LEVEL  SCORE\n"
      "2026-11-21 03:00:00  anomaly  major  31.25\n"
      "\n"
      "look closer:\n"
      "  bellwether query disk.util --node box-1 --label device=sda --from 2026-11-21T02:50:00.000Z"
      " --to 2026-11-21T03:15:02.000Z\n"
      "  bellwether query net.rx_bytes --node box-1 --from 2026-11-21T02:50:00.000Z --to "
      "2026-11-21T03:15:02.000Z\n"
      "  bellwether query cpu.load1 --node box-1 --from 2026-11-21T02:50:00.000Z --to "
      "2026-11-21T03:15:02.000Z\n"
      "  bellwether events --node box-1 --from 2026-11-21T02:50:00.000Z --to "
      "2026-11-21T03:15:02.000Z\n");
}

TEST(ViewAnomalies, WideTellsTheTextsOfItsEvents) {
  EventRow odd;
  odd.kind = "anomaly_end";
  odd.text = "calm\n again";
  const AnomalyDetail detail = {some_anomaly(), {odd}};
  EXPECT_THAT(anomaly_view(detail, {}), Not(HasSubstr("TEXT")));
  EXPECT_THAT(anomaly_view(detail, {{}, true, 0}),
              HasSubstr("TIME  EVENT        LEVEL  SCORE  TEXT\n"
                        "-     anomaly_end                calm\\n again\n"));
}

TEST(ViewAnomalies, WhatGoesOnHasNoEndToAskFor) {
  Anomaly one = some_anomaly();
  one.active = true;
  one.end_ms.reset();
  one.causes.clear();
  const std::string text = anomaly_view({one, {}}, {});
  EXPECT_THAT(text, HasSubstr("state    goes on\n"));
  EXPECT_THAT(text, Not(HasSubstr("--to")));
  EXPECT_THAT(text, Not(HasSubstr("METRIC")));
}

TEST(ViewAnomalies, AValueWithinItsRangeIsOddInAnotherWay) {
  AnomalyCause cause = some_anomaly().causes[0];
  cause.value = 30;
  const std::pair<const char*, const char*> cases[] = {{"above", "high of late"},
                                                       {"below", "low of late"},
                                                       {"restless", "restless"},
                                                       {"unlike", "unlike beside the others"}};
  for (const auto& [direction, words] : cases) {
    cause.direction = direction;
    EXPECT_EQ(cause_text(cause), "30.0% (" + std::string(words) + "), usually 1.0% to 40.0%");
  }
}

TEST(ViewAnomalies, WhatIsNextToNothingIsNothing) {
  AnomalyCause cause = some_anomaly().causes[0];
  cause.low = 6e-11;
  EXPECT_EQ(cause_text(cause), "98.1%, usually 0.0% to 40.0%");
}

TEST(ViewAnomalies, WordsOfAShellAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(shell_word("disk.util"), "disk.util");
  EXPECT_EQ(shell_word("device=/dev/sda1"), "device=/dev/sda1");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("$(reboot)"), "'$(reboot)'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a\nb"), "'a\\nb'");
}

}  // namespace
}  // namespace bw::cli
