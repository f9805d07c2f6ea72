#include "base/time.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

TEST(Time, GoesFromMillisecondsToAWallTimeAndBack) {
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1795248425133}}) {
    EXPECT_EQ(to_ms(wall_from_ms(ms)), ms);
  }
}

TEST(Time, SaysSecondsOfADuration) {
  EXPECT_DOUBLE_EQ(to_seconds(std::chrono::milliseconds{1500}), 1.5);
  EXPECT_DOUBLE_EQ(to_seconds(-std::chrono::nanoseconds{1}), -1e-9);
}

}  // namespace
}  // namespace bw
