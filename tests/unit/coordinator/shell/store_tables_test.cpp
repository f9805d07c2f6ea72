#include "coordinator/shell/store_tables.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "coordinator/core/api/range_rollup.h"
#include "coordinator/core/ingest/ingest.h"
#include "coordinator/shell/store_schema.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using Origin = StoreTables::Origin;
using Use = StoreTables::Use;
using api::kDayMs;

static_assert(StoreTables::kMostLoaded == static_cast<std::int64_t>(Ingest::kMaxTables));

// A hundred that are always the same, and one that the number names.
SeriesList table(int number) {
  SeriesList series;
  for (int i = 0; i < 100; ++i) {
    series.push_back({"net.rx", "B", wire::SeriesKind::counter, {{"name", std::to_string(i * i)}}});
  }
  series.push_back({"top", "%", wire::SeriesKind::gauge, {{"name", std::to_string(number)}}});
  return series;
}

class StoreTablesTest : public testing::Test {
 protected:
  StoreTablesTest() {
    EXPECT_TRUE(prepare_schema(database_));
    EXPECT_TRUE(
        database_.execute("INSERT INTO nodes (id, name, first_seen_ms) VALUES (1, 'a', 0),"
                          " (2, 'b', 0)"));
    tables_.emplace(StoreTables::open(database_).value());
  }
  void put(int number, Origin origin = Origin::node, std::int64_t node = 1) {
    ASSERT_TRUE(tables_->put(node, number, table(number), origin));
  }
  // As many tables that it came after, and that nothing uses, as the core may know.
  void put_many_after(int first = 1000) {
    for (int i = 0; i < StoreTables::kMostKnown; ++i) put(first + i);
  }
  std::int64_t number_of(const std::string& sql) {
    auto statement = database_.prepare(sql).value();
    EXPECT_TRUE(statement.step().value());
    return statement.integer(0);
  }
  bool has(int number) {
    return number_of("SELECT count(*) FROM tables WHERE node = 1 AND table_id = " +
                     std::to_string(number)) == 1;
  }
  std::optional<SeriesList> read(int number) {
    auto statement = database_.prepare(kTableSql).value();
    EXPECT_TRUE(statement.bind(1, 1).bind(2, number).step().value());
    return table_of(statement);
  }
  std::int64_t drop(std::int64_t most = 1000) { return tables_->drop_unused(1, most).value(); }
  void put_block(std::int64_t table_id, std::int64_t start_ms) {
    auto add = database_.prepare(
        "INSERT INTO blocks (node, epoch, number, table_id, start_ms, end_ms, rows, columns)"
        " VALUES (1, 1, ?1, ?2, ?1, ?1, 1, x'00')");
    ASSERT_TRUE(add->bind(1, start_ms).bind(2, table_id).run());
    ASSERT_TRUE(tables_->note(Use::blocks, 1, table_id, start_ms));
  }

  TemporaryFolder folder_;
  Database database_ = Database::open(folder_ / "a.db", false).value();
  std::optional<StoreTables> tables_;
};

TEST_F(StoreTablesTest, ATableThatHardlyDiffersIsKeptAsTheDifference) {
  put(1);
  put(2);
  put(3);
  EXPECT_EQ(number_of("SELECT count(*) FROM tables WHERE base IS NULL"), 1);
  EXPECT_EQ(number_of("SELECT count(*) FROM tables WHERE base = 1"), 2);
  EXPECT_LT(number_of("SELECT max(length(series)) FROM tables WHERE base = 1"), 80);
  for (const int number : {1, 2, 3}) EXPECT_EQ(read(number), table(number));
  put(1, Origin::node, 2);  // of another node there is none to differ from
  EXPECT_EQ(number_of("SELECT count(*) FROM tables WHERE base IS NULL"), 2);
}

