#include "coordinator/core/api/time_text.h"

#include <gtest/gtest.h>

namespace bw::coordinator::api {
namespace {

constexpr std::int64_t kNow = 1'700'000'000'000;  // 2023-11-14T22:13:20Z

std::int64_t time_of(std::string_view text) {
  const auto ms = parse_time(text, kNow);
  EXPECT_TRUE(ms) << text;
  return ms ? *ms : -1;
}

std::string error_of(std::string_view text) {
  const auto ms = parse_time(text, kNow);
  return ms ? "" : ms.error().message;
}

std::int64_t duration_of(std::string_view text) {
  const auto ms = parse_duration(text);
  EXPECT_TRUE(ms) << text;
  return ms ? *ms : -1;
}

TEST(TimeText, WritesRfc3339WithMilliseconds) {
  EXPECT_EQ(format_time(kNow), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(951'782'400'007), "2000-02-29T00:00:00.007Z");
}

TEST(TimeText, WritesTheNearestYearThatItCan) {
  EXPECT_EQ(format_time(-5), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(std::int64_t{1} << 62), "9999-12-31T23:59:59.999Z");
}

TEST(TimeText, ReadsRfc3339) {
  EXPECT_EQ(time_of("2023-11-14T22:13:20Z"), kNow);
  EXPECT_EQ(time_of("2023-11-14t22:13:20z"), kNow);
  EXPECT_EQ(time_of("2023-11-14 22:13:20Z"), kNow);
  EXPECT_EQ(time_of("2023-11-14T23:13:20+01:00"), kNow);
  EXPECT_EQ(time_of("2023-11-14T16:43:20-05:30"), kNow);
  EXPECT_EQ(time_of("2023-11-14T23:13:20 01:00"), kNow);  // the '+' not percent-encoded
  EXPECT_EQ(time_of("2023-11-14T22:13:20.25Z"), kNow + 250);
  EXPECT_EQ(time_of("2023-11-14T22:13:20.123456789Z"), kNow + 123);
  EXPECT_EQ(time_of("2000-02-29T00:00:00Z"), 951'782'400'000);
}

TEST(TimeText, TakesALeapSecondForTheOneBeforeIt) {
  EXPECT_EQ(time_of("2016-12-31T23:59:60Z"), time_of("2016-12-31T23:59:59Z"));
}

TEST(TimeText, ReadsBackWhatItWrites) {
  for (std::int64_t ms = 0; ms < kNow * 2; ms += 98'765'432'101) {
    EXPECT_EQ(time_of(format_time(ms)), ms);
  }
}

TEST(TimeText, ReadsSecondsSince1970) {
  EXPECT_EQ(time_of("1700000000"), kNow);
  EXPECT_EQ(time_of("1700000000.5"), kNow + 500);
  EXPECT_EQ(time_of("0"), 0);
}

TEST(TimeText, ReadsNowAndDurationsFromNow) {
  EXPECT_EQ(time_of("now"), kNow);
  EXPECT_EQ(time_of("-15m"), kNow - 900'000);
  EXPECT_EQ(time_of("-1h30m"), kNow - 5'400'000);
  EXPECT_EQ(time_of("-7d"), kNow - 7 * 86'400'000);
  EXPECT_EQ(time_of("+2s"), kNow + 2000);
  EXPECT_EQ(time_of(" 2s"), kNow + 2000);  // the '+' not percent-encoded
}

TEST(TimeText, SaysWhatATimeWouldBe) {
  for (const std::string_view bad : {"",
                                     "yesterday",
                                     "-",
                                     "-15",
                                     "-15x",
                                     "2023-11-14",
                                     "2023-11-14T22:13",
                                     "2023-13-01T00:00:00Z",
                                     "2023-02-29T00:00:00Z",
                                     "2023-11-14T24:00:00Z",
                                     "2023-11-14T22:60:00Z",
                                     "2023-11-14T22:13:61Z",
                                     "2023-11-14T22:13:20",
                                     "2023-11-14T22:13:20Zx",
                                     "2023-11-14T22:13:20.Z",
                                     "2023-11-14T22:13:20+1:00",
                                     "2023-11-14T22:13:20+24:00",
                                     "2023-11-14T22:13:20+01:00x",
                                     "20a3-11-14T22:13:20Z",
                                     "1e9",
                                     "1.2.3",
                                     "0x10",
                                     "nan",
                                     "inf"}) {
    EXPECT_NE(error_of(bad).find("RFC 3339"), std::string::npos) << bad << ": " << error_of(bad);
  }
}

TEST(TimeText, RefusesTimesBeyondTheYears1970And9999) {
  for (const std::string_view bad : {"-60000d", "999999999999999", "1969-12-31T23:59:59Z",
                                     "1970-01-01T00:00:00+01:00", "+3000000d"}) {
    EXPECT_NE(error_of(bad).find("1970 and 9999"), std::string::npos) << bad;
  }
}

TEST(TimeText, ReadsDurationsInEveryUnit) {
  EXPECT_EQ(duration_of("500ms"), 500);
  EXPECT_EQ(duration_of("10s"), 10'000);
  EXPECT_EQ(duration_of("1m"), 60'000);
  EXPECT_EQ(duration_of("2h"), 7'200'000);
  EXPECT_EQ(duration_of("1d"), 86'400'000);
  EXPECT_EQ(duration_of("1w"), 604'800'000);
  EXPECT_EQ(duration_of("1.5h"), 5'400'000);
  EXPECT_EQ(duration_of("1h30m"), 5'400'000);
  EXPECT_EQ(duration_of("0s"), 0);
}

TEST(TimeText, SaysWhatADurationWouldBe) {
  for (const std::string_view bad :
       {"", "5", "s", "-5s", "5 s", "5S", "1h30", "1..5h", ".", "5sec"}) {
    const auto ms = parse_duration(bad);
    ASSERT_FALSE(ms) << bad;
    EXPECT_NE(ms.error().message.find("500ms"), std::string::npos) << bad;
  }
}

TEST(TimeText, RefusesDurationsThatNobodyMeans) {
  EXPECT_FALSE(parse_duration("99999999999999999999d"));
  std::string text(400, '9');
  text += 'd';
  EXPECT_FALSE(parse_duration(text));
}

}  // namespace
}  // namespace bw::coordinator::api
