#include "agent/core/record/drain_pace.h"

#include <algorithm>
#include <deque>
#include <vector>

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

constexpr std::uint64_t kBlock = 8500;

Instant at_s(double s) {
  return Instant{} + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

// A link of so many bytes a second and so long a way there and back, on which something else takes
// `other` bytes a second; fed as the agent does it: with each tick and each receipt.
struct Link {
  double bytes_per_s;
  double round_trip_s;
  double other_per_s = 0;
  // One record in so many comes so much later (a packet that was sent again), and all that would
  // have come meanwhile comes with it.
  int stall_every = 0;
  double stall_s = 0;
};
struct Outcome {
  double bytes_per_s = 0;
  double longest_queue_s = 0;  // that a live sample would have met, after the first minute
  double highest_rate = 0;     // that was taken for the link's, after the first minute
  double day_s = 0;            // until 13 MB were sent
};

Outcome run(DrainPace& pace, const Link& link, int for_s) {
  std::deque<double> receipts;
  double free_at = 0;  // of the link
  double sent_bytes = 0;
  int records = 0;
  Outcome outcome;
  pace.link_up(at_s(0));
  const auto send = [&](double now) {
    while (pace.may_take(at_s(now))) {
      pace.reserve(at_s(now), kBlock);
      pace.sent(at_s(now), kBlock);
      free_at = std::max(free_at, now) + static_cast<double>(kBlock) / link.bytes_per_s;
      ++records;
      const bool stalls = link.stall_every != 0 && records % link.stall_every == 0;
      const double receipt = free_at + link.round_trip_s + (stalls ? link.stall_s : 0);
      receipts.push_back(receipts.empty() ? receipt : std::max(receipt, receipts.back()));
      sent_bytes += static_cast<double>(kBlock);
      if (sent_bytes < 13e6) outcome.day_s = now;
    }
  };
  for (int tick = 0; tick < for_s; ++tick) {
    while (!receipts.empty() && receipts.front() <= tick) {
      const double when = receipts.front();
      receipts.pop_front();
      pace.taken(at_s(when));
      send(when);
    }
    if (tick > 60) outcome.longest_queue_s = std::max(outcome.longest_queue_s, free_at - tick);
    if (tick > 60) outcome.highest_rate = std::max(outcome.highest_rate, pace.bytes_per_s());
    free_at = std::max(free_at, static_cast<double>(tick)) + link.other_per_s / link.bytes_per_s;
    send(tick);
  }
  outcome.bytes_per_s = sent_bytes / for_s;
  return outcome;
}

TEST(DrainPaceTest, OneRecordMayAlwaysBeUnderWay) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  EXPECT_TRUE(pace.may_take(at_s(0)));
  pace.reserve(at_s(0), 10'000'000);
  pace.sent(at_s(0), 10'000'000);
  EXPECT_FALSE(pace.may_take(at_s(100)));
  pace.taken(at_s(101));
  EXPECT_TRUE(pace.may_take(at_s(101)));
}

TEST(DrainPaceTest, WhatIsNotSentAfterAllGivesItsPlaceBack) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  pace.reserve(at_s(0), 1'000'000);
  EXPECT_FALSE(pace.may_take(at_s(0)));
  pace.release(1'000'000);
  EXPECT_TRUE(pace.may_take(at_s(0)));
}

TEST(DrainPaceTest, AMegabitLinkIsUsedToItsShareAndDrainsADayInTime) {
  DrainPace pace{DrainLimits{}};
  const Outcome outcome = run(pace, {125'000, 0.05, 2000}, 300);
  EXPECT_NEAR(pace.bytes_per_s(), 125'000, 15'000);
  EXPECT_NEAR(outcome.bytes_per_s, 62'500, 8'000);
  EXPECT_LT(12e6 / outcome.bytes_per_s, 270) << "a day of 475 series";
  EXPECT_LT(outcome.longest_queue_s, 0.4);
}

// Pairs of records, one every second, that arrive as far from each other as the link has it.
void send_pairs(DrainPace& pace, int from, const std::vector<double>& gaps) {
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    const double s = from + static_cast<double>(i);
    for (int k = 0; k < 2; ++k) {
      pace.reserve(at_s(s), kBlock);
      pace.sent(at_s(s), kBlock);
    }
    pace.taken(at_s(s + 0.1));
    pace.taken(at_s(s + 0.1 + gaps[i]));
  }
}

TEST(DrainPaceTest, AStallNowAndThenIsNoSlowLink) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  std::vector<double> gaps(60, 0.068);
  for (std::size_t i = 9; i < gaps.size(); i += 10) gaps[i] = gaps[i - 1] = 0.4;
  send_pairs(pace, 0, gaps);
  EXPECT_NEAR(pace.bytes_per_s(), 125'000, 5'000);
}

TEST(DrainPaceTest, ALinkThatHasBecomeSlowerIsFollowed) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  send_pairs(pace, 0, std::vector<double>(30, 0.068));
  send_pairs(pace, 30, std::vector<double>(20, 0.8));
  EXPECT_LT(pace.bytes_per_s(), 20'000);
}

// A queue of records, all sent together, that arrive so much later than one another.
void send_queue(DrainPace& pace, double from, const std::vector<double>& gaps) {
  for (std::size_t i = 0; i < gaps.size() + 1; ++i) {
    pace.reserve(at_s(from), kBlock);
    pace.sent(at_s(from), kBlock);
  }
  double now = from + 0.118;
  pace.taken(at_s(now));
  for (const double gap : gaps) pace.taken(at_s(now += gap));
}

