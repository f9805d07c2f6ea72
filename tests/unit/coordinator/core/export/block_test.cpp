#include "coordinator/core/export/block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/core/export/blocks.h"

namespace bw::coordinator::exporting {
namespace {

using testing::ElementsAre;

TEST(BlockSamples, LeavesOutRowsWithoutAValue) {
  const Block block = make_block({gauge("a", "1"), gauge("b", "1")}, {1000, 2000, 3000},
                                 {1, kNone, 2, 5, 3, kNone});
  auto samples = BlockSamples::open(block, 0);
  ASSERT_TRUE(samples);
  EXPECT_EQ(samples->rows(), 3U);
  const auto a = samples->read(0);
  EXPECT_THAT(a.times_ms, ElementsAre(1000, 2000, 3000));
  EXPECT_THAT(a.values, ElementsAre(1, 2, 3));
  const auto b = samples->read(1);
  EXPECT_THAT(b.times_ms, ElementsAre(2000));
  EXPECT_THAT(b.values, ElementsAre(5));
  EXPECT_TRUE(samples->read(2).times_ms.empty());
}

TEST(BlockSamples, TimesAscendAlthoughTheClockWasSet) {
  const Block block =
      make_block({gauge("a", "1")}, {5000, 6000, 4000, 5000, 7000}, {1, 2, 3, 4, 5});
  auto samples = BlockSamples::open(block, 0);
  ASSERT_TRUE(samples);
  const auto a = samples->read(0);
  EXPECT_THAT(a.times_ms, ElementsAre(4000, 5000, 6000, 7000));
  EXPECT_THAT(a.values, ElementsAre(3, 4, 2, 5));
}

TEST(BlockSamples, OfEachStretchTheLastValueStays) {
  const Block block = make_block({gauge("a", "1")}, {8000, 9000, 10000, 11000, 19000, 20000},
                                 {1, 2, 3, 4, kNone, 6});
  auto samples = BlockSamples::open(block, 10000);
  ASSERT_TRUE(samples);
  const auto a = samples->read(0);
  EXPECT_THAT(a.times_ms, ElementsAre(9000, 11000, 20000));
  EXPECT_THAT(a.values, ElementsAre(2, 4, 6));
}

TEST(BlockSamples, DamagedColumnsAreNotRead) {
  Block block = make_block({gauge("a", "1")}, {1000}, {1});
  block.columns.resize(3);
  EXPECT_FALSE(BlockSamples::open(block, 0));
}

TEST(Admitted, AreTheAliasesThatAFilterLetsThrough) {
  EXPECT_THAT(admitted({gauge("cpu.a", "1"), gauge("mem.b", "1"), gauge("cpu.c", "1")},
                       MetricFilter({"cpu.*"})),
              ElementsAre(0, 2));
}

TEST(BootTimes, ABootIsTheSameWhileClocksDrift) {
  BootTimes boots;
  EXPECT_EQ(boots.of("a", 1'000'000, 400), 600'000);
  EXPECT_EQ(boots.of("a", 2'000'500, 1400), 600'000);
  EXPECT_EQ(boots.of("b", 2'000'000, 1), 1'999'000);
  EXPECT_EQ(boots.of("a", 3'000'000, 10), 2'990'000);  // booted again
}

TEST(BootTimes, WhatCannotBeIsNotKnown) {
  BootTimes boots;
  EXPECT_EQ(boots.of("a", 1000, 5), 0);
  EXPECT_EQ(boots.of("a", 1000, -5), 0);
  EXPECT_EQ(boots.of("a", 1000, kNone), 0);
}

TEST(BootTimes, TooManyNodesAreLearnedAnew) {
  BootTimes boots;
  EXPECT_EQ(boots.of("first", 1'000'000, 400), 600'000);
  for (std::size_t i = 1; i < BootTimes::kMaxNodes; ++i) {
    (void)boots.of("n" + std::to_string(i), 1'000'000, 1);
  }
  EXPECT_EQ(boots.of("first", 1'000'500, 400), 600'000);
  (void)boots.of("one more", 1'000'000, 1);
  EXPECT_EQ(boots.of("first", 1'000'500, 400), 600'500);
}

}  // namespace
}  // namespace bw::coordinator::exporting
