#include "coordinator/cli/times.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

constexpr std::int64_t kNow = 1'795'248'000'000;  // 2026-11-21T08:00:00Z

class Times : public ::testing::Test {
 protected:
  void SetUp() override { set_zone("UTC"); }
  void TearDown() override { set_zone("UTC"); }
  static void set_zone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
};

TEST_F(Times, Rfc3339IsReadWithFractionAndOffset) {
  EXPECT_EQ(parse_rfc3339("2026-11-21T08:00:00Z"), kNow);
  EXPECT_EQ(parse_rfc3339("2026-11-21T08:00:00.25Z"), kNow + 250);
  EXPECT_EQ(parse_rfc3339("2026-11-21T08:00:00.123456789Z"), kNow + 123);
  EXPECT_EQ(parse_rfc3339("2026-11-21T09:30:00+01:30"), kNow);
  EXPECT_EQ(parse_rfc3339("2026-11-21t07:00:00-01:00"), kNow);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.500Z"), -500);
}

TEST_F(Times, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "now", "2026-11-21", "2026-11-21T08:00:00", "2026-13-21T08:00:00Z",
        "2026-02-30T08:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T08:60:00Z", "2026-11-21T08:00Z",
        "2026-11-21T08:00:00.Z", "2026-11-21T08:00:00Zx", "2026-11-21T08:00:00+0130",
        "-026-11-21T08:00:00Z", "2026-11-21T08:00:00+25:00"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST_F(Times, WhatIsWrittenReadsBackTheSame) {
  for (const std::int64_t ms : {kNow, kNow + 7, std::int64_t{0}, std::int64_t{-1}}) {
    EXPECT_EQ(parse_rfc3339(rfc3339(ms)), ms);
  }
  EXPECT_EQ(rfc3339(kNow + 7), "2026-11-21T08:00:00.007Z");
}

TEST_F(Times, AFlagTakesTimesBackFromNow) {
  EXPECT_EQ(parse_time("now", kNow).value(), kNow);
  EXPECT_EQ(parse_time("-15m", kNow).value(), kNow - 900'000);
  EXPECT_EQ(parse_time("-1h30m", kNow).value(), kNow - 5'400'000);
  EXPECT_EQ(parse_time("-1.5h", kNow).value(), kNow - 5'400'000);
  EXPECT_EQ(parse_time("-1w", kNow).value(), kNow - 7 * 86'400'000LL);
  EXPECT_EQ(parse_time("2026-11-21T08:00:00Z", 0).value(), kNow);
}

TEST_F(Times, AFlagTakesLocalTimes) {
  set_zone("CET-1");
  EXPECT_EQ(parse_time("2026-11-21 09:00", 0).value(), kNow);
  EXPECT_EQ(parse_time("2026-11-21T09:00:01", 0).value(), kNow + 1000);
  EXPECT_EQ(parse_time("2026-11-21", 0).value(), kNow - 9 * 3'600'000LL);
  EXPECT_EQ(parse_time("08:30", kNow).value(), kNow - 1'800'000);
}

TEST_F(Times, AWrongTimeSaysWhatWouldBeRight) {
  for (const char* text : {"", "15m", "-", "-15", "-15x", "yesterday", "-m", "2026-11-21 9",
                           "-1e400h", "-9999999999w", "2026-02-30"}) {
    const auto result = parse_time(text, kNow);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_NE(result.error().message.find("is not a time: write -15m"), std::string::npos);
  }
}

TEST_F(Times, LengthsAreReadInAllUnits) {
  EXPECT_EQ(parse_duration("500ms").value(), 500);
  EXPECT_EQ(parse_duration("10s").value(), 10'000);
  EXPECT_EQ(parse_duration("90").value(), 90'000);
  EXPECT_EQ(parse_duration("1m30s").value(), 90'000);
  EXPECT_EQ(parse_duration("2h").value(), 7'200'000);
  EXPECT_EQ(parse_duration("7d").value(), 7 * 86'400'000LL);
}

TEST_F(Times, AWrongLengthSaysWhatWouldBeRight) {
  for (const char* text :
       {"", "0", "-5s", "5 s", "5x", "s", "1e9w", "99999999999999999999", "0ms"}) {
    const auto result = parse_duration(text);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_NE(result.error().message.find("write 10s"), std::string::npos);
  }
}

TEST_F(Times, TimesAreShownInLocalTime) {
  set_zone("CET-1");
  EXPECT_EQ(local_time(kNow), "2026-11-21 09:00:00");
  EXPECT_EQ(local_clock(kNow + 61'000), "09:01:01");
  EXPECT_EQ(local_time(std::nullopt), "-");
}

TEST_F(Times, AgesAreWordsAndClocksMayDifferByASecond) {
  EXPECT_EQ(ago(kNow - 3000, kNow), "3s ago");
  EXPECT_EQ(ago(kNow + 900, kNow), "0s ago");
  EXPECT_EQ(ago(kNow + 5000, kNow), "in 5s");
  EXPECT_EQ(ago(std::nullopt, kNow), "-");
}

}  // namespace
}  // namespace bw::cli
