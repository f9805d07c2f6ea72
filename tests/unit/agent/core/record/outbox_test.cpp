#include "agent/core/record/outbox.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kEpoch = 7;
constexpr std::int64_t kNowMs = 1'790'000'000'000;

Instant at(int s) {
  return Instant{} + seconds{s};
}

class OutboxTest : public testing::Test {
 protected:
  RecordKey add(std::uint64_t bytes = 100, std::int64_t time_ms = kNowMs) {
    const RecordKey key = outbox_.add(wire::Topic::history, bytes, time_ms);
    outbox_.ready(key);
    return key;
  }
  std::vector<std::uint64_t> take_all(int s) {
    std::vector<std::uint64_t> numbers;
    while (const auto next = outbox_.take_next(at(s))) numbers.push_back(next->record.key.number);
    return numbers;
  }
  static wire::Ack ack(std::uint64_t number, std::uint64_t epoch = kEpoch) {
    return wire::Ack{{{epoch, number}}};
  }

  static DrainLimits at_once() {
    DrainLimits limits;
    limits.start_within = Duration{};
    return limits;
  }

  Outbox outbox_{kEpoch, OutboxLimits{1000, std::chrono::hours{1}}, 1, at_once()};
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(OutboxTest, NumbersBeginWithOneAndFollowEachOther) {
  EXPECT_EQ(add(), (RecordKey{kEpoch, 1}));
  EXPECT_EQ(add(), (RecordKey{kEpoch, 2}));
  EXPECT_EQ(outbox_.next_number(), 3U);
}

TEST_F(OutboxTest, NothingIsSentBeforeItIsOnDisk) {
  const RecordKey key = outbox_.add(wire::Topic::history, 100, kNowMs);
  EXPECT_FALSE(outbox_.take_next(at(0)));
  outbox_.ready(key);
  EXPECT_EQ(take_all(0), Numbers{1});
}

TEST_F(OutboxTest, ARecordThatIsNotReadyHoldsBackThoseBehindIt) {
  const RecordKey first = outbox_.add(wire::Topic::history, 100, kNowMs);
  add();
  EXPECT_EQ(take_all(0), Numbers{});
  outbox_.ready(first);
  EXPECT_EQ(take_all(0), (Numbers{1, 2}));
}

TEST_F(OutboxTest, NoMoreThanAWindowIsUnacknowledged) {
  Outbox outbox(kEpoch, OutboxLimits{}, 1);
  for (int i = 0; i < 40; ++i) outbox.ready(outbox.add(wire::Topic::history, 100, kNowMs));
  std::size_t sent = 0;
  while (outbox.take_next(at(0))) ++sent;
  EXPECT_EQ(sent, Outbox::kWindow);
  EXPECT_TRUE(outbox.acknowledge(ack(3), at(1)));
  Numbers more;
  while (const auto next = outbox.take_next(at(1))) more.push_back(next->record.key.number);
  EXPECT_EQ(more, (Numbers{17, 18, 19}));
}

TEST_F(OutboxTest, AnAcknowledgementFreesAllUpToItsNumberAndNoOtherEpoch) {
  outbox_.restore({{RecordKey{3, 9}, wire::Topic::history, 100, kNowMs}}, at(0));
  add();
  add();
  take_all(0);
  EXPECT_TRUE(outbox_.acknowledge(ack(1), at(1)));
  EXPECT_TRUE(outbox_.holds(RecordKey{3, 9}));
  EXPECT_FALSE(outbox_.holds(RecordKey{kEpoch, 1}));
  EXPECT_TRUE(outbox_.holds(RecordKey{kEpoch, 2}));
  EXPECT_FALSE(outbox_.acknowledge(ack(1), at(2))) << "told again, it is no progress";
  EXPECT_TRUE(outbox_.acknowledge(ack(9, 3), at(3)));
  EXPECT_EQ(outbox_.size(), 1U);
  EXPECT_EQ(outbox_.bytes(), 100U);
}

TEST_F(OutboxTest, AnAcknowledgementOfWhatWasNeverSentIsNotBelieved) {
  add();
  EXPECT_FALSE(outbox_.acknowledge(ack(1), at(0)));
  EXPECT_EQ(outbox_.size(), 1U);
}

TEST_F(OutboxTest, ANewLinkSendsEverythingUnacknowledgedAgain) {
  add();
  add();
  EXPECT_EQ(take_all(0), (Numbers{1, 2}));
  outbox_.link_up(at(1));
  const auto next = outbox_.take_next(at(1));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->record.key.number, 1U);
  EXPECT_TRUE(next->again);
}

