#include "agent/core/detect/tail_history.h"

#include <cmath>
#include <limits>

#include "base/portable_math.h"

namespace bw::agent {
namespace {

double exponential(Rng& rng) {
  return -portable_log(1 - rng.unit());
}

TEST(TailHistory, SurpriseIsTheLogarithmOfHowRareAValueIs) {
  TailHistory history(1024, 100000);
  Rng rng(1);
  for (int i = 0; i < 50000; ++i) history.add(exponential(rng), rng);
  // Of an exponential, -log P(X >= x) is x itself, far beyond what was seen too.
  for (const double x : {0.5, 1.0, 2.0, 3.0}) EXPECT_NEAR(history.surprise(x), x, 0.15 * x) << x;
  for (const double x : {5.0, 10.0, 30.0}) EXPECT_NEAR(history.surprise(x), x, 0.2 * x) << x;
  EXPECT_LT(history.surprise(0), 0.01);
}

TEST(TailHistory, RisesWithItsValueWithoutAJumpBack) {
  TailHistory history(256, 10000);
  Rng rng(2);
  for (int i = 0; i < 3000; ++i) history.add(exponential(rng), rng);
  double last = -1;
  for (double x = 0; x < 20; x += 0.01) {
    const double surprise = history.surprise(x);
    EXPECT_GE(surprise, last - 0.35) << x;  // the step between the counted and the fitted part
    last = std::fmax(last, surprise);
  }
}

TEST(TailHistory, WithoutAHistoryNothingSurprises) {
  TailHistory history(16, 100);
  EXPECT_EQ(history.surprise(1e9), 0);
  Rng rng(1);
  history.add(1, rng);
  EXPECT_GT(history.surprise(1e9), 1);
  history.clear();
  EXPECT_EQ(history.surprise(1e9), 0);
}

TEST(TailHistory, AHistoryOfOneValueGivesFiniteSurprises) {
  TailHistory history(64, 1000);
  Rng rng(1);
  for (int i = 0; i < 200; ++i) history.add(5, rng);
  EXPECT_NEAR(history.surprise(5), 0, 0.01);
  EXPECT_GT(history.surprise(6), 20);
  EXPECT_TRUE(std::isfinite(history.surprise(1e6)));
}

TEST(TailHistory, WhatIsNoNumberIsLeftOut) {
  TailHistory history(64, 1000);
  Rng rng(1);
  for (int i = 0; i < 64; ++i) history.add(i, rng);
  const double before = history.surprise(32);
  history.add(std::numeric_limits<double>::quiet_NaN(), rng);
  history.add(std::numeric_limits<double>::infinity(), rng);
  EXPECT_EQ(history.surprise(32), before);
}

TEST(TailHistory, WhatIsTakenUpStandsForAsManyAsItSays) {
  TailHistory history(64, 100'000);
  Rng rng(1);
  for (int i = 0; i < 10'000; ++i) history.add(rng.unit(), rng);
  const auto later = [&](std::uint64_t seen) {
    TailHistory other(64, 100'000);
    other.restore(history.values(), history.excess(), history.excesses(), seen, rng);
    EXPECT_EQ(other.values(), history.values());
    for (int i = 0; i < 500; ++i) other.add(2, rng);
    std::size_t taken = 0;
    for (const float value : other.values()) taken += value == 2;
    return taken;
  };
  EXPECT_LT(later(history.seen()), 12U);  // 500 of 10,500
  EXPECT_GT(later(0), 20U);
}

TEST(TailHistory, TheEdgeIsItsNinetyEighthPercentile) {
  TailHistory history(100, 100);
  Rng rng(1);
  for (int i = 0; i < 100; ++i) history.add(i, rng);
  EXPECT_EQ(history.edge(), 98);
}

}  // namespace
}  // namespace bw::agent
