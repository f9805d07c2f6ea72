#include "coordinator/shell/store_upkeep.h"

#include <gtest/gtest.h>

#include "coordinator/shell/store_writer.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using api::kDayMs;
using api::kHourMs;

constexpr std::int64_t kNow = 20'000 * kDayMs;

Retention fortnight() {
  Retention retention;
  retention.raw_ms = 14 * kDayMs;
  return retention;
}

class StoreUpkeepTest : public testing::Test {
 protected:
  StoreUpkeepTest() { reopen(); }
  void reopen() {
    writer_.reset();
    auto database = Database::open(folder_ / "a.db", false, nullptr, kStorePageBytes).value();
    ASSERT_TRUE(prepare_schema(database));
    writer_.emplace(StoreWriter::open(std::move(database)).value());
  }
  void put(std::vector<Change> changes) { ASSERT_TRUE(writer_->carry_out(changes)); }
  void execute(const char* sql) { ASSERT_TRUE(writer_->database().execute(sql)); }
  std::int64_t number_of(const std::string& sql) {
    auto statement = writer_->database().prepare(sql).value();
    EXPECT_TRUE(statement.step().value());
    return statement.integer(0);
  }
  // Everything until then is rolled up, as far as retention goes.
  void roll_until(std::int64_t time_ms) {
    RollupJob job;
    job.marked_until = job.rolled_until = time_ms / kHourMs;
    ASSERT_TRUE(writer_->upkeep().carry_out(job));
  }
  int drop_all(const Retention& retention, std::int64_t now_ms = kNow) {
    int slices = 1;
    while (*writer_->upkeep().drop_some(retention, now_ms)) ++slices;
    return slices;
  }
  StoreMeasures measures() { return *writer_->upkeep().measure(); }

  // `count` blocks of `bytes`, a minute apart, the last at `last_ms`.
  std::vector<Change> blocks(const std::string& node, std::int64_t last_ms, int count,
                             std::size_t bytes = 100) {
    std::vector<Change> changes;
    for (int i = 0; i < count; ++i) {
      const std::int64_t time = last_ms - (count - 1 - i) * api::kMinuteMs;
      PutBlock block = put_block(node, 1, ++number_, {time}, {1, 2, 3});
      block.columns.resize(std::max(bytes, block.columns.size()));
      changes.emplace_back(std::move(block));
    }
    return changes;
  }

  TemporaryFolder folder_;
  std::optional<StoreWriter> writer_;
  std::uint64_t number_ = 0;
};

TEST_F(StoreUpkeepTest, BlocksOlderThanAllowedGoInSlices) {
  put(blocks("a", kNow - 15 * kDayMs, 600));
  put(blocks("b", kNow - 14 * kDayMs + 5 * kHourMs, 5));
  put(blocks("c", kNow - 16 * kDayMs, 5));
  roll_until(kNow);
  EXPECT_GE(drop_all(fortnight()), 4);
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 5);
  EXPECT_EQ(measures().dropped_blocks, 605U);
  EXPECT_EQ(drop_all(fortnight()), 1);
}

TEST_F(StoreUpkeepTest, WhatIsNotRolledUpIsNotDroppedForItsAge) {
  put(blocks("a", kNow - 15 * kDayMs, 10));
  drop_all(fortnight());
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 10);
  roll_until(kNow);
  drop_all(fortnight());
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 0);
}

TEST_F(StoreUpkeepTest, AnIdIsNeverGivenTwice) {
  put(blocks("a", kNow - 15 * kDayMs, 3));
  roll_until(kNow);
  drop_all(fortnight());
  put(blocks("a", kNow, 1));
  EXPECT_EQ(number_of("SELECT id FROM blocks"), 4);
  execute("DELETE FROM blocks");  // beside retention: only the floor is kept
  reopen();
  put(blocks("a", kNow, 1));
  EXPECT_GE(number_of("SELECT id FROM blocks"), 4);
}

TEST_F(StoreUpkeepTest, BeyondTheBoundTheOldestBlocksGoFirstAndTheirPagesAreUsedAgain) {
  Retention retention;
  retention.most_bytes = 3'000'000;
  put(blocks("a", kNow - 2 * kHourMs, 1000, 5000));
  EXPECT_GT(measures().used_bytes, 5'000'000U);
  drop_all(retention);
  const auto after = measures();
  EXPECT_LE(after.used_bytes, 3'000'000U);
  EXPECT_GT(after.used_bytes, 1'500'000U);
  EXPECT_GT(number_of("SELECT min(id) FROM blocks"), 300);
  EXPECT_EQ(number_of("SELECT max(id) FROM blocks"), 1000);
  put(blocks("a", kNow - kHourMs, 400, 5000));
  EXPECT_EQ(measures().bytes, after.bytes);
}

