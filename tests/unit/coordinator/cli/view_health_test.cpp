#include "coordinator/cli/view_health.h"

#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/cli/decode_anomaly.h"
#include "tests/unit/coordinator/cli/anomaly_answers.h"

namespace bw::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kNow = 1'795'230'302'000;  // 2026-11-21 03:05:02

NodeHealth some_health() {
  setenv("TZ", "UTC", 1);
  tzset();
  return decode_health(testing::kHealth).value();
}

TEST(ViewHealth, SaysTheVerdictAndWhy) {
  EXPECT_EQ(health_view(some_health(), {{}, false, kNow}),
            "box-1 is unwell\n"
            "   critical  gpu_lost 1h ago\n"
            "   info      well\n"
            "\n"
            "status     online at paris, since 2026-11-21 02:00:00, seen 2s ago\n"
            "detector   watching, 40 series watched, score 31.2, threshold 20, 0.50 "
            "anomalies a day\n"
            "model      edge@3, learnt from 86,400 rows, 3d old, drift 0.31: much\n"
            "anomalies  none is on, 2 began within a day\n"
            "\n"
            "warnings and worse of the last day\n"
            "KIND      SEVERITY  COUNT    LAST  TEXT OF THE LAST\n"
            "gpu_lost  critical      2  1h ago  GPU 0 no longer answers\n");
}

TEST(ViewHealth, AnAnomalyThatIsOnIsShownWithItsCauses) {
  NodeHealth health = some_health();
  std::string list = R"({"anomalies":[)";
  list.append(testing::kAnomaly).append("]}");
  health.active = decode_anomalies(list).value().anomalies;
  const std::string text = health_view(health, {{}, false, kNow});
  EXPECT_THAT(text, HasSubstr("anomalies  box-1:00f3a2c4d5e6b701:3 is on, 2 began"));
  EXPECT_THAT(text, HasSubstr("disk.util{device=sda}    98.1%  1.0% to 40.0%  above"));
}

TEST(ViewHealth, WhatIsNotKnownIsNotMadeUp) {
  NodeHealth health;
  health.node = "box";
  health.verdict = "unknown";
  health.status = "silent";
  health.detector = "unknown";
  EXPECT_EQ(health_view(health, {}),
            "box is unknown\n"
            "\n"
            "status     silent\n"
            "detector   not known\n"
            "model      its own\n"
            "anomalies  none is on, 0 began within a day\n");
  health.detector = "off";
  EXPECT_THAT(health_view(health, {}), HasSubstr("detector   none runs there\n"));
}

TEST(ViewHealth, CountsThatAreCutAreSaidToBe) {
  NodeHealth health = some_health();
  health.truncated = true;
  EXPECT_THAT(health_view(health, {}), HasSubstr("There were more events than are counted.\n"));
}

TEST(ViewHealth, TheVerdictHasItsColourAndItsCode) {
  NodeHealth health = some_health();
  const View view{{true, true}, false, kNow};
  EXPECT_THAT(health_view(health, view), HasSubstr("\x1b[31munwell\x1b[0m"));
  EXPECT_FALSE(is_well(health));
  health.verdict = "unknown";
  EXPECT_FALSE(is_well(health));
  health.verdict = "learning";
  EXPECT_THAT(health_view(health, view), HasSubstr("\x1b[33mlearning\x1b[0m"));
  EXPECT_TRUE(is_well(health));
  health.verdict = "well";
  EXPECT_THAT(health_view(health, view), HasSubstr("\x1b[32mwell\x1b[0m"));
  EXPECT_TRUE(is_well(health));
}

}  // namespace
}  // namespace bw::cli
