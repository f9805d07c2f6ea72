#include "agent/core/detect/scorer.h"

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "tests/unit/agent/core/detect/detect_world.h"

namespace bw::agent {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

ScorerOptions options_of(std::size_t metrics = DetectWorld::kMetrics) {
  ScorerOptions options;
  options.metrics = metrics;
  options.reservoir = 256;  // tests are quicker for it
  return options;
}

// A scorer that has learnt so many rows of the world.
Scorer taught(DetectWorld& world, std::size_t rows, const ScorerOptions& options = options_of()) {
  Scorer scorer(options);
  for (std::size_t i = 0; i < rows; ++i) {
    scorer.score(world.row());
    scorer.learn();
  }
  return scorer;
}

// The mean score of rows that `change` was done to.
double mean_score(Scorer& scorer, DetectWorld& world, std::size_t rows,
                  const std::function<void(std::vector<double>&)>& change) {
  double sum = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    auto row = world.row();
    change(row);
    sum += scorer.score(row);
  }
  return sum / static_cast<double>(rows);
}

TEST(Scorer, SaysNothingBeforeItHasLearntSomething) {
  DetectWorld world(1);
  Scorer scorer(options_of());
  std::size_t rows = 0;
  for (; !scorer.ready() && rows < 1000; ++rows) {
    EXPECT_EQ(scorer.score(world.row()), 0);
    scorer.learn();
  }
  EXPECT_GE(rows, Scorer::kFirstRows);
  EXPECT_LT(rows, Scorer::kFirstRows + 40);
}

TEST(Scorer, OrdinaryRowsScoreLowAndOddOnesHigh) {
  DetectWorld world(2);
  Scorer scorer = taught(world, 3000);
  const double usual = mean_score(scorer, world, 300, [](auto&) {});
  EXPECT_GT(usual, 2);  // about 1 a part: the mean of -log p
  EXPECT_LT(usual, 9);
  EXPECT_GT(mean_score(scorer, world, 20, [](auto& row) { row[4] += 400; }), 3 * usual);
}

TEST(Scorer, SeesAMetricThatLeavesItsCompany) {
  DetectWorld world(3);
  Scorer scorer = taught(world, 3000);
  const double usual = mean_score(scorer, world, 300, [](auto&) {});
  // 60 is within metric 0's own range; beside the others' it is not.
  EXPECT_GT(mean_score(scorer, world, 60, [](auto& row) { row[0] = 100 - row[0]; }), 1.5 * usual);
}

TEST(Scorer, SeesAConstantChange) {
  DetectWorld world(4);
  Scorer scorer = taught(world, 2000);
  const double usual = mean_score(scorer, world, 300, [](auto&) {});
  EXPECT_GT(mean_score(scorer, world, 20, [](auto& row) { row[5] = 9; }), 2 * usual);
}

TEST(Scorer, SeesNoiseThatGrows) {
  DetectWorld world(5);
  Scorer scorer = taught(world, 3000);
  const double usual = mean_score(scorer, world, 300, [](auto&) {});
  int sign = 1;
  EXPECT_GT(mean_score(scorer, world, 60, [&](auto& row) { row[4] += (sign = -sign) * 55; }),
            2 * usual);
}

TEST(Scorer, TheSameRowsGiveTheSameBits) {
  std::uint64_t mixed[2] = {};
  for (std::uint64_t& mix : mixed) {
    DetectWorld world(6);
    Scorer scorer(options_of());
    for (int i = 0; i < 1500; ++i) {
      mix = std::rotl(mix, 3) ^ std::bit_cast<std::uint64_t>(scorer.score(world.row()));
      scorer.learn();
    }
  }
  EXPECT_EQ(mixed[0], mixed[1]);
}

