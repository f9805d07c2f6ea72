#include "coordinator/core/export/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw::coordinator::exporting {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

BlockShape shape(std::int64_t id, std::int64_t start_ms, std::string node = "a",
                 std::size_t rows = 60, std::size_t series = 100) {
  return {id, std::move(node), start_ms, start_ms + 59'000, rows, series};
}

class DeliveryTest : public testing::Test {
 protected:
  DeliveryTest() { delivery_.start_at(10); }

  void hand_in(std::vector<BlockShape> blocks, std::int64_t newest) {
    const auto next = delivery_.next(now_);
    ASSERT_TRUE(std::holds_alternative<Delivery::Read>(next));
    EXPECT_EQ(std::get<Delivery::Read>(next).after, delivery_.cursor());
    delivery_.have_read(std::move(blocks), newest, now_);
  }
  std::vector<Piece> to_send() {
    const auto next = delivery_.next(now_);
    const auto* const send = std::get_if<Delivery::Send>(&next);
    EXPECT_NE(send, nullptr);
    return send == nullptr ? std::vector<Piece>{} : send->pieces;
  }
  // The blocks of the next request.
  std::vector<std::size_t> blocks_to_send() {
    std::vector<std::size_t> blocks;
    for (const Piece& piece : to_send()) blocks.push_back(piece.block);
    return blocks;
  }
  void answer(int status, std::uint64_t samples = 0, const std::string& reason = "",
              std::optional<std::int64_t> retry_after_s = {}) {
    delivery_.answered({.status = status, .reason = reason, .retry_after_s = retry_after_s},
                       samples, 0, "", now_);
  }
  Instant wait() {
    const auto next = delivery_.next(now_);
    const auto* const waiting = std::get_if<Delivery::Wait>(&next);
    EXPECT_NE(waiting, nullptr);
    return waiting == nullptr ? now_ : waiting->until;
  }

  Delivery delivery_{DeliveryOptions{}};
  Instant now_{seconds{1000}};
};

TEST_F(DeliveryTest, TheCursorMovesOnceAllOfABatchIsTaken) {
  hand_in({shape(11, 0), shape(12, 60'000)}, 12);
  EXPECT_THAT(blocks_to_send(), testing::ElementsAre(0));  // of one node one block a request
  answer(204, 10);
  EXPECT_EQ(delivery_.cursor(), 10);
  EXPECT_EQ(delivery_.oldest_waiting_ms(), 119'000);
  EXPECT_EQ(delivery_.lag_blocks(), 2);
  now_ += seconds{1};
  EXPECT_THAT(blocks_to_send(), testing::ElementsAre(1));
  EXPECT_EQ(delivery_.oldest_waiting_ms(), 119'000);
  answer(204, 10);
  EXPECT_EQ(delivery_.cursor(), 12);
  EXPECT_EQ(delivery_.counts().samples, 20U);
  EXPECT_EQ(delivery_.counts().requests, 2U);
  EXPECT_EQ(delivery_.lag_blocks(), 0);
  EXPECT_FALSE(delivery_.oldest_waiting_ms());
}

TEST_F(DeliveryTest, WhatWasReadLastIsFollowedByARestOrByMore) {
  hand_in({shape(11, 0)}, 12);
  (void)to_send();
  answer(204);
  EXPECT_TRUE(std::holds_alternative<Delivery::Read>(delivery_.next(now_)));
  delivery_.have_read({shape(12, 0)}, 12, now_);
  (void)to_send();
  answer(204);
  EXPECT_EQ(wait(), now_ + seconds{10});
}

TEST_F(DeliveryTest, ABlockWhoseTableIsLostIsCountedAndPassed) {
  BlockShape lost = shape(11, 0, "a", 60, 0);
  lost.is_lost = true;
  hand_in({lost, shape(12, 60'000, "b", 60, 0)}, 12);  // of the second a filter takes nothing
  EXPECT_EQ(delivery_.cursor(), 12);
  EXPECT_EQ(delivery_.counts().lost_blocks, 1U);
  EXPECT_THAT(delivery_.last_refusal(), testing::HasSubstr("1 blocks are of a series table"));
}

TEST_F(DeliveryTest, AnEmptyStoreIsLookedAtAgainAfterTheInterval) {
  hand_in({}, 10);
  EXPECT_EQ(wait(), now_ + seconds{10});
  now_ += seconds{10};
  EXPECT_TRUE(std::holds_alternative<Delivery::Read>(delivery_.next(now_)));
}

TEST_F(DeliveryTest, BlocksGoInTheOrderOfTheirTimes) {
  hand_in({shape(11, 120'000, "a"), shape(12, 60'000, "a"), shape(13, 60'000, "b"),
           shape(14, 180'000, "b")},
          14);
  EXPECT_THAT(blocks_to_send(), testing::ElementsAre(1, 2));
  answer(204);
  EXPECT_THAT(blocks_to_send(), testing::ElementsAre(0, 3));
}

TEST_F(DeliveryTest, ALargeBlockIsCutBySeries) {
  hand_in({shape(11, 0, "a", 600, 1000)}, 11);
  std::size_t sent = 0;
  while (delivery_.cursor() == 10) {
    const auto pieces = to_send();
    ASSERT_FALSE(pieces.empty());
    std::size_t samples = 0;
    for (const Piece& piece : pieces) {
      EXPECT_EQ(piece.first, sent);
      sent = piece.last;
      samples += piece.samples;
    }
    EXPECT_LE(samples, Delivery::kMaxSamples);
    answer(204);
  }
  EXPECT_EQ(sent, 1000U);
}

TEST_F(DeliveryTest, BlocksOfManyNodesShareARequestUpToItsBound) {
  std::vector<BlockShape> blocks;
  for (std::int64_t i = 0; i < 10; ++i) {
    blocks.push_back(shape(11 + i, 0, "n" + std::to_string(i), 60, 100));
  }
  hand_in(blocks, 20);
  EXPECT_EQ(to_send().size(), 6U);  // of 6,000 samples each
  answer(204);
  EXPECT_EQ(to_send().size(), 4U);
}

TEST_F(DeliveryTest, BlocksWithoutSeriesAreDoneAtOnce) {
  hand_in({shape(11, 0, "a", 60, 0)}, 11);
  EXPECT_EQ(delivery_.cursor(), 11);
  EXPECT_EQ(delivery_.counts().requests, 0U);
}

TEST_F(DeliveryTest, AReceiverInTroubleGetsTheSameAgainLaterAndLater) {
  hand_in({shape(11, 0)}, 11);
  Duration longest{};
  for (int i = 0; i < 12; ++i) {
    EXPECT_THAT(blocks_to_send(), testing::ElementsAre(0));
    answer(503, 10, "busy");
    const Duration pause = wait() - now_;
    EXPECT_GT(pause, Duration::zero());
    EXPECT_LE(pause, Delivery::kLastRetry);
    longest = std::max(longest, pause);
    now_ += pause;
  }
  EXPECT_GE(longest, Delivery::kLastRetry / 2);
  EXPECT_EQ(delivery_.cursor(), 10);
  EXPECT_EQ(delivery_.counts().retries, 12U);
  EXPECT_EQ(delivery_.trouble(), "HTTP 503: busy");
  (void)to_send();
  answer(204, 10);
  EXPECT_EQ(delivery_.trouble(), "");
  EXPECT_EQ(delivery_.cursor(), 11);
}

TEST_F(DeliveryTest, RetryAfterIsHonouredWithinReason) {
  hand_in({shape(11, 0)}, 11);
  (void)to_send();
  answer(429, 10, "", 120);
  EXPECT_EQ(wait(), now_ + seconds{120});
  now_ += seconds{120};
  (void)to_send();
  answer(503, 10, "", 1'000'000'000);
  EXPECT_EQ(wait(), now_ + seconds{Delivery::kMaxRetryAfterS});
}

TEST_F(DeliveryTest, AWrongTokenIsNoReasonToDropAnything) {
  hand_in({shape(11, 0)}, 11);
  (void)to_send();
  answer(401, 10);
  EXPECT_EQ(wait(), now_ + Delivery::kSettingsRetry);
  EXPECT_EQ(delivery_.counts().refused, 0U);
}

TEST_F(DeliveryTest, OnlyThePieceAtFaultIsDropped) {
  std::vector<BlockShape> blocks;
  for (std::int64_t i = 0; i < 5; ++i) {
    blocks.push_back(shape(11 + i, 0, "n" + std::to_string(i), 10, 100));
  }
  hand_in(blocks, 15);
  std::vector<std::size_t> taken;
  while (delivery_.cursor() == 10) {
    now_ += seconds{1};
    const auto sent = blocks_to_send();
    const bool is_bad = std::find(sent.begin(), sent.end(), 3U) != sent.end();
    answer(is_bad ? 400 : 204, sent.size() * 7, is_bad ? "out of order sample" : "");
    if (!is_bad) taken.insert(taken.end(), sent.begin(), sent.end());
  }
  EXPECT_THAT(taken, testing::UnorderedElementsAre(0, 1, 2, 4));
  EXPECT_EQ(delivery_.counts().samples, 28U);
  EXPECT_EQ(delivery_.counts().refused, 7U);
  EXPECT_EQ(delivery_.counts().late, 7U);
  EXPECT_EQ(delivery_.last_refusal(), "HTTP 400: out of order sample");
  EXPECT_EQ(delivery_.cursor(), 15);
}

TEST_F(DeliveryTest, PartialSuccessIsCountedAndGoesOn) {
  hand_in({shape(11, 0)}, 11);
  (void)to_send();
  delivery_.answered({.status = 200}, 10, 3, "3 points are of the future", now_);
  EXPECT_EQ(delivery_.counts().samples, 7U);
  EXPECT_EQ(delivery_.counts().refused, 3U);
  EXPECT_EQ(delivery_.last_refusal(), "3 points are of the future");
  EXPECT_EQ(delivery_.cursor(), 11);
}

TEST_F(DeliveryTest, BlocksThatLeftTheStoreAreCounted) {
  hand_in({shape(15, 0), shape(16, 60'000)}, 16);
  EXPECT_EQ(delivery_.counts().lost_blocks, 4U);
  EXPECT_EQ(delivery_.last_refusal(), "4 blocks left the store before they were sent");
}

TEST_F(DeliveryTest, ABacklogIsCaughtUpWithAtABoundedPace) {
  delivery_ = Delivery({.samples_per_s = 1000});
  hand_in({shape(1, 0), shape(2, 60'000)}, 2);
  (void)to_send();
  answer(204, 500);
  EXPECT_EQ(wait(), now_ + milliseconds{500});
}

TEST_F(DeliveryTest, AStoreThatIsNewIsReadFromItsBeginning) {
  hand_in({}, 3);
  EXPECT_EQ(delivery_.cursor(), 0);
  EXPECT_TRUE(std::holds_alternative<Delivery::Read>(delivery_.next(now_)));
}

TEST_F(DeliveryTest, AStoreThatCannotBeReadIsTriedAgain) {
  ASSERT_TRUE(std::holds_alternative<Delivery::Read>(delivery_.next(now_)));
  delivery_.could_not_read("disk I/O error", now_);
  EXPECT_EQ(delivery_.trouble(), "the store cannot be read: disk I/O error");
  EXPECT_EQ(wait(), now_ + seconds{10});
  now_ += seconds{10};
  hand_in({}, 10);
  EXPECT_EQ(delivery_.trouble(), "");
}

TEST_F(DeliveryTest, WhatComesMeanwhileCountsAsLag) {
  hand_in({shape(11, 0)}, 11);
  delivery_.see_newest(30);
  EXPECT_EQ(delivery_.lag_blocks(), 20);
  EXPECT_EQ(delivery_.oldest_waiting_ms(), 59'000);
}

}  // namespace
}  // namespace bw::coordinator::exporting
