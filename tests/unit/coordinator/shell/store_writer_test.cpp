#include "coordinator/shell/store_writer.h"

#include <gtest/gtest.h>

#include "coordinator/shell/store_schema.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

constexpr std::uint64_t kEpoch = 0xffff'0000'0000'0001U;

class StoreWriterTest : public testing::Test {
 protected:
  StoreWriterTest() { reopen(); }

  void reopen() {
    writer_.reset();
    auto database = Database::open(folder_ / "a.db", true).value();
    ASSERT_TRUE(prepare_schema(database));
    writer_.emplace(StoreWriter::open(std::move(database)).value());
  }

  std::int64_t number_of(const std::string& sql) {
    auto statement = writer_->database().prepare(sql).value();
    EXPECT_TRUE(statement.step().value());
    return statement.integer(0);
  }

  std::vector<StoredNode> nodes() { return load_nodes(writer_->database()).value(); }

  TemporaryFolder folder_;
  std::optional<StoreWriter> writer_;
};

TEST_F(StoreWriterTest, ANodeComesBackAsItWas) {
  const PutNode put = put_node("box", series_table());
  const wire::NodeState state{kEpoch, wire::NodeCondition::draining, 1'500'000, "update"};
  ASSERT_TRUE(writer_->carry_out({put, PutState{node_id("box"), state}}));
  reopen();
  const auto stored = nodes();
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].node.str(), "box");
  EXPECT_EQ(stored[0].first_seen_ms, 1'000'000);
  EXPECT_EQ(stored[0].birth, put.birth);
  EXPECT_EQ(stored[0].state, state);
  EXPECT_EQ(stored[0].tables, std::vector{put.birth.table_id});
  EXPECT_TRUE(stored[0].epochs.empty());
}

TEST_F(StoreWriterTest, ASecondBirthReplacesTheFirstButNotWhenTheNodeWasFirstSeen) {
  const PutNode first = put_node("box", series_table(), 100);
  PutNode second = put_node("box", {{"load", "1", wire::SeriesKind::gauge, {}}}, 200);
  ASSERT_TRUE(writer_->carry_out({first}));
  ASSERT_TRUE(writer_->carry_out({second}));
  const auto stored = nodes();
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].first_seen_ms, 100);
  EXPECT_EQ(stored[0].birth, second.birth);
  EXPECT_EQ(stored[0].tables, (std::vector{first.birth.table_id, second.birth.table_id}));
}

TEST_F(StoreWriterTest, ANodeWhoseTableCameFirstIsFirstSeenWithItsBirth) {
  const auto table = series_table();
  ASSERT_TRUE(writer_->carry_out({PutTable{node_id("box"), wire::series_table_id(table), table}}));
  ASSERT_TRUE(writer_->carry_out({put_node("box", table, 300)}));
  EXPECT_EQ(nodes()[0].first_seen_ms, 300);
}

TEST_F(StoreWriterTest, EachChangeCarriedOutTwiceLeavesWhatOnceLeaves) {
  const auto table = series_table();
  const std::vector<Change> changes{
      put_node("box", table),
      PutState{node_id("box"), {kEpoch, wire::NodeCondition::online, 5, ""}},
      PutTable{node_id("box"), wire::series_table_id(table), table},
      put_block("box", kEpoch, 1, {1000, 2000}, {1, 2, 3, 4, 5, 6}),
      put_event("box", kEpoch, 2, 1500),
      PutGap{node_id("box"), kEpoch, 3, 9, 1600},
      PutProgress{node_id("box"), {kEpoch, 9, {11}, 1700}}};
  ASSERT_TRUE(writer_->carry_out(changes));
  ASSERT_TRUE(writer_->carry_out(changes));
  reopen();
  ASSERT_TRUE(writer_->carry_out(changes));
  for (const char* table_name : {"nodes", "tables", "blocks", "events", "gaps", "progress"}) {
    EXPECT_EQ(number_of(std::string("SELECT count(*) FROM ") + table_name), 1) << table_name;
  }
}

TEST_F(StoreWriterTest, TheSameNumberOfAnotherEpochOrNodeIsAnotherRecord) {
  ASSERT_TRUE(writer_->carry_out({put_block("a", 1, 1, {1000}, {1, 2, 3}),
                                  put_block("a", 2, 1, {1000}, {1, 2, 3}),
                                  put_block("b", 1, 1, {1000}, {1, 2, 3})}));
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 3);
  EXPECT_EQ(number_of("SELECT count(*) FROM nodes"), 2);
}

TEST_F(StoreWriterTest, ABlockIsFoundByTheTimesOfItsRowsWhereAClockJumped) {
  ASSERT_TRUE(writer_->carry_out({put_block("a", 1, 1, {5000, 9'000'000, 1000, 6000},
                                            {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})}));
  EXPECT_EQ(number_of("SELECT start_ms FROM blocks"), 1000);
  EXPECT_EQ(number_of("SELECT end_ms FROM blocks"), 9'000'000);
}

