#include "agent/core/record/recorder.h"

#include <gtest/gtest.h>

#include "schemas/wire/limits.h"
#include "tests/unit/agent/core/record/recorder_fixture.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

TEST_F(RecorderTest, TheFirstBlockIsShortAndTheOthersHaveTheirLength) {
  ticks(2);
  EXPECT_EQ(persists_, Numbers{1});
  persisted(1);
  ticks(4);
  EXPECT_EQ(persists_, Numbers{1});
  ticks(1);
  EXPECT_EQ(persists_, (Numbers{1, 2}));
  const auto block = wire::decode_history(payloads_[2]);
  ASSERT_TRUE(block);
  EXPECT_EQ(wire::decode_history(payloads_[1])->rows, 2U);
  EXPECT_EQ(wire::decode_history(payloads_[2])->rows, 5U);
}

TEST_F(RecorderTest, ARecordIsPublishedOnlyOnceItIsOnDisk) {
  link_up(table_);
  ticks(2);
  EXPECT_EQ(persists_, Numbers{1});
  EXPECT_TRUE(blocks_.empty());
  persisted(1);
  EXPECT_EQ(block_numbers(), Numbers{1});
  EXPECT_TRUE(blocks_[0].series.empty()) << "the birth has its table";
  EXPECT_EQ(blocks_[0].oldest, 1U);
}

TEST_F(RecorderTest, ABlockOfATableThatTheBirthLacksCarriesIt) {
  link_up(12345);
  ticks(2);
  persisted(1);
  ASSERT_EQ(blocks_.size(), 1U);
  EXPECT_EQ(blocks_[0].series, series_);
}

TEST_F(RecorderTest, OneBlockCarriesTheTableForThoseBehindItOnTheLink) {
  link_up(12345);
  ticks(2);
  persisted(1);
  ticks(5);
  persisted(2);
  ASSERT_EQ(blocks_.size(), 2U);
  EXPECT_EQ(blocks_[0].series, series_);
  EXPECT_TRUE(blocks_[1].series.empty());
}

TEST_F(RecorderTest, ABlockThatIsSentAgainCarriesItsTable) {
  link_up(table_);
  ticks(2);
  persisted(1);
  link_up(table_);
  EXPECT_EQ(loads_, Numbers{1}) << "it is no longer in memory";
  answer_load(1, true);
  ASSERT_EQ(blocks_.size(), 2U);
  EXPECT_EQ(blocks_[1].series, series_);
  EXPECT_EQ(blocks_[1].columns, blocks_[0].columns);
}

TEST_F(RecorderTest, ANewSeriesEndsTheBlockAndEachBlockKeepsItsOwnTable) {
  link_up(table_);
  tick(2);
  tick(3);
  EXPECT_EQ(persists_, Numbers{1});
  const auto first = wire::decode_history(payloads_[1]);
  EXPECT_EQ(first->table_id, wire::series_table_id(table_of(2)));
  EXPECT_EQ(first->rows, 1U);
  persisted(1);
  begin();
  recorder_.close_block();
  collect();
  EXPECT_EQ(wire::decode_history(payloads_[2])->table_id, wire::series_table_id(table_of(3)));
}

TEST_F(RecorderTest, AVeryWideTableMakesShorterBlocks) {
  RecorderOptions long_blocks = options();
  long_blocks.block = std::chrono::minutes{10};
  long_blocks.first_block = std::chrono::minutes{10};
  recorder_ = Recorder(long_blocks);
  const std::size_t columns = wire::kMaxSeries;
  while (persists_.empty() && second_ < 600) tick(columns);
  ASSERT_EQ(persists_, Numbers{1});
  EXPECT_EQ(wire::decode_history(payloads_[1])->rows, wire::kMaxBlockValues / columns);
}

TEST_F(RecorderTest, AcknowledgedRecordsAreForgottenWithTheNextWrite) {
  link_up(table_);
  ticks(2);
  persisted(1);
  acknowledge(1);
  EXPECT_EQ(persists_, Numbers{1}) << "no write of its own";
  EXPECT_EQ(recorder_.outbox().size(), 0U);
  ticks(5);
  EXPECT_EQ(last_trims_, (std::vector<wire::EpochAck>{{kEpoch, 1}}));
  persisted(2);
  ticks(5);
  EXPECT_TRUE(last_trims_.empty()) << "the write before has carried it";
}

TEST_F(RecorderTest, WhatAFailedWriteShouldHaveForgottenGoesWithTheNext) {
  link_up(table_);
  ticks(2);
  persisted(1);
  acknowledge(1);
  ticks(5);
  failed(2);
  ticks(70);
  EXPECT_EQ(persists_.back(), 2U);
  EXPECT_EQ(last_trims_, (std::vector<wire::EpochAck>{{kEpoch, 1}}));
}

