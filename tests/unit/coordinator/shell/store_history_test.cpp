#include "coordinator/shell/store_history.h"

#include <gtest/gtest.h>

#include "coordinator/shell/store_writer.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using Kind = StoreHistory::Kind;

class StoreHistoryTest : public testing::Test {
 protected:
  StoreHistoryTest() {
    auto database = Database::open(folder_ / "a.db", false).value();
    EXPECT_TRUE(prepare_schema(database));
    writer_.emplace(StoreWriter::open(std::move(database)).value());
    history_.emplace(
        StoreHistory::open(Database::open_read_only(folder_ / "a.db").value()).value());
  }
  void put(std::vector<Change> changes) { ASSERT_TRUE(writer_->carry_out(changes)); }
  std::vector<std::int64_t> ids(std::int64_t from_ms, std::int64_t to_ms) {
    std::vector<std::int64_t> ids;
    const auto keys = history_->blocks(1, from_ms, to_ms, 100);
    for (const auto& key : *keys) ids.push_back(key.id);
    return ids;
  }
  void put_rollup(std::int64_t hour, std::int64_t table_id, std::int64_t end_ms) {
    auto add = writer_->database().prepare("INSERT INTO minutes VALUES (1, ?, ?, ?, 1, x'07')");
    ASSERT_TRUE(add->bind(1, hour).bind(2, table_id).bind(3, end_ms).run());
  }

  TemporaryFolder folder_;
  std::optional<StoreWriter> writer_;
  std::optional<StoreHistory> history_;
};

TEST_F(StoreHistoryTest, BlocksAreFoundByAnyOfTheirSamplesEachOnce) {
  put({put_block("a", 1, 1, {100'000, 200'000}, {1, 2, 3, 4, 5, 6}),
       put_block("a", 1, 2, {50'000, 90'000}, {1, 2, 3, 4, 5, 6}),
       put_block("a", 1, 3, {10'000, 5'000'000}, {1, 2, 3, 4, 5, 6}),
       put_block("b", 1, 1, {100'000}, {1, 2, 3})});
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(ids(0, 10'000'000), (Ids{3, 2, 1}));
  EXPECT_EQ(ids(90'000, 100'000), (Ids{3, 2}));
  EXPECT_EQ(ids(200'000, 200'001), (Ids{3, 1}));
  EXPECT_EQ(ids(200'001, 300'000), (Ids{3}));
  EXPECT_EQ(ids(5'000'001, 6'000'000), Ids{});
  EXPECT_EQ(ids(0, 10'000), Ids{});
  EXPECT_FALSE(history_->blocks(1, 0, 10'000'000, 2));
}

TEST_F(StoreHistoryTest, TheFirstBlockFromATimeOnIsFound) {
  put({put_block("a", 1, 1, {1000}, {1, 2, 3}), put_block("a", 1, 2, {5000}, {1, 2, 3})});
  std::int64_t start = 0;
  EXPECT_TRUE(*history_->first_start(1, 1001, start));
  EXPECT_EQ(start, 5000);
  EXPECT_FALSE(*history_->first_start(1, 5001, start));
}

TEST_F(StoreHistoryTest, RollupsComeByTheirPlaceThenByTheirNewestSample) {
  put({put_node("a", {})});
  for (const std::int64_t hour : {5, 6, 8}) put_rollup(hour, 1, 100);
  put_rollup(6, 2, 50);
  std::vector<std::pair<std::int64_t, std::vector<std::int64_t>>> seen;
  const auto walk = [&](std::int64_t first, std::int64_t last) {
    seen.clear();
    return history_->each_stretch(Kind::minutes, 1, first, last,
                                  [&](const StoreHistory::Stretch& stretch) -> Result<void> {
                                    seen.emplace_back();
                                    seen.back().first = stretch.place;
                                    for (const auto& one : stretch.rollups) {
                                      seen.back().second.push_back(one.table_id);
                                      EXPECT_TRUE(one.is_ragged);
                                      EXPECT_EQ(one.data.size(), 1U);
                                    }
                                    if (stretch.place == 8) return Error{"enough"};
                                    return {};
                                  });
  };
  EXPECT_TRUE(walk(0, 8));
  const decltype(seen) expected{{5, {1}}, {6, {2, 1}}};
  EXPECT_EQ(seen, expected);
  EXPECT_TRUE(walk(6, 7));
  EXPECT_EQ(seen.size(), 1U);
  EXPECT_TRUE(walk(9, 20));
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(walk(0, 9).error().message, "enough");
  EXPECT_TRUE(history_->each_stretch(Kind::hours, 1, 0, 9,
                                     [](const auto&) -> Result<void> { return Error{"none"}; }));
}

TEST_F(StoreHistoryTest, ASnapshotShowsOneState) {
  put({put_node("a", series_table())});
  {
    const auto snapshot = Snapshot::begin(history_->database());
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(history_->nodes("")->size(), 1U);
    put({put_node("b", {})});
    EXPECT_EQ(history_->nodes("")->size(), 1U);
  }
  EXPECT_EQ(history_->nodes("")->size(), 2U);
  EXPECT_EQ(history_->nodes("b")->at(0).name, "b");
}

TEST_F(StoreHistoryTest, ATableIsReadOnceAndThatOfNobodyIsNone) {
  put({put_node("a", series_table())});
  const auto id = to_stored(wire::series_table_id(series_table()));
  const auto first = history_->table(1, id);
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(**first, series_table());
  EXPECT_EQ(history_->table(1, id)->get(), first->get());
  EXPECT_EQ(history_->table(1, 99)->get(), nullptr);
}

TEST_F(StoreHistoryTest, AnIdThatTwoNodesGiveToDifferentTablesNamesEachItsOwn) {
  const SeriesList forged{{"forged", "1", wire::SeriesKind::gauge, {}}};
  const std::uint64_t id = wire::series_table_id(series_table());
  put({PutTable{node_id("a"), id, series_table()}, PutTable{node_id("b"), id, forged}});
  EXPECT_EQ(**history_->table(1, to_stored(id)), series_table());
  EXPECT_EQ(**history_->table(2, to_stored(id)), forged);
}

}  // namespace
}  // namespace bw::coordinator
