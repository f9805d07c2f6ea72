#include "base/log_limiter.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

constexpr Instant kStart{std::chrono::hours{1}};

int passed(LogLimiter& limiter, std::string_view part, Instant now, int lines) {
  int count = 0;
  for (int i = 0; i < lines; ++i) count += limiter.admit(part, now).passes ? 1 : 0;
  return count;
}

TEST(LogLimiter, LetsAHundredLinesOfAPartPassInASecond) {
  LogLimiter limiter;
  EXPECT_EQ(passed(limiter, "mqtt", kStart, 250), 100);
}

TEST(LogLimiter, SaysHowManyWereLeftOutWithTheNextThatPasses) {
  LogLimiter limiter;
  passed(limiter, "mqtt", kStart, 250);
  const auto next = limiter.admit("mqtt", kStart + std::chrono::seconds{1});
  EXPECT_TRUE(next.passes);
  EXPECT_EQ(next.left_out, 150U);
  EXPECT_EQ(limiter.admit("mqtt", kStart + std::chrono::seconds{1}).left_out, 0U);
}

TEST(LogLimiter, DoesNotSilenceOnePartForTheNoiseOfAnother) {
  LogLimiter limiter;
  passed(limiter, "mqtt", kStart, 250);
  EXPECT_TRUE(limiter.admit("store", kStart).passes);
}

TEST(LogLimiter, BeginsANewSecondWithTheFirstLineAfterTheOld) {
  LogLimiter limiter;
  passed(limiter, "mqtt", kStart, 100);
  EXPECT_FALSE(limiter.admit("mqtt", kStart + std::chrono::milliseconds{999}).passes);
  EXPECT_EQ(passed(limiter, "mqtt", kStart + std::chrono::milliseconds{1000}, 250), 100);
}

TEST(LogLimiter, StaysBoundedWhereMorePartsSpeakThanItKnows) {
  LogLimiter limiter;
  for (std::size_t i = 0; i < LogLimiter::kParts; ++i) {
    EXPECT_TRUE(limiter.admit("part " + std::to_string(i), kStart).passes);
  }
  int count = 0;
  for (int i = 0; i < 500; ++i) {
    count += limiter.admit("another " + std::to_string(i), kStart).passes ? 1 : 0;
  }
  EXPECT_EQ(count, 99);  // the last known part's hundred, of which it has used one
}

}  // namespace
}  // namespace bw