TEST(DrainPaceTest, WhatAStallHeldUpDoesNotMakeTheLinkFast) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  for (int s = 0; s < 10; ++s) send_queue(pace, s, std::vector<double>(6, 0.068));
  for (int s = 10; s < 200; ++s) send_queue(pace, s, {0.068, 0.34, 0, 0, 0, 0});
  EXPECT_NEAR(pace.bytes_per_s(), 125'000, 10'000);
}

TEST(DrainPaceTest, WhatCameLateAllTogetherDoesNotMakeTheLinkFast) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  for (int s = 0; s < 10; ++s) send_queue(pace, s, std::vector<double>(6, 0.068));
  for (int s = 10; s < 200; ++s) {
    for (int k = 0; k < 7; ++k) {
      pace.reserve(at_s(s), kBlock);
      pace.sent(at_s(s), kBlock);
    }
    for (int k = 0; k < 7; ++k) pace.taken(at_s(s + 0.7));
  }
  EXPECT_NEAR(pace.bytes_per_s(), 125'000, 10'000);
}

TEST(DrainPaceTest, ReceiptsThatComeByTwosCountAsTheLinkHasThem) {
  for (const double first : {0.0, 0.136}) {
    DrainPace pace{DrainLimits{}};
    pace.link_up(at_s(0));
    double highest = 0;
    double lowest = 1e9;
    for (int s = 0; s < 600; ++s) {
      const double second = 0.136 - first;
      send_queue(pace, s, {first, second, first, second, first, second});
      if (s < 60) continue;
      highest = std::max(highest, pace.bytes_per_s());
      lowest = std::min(lowest, pace.bytes_per_s());
    }
    EXPECT_LT(highest, 1.5 * 125'000) << first;
    EXPECT_GT(lowest, 0.6 * 125'000) << first;
  }
}

TEST(DrainPaceTest, ALinkThatHasBecomeFasterBehindAStallIsFollowed) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  for (int s = 0; s < 10; ++s) send_queue(pace, s, std::vector<double>(6, 0.068));
  send_queue(pace, 10, {0.5, 0.0068, 0.0068, 0.0068, 0.0068, 0.0068});
  for (int s = 11; s < 40; ++s) send_queue(pace, s, std::vector<double>(6, 0.0068));
  EXPECT_NEAR(pace.bytes_per_s(), 1'250'000, 50'000);
}

TEST(DrainPaceTest, WithPacketsLostADayStillDrainsInTimeAndHistoryKeepsToItsShare) {
  for (const Link& link : {Link{125'000, 0.05, 2000}, Link{125'000, 0.05, 2000, 16, 0.25},
                           Link{125'000, 0.05, 2000, 5, 0.3}, Link{125'000, 0.05, 2000, 40, 1.2}}) {
    DrainPace pace{DrainLimits{}};
    const Outcome outcome = run(pace, link, 400);
    EXPECT_LT(outcome.day_s, 300) << link.stall_every;
    EXPECT_LT(outcome.highest_rate, 1.3 * 125'000) << link.stall_every;
    EXPECT_LT(outcome.bytes_per_s, 0.6 * 125'000) << link.stall_every;
  }
}

TEST(DrainPaceTest, AThinAndSlowLinkStaysFreeForLiveSamples) {
  DrainPace pace{DrainLimits{}};
  const Outcome outcome = run(pace, {8'000, 4, 2000}, 900);
  EXPECT_LT(outcome.bytes_per_s, 5'000) << "half of the link";
  EXPECT_GT(outcome.bytes_per_s, 2'000);
  EXPECT_LT(outcome.longest_queue_s, 3) << "a block takes one second here";
}

TEST(DrainPaceTest, AFastLinkIsNotHeldBack) {
  DrainPace pace{DrainLimits{}};
  const Outcome outcome = run(pace, {100e6, 0.001}, 60);
  EXPECT_GT(outcome.bytes_per_s, 1e6);
}

TEST(DrainPaceTest, TheOperatorsBoundHoldsFromTheFirstRecordOn) {
  DrainLimits limits;
  limits.max_bytes_per_s = 10'000;
  DrainPace pace{limits};
  const Outcome outcome = run(pace, {10e6, 0.01}, 120);
  EXPECT_NEAR(outcome.bytes_per_s, 10'000, 500);
}

TEST(DrainPaceTest, AStallHalvesTheWindowAndEndsItsProbing) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  const double before = pace.window();
  pace.stalled();
  EXPECT_EQ(pace.window(), before / 2);
  for (int i = 0; i < 100; ++i) pace.stalled();
  EXPECT_EQ(pace.window(), DrainPace::kLeastWindow);
}

TEST(DrainPaceTest, AReceiptForNothingIsIgnored) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  pace.taken(at_s(1));
  EXPECT_EQ(pace.under_way(), 0U);
}

TEST(DrainPaceTest, TheShortestWayIsForgottenSoThatALongerRouteIsNotTakenForAQueue) {
  DrainPace pace{DrainLimits{}};
  pace.link_up(at_s(0));
  const auto one = [&](double s, double way) {
    pace.reserve(at_s(s), 1000);
    pace.sent(at_s(s), 1000);
    pace.taken(at_s(s + way));
  };
  one(0, 0.01);
  for (int i = 1; i < 200; ++i) one(i, 1);
  const double shrunk = pace.window();
  EXPECT_LT(shrunk, DrainPace::kFirstWindow);
  for (int i = 700; i < 1500; ++i) one(i, 1);
  EXPECT_GT(pace.window(), shrunk) << "a second is what it takes now";
}

}  // namespace
}  // namespace bw::agent
