#include "agent/core/record/recorder.h"

#include <gtest/gtest.h>

#include "schemas/wire/limits.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kEpoch = 7;
constexpr std::int64_t kStartMs = 1'790'000'000'000;

std::vector<wire::SeriesInfo> table_of(std::size_t columns) {
  std::vector<wire::SeriesInfo> series;
  for (std::size_t i = 0; i < columns; ++i) {
    series.push_back({"m" + std::to_string(i), "B", wire::SeriesKind::gauge, {}});
  }
  return series;
}

// Drives a recorder second by second and keeps what it asked for.
class RecorderTest : public testing::Test {
 protected:
  static RecorderOptions options() {
    RecorderOptions options;
    options.epoch = kEpoch;
    options.seed = 1;
    options.block = seconds{5};
    options.first_block = seconds{2};
    options.drain.start_within = Duration{};
    return options;
  }

  Instant now() const { return Instant{} + seconds{second_}; }
  WallTime wall() const { return wall_from_ms(kStartMs + second_ * 1000); }

  void begin() {
    recorder_.begin_step();
    effects_.clear();
  }

  // One tick; what it persists is left waiting in persisting().
  void tick(std::size_t columns = 2) {
    ++second_;
    begin();
    series_ = table_of(columns);
    const std::vector<double> row(columns, static_cast<double>(second_));
    recorder_.add_row(now(), wall(), row, wire::series_table_id(series_), series_, effects_);
    recorder_.tick(now(), wall(), true, effects_);
    collect();
  }
  void ticks(int count) {
    for (int i = 0; i < count; ++i) tick();
  }

  // Ends the step.
  void collect() {
    recorder_.end_step(now(), effects_);
    for (const Effect& effect : effects_) {
      if (const auto* persist = std::get_if<PersistRecord>(&effect)) {
        persists_.push_back(persist->record.key.number);
        if (!more_) last_trims_ = persist->trims;
        if (!more_) ++writes_;
        more_ = persist->more;
        last_drops_ = persist->drops;
        facts_[persist->record.key.number] = persist->facts;
        payloads_[persist->record.key.number].assign(persist->payload.begin(),
                                                     persist->payload.end());
      } else if (const auto* publish = std::get_if<Publish>(&effect)) {
        if (publish->topic == wire::Topic::history) {
          auto block = wire::decode_history(publish->payload);
          ASSERT_TRUE(block);
          blocks_.push_back(*block);
        } else if (publish->topic == wire::Topic::event) {
          auto event = wire::decode_event(publish->payload);
          ASSERT_TRUE(event);
          events_.push_back(*event);
        }
      } else if (const auto* load = std::get_if<LoadRecord>(&effect)) {
        loads_.push_back(load->key.number);
      } else if (const auto* line = std::get_if<Log>(&effect)) {
        log_ += line->text + "\n";
      }
    }
    effects_.clear();
  }

  void persisted(std::uint64_t number) {
    begin();
    recorder_.persisted(RecordKey{kEpoch, number}, now(), effects_);
    collect();
  }
  void failed(std::uint64_t number) {
    begin();
    recorder_.persist_failed(RecordKey{kEpoch, number}, "disk full", now(), effects_);
    collect();
  }
  void link_up(std::uint64_t birth_table) {
    begin();
    recorder_.link_up(now(), birth_table, effects_);
    collect();
  }
  void acknowledge(std::uint64_t number) {
    begin();
    recorder_.acknowledged(wire::Ack{{{kEpoch, number}}}, now(), effects_);
    collect();
  }
  // An event that brings what is to be remembered; its number.
  std::uint64_t event(std::vector<Fact> facts = {},
                      wire::Severity severity = wire::Severity::warning) {
    begin();
    wire::EventRecord event;
    event.severity = severity;
    event.time_ms = to_ms(wall());
    event.kind = "clock_step";
    const std::uint64_t number = recorder_.outbox().next_number();
    recorder_.add_event(event, effects_, {}, std::move(facts));
    collect();
    return number;
  }
  void answer_load(std::uint64_t number, bool found, bool later = false) {
    begin();
    RecordLoaded loaded{RecordKey{kEpoch, number}, {}, {}};
    loaded.later = later;
    if (found) {
      loaded.payload = payloads_[number];
      if (wire::decode_history(loaded.payload)) loaded.series = series_;
    }
    recorder_.loaded(loaded, now(), effects_);
    collect();
  }
  std::vector<std::uint64_t> block_numbers() const {
    std::vector<std::uint64_t> numbers;
    for (const auto& block : blocks_) numbers.push_back(block.number);
    return numbers;
  }

  Recorder recorder_{options()};
  int second_ = 0;
  Effects effects_;
  std::vector<wire::SeriesInfo> series_ = table_of(2);
  std::uint64_t table_ = wire::series_table_id(table_of(2));
  std::vector<std::uint64_t> persists_;
  int writes_ = 0;     // transactions
  bool more_ = false;  // of the one being collected
  std::vector<wire::EpochAck> last_trims_;
  std::vector<RecordKey> last_drops_;
  std::map<std::uint64_t, std::vector<Fact>> facts_;  // by the record they last went with
  std::map<std::uint64_t, std::vector<std::byte>> payloads_;
  std::vector<wire::HistoryBlock> blocks_;
  std::vector<wire::EventRecord> events_;
  std::vector<std::uint64_t> loads_;
  std::string log_;
};

using Numbers = std::vector<std::uint64_t>;

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
  recorder_.close_block(effects_);
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
  recorder_.finish(effects_);
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
        EXPECT_FALSE(last_drops_.empty()) << "told and forgotten in one write";
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

TEST_F(RecorderTest, AnAnswerThatComesAfterTheLinkIsGoneIsNotSent) {
  ticks(2);
  persisted(1);
  link_up(table_);
  begin();
  recorder_.link_down();
  answer_load(1, true);
  EXPECT_TRUE(blocks_.empty());
}

TEST_F(RecorderTest, ALinkThatIsSilentGetsEverythingAgain) {
  link_up(table_);
  ticks(2);
  persisted(1);
  EXPECT_EQ(blocks_.size(), 1U);
  for (int i = 0; i < 4; ++i) tick();
  loads_.clear();
  for (int i = 0; i < 20 && loads_.empty(); ++i) tick();
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
  recorder_.add_event(event, effects_);
  collect();
  persisted(1);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].number, 1U);
  EXPECT_EQ(events_[0].details[0].value, "5");
  ticks(2);
  EXPECT_EQ(persists_.back(), 2U);
}

using Facts = std::vector<Fact>;

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
  EXPECT_EQ(persists_.back(), 2U);
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
  recorder_.finish(effects_);
  collect();
  const Facts clean{{Recorder::kCleanEndFact, std::to_string(kEpoch)}};
  EXPECT_EQ(facts_[1], clean);

  recorder_ = Recorder(options());
  persists_.clear();
  ticks(2);
  persisted(1);
  begin();
  recorder_.finish(effects_);
  collect();
  ASSERT_EQ(persists_, (Numbers{1, 2}));
  EXPECT_EQ(wire::decode_event(payloads_[2])->kind, "agent_stopped");
  EXPECT_EQ(facts_[2], clean);
}

}  // namespace
}  // namespace bw::agent
