#include "coordinator/shell/store_schema.h"

#include <gtest/gtest.h>

#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

std::int64_t number_of(Database& database, const char* sql) {
  auto statement = database.prepare(sql).value();
  EXPECT_TRUE(statement.step().value());
  return statement.integer(0);
}

TEST(StoreSchema, AnEmptyDatabaseGetsItsTables) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  EXPECT_EQ(number_of(database, "PRAGMA user_version"), kStoreVersion);
  EXPECT_EQ(number_of(database, "SELECT count(*) FROM blocks"), 0);
  EXPECT_TRUE(load_nodes(database).value().empty());
}

TEST(StoreSchema, PreparingItTwiceChangesNothing) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  ASSERT_TRUE(database.execute("INSERT INTO nodes (name, first_seen_ms) VALUES ('box', 5)"));
  ASSERT_TRUE(prepare_schema(database));
  EXPECT_EQ(number_of(database, "SELECT count(*) FROM nodes"), 1);
}

TEST(StoreSchema, ADatabaseOfANewerVersionIsRefusedAndLeftAsItIs) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(database.execute("PRAGMA user_version = 4"));
  const auto prepared = prepare_schema(database);
  ASSERT_FALSE(prepared);
  EXPECT_NE(prepared.error().message.find("newer version"), std::string::npos);
  EXPECT_NE(prepared.error().message.find("form 4, this one knows 3"), std::string::npos);
  EXPECT_EQ(number_of(database, "PRAGMA user_version"), 4);
  EXPECT_EQ(number_of(database, "SELECT count(*) FROM sqlite_schema"), 0);
}

TEST(StoreSchema, ARowOfANodeWhoseBirthCannotBeReadKeepsItsName) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  ASSERT_TRUE(database.execute(
      "INSERT INTO nodes (name, first_seen_ms, birth) VALUES ('box', 5, x'0102')"));
  const auto nodes = load_nodes(database).value();
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_EQ(nodes[0].node.str(), "box");
  EXPECT_EQ(nodes[0].first_seen_ms, 5);
  EXPECT_EQ(nodes[0].birth, wire::NodeBirth{});
}

TEST(StoreSchema, ARowWhoseNameIsNoNodeIdIsLeftOut) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  ASSERT_TRUE(database.execute("INSERT INTO nodes (name, first_seen_ms) VALUES ('a/b', 5)"));
  EXPECT_TRUE(load_nodes(database).value().empty());
}

TEST(StoreSchema, TheBlockIndexesAreUsedByTheirConditions) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  auto plan = database
                  .prepare(
                      "EXPLAIN QUERY PLAN SELECT start_ms, id FROM blocks"
                      " WHERE node = 1 AND start_ms >= 5 AND start_ms < 9")
                  .value();
  ASSERT_TRUE(plan.step().value());
  EXPECT_NE(plan.text(3).find("COVERING INDEX blocks_by_time"), std::string_view::npos)
      << plan.text(3);
  plan = database
             .prepare(
                 "EXPLAIN QUERY PLAN SELECT id FROM blocks"
                 " WHERE end_ms - start_ms > 600000 AND node = 1 AND start_ms < 9")
             .value();
  ASSERT_TRUE(plan.step().value());
  EXPECT_NE(plan.text(3).find("long_blocks"), std::string_view::npos) << plan.text(3);
}

// As the first form was, with one block of each sort.
constexpr const char* kForm1 = R"sql(
CREATE TABLE nodes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
  first_seen_ms INTEGER NOT NULL, birth BLOB, table_id INTEGER, state BLOB) STRICT;
CREATE TABLE tables (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES nodes (id),
  table_id INTEGER NOT NULL, series BLOB NOT NULL, UNIQUE (node, table_id)) STRICT;
CREATE TABLE blocks (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES nodes (id),
  epoch INTEGER NOT NULL, number INTEGER NOT NULL, table_id INTEGER NOT NULL,
  start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, rows INTEGER NOT NULL,
  columns BLOB NOT NULL, UNIQUE (node, epoch, number)) STRICT;
