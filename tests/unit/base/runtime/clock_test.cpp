#include "base/runtime/clock.h"

#include <ctime>

#include <gtest/gtest.h>

namespace bw {
namespace {

TEST(Clock, NeverGoesBack) {
  Instant before = monotonic_now();
  for (int i = 0; i < 1000; ++i) {
    const Instant now = monotonic_now();
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(Clock, TellsTheDateOfTheBox) {
  const auto before = std::time(nullptr);
  const auto now_ms = to_ms(wall_now());
  const auto after = std::time(nullptr);
  EXPECT_GE(now_ms, (before - 1) * 1000);  // time() is read from a coarser clock
  EXPECT_LE(now_ms, (after + 1) * 1000);
}

}  // namespace
}  // namespace bw