TEST_F(StoreWriterTest, ABlockWhoseColumnsCannotBeReadIsFoundByWhatItSaysOfItself) {
  PutBlock block = put_block("a", 1, 1, {5000, 6000}, {1, 2, 3, 4, 5, 6});
  block.columns.resize(1);
  std::swap(block.start_ms, block.end_ms);
  ASSERT_TRUE(writer_->carry_out({block}));
  EXPECT_EQ(number_of("SELECT start_ms FROM blocks"), 5000);
  EXPECT_EQ(number_of("SELECT end_ms FROM blocks"), 6000);
}

TEST_F(StoreWriterTest, ProgressIsTheNewestOfEachEpochTheMostRecentlyActiveLast) {
  const NodeId node = node_id("box");
  ASSERT_TRUE(writer_->carry_out({put_node("box", {}), PutProgress{node, {1, 5, {}, 100}},
                                  PutProgress{node, {2, 1, {}, 200}},
                                  PutProgress{node, {1, 8, {10, 12}, 300}}}));
  const auto epochs = nodes()[0].epochs;
  ASSERT_EQ(epochs.size(), 2U);
  EXPECT_EQ(epochs[0].epoch, 2U);
  EXPECT_EQ(epochs[1].epoch, 1U);
  EXPECT_EQ(epochs[1].contiguous, 8U);
  EXPECT_EQ(epochs[1].above, (std::vector<std::uint64_t>{10, 12}));
  EXPECT_EQ(epochs[1].last_ms, 300);
}

TEST_F(StoreWriterTest, OfManyEpochsTheMostRecentlyActiveAreLoaded) {
  const NodeId node = node_id("box");
  for (std::uint64_t epoch = 1; epoch <= 300; ++epoch) {
    const auto last_ms = static_cast<std::int64_t>(epoch);
    ASSERT_TRUE(writer_->carry_out({PutProgress{node, {epoch, 1, {}, last_ms}}}));
  }
  const auto epochs = nodes()[0].epochs;
  ASSERT_EQ(epochs.size(), kMaxStoredEpochs);
  EXPECT_EQ(epochs.front().epoch, 300 - kMaxStoredEpochs + 1);
  EXPECT_EQ(epochs.back().epoch, 300U);
}

TEST_F(StoreWriterTest, OfABatchThatFailsNothingIsLeft) {
  ASSERT_TRUE(writer_->carry_out({put_node("old", {})}));
  ASSERT_TRUE(writer_->database().execute(
      "CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'refused'); END"));
  const auto written =
      writer_->carry_out({put_node("new", {}), put_event("new", 1, 1, 5), put_node("newer", {})});
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("refused"), std::string::npos);
  EXPECT_EQ(number_of("SELECT count(*) FROM nodes"), 1);
  // Nothing is remembered of rows that were rolled back.
  ASSERT_TRUE(writer_->database().execute("DROP TRIGGER refuse"));
  ASSERT_TRUE(writer_->carry_out({put_node("newer", {}), put_event("new", 1, 1, 5)}));
  EXPECT_EQ(number_of("SELECT count(*) FROM events JOIN nodes ON nodes.id = node"
                      " WHERE name = 'new'"),
            1);
}

TEST_F(StoreWriterTest, AFullDiskFailsABatchAndTakesItOnceThereIsRoom) {
  ASSERT_TRUE(writer_->database().execute("PRAGMA max_page_count = 25"));
  std::vector<Change> changes;
  for (std::uint64_t number = 1; number <= 50; ++number) {
    PutBlock block = put_block("box", 1, number, {1000}, {1, 2, 3});
    block.columns.resize(8000);
    changes.emplace_back(std::move(block));
  }
  const auto written = writer_->carry_out(changes);
  ASSERT_FALSE(written);
  EXPECT_EQ(writer_->last_fault(), SqliteFault::full);
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 0);
  ASSERT_TRUE(writer_->database().execute("PRAGMA max_page_count = 100000"));
  ASSERT_TRUE(writer_->carry_out(changes));
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 50);
}

TEST(StoreWriterBounds, ABlockOfScatteredRowsMarksABoundedNumberOfHours) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", false).value();
  ASSERT_TRUE(prepare_schema(database));
  auto writer = StoreWriter::open(std::move(database)).value();
  std::vector<std::int64_t> times;
  for (std::int64_t i = 0; i < 600; ++i) times.push_back(i * 5 * api::kHourMs);
  const std::vector<double> values(times.size() * 3, 1.0);
  ASSERT_TRUE(writer.carry_out({put_block("a", 1, 1, times, values)}));
  auto count = writer.database().prepare("SELECT count(*) FROM stale").value();
  ASSERT_TRUE(count.step().value());
  EXPECT_EQ(static_cast<std::size_t>(count.integer(0)), StoreWriter::kMostHoursOfBlock);
}

}  // namespace
}  // namespace bw::coordinator