TEST_F(OutboxTest, SilenceHasItSendAgainWithGrowingWaits) {
  add();
  take_all(0);
  EXPECT_FALSE(outbox_.resend_if_stalled(at(1)));
  int resent = 0;
  int last = 0;
  int longest = 0;
  for (int s = 2; s < 3600; ++s) {
    if (!outbox_.resend_if_stalled(at(s))) continue;
    EXPECT_EQ(take_all(s), Numbers{1});
    longest = std::max(longest, s - last);
    last = s;
    ++resent;
  }
  EXPECT_GE(resent, 12);
  EXPECT_LE(resent, 40);
  EXPECT_LE(seconds{longest}, Outbox::kResendAfterMost + seconds{1});
}

TEST_F(OutboxTest, AcknowledgementsOfLaterRecordsDoNotPutOffSendingTheOldestAgain) {
  outbox_.restore({{RecordKey{3, 1}, wire::Topic::history, 1, kNowMs}}, at(0));
  take_all(0);
  for (int s = 1; s <= 10; ++s) {
    add(1);
    if (outbox_.resend_if_stalled(at(s))) {
      EXPECT_EQ(take_all(s).front(), 1U);
      return;
    }
    take_all(s);
    EXPECT_TRUE(outbox_.acknowledge(ack(static_cast<std::uint64_t>(s)), at(s)));
  }
  FAIL() << "the oldest record is never sent again";
}

TEST_F(OutboxTest, WithNothingInFlightNothingIsResent) {
  EXPECT_FALSE(outbox_.resend_if_stalled(at(100000)));
}

TEST_F(OutboxTest, OverItsBytesAnEighthOfTheOldestGoesAndTheGapIsKept) {
  for (int i = 0; i < 10; ++i) add(100, kNowMs + i);
  EXPECT_TRUE(outbox_.enforce_limits(kNowMs, true).empty()) << "full is not over";
  add(1, kNowMs + 10);
  const auto dropped = outbox_.enforce_limits(kNowMs, true);
  EXPECT_EQ(dropped, (std::vector<RecordKey>{{kEpoch, 1}, {kEpoch, 2}}));
  EXPECT_EQ(outbox_.bytes(), 801U);
  EXPECT_EQ(outbox_.dropped(), 2U);
  const auto gaps = outbox_.take_gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].first, 1U);
  EXPECT_EQ(gaps[0].last, 2U);
  EXPECT_EQ(gaps[0].to_ms, kNowMs + 1);
  EXPECT_FALSE(outbox_.has_gaps());
  EXPECT_EQ(outbox_.oldest(kEpoch), 3U);
}

TEST_F(OutboxTest, RecordsPastTheirAgeGoUnlessTheClockIsInDoubt) {
  add(100, kNowMs - 3'600'001);
  add(100, kNowMs - 3'599'999);
  EXPECT_TRUE(outbox_.enforce_limits(kNowMs, false).empty());
  EXPECT_EQ(outbox_.enforce_limits(kNowMs, true), (std::vector<RecordKey>{{kEpoch, 1}}));
}

TEST_F(OutboxTest, RecordsFromBeforeTheClockWasSetHaveNoAge) {
  add(100, 5000);
  EXPECT_TRUE(outbox_.enforce_limits(kNowMs, true).empty());
}

TEST_F(OutboxTest, BlocksGoBeforeEvents) {
  const RecordKey event = outbox_.add(wire::Topic::event, 600, kNowMs);
  add(500);
  EXPECT_EQ(outbox_.enforce_limits(kNowMs, true), (std::vector<RecordKey>{{kEpoch, 2}}));
  EXPECT_TRUE(outbox_.holds(event));
  outbox_.add(wire::Topic::event, 500, kNowMs);
  EXPECT_EQ(outbox_.enforce_limits(kNowMs, true), (std::vector<RecordKey>{event}));
}

TEST_F(OutboxTest, WhatAnotherRecordStandsForIsNoGap) {
  const RecordKey key = add();
  EXPECT_TRUE(outbox_.is_unsent(key));
  outbox_.forget(key);
  EXPECT_FALSE(outbox_.is_unsent(key));
  EXPECT_FALSE(outbox_.has_gaps());
  EXPECT_EQ(outbox_.bytes(), 0U);
}

