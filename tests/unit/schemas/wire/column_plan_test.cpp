#include "schemas/wire/column_plan.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace bw::wire {
namespace {

using Integers = std::vector<std::int64_t>;
constexpr std::size_t kRows = 60;

// A counter that grows by up to `most` a row.
Integers counter(Rng& rng, std::uint64_t most) {
  Integers values{1'000'000};
  while (values.size() < kRows) {
    values.push_back(values.back() + static_cast<std::int64_t>(rng.below(most + 1)));
  }
  return values;
}

class ColumnPlannerTest : public ::testing::Test {
 protected:
  ColumnPlan plan(const Integers& values, bool full = true) {
    const ColumnPlan result = planner_.plan(values, column_, full);
    if (full) planner_.note_written(column_);
    ++column_;
    return result;
  }

  Rng rng_{1};
  ColumnPlanner planner_;
  std::size_t column_ = 0;
};

TEST_F(ColumnPlannerTest, writes_a_counter_without_signs) {
  const ColumnPlan made = plan(counter(rng_, 9));
  EXPECT_EQ(made.prediction, Prediction::value);
  EXPECT_EQ(made.sign, Sign::none);
  EXPECT_EQ(made.base, 1'000'000);
}

TEST_F(ColumnPlannerTest, takes_a_floor_off_steps_that_lie_to_one_side) {
  Integers values = counter(rng_, 9);
  for (std::size_t i = 0; i < kRows; ++i) values[i] += static_cast<std::int64_t>(1'000'003 * i);
  const ColumnPlan rising = plan(values);
  EXPECT_EQ(rising.sign, Sign::floor);
  EXPECT_GE(rising.floor, 1'000'003);
  for (auto& value : values) value = -value;
  const ColumnPlan falling = plan(values, false);
  EXPECT_EQ(falling.sign, Sign::floor);
  EXPECT_LE(falling.floor, -1'000'003);
}

TEST_F(ColumnPlannerTest, follows_a_bend_by_slopes) {
  Integers values;
  for (std::int64_t i = 0; i < 60; ++i) values.push_back(1000 * i * i);
  EXPECT_EQ(plan(values).prediction, Prediction::slope);
}

TEST_F(ColumnPlannerTest, writes_noise_about_a_level_above_its_least) {
  Integers values;
  for (std::size_t i = 0; i < kRows; ++i) {
    values.push_back(50 + static_cast<std::int64_t>(rng_.below(1000)));
  }
  const ColumnPlan made = plan(values);
  EXPECT_EQ(made.prediction, Prediction::base);
  EXPECT_EQ(made.base, *std::ranges::min_element(values));
}

TEST_F(ColumnPlannerTest, takes_out_what_all_differences_share) {
  Integers values = counter(rng_, 9);
  for (auto& value : values) value = 4096 * value + 7;
  EXPECT_EQ(plan(values).unit, 4096);
}

TEST_F(ColumnPlannerTest, leans_on_an_earlier_column_that_moves_alike) {
  const Integers first = counter(rng_, 100'000);
  (void)plan(first);
  Integers again = first;
  for (auto& value : again) value = 5 - 512 * value;
  const ColumnPlan against = plan(again);
  EXPECT_EQ(against.prediction, Prediction::reference);
  EXPECT_EQ(against.column, 0U);
  EXPECT_TRUE(against.falls);
  EXPECT_EQ(against.unit, 512);
  EXPECT_EQ(planner_.residuals().size(), kRows - 1);
  EXPECT_TRUE(std::ranges::all_of(planner_.residuals(), [](auto left) { return left == 0; }));

  Integers nearly = first;
  for (auto& value : nearly) value += static_cast<std::int64_t>(rng_.below(4));
  const ColumnPlan with = plan(nearly);
  EXPECT_EQ(with.prediction, Prediction::reference);
  EXPECT_EQ(with.column, 0U) << "not on the column that leans itself";
  EXPECT_FALSE(with.falls);
}

TEST_F(ColumnPlannerTest, does_not_lean_where_a_row_has_no_value) {
  const Integers values = counter(rng_, 100'000);
  (void)plan(values);
  EXPECT_NE(plan(values, false).prediction, Prediction::reference);
}

TEST_F(ColumnPlannerTest, does_not_lean_where_that_saves_little) {
  Integers values = counter(rng_, 100'000);
  (void)plan(values);
  // The steps are as wide as those of the column to lean on, less a little.
  for (std::size_t i = 1; i < kRows; ++i) {
    values[i] += static_cast<std::int64_t>(i) * 3 + static_cast<std::int64_t>(rng_.below(80'000));
  }
  EXPECT_NE(plan(values).prediction, Prediction::reference);
}

TEST_F(ColumnPlannerTest, leans_on_nothing_of_another_block) {
  const Integers values = counter(rng_, 100'000);
  (void)plan(values);
  planner_.begin_block();
  EXPECT_NE(plan(values).prediction, Prediction::reference);
}

TEST_F(ColumnPlannerTest, remembers_the_last_columns_only) {
  const Integers first = counter(rng_, 100'000);
  (void)plan(first);
  for (std::size_t i = 0; i < ColumnPlanner::kMaxReferences - 1; ++i) {
    (void)plan(counter(rng_, 100'000));
  }
  EXPECT_EQ(plan(first).column, 0U);
  (void)plan(counter(rng_, 100'000));
  EXPECT_NE(plan(first, false).prediction, Prediction::reference);
  const ColumnPlan late = planner_.plan(first, column_, true);
  EXPECT_NE(late.prediction, Prediction::reference) << "it leans on column " << late.column;
}

}  // namespace
}  // namespace bw::wire
