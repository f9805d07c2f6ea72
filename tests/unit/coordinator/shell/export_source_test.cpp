#include "coordinator/shell/export_source.h"

#include <gtest/gtest.h>

#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_writer.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

class ExportSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = Database::open(path_, false);
    ASSERT_TRUE(database);
    ASSERT_TRUE(prepare_schema(*database));
    auto writer = StoreWriter::open(std::move(*database));
    ASSERT_TRUE(writer) << writer.error().message;
    writer_.emplace(std::move(*writer));
  }
  void write(std::vector<Change> changes) {
    const auto written = writer_->carry_out(changes);
    ASSERT_TRUE(written) << written.error().message;
  }
  ExportSource open() {
    auto source = ExportSource::open(path_);
    EXPECT_TRUE(source) << source.error().message;
    return std::move(*source);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/bellwether.db";
  std::optional<StoreWriter> writer_;
};

TEST_F(ExportSourceTest, BlocksComeInTheOrderOfTheirCommitsWithTheirNodeAndSeries) {
  const PutNode node = put_node("a", series_table());
  write({node});
  const std::size_t columns = series_table().size();
  write({put_block("a", node.birth.epoch, 2, {2000}, std::vector<double>(columns, 1)),
         put_block("a", 5, 1, {1000, 1500}, std::vector<double>(2 * columns, 1))});
  ExportSource source = open();
  const auto blocks = source.read(0);
  ASSERT_TRUE(blocks) << blocks.error().message;
  ASSERT_EQ(blocks->blocks.size(), 2U);
  const exporting::Block& first = blocks->blocks[0];
  EXPECT_EQ(first.id, 1);
  EXPECT_EQ(first.node, "a");
  EXPECT_EQ(first.site, "lab");
  EXPECT_EQ(first.hostname, "a");
  EXPECT_EQ(first.start_ms, 2000);
  EXPECT_EQ(*first.series, series_table());
  EXPECT_EQ(first.epoch_started_ms, 999'000);
  EXPECT_EQ(blocks->rows[0], 1U);
  const exporting::Block& second = blocks->blocks[1];
  EXPECT_EQ(second.id, 2);
  EXPECT_EQ(second.epoch_started_ms, 0);  // of a run that the birth is not of
  EXPECT_EQ(second.end_ms, 1500);
  EXPECT_EQ(blocks->rows[1], 2U);
  EXPECT_EQ(second.series, first.series);  // read once
  EXPECT_EQ(source.read(1)->blocks.size(), 1U);
  EXPECT_TRUE(source.read(2)->blocks.empty());
  EXPECT_EQ(*source.newest(), 2);
}

TEST_F(ExportSourceTest, AnIdThatTwoNodesGiveToDifferentTablesNamesEachItsOwn) {
  const std::vector<wire::SeriesInfo> forged{{"forged", "1", wire::SeriesKind::gauge, {}}};
  const std::uint64_t id = wire::series_table_id(series_table());
  PutBlock other = put_block("b", 5, 1, {1000}, {1}, forged);
  other.table_id = id;
  write({PutTable{node_id("a"), id, series_table()}, PutTable{node_id("b"), id, forged},
         put_block("a", 5, 1, {1000}, std::vector<double>(series_table().size(), 1)), other});
  ExportSource source = open();
  const auto blocks = source.read(0);
  ASSERT_EQ(blocks->blocks.size(), 2U);
  EXPECT_EQ(*blocks->blocks[0].series, series_table());
  EXPECT_EQ(*blocks->blocks[1].series, forged);
}

TEST_F(ExportSourceTest, ABatchIsBounded) {
  write({put_node("a", series_table())});
  std::vector<Change> changes;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    changes.emplace_back(put_block("a", 5, i, {static_cast<std::int64_t>(i) * 1000},
                                   std::vector<double>(series_table().size(), 1)));
  }
  write(std::move(changes));
  ExportSource source = open();
  EXPECT_EQ(source.read(0)->blocks.size(), exporting::Delivery::kMaxBlocks);
  EXPECT_EQ(source.read(64)->blocks.size(), 36U);
}

TEST_F(ExportSourceTest, LargeBlocksMakeASmallBatchButAtLeastOne) {
  write({put_node("a", series_table())});
  PutBlock large = put_block("a", 5, 1, {1000}, std::vector<double>(series_table().size(), 1));
  large.columns.resize(exporting::Delivery::kMaxBytes + 1);
  PutBlock next = large;
  next.number = 2;
  write({large, next});
  ExportSource source = open();
  EXPECT_EQ(source.read(0)->blocks.size(), 1U);
  EXPECT_EQ(source.read(1)->blocks.size(), 1U);
}

TEST_F(ExportSourceTest, ABlockWithoutItsTableHasNoneUntilTheTableComes) {
  const std::vector<wire::SeriesInfo> lonely{{"lonely", "1", wire::SeriesKind::gauge, {}}};
  write({put_block("a", 5, 1, {1000}, {1}, lonely)});
  ExportSource source = open();
  const auto blocks = source.read(0);
  ASSERT_EQ(blocks->blocks.size(), 1U);
  EXPECT_EQ(blocks->blocks[0].series, nullptr);
  EXPECT_EQ(blocks->blocks[0].site, "");
  write({put_node("a", lonely)});
  const auto again = source.read(0);
  ASSERT_NE(again->blocks.at(0).series, nullptr);
  EXPECT_EQ(*again->blocks[0].series, lonely);
}

TEST_F(ExportSourceTest, NoReadIsLeftOpenThatHoldsTheLogBack) {
  write({put_node("a", series_table())});
  ExportSource source = open();
  EXPECT_TRUE(source.read(0));
  EXPECT_TRUE(source.read(0));
  auto checkpoint = writer_->database().prepare("PRAGMA wal_checkpoint(TRUNCATE)");
  ASSERT_TRUE(checkpoint->step().value());
  EXPECT_EQ(checkpoint->integer(0), 0);
}

TEST_F(ExportSourceTest, ACursorIsThereOnceItWasStored) {
  ExportSource source = open();
  EXPECT_EQ(*source.cursor("otlp/a"), std::nullopt);
  write({PutExportCursor{"otlp/a", 5}});
  EXPECT_EQ(*source.cursor("otlp/a"), 5);
  write({PutExportCursor{"otlp/a", 7}});
  EXPECT_EQ(*source.cursor("otlp/a"), 7);
  EXPECT_EQ(*source.cursor("otlp/b"), std::nullopt);
}

TEST_F(ExportSourceTest, AnEmptyStoreHasNoNewestBlock) {
  EXPECT_EQ(*open().newest(), 0);
}

TEST(ExportSource, AStoreThatIsNotThereIsAnError) {
  TemporaryFolder folder;
  EXPECT_FALSE(ExportSource::open(folder.path() + "/none.db"));
}

}  // namespace
}  // namespace bw::coordinator