TEST_F(StoreUpkeepTest, BeyondTheBoundRollupsGoBeforeTheBlocksOfTheLastHour) {
  put({put_node("a", {})});
  execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
      " INSERT INTO minutes SELECT 1, 479800 + i, 1, 1, 0, randomblob(20000) FROM n");
  put(blocks("a", kNow, 50, 5000));
  Retention retention;
  retention.most_bytes = 1'000'000;
  drop_all(retention);
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 50);
  EXPECT_LT(number_of("SELECT count(*) FROM minutes"), 50);
  EXPECT_EQ(number_of("SELECT max(hour) FROM minutes"), 479900);
  retention.most_bytes = 100'000;
  drop_all(retention);
  EXPECT_LT(number_of("SELECT count(*) FROM blocks"), 50);
}

TEST_F(StoreUpkeepTest, BeyondTheBoundTablesThatNothingUsesGoBeforeRollups) {
  for (int i = 0; i < 40; ++i) put({put_node("n" + std::to_string(i), {})});
  // Of a node that many others come before.
  execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
      " INSERT INTO tables (node, table_id, series) SELECT 40, i, randomblob(5000) FROM n;"
      "INSERT INTO minutes VALUES (1, 479800, 1, 1, 0, randomblob(20000));"
      "INSERT INTO hours VALUES (1, 20000, 1, 1, 0, randomblob(20000))");
  Retention retention;
  retention.most_bytes = 300'000;
  drop_all(retention);
  EXPECT_LT(number_of("SELECT count(*) FROM tables"), 100);
  EXPECT_EQ(number_of("SELECT count(*) FROM minutes"), 1);
  EXPECT_EQ(number_of("SELECT count(*) FROM hours"), 1);
  EXPECT_LE(measures().used_bytes, 300'000U);
}

TEST_F(StoreUpkeepTest, ATableGoesOnceTheRollupsThatUsedItWentForTheirSize) {
  put({put_node("a", {})});
  execute(
      "INSERT INTO tables (node, table_id, minutes_until, series)"
      " VALUES (1, 5, 479800, randomblob(500000));"
      "INSERT INTO minutes VALUES (1, 479800, 5, 1, 0, randomblob(20000));"
      "INSERT INTO hours VALUES (1, 20000, 6, 1, 0, randomblob(20000))");
  Retention retention;
  retention.most_bytes = 300'000;
  drop_all(retention);
  EXPECT_EQ(number_of("SELECT count(*) FROM tables WHERE table_id = 5"), 0);
  EXPECT_EQ(number_of("SELECT count(*) FROM minutes"), 0);
  EXPECT_EQ(number_of("SELECT count(*) FROM hours"), 1);
}

TEST_F(StoreUpkeepTest, EachKindHasItsOwnAge) {
  put({put_node("a", {}), put_event("a", 1, 1, kNow - 366 * kDayMs),
       put_event("a", 1, 2, kNow - 364 * kDayMs), PutGap{node_id("a"), 1, 5, 6, kNow - kDayMs},
       PutGap{node_id("a"), 1, 8, 9, kNow - 366 * kDayMs}});
  for (const int days : {119, 121, 1094, 1096}) {
    const std::int64_t time = kNow - days * kDayMs;
    RollupJob job;
    job.stretches.push_back(
        {StoreHistory::Kind::minutes, 1, time / kHourMs, 0, {{1, 1, false, {}}}});
    job.stretches.push_back({StoreHistory::Kind::hours, 1, time / kDayMs, 0, {{1, 1, false, {}}}});
    ASSERT_TRUE(writer_->upkeep().carry_out(job));
  }
  drop_all(fortnight());
  EXPECT_EQ(number_of("SELECT count(*) FROM minutes"), 1);
  EXPECT_EQ(number_of("SELECT count(*) FROM hours"), 3);
  EXPECT_EQ(number_of("SELECT count(*) FROM events"), 1);
  EXPECT_EQ(number_of("SELECT count(*) FROM gaps"), 1);
  EXPECT_EQ(measures().dropped_rollups, 4U);
  EXPECT_EQ(measures().dropped_events, 1U);
}

TEST_F(StoreUpkeepTest, WhatGoesBeforeItWasExportedIsCounted) {
  put(blocks("a", kNow - 15 * kDayMs, 10));
  put({PutExportCursor{"remote", 4}});
  roll_until(kNow);
  drop_all(fortnight());
  EXPECT_EQ(measures().missed_blocks, 6U);
}

