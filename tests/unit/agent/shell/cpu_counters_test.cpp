#include "agent/shell/cpu_counters.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include "base/runtime/clock.h"

namespace bw::agent {
namespace {

// Counted by the kernel itself, so that a machine without counters, or a virtual one, has them too.
constexpr CpuCounterReader::Event kSwitches{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES};
constexpr CpuCounterReader::Event kClock{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK};
constexpr CpuCounterReader::Event kNone{PERF_TYPE_SOFTWARE, 1'000'000};

TEST(CpuCounters, CountOnAllCores) {
  const CpuCounterReader reader(kSwitches, kClock);
  const auto before = reader.read();
  if (!before) GTEST_SKIP() << "perf_event_open is not allowed here";
  const Instant until = monotonic_now() + std::chrono::milliseconds{20};
  while (monotonic_now() < until) {
  }
  const auto after = reader.read();
  ASSERT_TRUE(after);
  EXPECT_GE(after->instructions, before->instructions);
  // Nanoseconds, of each core.
  EXPECT_GT(after->cycles - before->cycles, 15e6);
}

TEST(CpuCounters, WhereOneIsRefusedThereAreNone) {
  EXPECT_FALSE(CpuCounterReader(kNone, kClock).read());
  EXPECT_FALSE(CpuCounterReader(kClock, kNone).read());
}

}  // namespace
}  // namespace bw::agent
