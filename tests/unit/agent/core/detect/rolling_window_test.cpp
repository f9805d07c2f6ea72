#include "agent/core/detect/rolling_window.h"

#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"

namespace bw::agent {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

TEST(RollingWindow, MeanAndDeviationAreThoseOfTheLastRows) {
  RollingWindow window(2, 3);
  Rng rng(1);
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < 2000; ++i) {
    rows.push_back({static_cast<float>(rng.unit()), static_cast<float>(rng.unit() * 1000 - 500)});
    window.push(rows.back());
    const std::size_t count = std::min<std::size_t>(rows.size(), 3);
    for (std::size_t metric = 0; metric < 2; ++metric) {
      double sum = 0;
      double squares = 0;
      for (std::size_t k = 1; k <= count; ++k) sum += rows[rows.size() - k][metric];
      const double mean = sum / static_cast<double>(count);
      for (std::size_t k = 1; k <= count; ++k) {
        squares += std::pow(rows[rows.size() - k][metric] - mean, 2);
      }
      ASSERT_NEAR(window.mean(metric), mean, 1e-3) << i;
      ASSERT_NEAR(window.deviation(metric), std::sqrt(squares / static_cast<double>(count)), 1e-3);
    }
  }
}

TEST(RollingWindow, MissingValuesTakeNoPart) {
  RollingWindow window(1, 3);
  EXPECT_TRUE(std::isnan(window.mean(0)));
  window.push(std::vector<float>{2});
  window.push(std::vector<float>{kNone});
  window.push(std::vector<float>{4});
  EXPECT_EQ(window.mean(0), 3);
  EXPECT_EQ(window.deviation(0), 1);
  window.push(std::vector<float>{kNone});
  EXPECT_EQ(window.mean(0), 4);
  EXPECT_EQ(window.deviation(0), 0);
  window.push(std::vector<float>{kNone});
  window.push(std::vector<float>{kNone});
  EXPECT_TRUE(std::isnan(window.mean(0)));
  EXPECT_TRUE(std::isnan(window.deviation(0)));
}

TEST(RollingWindow, AConstantHasNoDeviationWhateverItsSize) {
  RollingWindow window(1, 10);
  for (int i = 0; i < 1000; ++i) {
    window.push(std::vector<float>{123456.789F});
    ASSERT_EQ(window.deviation(0), 0) << i;
  }
}

TEST(RollingWindow, RoundingErrorsOfAHugeValueDoNotStay) {
  RollingWindow window(1, 4);
  window.push(std::vector<float>{1e25F});
  for (int i = 0; i < 600; ++i) window.push(std::vector<float>{1});
  EXPECT_EQ(window.mean(0), 1);
  EXPECT_EQ(window.deviation(0), 0);
}

TEST(RollingWindow, ClearingForgetsAllRows) {
  RollingWindow window(1, 3);
  window.push(std::vector<float>{100});
  window.clear();
  window.push(std::vector<float>{7});
  EXPECT_EQ(window.mean(0), 7);
  EXPECT_EQ(window.deviation(0), 0);
}

}  // namespace
}  // namespace bw::agent
