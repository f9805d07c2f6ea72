#include "coordinator/cli/sparkline.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

std::vector<QueryPoint> points(const std::vector<std::optional<double>>& values) {
  std::vector<QueryPoint> made;
  for (const auto& value : values) made.push_back({0, value});
  return made;
}

TEST(Sparkline, GoesFromTheLowestToTheHighest) {
  EXPECT_EQ(sparkline(points({0, 1, 2, 3, 4, 5, 6, 7}), 40, true), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(points({0, 1, 2, 3, 4, 5, 6, 7}), 40, false), "_.-=+*%#");
}

TEST(Sparkline, UnknownValuesAreGaps) {
  EXPECT_EQ(sparkline(points({0, std::nullopt, 7, NAN}), 40, false), "_ # ");
  EXPECT_EQ(sparkline(points({std::nullopt}), 40, false), " ");
  EXPECT_EQ(sparkline({}, 40, false), "");
}

TEST(Sparkline, PointsThatShareAColumnShowTheirMean) {
  EXPECT_EQ(sparkline(points({0, 2, 14, 16}), 2, false), "_#");
  EXPECT_EQ(sparkline(points({0, std::nullopt, 8, 8}), 2, false), "_#");
}

TEST(Sparkline, ALevelLineIsLow) {
  EXPECT_EQ(sparkline(points({5, 5, 5}), 40, true), "▁▁▁");
}

TEST(Sparkline, ABarIsFilledByItsShare) {
  EXPECT_EQ(bar(0.5, 4, true), "██  ");
  EXPECT_EQ(bar(0.5, 4, false), "##..");
  EXPECT_EQ(bar(0.53125, 4, true), "██▏ ");
  EXPECT_EQ(bar(1, 3, true), "███");
  EXPECT_EQ(bar(0, 3, false), "...");
}

TEST(Sparkline, ABarOfAnOddShareStaysInItsColumns) {
  EXPECT_EQ(bar(1.7, 3, true), "███");
  EXPECT_EQ(bar(-1, 3, true), "   ");
  EXPECT_EQ(bar(NAN, 3, false), "...");
}

}  // namespace
}  // namespace bw::cli