TEST_F(StoreUpkeepTest, TheCursorOfAnExportThatIsGoneCountsNothingAndGoesWhereItMissedSomething) {
  put(blocks("a", kNow - 15 * kDayMs, 10));
  put({PutExportCursor{"remote", 8}, PutExportCursor{"former", 4}, PutExportCursor{"whole", 10}});
  writer_->upkeep().expect_exports({"remote"});
  roll_until(kNow);
  EXPECT_EQ(number_of("SELECT count(*) FROM cursors"), 3) << "it may come back";
  drop_all(fortnight());
  EXPECT_EQ(measures().missed_blocks, 2U);
  EXPECT_EQ(number_of("SELECT count(*) FROM cursors WHERE name = 'former'"), 0);
  EXPECT_EQ(number_of("SELECT count(*) FROM cursors"), 2);
}

TEST_F(StoreUpkeepTest, BlocksOfOneNodeThatGoLeaveLateHistoryOfAnotherItsRollups) {
  put(blocks("a", kNow - 2 * kHourMs, 600, 5000));
  put(blocks("b", kNow - kDayMs, 1));
  roll_until(kNow);
  Retention retention;
  retention.most_bytes = 1'000'000;
  drop_all(retention);
  EXPECT_GT(number_of("SELECT raw_from FROM nodes WHERE name = 'a'"), 0);
  put(blocks("c", kNow - 8 * kHourMs, 1));
  put(blocks("a", kNow - 12 * kHourMs, 1));
  EXPECT_EQ(number_of("SELECT count(*) FROM stale"), 1);
  EXPECT_EQ(number_of("SELECT node FROM stale"),
            number_of("SELECT id FROM nodes WHERE name = 'c'"));
}

TEST_F(StoreUpkeepTest, AStaleHourOfOneNodeKeepsTheBlocksOfNoOther) {
  put(blocks("a", kNow - 15 * kDayMs, 10));
  put(blocks("b", kNow - 15 * kDayMs, 10));
  roll_until(kNow);
  put(blocks("b", kNow - 15 * kDayMs - 2 * kHourMs, 1));
  drop_all(fortnight());
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks WHERE node = 1"), 0);
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks WHERE node = 2"), 11);
}

TEST_F(StoreUpkeepTest, TablesGoWithTheLastThatUsedThemOnceAnHour) {
  put({put_node("a", series_table())});
  auto other = series_table();
  other.pop_back();
  const auto id = to_stored(wire::series_table_id(other));
  RollupJob job;
  job.stretches.push_back({StoreHistory::Kind::minutes, 1, kNow / kHourMs - 200 * 24, 0, {}});
  job.stretches.back().made.push_back(
      {id, 1, false, {}, std::make_shared<const std::vector<wire::SeriesInfo>>(other)});
  ASSERT_TRUE(writer_->upkeep().carry_out(job));
  EXPECT_EQ(number_of("SELECT count(*) FROM tables"), 2);
  const auto long_ago = kNow - 190 * kDayMs;
  drop_all(fortnight(), long_ago);
  EXPECT_EQ(number_of("SELECT count(*) FROM tables"), 2);
  drop_all(fortnight());
  EXPECT_EQ(number_of("SELECT count(*) FROM minutes"), 0);
  EXPECT_EQ(number_of("SELECT count(*) FROM tables"), 1);
  ASSERT_TRUE(writer_->upkeep().carry_out(job));
  execute("DELETE FROM minutes");
  drop_all(fortnight(), kNow + kHourMs - 1);
  EXPECT_EQ(number_of("SELECT count(*) FROM tables"), 2);
  drop_all(fortnight(), kNow + kHourMs);
  EXPECT_EQ(number_of("SELECT count(*) FROM tables"), 1);
}

TEST_F(StoreUpkeepTest, ABirthThatNamesATableThatIsNotThereMakesNoEmptyOne) {
  PutNode node = put_node("a", series_table());
  node.birth.series.clear();
  put({node});
  EXPECT_EQ(number_of("SELECT count(*) FROM tables"), 0);
}

TEST_F(StoreUpkeepTest, WhatRollupsLackIsMeasured) {
  put({put_node("a", {})});
  RollupJob job;
  job.stretches.push_back({StoreHistory::Kind::minutes, 1, 5, 0, {}, false, true});
  ASSERT_TRUE(writer_->upkeep().carry_out(job));
  EXPECT_EQ(measures().skipped_hours, 1U);
  EXPECT_EQ(measures().unmarked_hours, 0U);
}