TEST_F(RecorderTest, WithTheDiskFullRecordsAreSentFromMemoryAndWrittenWhenThereIsRoom) {
  link_up(table_);
  ticks(2);
  failed(1);
  EXPECT_NE(log_.find("disk full"), std::string::npos);
  EXPECT_EQ(block_numbers(), Numbers{1}) << "better delivered than lost";
  ticks(1);
  EXPECT_EQ(persists_, Numbers{1}) << "no second try at once";
  ticks(4);
  EXPECT_EQ(block_numbers(), (Numbers{1, 2}));
  EXPECT_EQ(persists_.back(), 1U) << "one at a time finds out";
  persisted(1);
  EXPECT_EQ(persists_.back(), 2U);
  EXPECT_NE(log_.find("takes records again"), std::string::npos);
}

TEST_F(RecorderTest, WithTheDiskFullAndNoLinkMemoryIsBoundedAndTheGapIsTold) {
  ticks(2);
  failed(1);
  for (int i = 0; i < 5 * static_cast<int>(WriteQueue::kMaxInMemory + 10); ++i) {
    const std::size_t before = persists_.size();
    tick();
    if (persists_.size() > before) failed(persists_.back());
  }
  EXPECT_LE(recorder_.outbox().size(), WriteQueue::kMaxInMemory);
  EXPECT_GT(recorder_.outbox().dropped(), 5U);
  EXPECT_NE(log_.find("is lost"), std::string::npos);
  link_up(table_);
  tick();
  EXPECT_GT(blocks_.front().oldest, 1U) << "the coordinator need not wait for the lost ones";
  for (int round = 0; round < 10; ++round) {
    if (!events_.empty()) break;
    acknowledge(blocks_.back().number);
    ticks(1);
  }
  ASSERT_FALSE(events_.empty());
  EXPECT_EQ(events_[0].kind, "outbox_gap");
}

TEST_F(RecorderTest, ARecordThatIsGoneFromDiskIsGivenUpAndTheOthersGoOn) {
  ticks(2);
  persisted(1);
  ticks(5);
  persisted(2);
  link_up(table_);
  EXPECT_EQ(loads_, (Numbers{1, 2}));
  answer_load(1, false);
  EXPECT_NE(log_.find("damaged"), std::string::npos);
  answer_load(2, true);
  ASSERT_EQ(block_numbers(), Numbers{2});
  EXPECT_EQ(blocks_[0].oldest, 2U);
  tick();
  ASSERT_EQ(persists_.back(), 3U) << "the gap's own event";
  EXPECT_EQ(last_drops_, (std::vector<RecordKey>{{kEpoch, 1}}));
  persisted(3);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].number, 3U);
}

TEST_F(RecorderTest, ARecordThatCantBeReadNowStaysAndIsAskedForAgain) {
  ticks(2);
  persisted(1);
  link_up(table_);
  EXPECT_EQ(loads_, Numbers{1});
  answer_load(1, false, true);
  EXPECT_EQ(recorder_.outbox().size(), 1U);
  EXPECT_EQ(recorder_.outbox().dropped(), 0U);
  loads_.clear();
  for (int i = 0; i < 20 && loads_.empty(); ++i) tick();
  ASSERT_FALSE(loads_.empty());
  EXPECT_EQ(loads_.front(), 1U);
}

TEST_F(RecorderTest, TheLastTryWritesEverythingThatIsOnlyInMemory) {
  ticks(2);
  failed(1);
  ticks(1);
  persists_.clear();
  begin();
  recorder_.finish();
  collect();
  EXPECT_EQ(persists_, (Numbers{1, 2}));
  EXPECT_EQ(recorder_.only_in_memory(), 2U);
  for (const std::uint64_t number : Numbers(persists_)) persisted(number);
  EXPECT_EQ(recorder_.only_in_memory(), 0U);
  EXPECT_TRUE(recorder_.idle());
}

TEST_F(RecorderTest, AFullOutboxTellsOneGapThatGrowsUntilItIsSent) {
  RecorderOptions small = options();
  small.outbox.max_bytes = 2000;
  recorder_ = Recorder(small);
  std::uint64_t event = 0;
  for (int i = 0; i < 300; ++i) {
    const std::size_t before = persists_.size();
    tick();
    for (std::size_t k = before; k < persists_.size(); ++k) {
      if (wire::decode_event(payloads_[persists_[k]])) {
        EXPECT_FALSE(drops_[persists_[k]].empty()) << "told and forgotten in one write";
        event = persists_[k];
      }
      persisted(persists_[k]);
    }
  }
  ASSERT_NE(event, 0U);
  const auto told = wire::decode_event(payloads_[event]);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->details[1].value, "1");
  EXPECT_EQ(told->details[2].value, std::to_string(recorder_.outbox().oldest(kEpoch) - 1));
  EXPECT_LE(recorder_.outbox().bytes(), 2000U);

  link_up(table_);
  for (const std::uint64_t number : loads_) answer_load(number, true);
  EXPECT_GT(blocks_.size(), 3U) << "most of the room is the blocks'";
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].number, event);
}

