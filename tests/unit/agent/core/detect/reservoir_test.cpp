#include "agent/core/detect/reservoir.h"

#include <algorithm>
#include <vector>

namespace bw::agent {
namespace {

std::vector<float> kept(const Reservoir& reservoir) {
  std::vector<float> values(reservoir.values(), reservoir.values() + reservoir.rows());
  std::sort(values.begin(), values.end());
  return values;
}

TEST(Reservoir, KeepsAllWhileThereIsRoom) {
  Reservoir reservoir(4, 1, 100);
  Rng rng(1);
  for (const float value : {3.0F, 1.0F, 2.0F}) {
    EXPECT_TRUE(reservoir.offer(std::vector<float>{value}, rng));
  }
  EXPECT_EQ(kept(reservoir), (std::vector<float>{1, 2, 3}));
}

TEST(Reservoir, IsAnEvenSampleOfAllRowsWithinTheHorizon) {
  Reservoir reservoir(1000, 1, 100000);
  Rng rng(2);
  for (int i = 0; i < 50000; ++i) {
    reservoir.offer(std::vector<float>{static_cast<float>(i)}, rng);
  }
  const auto values = kept(reservoir);
  ASSERT_EQ(values.size(), 1000U);
  for (std::size_t tenth = 1; tenth < 10; ++tenth) {
    EXPECT_NEAR(values[tenth * 100], static_cast<float>(tenth) * 5000, 3000);
  }
}

TEST(Reservoir, OldRowsFadeBeyondTheHorizon) {
  Reservoir reservoir(1000, 1, 5000);
  Rng rng(3);
  for (int i = 0; i < 50000; ++i) {
    reservoir.offer(std::vector<float>{static_cast<float>(i)}, rng);
  }
  const auto values = kept(reservoir);
  const auto recent =
      std::count_if(values.begin(), values.end(), [](float v) { return v >= 45000; });
  EXPECT_NEAR(static_cast<double>(recent), 632, 60);  // 1 - 1/e of them: exponential ages
}

TEST(Reservoir, HurryTakesInWhatComesNow) {
  Reservoir slow(100, 1, 1000000);
  Reservoir fast(100, 1, 1000000);
  Rng rng(4);
  for (int i = 0; i < 10000; ++i) {
    slow.offer(std::vector<float>{0}, rng);
    fast.offer(std::vector<float>{0}, rng);
  }
  fast.hurry();
  for (int i = 0; i < 2000; ++i) {
    slow.offer(std::vector<float>{1}, rng);
    fast.offer(std::vector<float>{1}, rng);
  }
  const auto ones = [](const Reservoir& r) {
    return std::count(r.values(), r.values() + r.rows(), 1.0F);
  };
  EXPECT_LT(ones(slow), 40);
  EXPECT_GT(ones(fast), 60);
  EXPECT_LT(ones(fast), 98);  // what was there has not all gone
}

TEST(Reservoir, RowsLieOneBehindTheOther) {
  Reservoir reservoir(2, 3, 10);
  Rng rng(1);
  reservoir.offer(std::vector<float>{1, 2, 3}, rng);
  reservoir.offer(std::vector<float>{4, 5, 6}, rng);
  EXPECT_EQ(reservoir.row(1)[0], 4);
  EXPECT_EQ(reservoir.row(1).size(), 3U);
  EXPECT_EQ(reservoir.width(), 3U);
}

}  // namespace
}  // namespace bw::agent