TEST_F(StoreTablesTest, ATableThatDiffersMuchIsKeptWholeAndTheNextDifferFromIt) {
  put(1);
  SeriesList other;
  for (int i = 0; i < 100; ++i) {
    other.push_back({"disk." + std::to_string(i), "B", wire::SeriesKind::counter, {}});
  }
  ASSERT_TRUE(tables_->put(1, 50, other, Origin::node));
  other.pop_back();
  ASSERT_TRUE(tables_->put(1, 51, other, Origin::node));
  EXPECT_EQ(number_of("SELECT base IS NULL FROM tables WHERE table_id = 50"), 1);
  EXPECT_EQ(number_of("SELECT base FROM tables WHERE table_id = 51"), 2);
  EXPECT_EQ(read(51), other);
}

TEST_F(StoreTablesTest, WhatNothingUsesGoesOnceTheCoreHasForgottenIt) {
  put(1);
  put(2);
  for (int i = 0; i < StoreTables::kMostKnown - 1; ++i) put(1000 + i);
  EXPECT_EQ(drop(), 0) << "the first is what others differ from";
  put(999);
  EXPECT_EQ(drop(), 1);
  EXPECT_FALSE(has(2));
  EXPECT_EQ(read(999), table(999));
}

TEST_F(StoreTablesTest, ATableThatComesAgainIsTheNewest) {
  put(1);
  put(2);
  put_many_after();
  put(2);
  EXPECT_EQ(drop(), 1);
  EXPECT_TRUE(has(2));
  EXPECT_EQ(number_of("SELECT table_id FROM tables ORDER BY seen DESC LIMIT 1"), 2);
}

TEST_F(StoreTablesTest, ATableGoesAfterTheLastBlockOfItsTime) {
  put(1);
  put(2);
  put_block(2, 5 * kDayMs);
  put_block(7, 5 * kDayMs + 1);
  put_many_after();
  put_block(1003, 9 * kDayMs);
  EXPECT_EQ(drop(), 0);
  ASSERT_TRUE(database_.execute("DELETE FROM blocks WHERE table_id = 2"));
  EXPECT_EQ(drop(), 0) << "another of its time might be one of its";
  ASSERT_TRUE(database_.execute("DELETE FROM blocks WHERE table_id = 7"));
  EXPECT_EQ(drop(), 1);
  EXPECT_FALSE(has(2));
}

TEST_F(StoreTablesTest, ATableGoesAfterTheLastRollupOfItsTime) {
  put(1);
  for (const int number : {2, 3, 4}) put(number, Origin::rollup);
  ASSERT_TRUE(tables_->note(Use::minutes, 1, 2, 50));
  ASSERT_TRUE(tables_->note(Use::hours, 1, 3, 2));
  ASSERT_TRUE(database_.execute("INSERT INTO minutes VALUES (1, 50, 2, 0, 0, x'00')"));
  ASSERT_TRUE(database_.execute("INSERT INTO hours VALUES (1, 2, 3, 0, 0, x'00')"));
  EXPECT_EQ(drop(), 1) << "that of no rollup";
  EXPECT_FALSE(has(4));
  ASSERT_TRUE(database_.execute("UPDATE minutes SET hour = 80"));
  EXPECT_EQ(drop(), 1);
  EXPECT_FALSE(has(2));
  ASSERT_TRUE(database_.execute("DELETE FROM hours"));
  EXPECT_EQ(drop(), 1);
  EXPECT_TRUE(has(1));
}

TEST_F(StoreTablesTest, TheTableOfTheNewestBirthStays) {
  put(1);
  put(2);
  ASSERT_TRUE(database_.execute("UPDATE nodes SET table_id = 2 WHERE id = 1"));
  put_many_after();
  EXPECT_EQ(drop(), 0);
}

TEST_F(StoreTablesTest, WhatWasMadeForARollupIsTheNodesOnceItComesFromThere) {
  put(1);
  put(2, Origin::rollup);
  EXPECT_EQ(number_of("SELECT seen IS NULL FROM tables WHERE table_id = 2"), 1);
  put(2);
  EXPECT_EQ(number_of("SELECT seen FROM tables WHERE table_id = 2"), 2);
  put(2, Origin::rollup);
  EXPECT_EQ(number_of("SELECT seen FROM tables WHERE table_id = 2"), 2);
}

