#include "base/rng.h"

#include <vector>

#include <gtest/gtest.h>

namespace bw {
namespace {

// The words of the published generators, computed apart from this code: splitmix64 seeded with 1
// fills the state of xoshiro256**.
TEST(Rng, GivesTheSequenceOfTheReference) {
  Rng rng(1);
  const std::vector<std::uint64_t> expected = {0xb3f2af6d0fc710c5U, 0x853b559647364ceaU,
                                               0x92f89756082a4514U, 0x642e1c7bc266a3a7U};
  for (const auto word : expected) EXPECT_EQ(rng.next(), word);
}

TEST(Rng, DiffersBetweenNeighbouringSeeds) {
  Rng one(1);
  Rng two(2);
  EXPECT_NE(one.next(), two.next());
}

TEST(Rng, DrawsEveryValueBelowABoundAboutEquallyOften) {
  Rng rng(7);
  std::vector<int> counts(10);
  for (int i = 0; i < 100000; ++i) ++counts.at(rng.below(10));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
}

TEST(Rng, DrawsUnitsFromZeroToJustBelowOne) {
  Rng rng(3);
  double least = 1;
  double most = 0;
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = rng.unit();
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    least = std::min(least, x);
    most = std::max(most, x);
    sum += x;
  }
  EXPECT_LT(least, 0.001);
  EXPECT_GT(most, 0.999);
  EXPECT_NEAR(sum / 100000, 0.5, 0.01);
}

TEST(Rng, TakesChancesAsOftenAsAsked) {
  Rng rng(5);
  int taken = 0;
  for (int i = 0; i < 10000; ++i) taken += rng.chance(0.25) ? 1 : 0;
  EXPECT_NEAR(taken, 2500, 200);
  EXPECT_FALSE(rng.chance(0));
  EXPECT_TRUE(rng.chance(1));
}

}  // namespace
}  // namespace bw