// Taken once: an architecture that gives other bits would raise other alarms. Rows of sums and
// products alone, as the world's own logarithm is not what is tested.
TEST(Scorer, BitsAreTheSameOnEveryArchitecture) {
  ScorerOptions options = options_of(3);
  options.reservoir = 64;
  Scorer scorer(options);
  Rng rng(1);
  std::uint64_t mixed = 0;
  for (int i = 0; i < 400; ++i) {
    const double load = rng.unit();
    mixed = std::rotl(mixed, 3) ^ std::bit_cast<std::uint64_t>(scorer.score(std::vector<double>{
                                      load, load * rng.unit(), 1e9 * (load + rng.unit())}));
    scorer.learn();
  }
  EXPECT_EQ(mixed, 16373265503707358476U);
}

TEST(Scorer, WhatIsMissingOrNoNumberIsUsual) {
  DetectWorld world(7);
  Scorer scorer = taught(world, 2000);
  const double usual = mean_score(scorer, world, 300, [](auto&) {});
  for (const double odd :
       {kNone, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    const double mean = mean_score(scorer, world, 100, [&](auto& row) { row[4] = row[1] = odd; });
    EXPECT_LT(mean, 1.6 * usual) << odd;
  }
  EXPECT_LT(mean_score(scorer, world, 10, [](auto& row) { row.clear(); }), 1.6 * usual);
}

TEST(Scorer, HugeValuesStayFiniteAndLeaveNoTrace) {
  DetectWorld world(8);
  Scorer scorer = taught(world, 1000);
  for (const double huge : {1e300, -1e300, 1e30, std::numeric_limits<double>::max()}) {
    EXPECT_TRUE(std::isfinite(mean_score(scorer, world, 3, [&](auto& row) { row[0] = huge; })));
  }
  mean_score(scorer, world, 700, [](auto&) {});
  const double after = mean_score(scorer, world, 300, [](auto&) {});
  EXPECT_LT(after, 12);
}

TEST(Scorer, AMetricThatAppearsLaterIsUsualUntilItIsKnown) {
  DetectWorld world(9);
  Scorer scorer(options_of());
  const auto teach = [&](std::size_t rows, bool with) {
    double most = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      auto row = world.row();
      if (!with) row[4] = kNone;
      most = std::max(most, scorer.score(row));
      scorer.learn();
    }
    return most;
  };
  teach(1000, false);
  const double before = teach(1000, false);
  EXPECT_LT(teach(2000, true), 2 * before);
  const double usual = mean_score(scorer, world, 300, [](auto&) {});
  EXPECT_GT(mean_score(scorer, world, 20, [](auto& row) { row[4] += 500; }), 1.5 * usual);
}

TEST(Scorer, AGapLeavesNoOldRowsInTheWindows) {
  DetectWorld world(10);
  Scorer scorer = taught(world, 500);
  mean_score(scorer, world, 30, [](auto& row) { row[4] = 5000; });
  scorer.forget_window();
  auto row = world.row();
  row[4] = 1000;
  scorer.score(row);
  const double mean = scorer.origin(4) + scorer.features()[DetectWorld::kMetrics + 4];
  EXPECT_NEAR(mean, 1000, 0.01);
}

TEST(Scorer, HurryLearnsTheNewNormalWithinMinutes) {
  DetectWorld world(11);
  Scorer scorer = taught(world, 4000);
  const auto moved = [](auto& row) { row[4] += 300; };
  const double usual = mean_score(scorer, world, 300, [](auto&) {});
  EXPECT_GT(mean_score(scorer, world, 100, moved), 2 * usual);
  scorer.hurry();
  for (int i = 0; i < 1200; ++i) {
    auto row = world.row();
    moved(row);
    scorer.score(row);
    scorer.learn();
  }
  EXPECT_LT(mean_score(scorer, world, 300, moved), 1.5 * usual);
}

TEST(Scorer, StaysWithinItsMemory) {
  ScorerOptions options;  // as large as it may be
  Scorer scorer(options);
  Rng rng(1);
  for (int i = 0; i < 1100; ++i) {
    std::vector<double> row(kMaxMetrics);
    for (double& value : row) value = rng.unit();
    scorer.score(row);
    scorer.learn();
  }
  EXPECT_LT(scorer.bytes(), 2'000'000U);
}

}  // namespace
}  // namespace bw::agent
