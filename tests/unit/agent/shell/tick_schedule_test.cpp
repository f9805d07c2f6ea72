#include "agent/shell/tick_schedule.h"

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

using std::chrono::milliseconds;

constexpr Instant kStart{std::chrono::seconds{100}};

TEST(TickSchedule, RunsTheFirstTickAtOnce) {
  TickSchedule schedule(kStart, milliseconds{1000});
  EXPECT_EQ(schedule.next(), kStart);
  const auto tick = schedule.take(kStart);
  EXPECT_EQ(tick.number, 0U);
  EXPECT_EQ(tick.lateness, Duration{0});
}

TEST(TickSchedule, DoesNotDriftHoweverLateTicksAre) {
  TickSchedule schedule(kStart, milliseconds{1000});
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto tick = schedule.take(schedule.next() + milliseconds{300});
    ASSERT_EQ(tick.number, i);
    ASSERT_EQ(tick.lateness, milliseconds{300});
  }
  EXPECT_EQ(schedule.next(), kStart + milliseconds{1'000'000});
  EXPECT_EQ(schedule.missed(), 0U);
}

TEST(TickSchedule, CountsMissedTicksAndDoesNotReplayThem) {
  TickSchedule schedule(kStart, milliseconds{1000});
  schedule.take(kStart);
  const auto tick = schedule.take(kStart + milliseconds{3400});  // 1 and 2 were missed
  EXPECT_EQ(tick.number, 3U);
  EXPECT_EQ(tick.lateness, milliseconds{2400});
  EXPECT_EQ(schedule.missed(), 2U);
  EXPECT_EQ(schedule.next(), kStart + milliseconds{4000});
}

TEST(TickSchedule, MissesATickThatIsAWholePeriodLate) {
  TickSchedule schedule(kStart, milliseconds{1000});
  EXPECT_EQ(schedule.take(kStart + milliseconds{999}).number, 0U);
  EXPECT_EQ(schedule.take(kStart + milliseconds{2000}).number, 2U);
  EXPECT_EQ(schedule.missed(), 1U);
}

}  // namespace
}  // namespace bw::agent
