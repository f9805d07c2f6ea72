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
  ASSERT_TRUE(database.execute("PRAGMA user_version = 2"));
  const auto prepared = prepare_schema(database);
  ASSERT_FALSE(prepared);
  EXPECT_NE(prepared.error().message.find("newer version"), std::string::npos);
  EXPECT_NE(prepared.error().message.find("form 2, this one knows 1"), std::string::npos);
  EXPECT_EQ(number_of(database, "PRAGMA user_version"), 2);
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
                      "EXPLAIN QUERY PLAN SELECT id FROM blocks"
                      " WHERE end_ms - start_ms <= 600000 AND node = 1 AND start_ms >= 5")
                  .value();
  ASSERT_TRUE(plan.step().value());
  EXPECT_NE(plan.text(3).find("blocks_by_time"), std::string_view::npos) << plan.text(3);
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

}  // namespace
}  // namespace bw::coordinator
