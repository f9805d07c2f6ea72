#include "agent/core/collect/kernel_log/event_fold.h"

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;

Finding of(EventKind kind, std::string_view subject,
           wire::Severity severity = wire::Severity::warning) {
  return finding(kind, severity, subject, "something happened");
}

// Everything that is over at `usec`.
std::vector<Told> settle(EventFold& fold, std::uint64_t usec) {
  std::vector<Told> out;
  while (!fold.settled(usec)) {
    if (auto told = fold.advance(usec)) out.push_back(*told);
  }
  return out;
}

TEST(EventFold, TheFirstIsToldAtOnceAndRepeatsWhenTheWindowEnds) {
  EventFold fold;
  EXPECT_TRUE(fold.offer(of(EventKind::xid, "a"), 10 * kSecond));
  for (std::uint64_t i = 11; i < 31; ++i) {
    EXPECT_FALSE(fold.offer(of(EventKind::xid, "a"), i * kSecond));
  }
  EXPECT_TRUE(settle(fold, 69 * kSecond).empty());
  const auto told = settle(fold, 70 * kSecond);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].count, 20U);
  EXPECT_EQ(told[0].first_usec, 11 * kSecond);
  EXPECT_EQ(told[0].usec, 30 * kSecond);
  EXPECT_EQ(told[0].finding.text, "something happened, 20 more times");
  EXPECT_EQ(fold.folded(), 20U);
}

TEST(EventFold, WindowsOfWhatGoesOnGrowAndEndWhereItStops) {
  EventFold fold;
  std::size_t told = 0;
  std::uint64_t second = 0;
  for (; second < 24 * 3600; ++second) {
    told += settle(fold, second * kSecond).size();
    told += fold.offer(of(EventKind::disk_error, "sda"), second * kSecond) ? 1 : 0;
  }
  // 1, 2, 4 ... 32 minutes, then one an hour.
  EXPECT_EQ(told, 1U + 6U + 22U);
  EXPECT_EQ(settle(fold, (second + 3600) * kSecond).size(), 1U);
  EXPECT_TRUE(settle(fold, (second + 2 * 3600) * kSecond).empty());
  EXPECT_TRUE(fold.offer(of(EventKind::disk_error, "sda"), (second + 2 * 3600) * kSecond));
}

TEST(EventFold, OtherKindsAndSubjectsAreTheirOwn) {
  EventFold fold;
  EXPECT_TRUE(fold.offer(of(EventKind::xid, "a"), 1));
  EXPECT_TRUE(fold.offer(of(EventKind::xid, "b"), 1));
  EXPECT_TRUE(fold.offer(of(EventKind::sxid, "a"), 1));
  EXPECT_FALSE(fold.offer(of(EventKind::xid, "a"), 1));
}

TEST(EventFold, WhatGetsWorseIsToldAtOnce) {
  EventFold fold;
  EXPECT_TRUE(fold.offer(of(EventKind::memory_error, "a", wire::Severity::warning), 1));
  EXPECT_TRUE(fold.offer(of(EventKind::memory_error, "a", wire::Severity::critical), 2));
  EXPECT_FALSE(fold.offer(of(EventKind::memory_error, "a", wire::Severity::warning), 3));
}

TEST(EventFold, AStormIsToldTogetherByKind) {
  EventFold fold;
  std::size_t told = 0;
  for (std::size_t i = 0; i < 500; ++i) {
    const auto kind = i % 5 == 0 ? EventKind::link_down : EventKind::xid;
    const std::uint64_t usec = i * 1000;
    told += fold.offer(of(kind, std::to_string(i)), usec) ? 1 : 0;
  }
  // No more than a kind may have, and none of what is kept for what is critical.
  static_assert(EventFold::kMaxToldAMinute - EventFold::kForCritical == 28);
  EXPECT_EQ(told, 28U);
  const auto storm = settle(fold, 60 * kSecond);
  ASSERT_EQ(storm.size(), 1U);
  EXPECT_EQ(storm[0].finding.kind, EventKind::kernel_log_storm);
  EXPECT_EQ(storm[0].finding.severity, wire::Severity::warning);
  EXPECT_EQ(storm[0].count, 472U);
  ASSERT_EQ(storm[0].finding.details.size(), 3U);
  EXPECT_EQ(storm[0].finding.details[0].name, "xid");
  EXPECT_EQ(storm[0].finding.details[0].value, "384");
  EXPECT_EQ(storm[0].finding.details[1].value, "88");
  // The next minute is a new one.
  settle(fold, 61 * kSecond);
  EXPECT_TRUE(fold.offer(of(EventKind::xid, "new"), 61 * kSecond));
}

TEST(EventFold, NoiseDoesNotKeepWhatIsCriticalFromBeingTold) {
  EventFold fold;
  constexpr auto kCritical = wire::Severity::critical;
  // Of every lesser kind more than there is room for, and one that is critical goes wild as well.
  for (std::size_t i = 0; i < 100; ++i) {
    for (const auto kind : {EventKind::process_crash, EventKind::hung_task, EventKind::link_down}) {
      fold.offer(of(kind, std::to_string(i)), 10 * kSecond);
    }
    fold.offer(of(EventKind::oom_kill, std::to_string(i), kCritical), 10 * kSecond);
    fold.offer(of(EventKind::xid, std::to_string(i)), 10 * kSecond);
  }
  EXPECT_TRUE(fold.offer(of(EventKind::xid, "79 0000:01:00", kCritical), 11 * kSecond));
  EXPECT_TRUE(fold.offer(of(EventKind::file_system_readonly, "sda1", kCritical), 12 * kSecond));
  // What was not told of it is in an event as bad as it.
  const auto storm = settle(fold, 69 * kSecond);
  ASSERT_EQ(storm.size(), 1U);
  EXPECT_EQ(storm[0].finding.severity, kCritical);
}

