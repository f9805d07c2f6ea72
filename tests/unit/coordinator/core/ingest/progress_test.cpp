#include "coordinator/core/ingest/progress.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace bw::coordinator {

void PrintTo(const Progress::Run& run, std::ostream* out) {
  *out << run.first << ".." << run.last;
}

namespace {

using Runs = std::vector<Progress::Run>;

TEST(Progress, BeginsWithNothing) {
  const Progress progress;
  EXPECT_EQ(progress.contiguous(), 0U);
  EXPECT_FALSE(progress.contains(1));
}

TEST(Progress, GoesOnByOneWhereNumbersComeInOrder) {
  Progress progress;
  for (std::uint64_t number = 1; number <= 5; ++number) EXPECT_TRUE(progress.add(number));
  EXPECT_EQ(progress.contiguous(), 5U);
  EXPECT_TRUE(progress.above().empty());
}

TEST(Progress, KeepsWhatCameTooEarlyAboveUntilTheMissingOneComes) {
  Progress progress;
  progress.add(2);
  progress.add(4);
  progress.add(3);
  EXPECT_EQ(progress.contiguous(), 0U);
  EXPECT_EQ(progress.above(), (std::vector<std::uint64_t>{2, 3, 4}));
  progress.add(1);
  EXPECT_EQ(progress.contiguous(), 4U);
  EXPECT_TRUE(progress.above().empty());
}

TEST(Progress, TakesANumberASecondTimeWithoutAChange) {
  Progress progress;
  progress.add(1);
  progress.add(3);
  const Progress before = progress;
  EXPECT_TRUE(progress.add(1));
  EXPECT_TRUE(progress.add(3));
  EXPECT_EQ(progress, before);
}

TEST(Progress, RefusesMoreAboveThanItHasRoomForButNeverTheNextOne) {
  Progress progress;
  for (std::uint64_t i = 0; i < Progress::kMaxAbove; ++i) EXPECT_TRUE(progress.add(3 + i));
  EXPECT_FALSE(progress.add(5000));
  EXPECT_FALSE(progress.contains(5000));
  EXPECT_TRUE(progress.add(1));
  EXPECT_TRUE(progress.add(2));
  EXPECT_EQ(progress.contiguous(), Progress::kMaxAbove + 2);
  EXPECT_TRUE(progress.add(5000));
}

TEST(Progress, ClosesEveryRunOfMissingNumbersBelowTheOldest) {
  Progress progress(2, {5, 6, 9});
  EXPECT_EQ(progress.close_below(12), (Runs{{3, 4}, {7, 8}, {10, 11}}));
  EXPECT_EQ(progress.contiguous(), 11U);
}

TEST(Progress, ClosesNothingWhereAllBelowTheOldestIsThere) {
  Progress progress(4, {});
  EXPECT_TRUE(progress.close_below(0).empty());
  EXPECT_TRUE(progress.close_below(3).empty());
  EXPECT_TRUE(progress.close_below(5).empty());
  EXPECT_EQ(progress.contiguous(), 4U);
}

TEST(Progress, JoinsWhatLiesRightBehindAClosedRun) {
  Progress progress(0, {5, 6, 8});
  EXPECT_EQ(progress.close_below(5), (Runs{{1, 4}}));
  EXPECT_EQ(progress.contiguous(), 6U);
  EXPECT_EQ(progress.above(), (std::vector<std::uint64_t>{8}));
}

TEST(Progress, LeavesMissingNumbersAtAndAboveTheOldestOpen) {
  Progress progress(0, {4, 7});
  EXPECT_EQ(progress.close_below(4), (Runs{{1, 3}}));
  EXPECT_FALSE(progress.contains(5));
  EXPECT_EQ(progress.contiguous(), 4U);
}

TEST(Progress, BringsAStoredStateIntoOrder) {
  const Progress progress(3, {9, 4, 2, 9, 7});
  EXPECT_EQ(progress.contiguous(), 4U);
  EXPECT_EQ(progress.above(), (std::vector<std::uint64_t>{7, 9}));
}

// Against a plain set, over random numbers.
TEST(Progress, HoldsExactlyWhatWasAddedOrClosed) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    Progress progress;
    std::set<std::uint64_t> expected;
    for (int i = 0; i < 60; ++i) {
      const std::uint64_t number = 1 + rng.below(40);
      if (rng.chance(0.2)) {
        for (const Progress::Run& run : progress.close_below(number)) {
          for (std::uint64_t n = run.first; n <= run.last; ++n) {
            ASSERT_LT(n, number) << "seed " << seed;
            ASSERT_TRUE(expected.insert(n).second) << "seed " << seed;
          }
        }
        for (std::uint64_t n = 1; n < number; ++n) ASSERT_TRUE(expected.contains(n));
      } else {
        ASSERT_TRUE(progress.add(number));
        expected.insert(number);
      }
      for (std::uint64_t n = 1; n <= 41; ++n) {
        ASSERT_EQ(progress.contains(n), expected.contains(n)) << "seed " << seed << ", " << n;
      }
      ASSERT_FALSE(progress.contains(progress.contiguous() + 1)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace bw::coordinator
