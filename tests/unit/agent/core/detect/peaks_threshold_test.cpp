#include "agent/core/detect/peaks_threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/portable_math.h"

namespace bw::agent {
namespace {

// Draws of a generalised Pareto distribution.
std::vector<double> pareto(double shape, double scale, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> made;
  for (std::size_t i = 0; i < count; ++i) {
    const double log_survival = portable_log(1 - rng.unit());
    made.push_back(shape == 0 ? -scale * log_survival
                              : scale / shape * (portable_exp(-shape * log_survival) - 1));
  }
  return made;
}

TEST(PeaksThreshold, FitFindsTheDistributionThatExcessesCameFrom) {
  for (const double shape : {-0.3, 0.0, 0.3}) {
    const ParetoFit fit = fit_pareto(pareto(shape, 2, 4000, 1));
    EXPECT_NEAR(fit.shape, shape, 0.06) << shape;
    EXPECT_NEAR(fit.scale, 2, 0.2) << shape;
  }
}

TEST(PeaksThreshold, FitOfFewOrEqualExcessesIsFinite) {
  EXPECT_EQ(fit_pareto({}).scale, 0);
  EXPECT_EQ(fit_pareto({0, 0}).scale, 0);
  for (const auto& excesses :
       {std::vector<double>{3}, std::vector<double>{2, 2, 2, 2}, std::vector<double>{1e-9, 1e9}}) {
    const ParetoFit fit = fit_pareto(excesses);
    EXPECT_TRUE(std::isfinite(fit.shape) && std::isfinite(fit.scale));
    EXPECT_GT(fit.scale, 0);
    EXPECT_LE(std::fabs(fit.shape), 0.5);
  }
}

TEST(PeaksThreshold, GoesOnFromWhatWasSaved) {
  PeaksOptions options;
  options.episodes_a_row = 1e-3;
  options.apart = 1;
  options.most_peaks = 16;
  Rng rng(3);
  PeaksThreshold peaks(options);
  for (int i = 0; i < 20'000; ++i) peaks.add(-portable_log(1 - rng.unit()), rng);
  wire::PeaksModel model;
  peaks.save(model);
  EXPECT_EQ(model.rows, 20'000U);
  ASSERT_EQ(model.tops.size(), 16U);
  EXPECT_TRUE(std::is_sorted(model.at.begin(), model.at.end()));
  PeaksThreshold other(options);
  other.load(model, rng);
  EXPECT_EQ(other.threshold(), peaks.threshold());
  wire::PeaksModel again;
  other.save(again);
  EXPECT_EQ(again, model);
  // It is fitted anew when it would have been.
  for (int i = 0; i < 2000; ++i) {
    const double score = -portable_log(1 - rng.unit());
    Rng same(7);
    peaks.add(score, same);
    Rng again_same(7);
    other.add(score, again_same);
    ASSERT_EQ(other.threshold(), peaks.threshold()) << i;
  }
  // Another rate is wanted from here on.
  options.episodes_a_row = 1e-4;
  PeaksThreshold rarer(options);
  rarer.load(model, rng);
  EXPECT_GT(rarer.threshold(), other.threshold() + 1);
}

TEST(PeaksThreshold, WhatIsImpossibleLeavesItFinite) {
  PeaksOptions options;
  options.most_peaks = 4;
  Rng rng(3);
  PeaksThreshold peaks(options);
  peaks.load({600, {7, 7, 7, 7}, {600, 600, 600, 600}, {{1, 2, 3}, 0.5, 1, 600}, 0, 0, 0}, rng);
  EXPECT_TRUE(std::isfinite(peaks.threshold()));
  PeaksThreshold fresh(options);
  fresh.load({}, rng);
  EXPECT_EQ(fresh.threshold(), std::numeric_limits<double>::infinity());
}

TEST(PeaksThreshold, IsPassedAsOftenAsWanted) {
  PeaksOptions options;
  options.episodes_a_row = 1e-3;
  options.apart = 1;
  Rng rng(2);
  double passed = 0;
  constexpr int kStreams = 20;
  constexpr int kRows = 20000;
  for (int stream = 0; stream < kStreams; ++stream) {
    PeaksThreshold peaks(options);
    for (int i = 0; i < 20000; ++i) peaks.add(-portable_log(1 - rng.unit()), rng);
    for (int i = 0; i < kRows; ++i) passed += -portable_log(1 - rng.unit()) > peaks.threshold();
  }
  const double rate = passed / kStreams / kRows;
  EXPECT_GT(rate, 0.5e-3);
  EXPECT_LT(rate, 2e-3);
}

TEST(PeaksThreshold, CountsRunsOfHighScoresOnce) {
  PeaksOptions options;
  options.episodes_a_row = 1e-3;
  Rng rng(3);
  PeaksThreshold single(options);
  PeaksThreshold runs(options);
  // The same scores, once each and once five times in a row: the wanted rate is one of runs.
  for (int i = 0; i < 4000; ++i) {
    const double score = -portable_log(1 - rng.unit());
    for (int k = 0; k < 20; ++k) single.add(k == 0 ? score : 0, rng);
    for (int k = 0; k < 20; ++k) runs.add(k < 5 ? score : 0, rng);
  }
  EXPECT_NEAR(runs.threshold(), single.threshold(), 0.25 * single.threshold());
}

TEST(PeaksThreshold, ThereIsNoneUntilEnoughRowsWereSeen) {
  PeaksOptions options;
  options.least_rows = 100;
  PeaksThreshold peaks(options);
  Rng rng(4);
  for (int i = 0; i < 99; ++i) peaks.add(rng.unit(), rng);
  EXPECT_FALSE(peaks.ready());
  EXPECT_EQ(peaks.threshold(), std::numeric_limits<double>::infinity());
  peaks.add(0.5, rng);
  EXPECT_TRUE(peaks.ready());
  EXPECT_TRUE(std::isfinite(peaks.threshold()));
}

TEST(PeaksThreshold, ScoresThatNeverChangeGiveThatScore) {
  PeaksThreshold peaks({});
  Rng rng(5);
  for (int i = 0; i < 2000; ++i) peaks.add(7, rng);
  EXPECT_EQ(peaks.threshold(), 7);
}

TEST(PeaksThreshold, WhatIsNoNumberIsLeftOut) {
  PeaksOptions options;
  options.least_rows = 10;
  PeaksThreshold peaks(options);
  Rng rng(6);
  for (int i = 0; i < 20; ++i) peaks.add(std::numeric_limits<double>::quiet_NaN(), rng);
  EXPECT_FALSE(peaks.ready());
}

}  // namespace
}  // namespace bw::agent