TEST_F(StoreTablesTest, AUseIsWrittenOnceADayAndNeverBack) {
  put(1);
  const auto until = [&] { return number_of("SELECT blocks_until FROM tables"); };
  ASSERT_TRUE(tables_->note(Use::blocks, 1, 1, 3 * kDayMs + 5));
  EXPECT_EQ(until(), 4 * kDayMs - 1);
  ASSERT_TRUE(database_.execute("UPDATE tables SET blocks_until = 7"));
  ASSERT_TRUE(tables_->note(Use::blocks, 1, 1, 4 * kDayMs - 1));
  EXPECT_EQ(until(), 7) << "nothing was written";
  tables_->forget();
  ASSERT_TRUE(tables_->note(Use::blocks, 1, 1, 3 * kDayMs));
  EXPECT_EQ(until(), 4 * kDayMs - 1);
  tables_->forget();
  ASSERT_TRUE(tables_->note(Use::blocks, 1, 1, kDayMs));
  EXPECT_EQ(until(), 4 * kDayMs - 1);
}

TEST_F(StoreTablesTest, ASliceIsBounded) {
  put(1);
  for (int i = 0; i < 10; ++i) put(10 + i);
  put_many_after();
  EXPECT_EQ(drop(4), 4);
  EXPECT_EQ(drop(), 6);
}

TEST_F(StoreTablesTest, WhatOthersDifferFromIsDecodedOnceForAllOfThem) {
  for (const int number : {1, 2, 3}) put(number);
  auto statement = database_.prepare(kTableSql).value();
  KnownTables known(1000);
  EXPECT_EQ(*known.read(statement, 1, 2).value(), table(2));
  EXPECT_EQ(*known.find(1, 1), table(1));
  ASSERT_TRUE(database_.execute("UPDATE tables SET series = x'00' WHERE base IS NULL"));
  EXPECT_EQ(*known.read(statement, 1, 3).value(), table(3));
  EXPECT_EQ(*known.read(statement, 1, 1).value(), table(1));
  KnownTables fresh(1000);
  EXPECT_EQ(fresh.read(statement, 1, 3).value(), nullptr) << "its base is damaged";
  EXPECT_EQ(fresh.read(statement, 1, 77).value(), nullptr);
  EXPECT_EQ(fresh.find(1, 77), nullptr);
}

TEST(KnownTables, TablesOfOneContentAreKeptOnceAndAnIdIsItsNodesOwn) {
  KnownTables known(1000);
  EXPECT_EQ(known.find(1, 5), nullptr);
  const Table first = known.keep(1, 5, table(1));
  EXPECT_EQ(known.keep(2, 5, table(1)), first);
  const Table forged = known.keep(3, 5, table(2));
  EXPECT_EQ(*forged, table(2));
  EXPECT_EQ(known.find(1, 5), first);
  EXPECT_EQ(known.find(2, 5), first);
  EXPECT_EQ(known.find(3, 5), forged);
}

TEST(KnownTables, BeyondTheirBoundAllAreForgotten) {
  KnownTables known(250);
  for (int node = 1; node <= 100; ++node) known.keep(node, 5, table(1));
  EXPECT_NE(known.find(1, 5), nullptr);
  known.keep(1, 6, table(2));
  EXPECT_NE(known.find(1, 5), nullptr);
  known.keep(2, 6, table(2));  // of no content that is new
  EXPECT_NE(known.find(1, 5), nullptr);
  known.keep(1, 7, table(3));
  EXPECT_EQ(known.find(1, 5), nullptr);
  EXPECT_NE(known.find(1, 7), nullptr);
}

}  // namespace
}  // namespace bw::coordinator