CREATE INDEX blocks_by_time ON blocks (node, start_ms) WHERE end_ms - start_ms <= 600000;
CREATE INDEX long_blocks ON blocks (node, start_ms) WHERE end_ms - start_ms > 600000;
CREATE TABLE events (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES nodes (id),
  epoch INTEGER NOT NULL, number INTEGER NOT NULL, time_ms INTEGER NOT NULL, kind TEXT NOT NULL,
  severity INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE (node, epoch, number)) STRICT;
CREATE INDEX events_by_time ON events (time_ms, epoch, number);
CREATE INDEX events_of_node ON events (node, time_ms, epoch, number);
CREATE TABLE gaps (node INTEGER NOT NULL REFERENCES nodes (id), epoch INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, seen_ms INTEGER NOT NULL,
  PRIMARY KEY (node, epoch, first, last)) STRICT, WITHOUT ROWID;
CREATE TABLE progress (node INTEGER NOT NULL REFERENCES nodes (id), epoch INTEGER NOT NULL,
  contiguous INTEGER NOT NULL, above BLOB NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY (node, epoch)) STRICT, WITHOUT ROWID;
INSERT INTO nodes (id, name, first_seen_ms) VALUES (1, 'box', 5);
INSERT INTO blocks VALUES (7, 1, 1, 1, 1, 1000, 2000, 2, x'01'),
  (9, 1, 1, 2, 1, 5, 900000, 2, x'01');
INSERT INTO progress VALUES (1, 1, 2, x'', 6);
PRAGMA user_version = 1;
)sql";

TEST(StoreSchema, AStoreOfTheFirstFormIsBroughtToThisOneInPlace) {
  const TemporaryFolder folder;
  auto old = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(old.execute(kForm1));
  ASSERT_TRUE(prepare_schema(old));
  EXPECT_EQ(number_of(old, "PRAGMA user_version"), kStoreVersion);
  EXPECT_EQ(number_of(old, "SELECT sum(id) FROM blocks"), 16);
  EXPECT_EQ(load_nodes(old)->at(0).epochs.at(0).contiguous, 2U);
  EXPECT_EQ(load_facts(old).value(), StoreFacts{});
  // All that a new one has, and nothing but the index by number more.
  auto fresh = Database::open(folder / "b.db", true).value();
  ASSERT_TRUE(prepare_schema(fresh));
  const char* const kNames =
      "SELECT count(*) FROM sqlite_schema WHERE name IN ('minutes', 'hours', 'stale',"
      " 'stale_days', 'cursors', 'facts', 'blocks_by_time', 'long_blocks')";
  EXPECT_EQ(number_of(old, kNames), 8);
  EXPECT_EQ(number_of(fresh, kNames), 8);
  EXPECT_EQ(number_of(fresh, "SELECT count(*) FROM sqlite_schema") + 1,
            number_of(old, "SELECT count(*) FROM sqlite_schema"));
}

// What form 3 changed of form 2, with a table in use and one that no block was ever of.
constexpr const char* kForm2 = R"sql(
DROP INDEX tables_as_seen; DROP INDEX whole_tables; DROP INDEX tables_by_base;
DROP TABLE tables;
CREATE TABLE tables (id INTEGER PRIMARY KEY, node INTEGER NOT NULL REFERENCES nodes (id),
  table_id INTEGER NOT NULL, series BLOB NOT NULL, UNIQUE (node, table_id)) STRICT;
ALTER TABLE nodes DROP COLUMN raw_from;
INSERT INTO nodes (id, name, first_seen_ms) VALUES (1, 'box', 5), (2, 'idle', 5);
INSERT INTO tables VALUES (3, 1, 30, x'0102'), (4, 2, 40, x'03');
INSERT INTO blocks VALUES (7, 1, 1, 1, 30, 1000, 2000, 2, x'01'),
  (8, 1, 1, 2, 30, 5000, 6000, 2, x'01');
INSERT INTO minutes VALUES (1, 12, 30, 1, 0, x'00');
INSERT INTO hours VALUES (1, 3, 30, 1, 0, x'00');
INSERT INTO facts VALUES (2, 77);
PRAGMA user_version = 2;
)sql";

