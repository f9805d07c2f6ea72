#include "base/portable_math.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/rng.h"

namespace bw {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(PortableMath, LogarithmAgreesWithTheLibrarysOverAllMagnitudes) {
  Rng rng(1);
  for (int i = 0; i < 20000; ++i) {
    const double x = std::ldexp(0.5 + rng.unit(), static_cast<int>(rng.below(2000)) - 1000);
    const double expected = std::log(x);
    EXPECT_NEAR(portable_log(x), expected, 4e-15 * std::fmax(1, std::fabs(expected))) << x;
  }
}

TEST(PortableMath, ExponentialsAgreeWithTheLibrarys) {
  Rng rng(2);
  // Of all that has a normal number for its result, and at and around 0.
  for (int i = 0; i < 20000; ++i) {
    const double scale = i % 4 == 0 ? 1 : 1022;
    const double x = (2 * rng.unit() - 1) * scale;
    EXPECT_NEAR(portable_exp2(x) / std::exp2(x), 1, 4e-15) << x;
    const double y = x * 0.693;
    EXPECT_NEAR(portable_exp(y) / std::exp(y), 1, 4e-15) << y;
  }
  EXPECT_NEAR(portable_exp2(1023.999) / std::exp2(1023.999), 1, 4e-15);
  EXPECT_NEAR(portable_exp(709.78) / std::exp(709.78), 1, 4e-15);
  const double least = std::numeric_limits<double>::min();
  for (double x = -708.5; x > -746; x -= 0.25) {
    EXPECT_NEAR(portable_exp(x), std::exp(x), 4e-15 * least) << x;
  }
}

TEST(PortableMath, EdgesAreThoseOfTheLibrary) {
  EXPECT_EQ(portable_log(1), 0);
  EXPECT_EQ(portable_log(0), -kInfinity);
  EXPECT_EQ(portable_log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(portable_log(-1)));
  EXPECT_TRUE(std::isnan(portable_log(std::nan(""))));
  EXPECT_EQ(portable_exp2(3), 8);
  EXPECT_EQ(portable_exp2(-5000), 0);
  EXPECT_EQ(portable_exp2(5000), kInfinity);
  EXPECT_TRUE(std::isnan(portable_exp2(std::nan(""))));
  EXPECT_EQ(portable_exp(0), 1);
  EXPECT_EQ(portable_exp(-800), 0);
  EXPECT_EQ(portable_exp(-kInfinity), 0);
  EXPECT_EQ(portable_exp(710), kInfinity);
  EXPECT_EQ(portable_exp(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(portable_exp(std::nan(""))));
}

// Taken once: any architecture that gives other bits would decide otherwise than its neighbours.
TEST(PortableMath, BitsAreTheSameEverywhere) {
  std::uint64_t mixed = 0;
  Rng rng(3);
  for (int i = 0; i < 1000; ++i) {
    mixed = std::rotl(mixed, 7) ^ std::bit_cast<std::uint64_t>(portable_log(rng.unit() * 50));
    mixed = std::rotl(mixed, 7) ^ std::bit_cast<std::uint64_t>(portable_exp2(-rng.unit() * 50));
  }
  EXPECT_EQ(mixed, 4550253812272027401U);
}

}  // namespace
}  // namespace bw
