// What a recorder remembers beyond a run, and what it tells of the one before.
#include <gtest/gtest.h>

#include "agent/core/record/recorder.h"
#include "tests/unit/agent/core/record/recorder_fixture.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

TEST_F(RecorderTest, FactsAreRememberedWithTheirEventOrWithTheNextRecord) {
  EXPECT_EQ(event({{"log", "41"}}), 1U);
  EXPECT_EQ(facts_[1], (Facts{{"log", "41"}}));
  persisted(1);
  recorder_.set_fact({"boot", "b1"});
  recorder_.set_fact({"boot", "b2"});
  ticks(2);
  EXPECT_EQ(facts_[2], (Facts{{"boot", "b2"}}));
  persisted(2);
  ticks(5);
  EXPECT_TRUE(facts_[3].empty());
}

TEST_F(RecorderTest, AFactIsTriedAgainWithItsRecord) {
  event({{"log", "41"}});
  failed(1);
  facts_.clear();
  ticks(3);
  EXPECT_EQ(facts_[1], (Facts{{"log", "41"}}));
}

TEST_F(RecorderTest, ARecordThatIsNoLongerToBeWrittenLeavesItsFactsToTheNext) {
  link_up(table_);
  event({{"log", "41"}});
  failed(1);
  acknowledge(1);  // it was sent from memory
  EXPECT_EQ(event({{"boot", "b1"}}), 2U);
  EXPECT_EQ(recorder_.only_in_memory(), 1U);
  ticks(4);
  EXPECT_EQ(facts_[2], (Facts{{"log", "41"}, {"boot", "b1"}}));
}

TEST_F(RecorderTest, AnOldFactNeverUndoesANewerOne) {
  event({{"log", "41"}});
  event({{"log", "57"}});
  EXPECT_EQ(persists_, Numbers{1}) << "one write at a time";
  failed(1);
  ticks(3);
  EXPECT_EQ(persists_.back(), 1U);
  persisted(1);
  EXPECT_EQ(persists_, (Numbers{1, 1, 2, 3})) << "in order";
  EXPECT_EQ(facts_[2], (Facts{{"log", "57"}}));
}

TEST_F(RecorderTest, WhereMemoryIsFullAnOldFactGoesWithItsRecordOnlyIfANewerOneStands) {
  event({{"log", "1"}, {"boot", "b1"}});
  failed(1);
  for (std::uint64_t i = 2; i <= WriteQueue::kMaxInMemory + 1; ++i) {
    event({{"log", std::to_string(i)}});
  }
  EXPECT_EQ(recorder_.only_in_memory(), WriteQueue::kMaxInMemory) << "the first is gone";
  const std::uint64_t last = event();
  EXPECT_TRUE(facts_[last].empty()) << "the disk still fails";
  ticks(4);
  persisted(persists_.back());
  EXPECT_EQ(facts_[last], (Facts{{"boot", "b1"}}));
}

TEST(RecorderDeathTest, AFactWithoutANameIsABug) {
  RecorderOptions options;
  options.epoch = kEpoch;
  Recorder recorder(options);
  EXPECT_DEATH(recorder.set_fact({"", "x"}), "");
}

TEST_F(RecorderTest, TheSecondBlockMayHaveALengthOfItsOwn) {
  RecorderOptions spread = options();
  spread.second_block = seconds{3};
  recorder_ = Recorder(spread);
  for (int i = 0; i < 15; ++i) {
    const std::size_t before = persists_.size();
    tick();
    if (persists_.size() > before) persisted(persists_.back());
  }
  ASSERT_EQ(persists_, (Numbers{1, 2, 3, 4}));
  std::vector<std::uint32_t> rows;
  for (const std::uint64_t number : persists_) {
    rows.push_back(wire::decode_history(payloads_[number])->rows);
  }
  EXPECT_EQ(rows, (std::vector<std::uint32_t>{2, 3, 5, 5}));
}

TEST_F(RecorderTest, WhatOnlyInformsRidesAlongWithTheNextBlock) {
  ticks(2);
  persisted(1);
  event({}, wire::Severity::info);
  ticks(4);
  EXPECT_EQ(persists_, Numbers{1});
  tick();
  EXPECT_EQ(persists_, (Numbers{1, 2, 3}));
  EXPECT_EQ(writes_, 2) << "the event and the block in one write";
}

TEST_F(RecorderTest, TheTimeSinceAnEarlierRunIsToldWithTheFirstTick) {
  const StoredRecord last{{3, 9}, wire::Topic::history, 100, kStartMs - 60'000, kStartMs - 90'000};
  begin();
  recorder_.restore({last}, {}, now(), effects_);
  collect();
  EXPECT_TRUE(persists_.empty()) << "how late it is shows with the first tick";
  tick();
  ASSERT_EQ(persists_, Numbers{1});
  const auto told = wire::decode_event(payloads_[1]);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->kind, "history_gap");
  EXPECT_EQ(told->severity, wire::Severity::warning);
  const std::vector<wire::Label> details{{"epoch", "3"},
                                         {"from_ms", std::to_string(kStartMs - 60'000)},
                                         {"to_ms", std::to_string(kStartMs + 1000)}};
  EXPECT_EQ(told->details, details);
  tick();
  EXPECT_EQ(persists_, Numbers{1}) << "once";
}

TEST_F(RecorderTest, AfterAStopAsItShouldBeTheTimeSinceIsNoWarning) {
  const StoredRecord last{{3, 9}, wire::Topic::history, 100, kStartMs - 60'000, kStartMs - 90'000};
  begin();
  recorder_.restore({last}, {{Recorder::kCleanEndFact, "3"}}, now(), effects_);
  tick();
  ASSERT_EQ(persists_, Numbers{1}) << "and still at once";
  EXPECT_EQ(wire::decode_event(payloads_[1])->severity, wire::Severity::info);
}

TEST_F(RecorderTest, AStopIsRememberedWithTheLastBlockOrAnEventInItsPlace) {
  tick();
  begin();
  recorder_.finish();
  collect();
  const Facts clean{{Recorder::kCleanEndFact, std::to_string(kEpoch)}};
  EXPECT_EQ(facts_[1], clean);

  recorder_ = Recorder(options());
  persists_.clear();
  ticks(2);
  persisted(1);
  begin();
  recorder_.finish();
  collect();
  ASSERT_EQ(persists_, (Numbers{1, 2}));
  EXPECT_EQ(wire::decode_event(payloads_[2])->kind, "agent_stopped");
  EXPECT_EQ(facts_[2], clean);
}

}  // namespace
}  // namespace bw::agent