TEST(StoreSchema, AStoreOfTheSecondFormKeepsItsTablesAndWhatTheyAreUsedFor) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  ASSERT_TRUE(database.execute(kForm2));
  ASSERT_TRUE(prepare_schema(database));
  EXPECT_EQ(number_of(database, "PRAGMA user_version"), 3);
  EXPECT_EQ(number_of(database,
                      "SELECT count(*) FROM tables WHERE id = 3 AND table_id = 30 AND"
                      " seen = 3 AND blocks_until = 5000 AND minutes_until = 12 AND"
                      " hours_until = 3 AND series = x'0102' AND base IS NULL"),
            1);
  EXPECT_EQ(number_of(database,
                      "SELECT count(*) FROM tables WHERE id = 4 AND blocks_until IS NULL"
                      " AND minutes_until IS NULL AND hours_until IS NULL"),
            1);
  EXPECT_EQ(number_of(database, "SELECT min(raw_from) FROM nodes"), 77);
  EXPECT_EQ(load_nodes(database)->at(0).tables, (std::vector<std::uint64_t>{30}));
}

TEST(StoreSchema, OfANodesTablesTheNewestAreLoadedTheNewestLast) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  ASSERT_TRUE(database.execute(
      "INSERT INTO nodes (id, name, first_seen_ms) VALUES (1, 'box', 5), (2, 'few', 5);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
      " INSERT INTO tables (node, table_id, seen, series) SELECT 1, i, 1000 - i, x'00' FROM n;"
      "INSERT INTO tables (node, table_id, seen, series) VALUES (2, 8, NULL, x'00'),"
      " (2, 9, 1, x'00')"));
  const auto nodes = load_nodes(database).value();
  ASSERT_EQ(nodes[0].tables.size(), 64U);
  EXPECT_EQ(nodes[0].tables.front(), 64U);
  EXPECT_EQ(nodes[0].tables.back(), 1U);
  EXPECT_EQ(nodes[1].tables, (std::vector<std::uint64_t>{9}));
}

TEST(StoreSchema, AStoreThatCannotBeBroughtToThisFormStaysAsItIs) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(database.execute(kForm1));
  ASSERT_TRUE(database.execute("CREATE TABLE minutes (a)"));  // somebody's own
  EXPECT_FALSE(prepare_schema(database));
  EXPECT_EQ(number_of(database, "PRAGMA user_version"), 1);
  EXPECT_EQ(number_of(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'long_blocks'"),
            1);
}

TEST(StoreSchema, FactsComeBack) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true, nullptr, kStorePageBytes).value();
  ASSERT_TRUE(prepare_schema(database));
  EXPECT_EQ(number_of(database, "PRAGMA page_size"), kStorePageBytes);
  StoreFacts facts{};
  fact(facts, StoreFact::rolled_until) = 5;
  fact(facts, StoreFact::missed_blocks) = 7;
  ASSERT_TRUE(save_facts(database, facts));
  EXPECT_EQ(load_facts(database).value(), facts);
}

TEST(StoreSchema, PackedNumbersComeBack) {
  const std::vector<std::uint64_t> numbers{0, 1, 258, ~0ULL, 1ULL << 63};
  EXPECT_EQ(unpack_numbers(pack_numbers(numbers)), numbers);
  EXPECT_EQ(pack_numbers({258})[0], std::byte{2});
  EXPECT_EQ(pack_numbers({258})[1], std::byte{1});
  EXPECT_TRUE(unpack_numbers(pack_numbers({})).empty());
}

TEST(StoreSchema, BytesThatAreNoWholeNumberAreDropped) {
  auto bytes = pack_numbers({7, 8});
  bytes.resize(13);
  EXPECT_EQ(unpack_numbers(bytes), (std::vector<std::uint64_t>{7}));
}

TEST(StoreSchema, TheClockIsTrustedUpToADayBeyondWhatMostNodesSay) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  EXPECT_EQ(trusted_now(database, 5'000).value(), 5'000);
  ASSERT_TRUE(database.execute("INSERT INTO nodes (id, name, first_seen_ms) VALUES (1, 'a', 0)"));
  // Two of three at 100, one far ahead.
  ASSERT_TRUE(database.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
      " INSERT INTO blocks SELECT i, 1, 1, i, 1, 0, iif(i % 3 = 0, 1000000000000, 100), 1, x'00'"
      " FROM n"));
  EXPECT_EQ(trusted_now(database, 5'000).value(), 5'000);
  EXPECT_EQ(trusted_now(database, 100 * kMostAheadMs).value(), 100 + kMostAheadMs);
}

}  // namespace
}  // namespace bw::coordinator