// Each record says which numbers are gone, and no crash may bring those back.
TEST_F(RecorderTest, AGapThatGrowsIsWrittenAtOnceWhereThereIsALinkToTellIt) {
  RecorderOptions old = options();
  old.block = seconds{60};
  old.second_block = seconds{5};
  old.outbox.max_age = seconds{10};
  old.drain.start_within = std::chrono::hours{1};
  recorder_ = Recorder(old);
  recorder_.restore({}, {}, now(), effects_);
  const auto run_to = [&](std::uint64_t dropped) {
    while (recorder_.outbox().dropped() < dropped) {
      const std::size_t before = persists_.size();
      tick();
      for (std::size_t k = before; k < persists_.size(); ++k) persisted(persists_[k]);
    }
  };
  run_to(1);
  const int told = writes_;
  run_to(2);
  EXPECT_EQ(writes_, told) << "it grew without a link: with the next block";
  link_up(table_);
  EXPECT_EQ(writes_, told + 1);
  EXPECT_EQ(last_drops_, (std::vector<RecordKey>{{kEpoch, 2}}));
  EXPECT_TRUE(events_.empty());
}

TEST_F(RecorderTest, OnALinkThatHasNoRoomForItAGapThatGrowsIsWrittenAtOnce) {
  RecorderOptions old = options();
  old.block = seconds{60};
  old.second_block = seconds{5};
  old.outbox.max_age = seconds{10};
  old.drain.max_bytes_per_s = 1;
  recorder_ = Recorder(old);
  link_up(table_);
  const auto run_to = [&](std::uint64_t dropped) {
    while (recorder_.outbox().dropped() < dropped) {
      const std::size_t before = persists_.size();
      tick();
      for (std::size_t k = before; k < persists_.size(); ++k) persisted(persists_[k]);
    }
  };
  run_to(1);
  const int told = writes_;
  run_to(2);
  ASSERT_TRUE(events_.empty());
  EXPECT_EQ(writes_, told + 1);
  EXPECT_EQ(last_drops_, (std::vector<RecordKey>{{kEpoch, 2}}));
}

TEST_F(RecorderTest, WhereEachBlockCostsAnOldOneItsPlaceOneWriteABlockDoesBoth) {
  RecorderOptions old = options();
  old.outbox.max_age = seconds{60};
  recorder_ = Recorder(old);
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) {
      const std::size_t before = persists_.size();
      tick();
      for (std::size_t k = before; k < persists_.size(); ++k) persisted(persists_[k]);
    }
  };
  run(100);
  ASSERT_GT(recorder_.outbox().dropped(), 0U)
      << "the link is down for longer than records are kept";
  const int writes = writes_;
  const std::uint64_t dropped = recorder_.outbox().dropped();
  run(200);
  EXPECT_EQ(recorder_.outbox().dropped() - dropped, 40U);
  EXPECT_LE(writes_ - writes, 44) << "and one now and then, where a gap meets its own event";
}

TEST_F(RecorderTest, WhatIsWrittenAtTheEndIsSentAtOnce) {
  RecorderOptions slow = options();
  slow.drain.max_bytes_per_s = 1;
  slow.drain.start_within = seconds{30};
  recorder_ = Recorder(slow);
  link_up(table_);
  ticks(2);
  persisted(1);
  EXPECT_EQ(block_numbers(), Numbers{1});
  tick();
  begin();
  recorder_.finish();
  collect();
  persisted(2);
  EXPECT_EQ(block_numbers(), (Numbers{1, 2}));
}

TEST_F(RecorderTest, AnAnswerThatComesAfterTheLinkIsGoneIsNotSent) {
  ticks(2);
  persisted(1);
  link_up(table_);
  begin();
  recorder_.link_down(Instant{});
  answer_load(1, true);
  EXPECT_TRUE(blocks_.empty());
}

TEST_F(RecorderTest, ALinkThatIsSilentGetsEverythingAgain) {
  link_up(table_);
  ticks(2);
  persisted(1);
  EXPECT_EQ(blocks_.size(), 1U);
  begin();
  recorder_.taken(now(), effects_);
  collect();
  for (int i = 0; i < 4; ++i) tick();
  loads_.clear();
  for (int i = 0; i < 20 && loads_.empty(); ++i) tick();
  ASSERT_FALSE(loads_.empty());
  EXPECT_EQ(loads_.front(), 1U);
  EXPECT_NE(log_.find("no acknowledgement"), std::string::npos);
}

TEST_F(RecorderTest, EventsShareTheNumbersOfBlocks) {
  link_up(table_);
  begin();
  wire::EventRecord event;
  event.time_ms = to_ms(wall());
  event.kind = "clock_step";
  event.details = {{"step_ms", "5"}};
  recorder_.add_event(event);
  collect();
  persisted(1);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].number, 1U);
  EXPECT_EQ(events_[0].details[0].value, "5");
  ticks(2);
  EXPECT_EQ(persists_.back(), 2U);
}

}  // namespace
}  // namespace bw::agent