TEST(EventFold, RepeatsThatAreToldLateTakeNoRoomFromWhatIsCritical) {
  EventFold fold;
  constexpr auto kCritical = wire::Severity::critical;
  for (std::size_t i = 0; i < 16; ++i) {
    fold.offer(of(EventKind::oom_kill, std::to_string(i), kCritical), 10 * kSecond);
    fold.offer(of(EventKind::oom_kill, std::to_string(i), kCritical), 11 * kSecond);
    fold.offer(of(EventKind::disk_error, std::to_string(i), kCritical), 12 * kSecond);
    fold.offer(of(EventKind::disk_error, std::to_string(i), kCritical), 13 * kSecond);
  }
  EXPECT_EQ(settle(fold, 72 * kSecond).size(), 28U) << "the others are of the next storm event";
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_TRUE(fold.offer(of(EventKind::xid, std::to_string(i), kCritical), 73 * kSecond));
  }
}

TEST(EventFold, AKindHasItsShareOfWindows) {
  EventFold fold;
  std::size_t told = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    told += fold.offer(of(EventKind::process_crash, std::to_string(i)), kSecond) ? 1 : 0;
  }
  EXPECT_EQ(told, EventFold::kMaxOfAKind);
  EXPECT_TRUE(fold.offer(of(EventKind::link_down, "eth0"), kSecond));
  // One that gets worse is told all the same.
  EXPECT_TRUE(fold.offer(of(EventKind::process_crash, "3", wire::Severity::critical), kSecond));
}

TEST(EventFold, MoreSubjectsThanWindowsAreCountedByKind) {
  EventFold fold;
  std::size_t told = 0;
  for (std::size_t i = 0; i < EventFold::kMaxWindows + 10; ++i) {
    // Slow enough for the minute's bound, quick enough for windows to stay open.
    const std::uint64_t usec = 600 * kSecond + i * 900'000;
    if (i == 40) {
      for (std::size_t k = 0; k < 40; ++k) fold.offer(of(EventKind::xid, std::to_string(k)), usec);
    }
    while (!fold.settled(usec)) told += fold.advance(usec) ? 1 : 0;
    told += fold.offer(of(EventKind::xid, std::to_string(i)), usec) ? 1 : 0;
  }
  EXPECT_LE(told, EventFold::kMaxWindows + 10);
  std::uint64_t counted = 0;
  for (const Told& one : settle(fold, 100'000 * kSecond)) counted += one.count;
  EXPECT_GT(counted, 0U);
}

TEST(EventFold, StateComesBackAsItWas) {
  EventFold fold;
  fold.offer(of(EventKind::xid, "79 0000:01:00"), 10 * kSecond);
  fold.offer(of(EventKind::xid, "79 0000:01:00"), 20 * kSecond);
  fold.offer(of(EventKind::oom_kill, "a name\nwith|all"), 30 * kSecond);
  for (int i = 0; i < 100; ++i) fold.offer(of(EventKind::xid, std::to_string(i)), 31 * kSecond);
  EventFold other;
  ASSERT_TRUE(other.restore(fold.save()));
  EXPECT_EQ(other.save(), fold.save());
  EXPECT_FALSE(other.offer(of(EventKind::xid, "79 0000:01:00"), 40 * kSecond));
  EXPECT_FALSE(other.offer(of(EventKind::oom_kill, "a name\nwith|all"), 40 * kSecond));
  const auto told = settle(other, 70 * kSecond);
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(told[0].finding.kind, EventKind::kernel_log_storm);
  EXPECT_EQ(told[1].count, 2U);
}

TEST(EventFold, WhatAnEarlierRunCountedIsToldWithoutItsText) {
  EventFold fold;
  fold.offer(of(EventKind::xid, "a"), 10 * kSecond);
  fold.offer(of(EventKind::xid, "a"), 20 * kSecond);
  EventFold other;
  ASSERT_TRUE(other.restore(fold.save()));
  const auto told = settle(other, 70 * kSecond);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].finding.text, "xid of a, 1 more time");
  EXPECT_EQ(told[0].finding.kind, EventKind::xid);
}

TEST(EventFold, DamagedStateIsRefusedAndChangesNothing) {
  EventFold fold;
  fold.offer(of(EventKind::xid, "a"), 10 * kSecond);
  const std::string good = fold.save();
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string("1|2|3|\n"), std::string("1|2|3|0|4|5|6|\n"),
        std::string("1|2|3|9|4|5|\n"), std::string("1|2|3|0|4|5|99|1|\n"),
        good.substr(0, good.size() - 1), good + "1|2|3|\n", good + "99|1|1|60000000|1|1|1|a\n",
        good + "0|9|1|60000000|1|1|1|a\n", good + "0|1|1|5|1|1|1|a\n",
        good + "0|1|1|60000000|1|1|1|" + std::string(97, 'a') + "\n"}) {
    EXPECT_FALSE(fold.restore(bad)) << bad;
    EXPECT_EQ(fold.save(), good);
  }
}

}  // namespace
}  // namespace bw::agent
