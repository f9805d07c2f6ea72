#include "agent/core/record/write_queue.h"

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kEpoch = 7;

class WriteQueueTest : public testing::Test {
 protected:
  Instant now() const { return Instant{} + seconds{second_}; }

  RecordKey add(wire::Topic topic, bool urgent = false, std::size_t bytes = 100) {
    Kept kept;
    kept.record.key = outbox_.add(topic, bytes, 1);
    kept.record.topic = topic;
    kept.payload.resize(bytes);
    kept.urgent = urgent;
    const RecordKey key = kept.record.key;
    queue_.add(std::move(kept), outbox_);
    return key;
  }
  // The records of the write that the end of this step asks for.
  std::vector<std::uint64_t> end_step() {
    Effects effects;
    queue_.end_step(now(), outbox_, effects);
    std::vector<std::uint64_t> numbers;
    for (const Effect& effect : effects) {
      if (const auto* write = std::get_if<PersistRecord>(&effect)) {
        EXPECT_TRUE(numbers.empty() || write->trims.empty()) << "the first carries them";
        if (numbers.empty()) trims_ = write->trims;
        numbers.push_back(write->record.key.number);
        last_has_more_ = write->more;
      } else if (const auto* line = std::get_if<Log>(&effect)) {
        log_ += line->text + "\n";
      }
    }
    EXPECT_TRUE(numbers.empty() || !last_has_more_);
    return numbers;
  }
  void persisted(const std::vector<std::uint64_t>& numbers) {
    Effects effects;
    for (const std::uint64_t number : numbers) {
      queue_.persisted(RecordKey{kEpoch, number}, outbox_, effects);
    }
  }
  void failed(const std::vector<std::uint64_t>& numbers) {
    Effects effects;
    for (const std::uint64_t number : numbers) {
      queue_.failed(RecordKey{kEpoch, number}, "disk full", now(), outbox_, effects);
    }
  }

