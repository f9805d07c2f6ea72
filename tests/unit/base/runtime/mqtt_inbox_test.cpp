#include "base/runtime/mqtt_inbox.h"

#include <thread>

#include <gtest/gtest.h>

namespace bw {
namespace {

using Kind = MqttEvent::Kind;

MqttMessage message_of(std::size_t bytes) {
  return {.topic = "t", .payload = std::vector<std::byte>(bytes)};
}

TEST(MqttInbox, WakesOnceForAllThatLiesInIt) {
  int woken = 0;
  MqttInbox inbox([&] { ++woken; });
  inbox.push({.kind = Kind::connected, .connection = 1});
  inbox.push_message(1, message_of(1), 1);
  EXPECT_EQ(woken, 1);
  const auto events = inbox.take();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind, Kind::connected);
  EXPECT_EQ(events[1].kind, Kind::message);
  inbox.push({.kind = Kind::connected, .connection = 1});
  EXPECT_EQ(woken, 2);
}

TEST(MqttInbox, CountsARunOfCompletionsAsOneEvent) {
  MqttInbox inbox([] {});
  const auto complete = [&](std::uint64_t connection) {
    inbox.push({.kind = Kind::completed, .connection = connection, .count = 1});
  };
  complete(1);
  complete(1);
  complete(2);
  inbox.push_message(2, message_of(1), 1);
  complete(2);
  const auto events = inbox.take();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].count, 2U);
  EXPECT_EQ(events[1].count, 1U);
  EXPECT_EQ(events[3].count, 1U);
}

TEST(MqttInbox, TellsRefusalsApartByTheirReason) {
  MqttInbox inbox([] {});
  for (const char* reason : {"a", "a", "b"}) {
    inbox.push({.kind = Kind::refused, .connection = 1, .count = 1, .reason = reason});
  }
  inbox.push({.kind = Kind::completed, .connection = 1, .count = 1});
  const auto events = inbox.take();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].count, 2U);
  EXPECT_EQ(events[1].reason, "b");
  EXPECT_EQ(events[2].kind, Kind::completed);
}

TEST(MqttInbox, DropsLossyMessagesWhereTooMuchLiesUnread) {
  MqttInbox inbox([] {});
  inbox.push_message(1, message_of(MqttInbox::kMaxUnreadBytes - 10000), 0);
  inbox.push_message(1, message_of(20000), 0);
  EXPECT_EQ(inbox.dropped(), 1U);
  inbox.push_message(1, message_of(10), 0);
  EXPECT_EQ(inbox.take().size(), 2U) << "what still fits is kept";
  inbox.push_message(1, message_of(20000), 0);
  EXPECT_EQ(inbox.take().size(), 1U) << "there is room again";
}

TEST(MqttInbox, EndsTheConnectionWhereAMessageThatMustNotBeLostDoesNotFit) {
  MqttInbox inbox([] {});
  inbox.push_message(1, message_of(MqttInbox::kMaxUnreadBytes - 10000), 1);
  inbox.push_message(1, message_of(20000), 1);
  const auto events = inbox.take();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].kind, Kind::failed);
  EXPECT_EQ(events[1].reason, "messages come faster than they are handled");
  EXPECT_EQ(inbox.dropped(), 0U);
}

TEST(MqttInbox, KeepsNothingAndWakesNobodyOnceItIsClosed) {
  int woken = 0;
  MqttInbox inbox([&] { ++woken; });
  inbox.push_message(1, message_of(1), 1);
  inbox.close();
  inbox.push_message(1, message_of(1), 1);
  inbox.push({.kind = Kind::failed, .connection = 1});
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(inbox.take().empty());
}

TEST(MqttInbox, LosesNothingBetweenThreads) {
  MqttInbox inbox([] {});
  constexpr int kEach = 2000;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) inbox.push_message(t, message_of(1), 1);
    });
  }
  std::size_t taken = 0;
  while (taken < std::size_t{3} * kEach) taken += inbox.take().size();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, std::size_t{3} * kEach);
}

}  // namespace
}  // namespace bw