TEST_F(OutboxTest, GapsThatDoNotTouchAreToldApart) {
  for (int i = 0; i < 5; ++i) add();
  outbox_.give_up(RecordKey{kEpoch, 2});
  outbox_.give_up(RecordKey{kEpoch, 4});
  outbox_.give_up(RecordKey{kEpoch, 99});
  EXPECT_EQ(outbox_.take_gaps().size(), 2U);
  EXPECT_EQ(outbox_.oldest(kEpoch), 1U);
}

TEST_F(OutboxTest, DroppingWhatIsInFlightKeepsThePlace) {
  add();
  add();
  add();
  EXPECT_EQ(outbox_.take_next(at(0))->record.key.number, 1U);
  EXPECT_EQ(outbox_.take_next(at(0))->record.key.number, 2U);
  outbox_.give_up(RecordKey{kEpoch, 1});
  EXPECT_EQ(take_all(0), Numbers{3});
}

TEST_F(OutboxTest, WhatLayOnDiskIsSentFirstAndWithItsTable) {
  outbox_.restore({{RecordKey{3, 9}, wire::Topic::history, 100, kNowMs}}, at(0));
  add();
  const auto first = outbox_.take_next(at(0));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->record.key, (RecordKey{3, 9}));
  EXPECT_TRUE(first->again);
  EXPECT_FALSE(outbox_.take_next(at(0))->again);
}

TEST_F(OutboxTest, RecordsThatWereWrittenOutOfOrderAreSentInOrder) {
  outbox_.restore({{RecordKey{9, 2}, wire::Topic::history, 100, kNowMs},
                   {RecordKey{9, 1}, wire::Topic::history, 100, kNowMs},
                   {RecordKey{4, 7}, wire::Topic::history, 100, kNowMs}},
                  at(0));
  EXPECT_EQ(outbox_.oldest(9), 1U);
  EXPECT_EQ(take_all(0), (Numbers{1, 2, 7}));
}

TEST_F(OutboxTest, WhatIsFoundOnDiskLateGoesBeforeWhatIsUnderWay) {
  add();
  EXPECT_EQ(take_all(0), Numbers{1});
  outbox_.restore({{RecordKey{3, 8}, wire::Topic::history, 100, kNowMs},
                   {RecordKey{3, 9}, wire::Topic::history, 100, kNowMs}},
                  at(1));
  EXPECT_EQ(take_all(1), (Numbers{8, 9, 1}));
  EXPECT_EQ(outbox_.bytes(), 300U);
}

TEST_F(OutboxTest, TheOldestOfAnEpochFollowsWhatIsKept) {
  EXPECT_EQ(outbox_.oldest(kEpoch), 1U);
  EXPECT_EQ(outbox_.oldest(99), 1U);
  outbox_.restore({{RecordKey{3, 9}, wire::Topic::history, 100, kNowMs}}, at(0));
  EXPECT_EQ(outbox_.oldest(3), 9U);
  add();
  take_all(0);
  outbox_.acknowledge(ack(1), at(0));
  EXPECT_EQ(outbox_.oldest(kEpoch), 2U);
}

class OutboxStartTest : public testing::Test {
 protected:
  // Seconds from a new link to the first record, of each of a thousand nodes with this many, whose
  // link was gone for so long, or whose run began so long before its first link.
  enum class Link { again, first };
  static std::vector<int> starts(int records, int gone_s, Link link = Link::again) {
    std::vector<int> began;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
      Outbox outbox(kEpoch, OutboxLimits{}, seed);
      outbox.restore({}, at(link == Link::first ? 100 : 0));
      for (int i = 0; i < records; ++i) {
        outbox.ready(outbox.add(wire::Topic::history, 100, kNowMs));
      }
      if (link == Link::again) {
        outbox.link_up(at(0));
        outbox.link_down(at(100));
      }
      const int up = 100 + gone_s;
      outbox.link_up(at(up));
      int s = 0;
      while (!outbox.take_next(at(up + s)) && s < 100) ++s;
      began.push_back(s);
    }
    return began;
  }
  static double mean(const std::vector<int>& all) {
    return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
  }
  static int most(const std::vector<int>& all) { return *std::max_element(all.begin(), all.end()); }
};

TEST_F(OutboxStartTest, NodesWithABacklogBeginAllOverTheTimeThereIs) {
  const auto began = starts(200, 3600);
  EXPECT_EQ(most(began), 30);
  EXPECT_NEAR(mean(began), 15.5, 1);
  for (int s = 1; s <= 30; ++s) EXPECT_LT(std::count(began.begin(), began.end(), s), 70) << s;
}

TEST_F(OutboxStartTest, AShortBacklogWaitsASecondARecordAtMost) {
  EXPECT_EQ(most(starts(3, 3600)), 3);
}