  Outbox outbox_{kEpoch, OutboxLimits{}, 1};
  WriteQueue queue_{1};
  int second_ = 100;
  std::vector<wire::EpochAck> trims_;
  bool last_has_more_ = false;
  std::string log_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(WriteQueueTest, AStormOfUrgentEventsIsWrittenAFewTimesAMinute) {
  int writes = 0;
  std::size_t written = 0;
  for (int s = 0; s < 600; ++s, ++second_) {
    for (int i = 0; i < 5; ++i) add(wire::Topic::event, true);
    const Numbers numbers = end_step();
    writes += numbers.empty() ? 0 : 1;
    written += numbers.size();
    persisted(numbers);
    queue_.drop_persisted(outbox_);
  }
  EXPECT_GE(written, 2900U);
  EXPECT_LE(writes, 6 + 60) << "five a second, written every ten seconds";
  EXPECT_GE(writes, 50);
}

TEST_F(WriteQueueTest, AThousandEventsInATickAreBoundedByMemoryAndWrittenInOne) {
  for (int i = 0; i < 1000; ++i) add(wire::Topic::event, true);
  EXPECT_EQ(end_step().size(), WriteQueue::kMaxInMemory);
  EXPECT_EQ(outbox_.dropped(), 1000 - WriteQueue::kMaxInMemory);
  EXPECT_NE(log_.find("is lost"), std::string::npos);
}

TEST_F(WriteQueueTest, OneWriteIsUnderWayAtATimeAndTheNextTakesAllThatGathered) {
  add(wire::Topic::history);
  EXPECT_EQ(end_step(), Numbers{1});
  add(wire::Topic::history);
  add(wire::Topic::event);
  EXPECT_TRUE(end_step().empty());
  EXPECT_FALSE(queue_.idle());
  persisted({1});
  EXPECT_EQ(end_step(), (Numbers{2, 3}));
}

TEST_F(WriteQueueTest, ManySmallThingsThatCouldWaitAreWrittenOnceTheyAreMany) {
  for (std::size_t i = 1; i < WriteQueue::kWriteNow; ++i) add(wire::Topic::event);
  EXPECT_TRUE(end_step().empty());
  add(wire::Topic::event);
  EXPECT_EQ(end_step().size(), WriteQueue::kWriteNow);
}

TEST_F(WriteQueueTest, AWriteThatFailsIsTriedWithItsOldestRecordAlone) {
  queue_.trim(wire::Ack{{{3, 5}}});
  add(wire::Topic::history);
  add(wire::Topic::event);
  EXPECT_EQ(end_step(), (Numbers{1, 2}));
  EXPECT_EQ(trims_.size(), 1U);
  failed({1, 2});
  EXPECT_TRUE(queue_.disk_failing());
  EXPECT_TRUE(end_step().empty()) << "not at once";
  second_ += 3;
  EXPECT_EQ(end_step(), Numbers{1});
  EXPECT_EQ(trims_.size(), 1U) << "still to be forgotten";
  persisted({1});
  EXPECT_EQ(end_step(), Numbers{2}) << "at once";
  EXPECT_TRUE(trims_.empty());
}

TEST_F(WriteQueueTest, ADiskThatDoesNotAnswerCountsAsFailingUntilItDoes) {
  const RecordKey first = add(wire::Topic::history);
  end_step();
  const RecordKey second = add(wire::Topic::history);
  second_ += 31;
  EXPECT_TRUE(end_step().empty());
  EXPECT_TRUE(queue_.disk_failing());
  EXPECT_NE(log_.find("does not answer"), std::string::npos);
  outbox_.link_up(Instant{});
  second_ += 60;
  EXPECT_EQ(outbox_.take_next(now())->record.key, first) << "sent from memory";
  EXPECT_EQ(outbox_.take_next(now())->record.key, second);
  persisted({1});
  EXPECT_FALSE(queue_.disk_failing());
  EXPECT_EQ(end_step(), Numbers{2});
}

TEST_F(WriteQueueTest, WhileADiskHangsMemoryIsBounded) {
  add(wire::Topic::history);
  end_step();
  for (int i = 0; i < 1000; ++i) {
    add(wire::Topic::history, false, 1000);
    end_step();
    ++second_;
  }
  EXPECT_LE(queue_.only_in_memory(), WriteQueue::kMaxInMemory);
  add(wire::Topic::history, false, WriteQueue::kMaxBytesInMemory);
  end_step();
  EXPECT_LE(queue_.only_in_memory(), 3U) << "by bytes too";
}

TEST_F(WriteQueueTest, TheLastTryWaitsForTheWriteUnderWayAndThenWritesTheRest) {
  add(wire::Topic::history);
  end_step();
  add(wire::Topic::event);
  queue_.try_last();
  EXPECT_TRUE(end_step().empty());
  failed({1});
  EXPECT_FALSE(queue_.idle());
  EXPECT_EQ(end_step(), (Numbers{1, 2}));
  failed({1, 2});
  EXPECT_TRUE(end_step().empty());
  EXPECT_TRUE(queue_.idle());
  EXPECT_EQ(queue_.only_in_memory(), 2U);
}

TEST_F(WriteQueueTest, WhatTellsOfAGapIsNeverGivenUpForWantOfMemory) {
  const RecordKey gap = add(wire::Topic::event);
  queue_.spare(gap);
  for (std::size_t i = 0; i < 2 * WriteQueue::kMaxInMemory; ++i) add(wire::Topic::event);
  end_step();
  EXPECT_NE(queue_.find(gap), nullptr);
  EXPECT_EQ(queue_.find({kEpoch, gap.number + 1}), nullptr);
}

TEST_F(WriteQueueTest, ARecordOnDiskMayBeWrittenAgainWithOtherContent) {
  const RecordKey gap = add(wire::Topic::event, true);
  persisted(end_step());
  queue_.drop_persisted(outbox_);
  Kept again;
  again.record = {gap, wire::Topic::event, 120, 1, 0};
  again.payload.resize(120);
  again.urgent = true;
  queue_.replace(std::move(again));
  EXPECT_EQ(end_step(), Numbers{gap.number});
}

TEST_F(WriteQueueTest, InOneWriteAFactIsWrittenOnceAsItIsNow) {
  Effects effects;
  for (int i = 0; i < 3; ++i) {
    queue_.set_fact({"log", std::to_string(i)});
    if (i == 1) queue_.set_fact({"boot", "b"});
    add(wire::Topic::event, true);
  }
  queue_.end_step(now(), outbox_, effects);
  std::vector<Fact> facts;
  for (const Effect& effect : effects) {
    const auto& write = std::get<PersistRecord>(effect);
    facts.insert(facts.end(), write.facts.begin(), write.facts.end());
  }
  EXPECT_EQ(facts, (std::vector<Fact>{{"boot", "b"}, {"log", "2"}}));
}

TEST_F(WriteQueueTest, FactsCountInTheMemoryThatRecordsMayTake) {
  failed([&] {
    add(wire::Topic::event, true);
    return end_step();
  }());
  for (std::size_t i = 0; i < 2 * WriteQueue::kMaxInMemory; ++i) {
    queue_.set_fact({"log" + std::to_string(i % WriteQueue::kMaxFacts), std::string(16000, 'x')});
    queue_.set_fact({"log", std::string(16000, 'x')});
    add(wire::Topic::event);
    end_step();
  }
  EXPECT_LE(queue_.only_in_memory(), WriteQueue::kMaxBytesInMemory / 16000);
}

TEST_F(WriteQueueTest, WhatARecordThatIsNotWrittenShouldHaveForgottenIsForgottenWithTheNext) {
  Kept gap;
  gap.record.key = outbox_.add(wire::Topic::event, 100, 1);
  gap.drops = {{3, 1}, {3, 2}};
  const RecordKey key = gap.record.key;
  queue_.add(std::move(gap), outbox_);
  outbox_.forget(key);  // acknowledged, as it was sent from memory
  queue_.drop_persisted(outbox_);
  add(wire::Topic::history);
  Effects effects;
  queue_.end_step(now(), outbox_, effects);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<PersistRecord>(effects[0]).drops, (std::vector<RecordKey>{{3, 1}, {3, 2}}));
}

