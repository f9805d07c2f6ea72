#include "agent/core/detect/subspace.h"

#include <cmath>
#include <vector>

#include "agent/core/detect/tree_grower.h"
#include "base/rng.h"

namespace bw::agent {
namespace {

// Rows that vary along (1, 2, 0, 0) strongly and along the last axis a little.
std::vector<std::vector<float>> rows_on_a_line(std::size_t count) {
  Rng rng(1);
  std::vector<std::vector<float>> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const auto along = static_cast<float>(normal(rng) * 3);
    const auto beside = static_cast<float>(normal(rng) * 0.2);
    rows.push_back({1 + along, 2 * along, 5, beside});
  }
  return rows;
}

Subspace fitted(const std::vector<std::vector<float>>& rows, double share) {
  SubspaceFitter fitter(rows[0].size(), share);
  fitter.begin();
  for (const auto& row : rows) fitter.add(row);
  for (int i = 0; i < 12; ++i) fitter.iterate();
  fitter.choose();
  for (const auto& row : rows) fitter.add_residual(row);
  Subspace made;
  fitter.take(made);
  return made;
}

std::vector<float> residual(const Subspace& subspace, const std::vector<float>& row) {
  std::vector<float> out(row.size());
  subspace.residual(row, out);
  return out;
}

TEST(Subspace, FindsTheDirectionThatRowsVaryIn) {
  const auto subspace = fitted(rows_on_a_line(500), 0.9);
  ASSERT_EQ(subspace.directions, 1U);
  const double ratio = subspace.basis[1] / subspace.basis[0];
  EXPECT_NEAR(ratio, 2, 0.01);
  EXPECT_NEAR(subspace.basis[2], 0, 1e-3);
}

TEST(Subspace, WhatFollowsTheUsualDirectionLeavesNoResidual) {
  const auto subspace = fitted(rows_on_a_line(500), 0.9);
  const auto along = residual(subspace, {1 + 30, 60, 5, 0});
  const auto across = residual(subspace, {1 + 30, -60, 5, 0});
  EXPECT_LT(std::fabs(along[0]), 3);
  EXPECT_GT(std::fabs(across[0]), 100);
}

TEST(Subspace, ResidualsAreInTheirUsualDeviations) {
  const auto rows = rows_on_a_line(2000);
  const auto subspace = fitted(rows, 0.9);
  double square = 0;
  for (const auto& row : rows) square += std::pow(residual(subspace, row)[3], 2);
  EXPECT_NEAR(square / 2000, 1, 0.05);
  // One that never varies is counted in tenths of a deviation, not in nothing.
  EXPECT_NEAR(residual(subspace, {1, 0, 6, 0})[2], 10, 0.5);
}

TEST(Subspace, KeepsAsManyDirectionsAsTheShareNeedsAndHalfAtMost) {
  const auto rows = rows_on_a_line(500);
  EXPECT_EQ(fitted(rows, 0.5).directions, 1U);
  EXPECT_EQ(fitted(rows, 1.0).directions, 2U);  // half of four
}

TEST(Subspace, OneFeatureAloneIsItsOwnResidual) {
  std::vector<std::vector<float>> rows;
  Rng rng(2);
  for (int i = 0; i < 200; ++i) rows.push_back({static_cast<float>(normal(rng) * 2)});
  const auto subspace = fitted(rows, 0.6);
  EXPECT_EQ(subspace.directions, 0U);
  EXPECT_NEAR(residual(subspace, {4})[0], 2, 0.3);
}

TEST(Subspace, RowsThatAreAllTheSameHaveNoDirection) {
  const std::vector<std::vector<float>> rows(50, {1, 2, 3, 4});
  const auto subspace = fitted(rows, 0.6);
  const auto same = residual(subspace, {1, 2, 3, 4});
  for (const float value : same) EXPECT_NEAR(value, 0, 1e-4);
  for (const float value : subspace.basis) EXPECT_TRUE(std::isfinite(value));
}

TEST(Subspace, AnotherFitBeginsAnew) {
  SubspaceFitter fitter(4, 0.9);
  Subspace made;
  for (const float sign : {1.0F, -1.0F}) {
    fitter.begin();
    Rng rng(3);
    for (int i = 0; i < 500; ++i) {
      const auto along = static_cast<float>(normal(rng) * 3);
      fitter.add(std::vector<float>{along, sign * along, 0, 0});
    }
    for (int i = 0; i < 12; ++i) fitter.iterate();
    fitter.choose();
    fitter.take(made);
    EXPECT_NEAR(made.basis[1] / made.basis[0], sign, 0.01);
  }
}

}  // namespace
}  // namespace bw::agent
