#include "agent/core/record/block_builder.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(BlockBuilderTest, ABlockHasTheRowsThatWereAddedAndItsTimes) {
  BlockBuilder builder;
  EXPECT_TRUE(builder.empty());
  builder.add(1'700'000'000'000, std::vector<double>{1, 2.5, kNone});
  builder.add(1'700'000'001'003, std::vector<double>{2, 2.5, 7});
  const wire::HistoryBlock block = builder.close(42);
  EXPECT_EQ(block.table_id, 42U);
  EXPECT_EQ(block.start_ms, 1'700'000'000'000);
  EXPECT_EQ(block.end_ms, 1'700'000'001'003);
  EXPECT_EQ(block.rows, 2U);
  const auto reader = wire::ColumnReader::open(block.columns);
  ASSERT_TRUE(reader);
  ASSERT_EQ(reader->columns(), 3U);
  EXPECT_EQ(reader->times_ms()[1], 1'700'000'001'003);
  std::vector<double> column(2);
  ASSERT_TRUE(reader->read(2, column));
  EXPECT_TRUE(std::isnan(column[0]));
  EXPECT_EQ(column[1], 7);
}

TEST(BlockBuilderTest, ClosingEmptiesItAndTheNextBlockMayHaveOtherColumns) {
  BlockBuilder builder;
  builder.add(1'700'000'000'000, std::vector<double>{1});
  (void)builder.close(1);
  EXPECT_TRUE(builder.empty());
  builder.add(1'700'000'060'000, std::vector<double>{5, 6});
  const auto block = builder.close(2);
  const auto reader = wire::ColumnReader::open(block.columns);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->rows(), 1U);
  EXPECT_EQ(reader->columns(), 2U);
}

TEST(BlockBuilderDeathTest, RowsOfDifferentWidthInOneBlockAreABug) {
  BlockBuilder builder;
  builder.add(1, std::vector<double>{1});
  EXPECT_DEATH(builder.add(2, std::vector<double>{1, 2}), "bug:");
}

}  // namespace
}  // namespace bw::agent