TEST_F(WriteQueueTest, WhatIsToBeForgottenIsBoundedAndTheNewestIsKept) {
  RecordKey first{3, 1};
  for (int i = 0; i < 2; ++i) {
    Kept gap;
    gap.record.key = outbox_.add(wire::Topic::event, 100, 1);
    for (std::size_t k = 0; k < WriteQueue::kMaxDrops; ++k) {
      gap.drops.push_back(first);
      ++first.number;
    }
    const RecordKey key = gap.record.key;
    queue_.add(std::move(gap), outbox_);
    outbox_.forget(key);
    queue_.drop_persisted(outbox_);
  }
  add(wire::Topic::history);
  Effects effects;
  queue_.end_step(now(), outbox_, effects);
  ASSERT_EQ(effects.size(), 1U);
  const auto& drops = std::get<PersistRecord>(effects[0]).drops;
  ASSERT_EQ(drops.size(), WriteQueue::kMaxDrops);
  EXPECT_EQ(drops.back(), (RecordKey{3, 2 * WriteQueue::kMaxDrops}));
}

TEST(WriteQueueDeathTest, FactsWithoutANameOrTooLongAreBugs) {
  WriteQueue queue(1);
  EXPECT_DEATH(queue.set_fact({"", "x"}), "");
  EXPECT_DEATH(queue.set_fact({"x", std::string(WriteQueue::kMaxFactBytes, 'y')}), "");
}

}  // namespace
}  // namespace bw::agent
