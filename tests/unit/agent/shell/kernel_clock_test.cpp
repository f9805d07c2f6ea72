#include "agent/shell/kernel_clock.h"

#include <chrono>

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

TEST(KernelClock, TellsOfThisMachine) {
  const auto clock = read_clock();
  if (!clock) GTEST_SKIP() << "adjtimex is not allowed here";
  EXPECT_GE(clock->max_error_us, 0);
  EXPECT_LT(std::abs(clock->offset_ns), 1'000'000'000);
}

TEST(KernelClock, AMachineThatDidNotSleepHasNotSlept) {
  const Duration slept = suspended_time();
  EXPECT_GE(slept, Duration{0});
  EXPECT_EQ(suspended_time() - slept, Duration{0});
}

}  // namespace
}  // namespace bw::agent