TEST_F(OutboxStartTest, NoOneWaitsLongerThanTheLinkWasGone) {
  EXPECT_EQ(most(starts(200, 2)), 2);
}

TEST_F(OutboxStartTest, BoxesThatWereUpForMinutesBeforeTheBrokerDoNotBeginTogether) {
  const auto began = starts(11, 600, Link::first);
  EXPECT_EQ(most(began), 11);
  for (int s = 1; s <= 11; ++s) EXPECT_LT(std::count(began.begin(), began.end(), s), 150) << s;
}

TEST_F(OutboxStartTest, ALinkSoonAfterTheStartIsUsedSoonSoThatShortRunsDrainToo) {
  EXPECT_LE(most(starts(400, 1, Link::first)), 1);
}

TEST_F(OutboxStartTest, WhatIsFoundLateDoesNotMakeTheRunBeginAnew) {
  Outbox outbox(kEpoch, OutboxLimits{}, 1);
  outbox.restore({}, at(0));
  std::vector<StoredRecord> found(100);
  for (std::uint64_t i = 0; i < found.size(); ++i) found[i].key = {3, i + 1};
  outbox.restore(found, at(600));
  outbox.link_up(at(600));
  EXPECT_FALSE(outbox.take_next(at(600)));
}

TEST_F(OutboxTest, EventsOfThisRunGoBeforeTheBlocksThatWait) {
  for (int i = 0; i < 5; ++i) add();
  outbox_.link_up(at(0));
  EXPECT_EQ(outbox_.take_next(at(0))->record.key.number, 1U);
  const RecordKey event = outbox_.add(wire::Topic::event, 50, kNowMs);
  EXPECT_EQ(outbox_.take_next(at(0))->record.key.number, 2U) << "it is not on disk yet";
  outbox_.ready(event);
  EXPECT_EQ(take_all(0), (Numbers{6, 3, 4, 5})) << "and not a second time in its turn";
  EXPECT_TRUE(outbox_.acknowledge(ack(6), at(1)));
  EXPECT_EQ(outbox_.size(), 0U);
}

TEST_F(OutboxTest, EventsThatOvertakeAreBoundedAndSentAgainInTheirTurn) {
  Outbox outbox(kEpoch, OutboxLimits{}, 1, at_once());
  const auto numbers = [&] {
    Numbers taken;
    while (const auto next = outbox.take_next(at(1))) taken.push_back(next->record.key.number);
    return taken;
  };
  for (int i = 0; i < 20; ++i) outbox.ready(outbox.add(wire::Topic::history, 10, kNowMs));
  EXPECT_EQ(numbers().size(), Outbox::kWindow);
  for (std::size_t i = 0; i < 2 * Outbox::kMaxOvertaking; ++i) {
    outbox.ready(outbox.add(wire::Topic::event, 10, kNowMs));
  }
  EXPECT_EQ(numbers().size(), Outbox::kMaxOvertaking);
  outbox.link_up(at(1));
  EXPECT_EQ(numbers(), (Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}));
}

TEST_F(OutboxTest, AStormOfEventsLeavesTheOldestRecordsTheirTurn) {
  outbox_.restore({}, at(0));
  for (int i = 0; i < 3; ++i) add(10);
  outbox_.link_up(at(0));
  for (int i = 0; i < 40; ++i) outbox_.ready(outbox_.add(wire::Topic::event, 10, kNowMs));
  const Numbers sent = take_all(0);
  ASSERT_GE(sent.size(), 2 * (Outbox::kMostInARow + 1));
  EXPECT_EQ(sent[Outbox::kMostInARow], 1U) << "a block after so many events";
  EXPECT_EQ(sent[2 * Outbox::kMostInARow + 1], 2U);
}

TEST_F(OutboxTest, EventsThatOvertakeWaitForTheStartAndForThePaceAsOthersDo) {
  Outbox outbox(kEpoch, OutboxLimits{}, 1);
  for (int i = 0; i < 200; ++i) outbox.ready(outbox.add(wire::Topic::history, 10, kNowMs));
  outbox.link_up(at(0));
  outbox.link_down(at(0));
  outbox.link_up(at(3600));
  outbox.ready(outbox.add(wire::Topic::event, 10, kNowMs));
  EXPECT_FALSE(outbox.take_next(at(3600))) << "a thousand nodes have something to tell now";
  const auto first = outbox.take_next(at(3630));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->record.key.number, 201U);

  DrainLimits thin = at_once();
  thin.max_bytes_per_s = 10;
  Outbox slow(kEpoch, OutboxLimits{}, 1, thin);
  for (int i = 0; i < 10; ++i) slow.ready(slow.add(wire::Topic::event, 20, kNowMs));
  slow.link_up(at(0));
  int sent = 0;
  for (int s = 0; s < 10; ++s) {
    while (const auto next = slow.take_next(at(s))) {
      slow.sent(next->record, at(s));
      slow.taken(at(s));
      ++sent;
    }
  }
  EXPECT_GE(sent, 4);
  EXPECT_LE(sent, 6) << "ten bytes a second are five such events in ten";
}