TEST_F(StoreUpkeepTest, ANodeWhoseClockRunsAheadDoesNotKeepTheOldest) {
  put(blocks("ahead", kNow + 1000 * kDayMs, 300, 5000));
  put(blocks("a", kNow - 15 * kDayMs, 10));
  roll_until(kNow);
  drop_all(fortnight());
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 300);
  Retention retention;
  retention.most_bytes = 500'000;
  drop_all(retention);
  EXPECT_LT(number_of("SELECT count(*) FROM blocks"), 300);
}

TEST_F(StoreUpkeepTest, ManyBlocksFromAheadDoNotCostTheFleetItsRollupsAndEvents) {
  put(blocks("ahead", kNow + 1000 * kDayMs, 600, 5000));
  put(blocks("a", kNow - 2 * kHourMs, 300, 5000));
  put({put_event("a", 1, 9000, kNow - kDayMs)});
  const std::int64_t hour = kNow / kHourMs - 5;
  RollupJob job;
  job.stretches.push_back({StoreHistory::Kind::minutes, 2, hour, 0, {{1, 1, false, {}}}});
  job.stretches.push_back({StoreHistory::Kind::hours, 2, hour / 24, 0, {{1, 1, false, {}}}});
  ASSERT_TRUE(writer_->upkeep().carry_out(job));
  Retention retention;
  retention.most_bytes = 1'000'000;
  drop_all(retention);
  EXPECT_LT(number_of("SELECT count(*) FROM blocks"), 200);
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks WHERE node = 1"), 0);
  EXPECT_EQ(number_of("SELECT count(*) FROM minutes"), 1);
  EXPECT_EQ(number_of("SELECT count(*) FROM hours"), 1);
  EXPECT_EQ(number_of("SELECT count(*) FROM events"), 1);
}

TEST_F(StoreUpkeepTest, BlocksFromAheadThatGoLeaveLateHistoryItsRollups) {
  put(blocks("ahead", kNow + 1000 * kDayMs, 300, 5000));
  roll_until(kNow);
  Retention retention;
  retention.most_bytes = 500'000;
  drop_all(retention);
  put(blocks("a", kNow - 2 * kDayMs, 1));
  EXPECT_EQ(number_of("SELECT count(*) FROM stale"), 1);
}

TEST_F(StoreUpkeepTest, ALateBlockOfATimeWhoseBlocksAreGoneMakesNothingStale) {
  put(blocks("a", kNow - 15 * kDayMs, 10));
  roll_until(kNow);
  put(blocks("a", kNow - 15 * kDayMs + 1, 1));
  EXPECT_EQ(number_of("SELECT count(*) FROM stale"), 1);
  drop_all(fortnight());  // nothing yet: the hour is to be rolled up again
  EXPECT_EQ(number_of("SELECT count(*) FROM stale"), 1);
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 7);
  RollupJob again;
  again.stretches.push_back(
      {StoreHistory::Kind::minutes, 1, (kNow - 15 * kDayMs) / kHourMs, 11, {}});
  ASSERT_TRUE(writer_->upkeep().carry_out(again));
  drop_all(fortnight());
  EXPECT_EQ(number_of("SELECT count(*) FROM blocks"), 0);
  put(blocks("a", kNow - 15 * kDayMs, 1));
  EXPECT_EQ(number_of("SELECT count(*) FROM stale"), 0);
  RollupJob job;
  job.stretches.push_back(
      {StoreHistory::Kind::minutes, 1, (kNow - 15 * kDayMs) / kHourMs, 0, {{1, 1, false, {}}}});
  ASSERT_TRUE(writer_->upkeep().carry_out(job));
  EXPECT_EQ(number_of("SELECT count(*) FROM minutes"), 0);  // there might have been a better one
}

TEST_F(StoreUpkeepTest, WhatCannotBeDroppedLeavesAllAsItWas) {
  put(blocks("a", kNow - 15 * kDayMs, 10));
  roll_until(kNow);
  execute(
      "CREATE TRIGGER refuse BEFORE DELETE ON blocks BEGIN SELECT raise(ABORT, 'refused'); END");
  EXPECT_FALSE(writer_->upkeep().drop_some(fortnight(), kNow));
  EXPECT_EQ(measures().dropped_blocks, 0U);
  execute("DROP TRIGGER refuse");
  drop_all(fortnight());
  EXPECT_EQ(measures().dropped_blocks, 10U);
}

}  // namespace
}  // namespace bw::coordinator
