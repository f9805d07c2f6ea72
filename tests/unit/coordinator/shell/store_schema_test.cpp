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

TEST(StoreSchema, ADatabaseOfAnotherFormIsRefusedAndLeftAsItIs) {
  for (const int form : {-1, 1, 3, 99}) {
    const TemporaryFolder folder;
    auto database = Database::open(folder / "a.db", true).value();
    const std::string sql = "PRAGMA user_version = " + std::to_string(form);
    ASSERT_TRUE(database.execute(sql.c_str()));
    const auto prepared = prepare_schema(database);
    ASSERT_FALSE(prepared);
    EXPECT_NE(prepared.error().message.find("another version"), std::string::npos);
    EXPECT_NE(prepared.error().message.find("(form " + std::to_string(form) + ", this one knows 2"),
              std::string::npos);
    EXPECT_EQ(number_of(database, "PRAGMA user_version"), form);
    EXPECT_EQ(number_of(database, "SELECT count(*) FROM sqlite_schema"), 0);
  }
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

TEST(StoreSchema, TheAnomalyIndexesAreUsedByTheirConditions) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(prepare_schema(database));
  const std::string select =
      "EXPLAIN QUERY PLAN SELECT record FROM events"
      " WHERE kind IN ('anomaly', 'anomaly_update', 'anomaly_end')";
  const std::pair<std::string, std::string> cases[] = {
      {" AND time_ms >= 1 AND time_ms < 9", "anomalies_by_time"},
      {" AND node = 3 AND time_ms >= 1 AND time_ms < 9", "anomalies_of_node"}};
  for (const auto& [condition, index] : cases) {
    const std::string sql = select + condition + " ORDER BY time_ms DESC, epoch DESC, number DESC";
    auto plan = database.prepare(sql).value();
    ASSERT_TRUE(plan.step().value());
    EXPECT_NE(plan.text(3).find("USING INDEX " + index), std::string_view::npos) << plan.text(3);
    EXPECT_FALSE(plan.step().value()) << "sorted anew";
  }
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

TEST(StoreSchema, ADatabaseThatIsSomebodyElsesStaysAsItIs) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db", true).value();
  ASSERT_TRUE(database.execute("CREATE TABLE minutes (a)"));
  EXPECT_FALSE(prepare_schema(database));
  EXPECT_EQ(number_of(database, "PRAGMA user_version"), 0);
  EXPECT_EQ(number_of(database, "SELECT count(*) FROM sqlite_schema"), 1);
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