TEST_F(OutboxTest, AtTheEndOfARunWhatTheWindowHoldsGoesAtOnce) {
  DrainLimits limits;
  limits.max_bytes_per_s = 1;
  Outbox outbox(kEpoch, OutboxLimits{}, 1, limits);
  for (int i = 0; i < 40; ++i) outbox.ready(outbox.add(wire::Topic::history, 100, kNowMs));
  outbox.link_up(at(0));
  outbox.link_down(at(0));
  outbox.link_up(at(100));
  EXPECT_FALSE(outbox.take_next(at(100)));
  outbox.hurry();
  std::size_t sent = 0;
  for (; outbox.take_next(at(100)); ++sent) {
  }
  EXPECT_EQ(sent, Outbox::kWindow);
}

TEST_F(OutboxTest, WhatTheBrokerHasNotTakenYetIsNotSentAgainForLong) {
  add();
  const auto next = outbox_.take_next(at(0));
  ASSERT_TRUE(next);
  outbox_.sent(next->record, at(0));
  for (int s = 1; s < 200; ++s) EXPECT_FALSE(outbox_.resend_if_stalled(at(s))) << s;
  outbox_.taken(at(200));
  EXPECT_FALSE(outbox_.resend_if_stalled(at(201))) << "now the store has its time";
  EXPECT_TRUE(outbox_.resend_if_stalled(at(215)));

  ASSERT_TRUE(outbox_.take_next(at(215)));
  outbox_.sent(next->record, at(215));
  EXPECT_TRUE(outbox_.resend_if_stalled(at(900))) << "a broker that never answers";
}

TEST_F(OutboxTest, WhereAcknowledgementsTakeLongTheirAbsenceIsTakenLongerUpToAMinute) {
  const auto acknowledge_each_after = [&](int begin, int wait) {
    for (int s = begin; s < begin + 1000; s += 100) {
      add(1);
      ASSERT_EQ(take_all(s).size(), 1U);
      EXPECT_TRUE(outbox_.acknowledge(ack(outbox_.next_number() - 1), at(s + wait)));
    }
  };
  acknowledge_each_after(0, 8);
  add(1);
  take_all(1000);
  EXPECT_FALSE(outbox_.resend_if_stalled(at(1014))) << "8 s are usual here";
  EXPECT_TRUE(outbox_.resend_if_stalled(at(1050)));
  take_all(1050);
  EXPECT_TRUE(outbox_.acknowledge(ack(outbox_.next_number() - 1), at(1051)));
  acknowledge_each_after(1100, 90);
  add(1);
  take_all(3000);
  EXPECT_TRUE(outbox_.resend_if_stalled(at(3061)));
}

TEST_F(OutboxTest, ReceiptsOfLaterRecordsDoNotPutOffSendingTheOldestAgain) {
  const auto send_all = [&](int s) {
    bool oldest = false;
    while (const auto next = outbox_.take_next(at(s))) {
      outbox_.sent(next->record, at(s));
      outbox_.taken(at(s));
      oldest = oldest || next->record.key.epoch == 3;
    }
    return oldest;
  };
  outbox_.restore({{RecordKey{3, 1}, wire::Topic::history, 1, kNowMs}}, at(0));
  EXPECT_TRUE(send_all(0));
  for (int s = 1; s <= 30; ++s) {
    add(1);
    outbox_.resend_if_stalled(at(s));
    if (send_all(s)) return;
    EXPECT_TRUE(outbox_.acknowledge(ack(static_cast<std::uint64_t>(s)), at(s)));
  }
  FAIL() << "the oldest record is never sent again";
}

TEST_F(OutboxTest, AGapOfBlocksBeginsWithTheFirstRow) {
  outbox_.give_up(outbox_.add(wire::Topic::history, 100, kNowMs, kNowMs - 60'000));
  const auto gaps = outbox_.take_gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].from_ms, kNowMs - 60'000);
  EXPECT_EQ(gaps[0].to_ms, kNowMs);
}

}  // namespace
}  // namespace bw::agent
