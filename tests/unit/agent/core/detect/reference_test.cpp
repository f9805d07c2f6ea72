#include "agent/core/detect/reference.h"

#include <cmath>
#include <limits>
#include <vector>

#include "agent/core/detect/tree_grower.h"

namespace bw::agent {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t kMetrics = 2;
constexpr std::size_t kWidth = kMetrics * kFeaturesAMetric;

// Rows of which feature 0 is normal about 10 with deviation 2, and the rest are constant.
Reservoir filled(std::size_t rows, float missing_share = 0) {
  Reservoir reservoir(rows, kWidth, 100000);
  Rng rng(1);
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<float> row(kWidth, 3);
    row[0] = rng.unit() < missing_share ? kNone : static_cast<float>(10 + 2 * normal(rng));
    reservoir.offer(row, rng);
  }
  return reservoir;
}

Reference fitted(const Reservoir& reservoir, float least = 0.1F) {
  ReferenceFitter fitter(kMetrics, 0.6);
  for (std::size_t i = 0; i < kWidth; ++i) fitter.set_spread(i, 0, least);
  Reference reference;
  std::size_t slices = 1;
  while (!fitter.step(reservoir, reference)) ++slices;
  EXPECT_EQ(slices, kWidth + 2 * reservoir.rows() + 12);
  return reference;
}

std::vector<float> scaled(const Reference& reference, const std::vector<float>& row) {
  std::vector<float> out(kWidth);
  reference.scale(row, out);
  return out;
}

TEST(Reference, ScalesByTheMiddleAndTheSpread) {
  const auto reference = fitted(filled(1000));
  std::vector<float> row(kWidth, 3);
  row[0] = 14;
  EXPECT_NEAR(scaled(reference, row)[0], 2, 0.2);
  row[0] = 10;
  EXPECT_NEAR(scaled(reference, row)[0], 0, 0.1);
  EXPECT_NEAR(reference.columns[0].low, 10 - 2 * 2.33, 0.6);
  EXPECT_NEAR(reference.columns[0].high, 10 + 2 * 2.33, 0.6);
}

TEST(Reference, CutsWhatIsFarOutAndSoonerWhereNothingEverVaried) {
  const auto reference = fitted(filled(1000));
  std::vector<float> row(kWidth, 3);
  row[0] = 1e6F;
  row[1] = 1e6F;
  EXPECT_EQ(scaled(reference, row)[0], kFarthest);
  EXPECT_EQ(scaled(reference, row)[1], kFarthestOfConstant);
  row[1] = -1e6F;
  EXPECT_EQ(scaled(reference, row)[1], -kFarthestOfConstant);
}

TEST(Reference, ChangesBelowTheLeastSpreadAreSmall) {
  const auto reference = fitted(filled(1000), 100);
  std::vector<float> row(kWidth, 3);
  row[0] = 20;
  EXPECT_NEAR(scaled(reference, row)[0], 0.1, 0.02);
}

TEST(Reference, WhatIsMissingIsUsual) {
  const auto reference = fitted(filled(1000));
  std::vector<float> row(kWidth, 3);
  row[0] = kNone;
  EXPECT_EQ(scaled(reference, row)[0], 0);
  EXPECT_EQ(reference.unscaled(0, 0), reference.columns[0].median);
  row[0] = 13;
  EXPECT_NEAR(reference.unscaled(0, scaled(reference, row)[0]), 13, 1e-3);
}

TEST(Reference, AColumnThatTooFewRowsHaveIsNotKnown) {
  const auto known = fitted(filled(1000, 0.9F));
  EXPECT_GT(known.columns[0].inverse_scale, 0);
  const auto unknown = fitted(filled(1000, 0.99F));
  EXPECT_EQ(unknown.columns[0].inverse_scale, 0);
  std::vector<float> row(kWidth, 3);
  row[0] = 1e6F;
  EXPECT_EQ(scaled(unknown, row)[0], 0);
}

TEST(Reference, TheDeviationOfMoreRowsWidensASpread) {
  const auto reservoir = filled(200);
  ReferenceFitter fitter(kMetrics, 0.6);
  fitter.set_spread(0, 50, 0.1F);
  Reference reference;
  while (!fitter.step(reservoir, reference)) {
  }
  EXPECT_NEAR(reference.columns[0].inverse_scale, 1 / 50.0, 1e-6);
}

TEST(Reference, ARoundThatIsNotDoneChangesNothing) {
  const auto reservoir = filled(100);
  ReferenceFitter fitter(kMetrics, 0.6);
  Reference reference;
  for (std::size_t i = 0; i + 1 < kWidth + 200 + 12; ++i) {
    ASSERT_FALSE(fitter.step(reservoir, reference));
    ASSERT_TRUE(reference.columns.empty());
  }
  EXPECT_TRUE(fitter.step(reservoir, reference));
  EXPECT_EQ(reference.columns.size(), kWidth);
  EXPECT_EQ(reference.rows, 100U);
}

}  // namespace
}  // namespace bw::agent
