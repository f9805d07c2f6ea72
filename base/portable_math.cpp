#include "base/portable_math.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace bw {

namespace {

constexpr double kLn2 = 0.693147180559945309417;
constexpr double kLog2E = 1.44269504088896340736;
// ln 2 in two parts, of which the upper has so many zeros at its end that its product with an
// exponent is exact (after Cody and Waite, Software Manual for the Elementary Functions, 1980).
constexpr double kLn2Upper = 0x1.62e42feep-1;
constexpr double kLn2Lower = 0x1.a39ef35793c76p-33;

// 1, 1/3, 1/5 ... 1/23
constexpr auto kInverseOdds = [] {
  std::array<double, 12> made{};
  for (std::size_t n = 0; n < made.size(); ++n) made[n] = 1.0 / static_cast<double>(2 * n + 1);
  return made;
}();

constexpr auto kInverseFactorials = [] {
  std::array<double, 16> made{};
  double factorial = 1;
  for (std::size_t n = 0; n < made.size(); ++n) {
    factorial *= n == 0 ? 1 : static_cast<double>(n);
    made[n] = 1 / factorial;
  }
  return made;
}();

// e to the rest, which lies within .3466 so that fifteen terms reach the last bit, times 2 to the
// whole.
double exp_of(double rest, double whole) {
  // Even and odd powers apart: half the wait of one chain.
  const double square = rest * rest;
  double even = 0;
  double odd = 0;
  for (std::size_t n = kInverseFactorials.size(); n >= 2; n -= 2) {
    even = even * square + kInverseFactorials[n - 2];
    odd = odd * square + kInverseFactorials[n - 1];
  }
  return std::ldexp(even + odd * rest, static_cast<int>(whole));
}

}  // namespace

double portable_log(double x) {
  if (x == 0) return -std::numeric_limits<double>::infinity();
  if (!(x > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(x)) return x;
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);  // exact
  if (mantissa < 0.70710678118654752440) {
    mantissa *= 2;
    --exponent;
  }
  // log m = 2 atanh((m - 1) / (m + 1)), whose argument lies within .1716: the series' twelfth term
  // is below the last bit.
  const double ratio = (mantissa - 1) / (mantissa + 1);
  const double square = ratio * ratio;
  double sum = 0;
  for (std::size_t n = kInverseOdds.size(); n > 0; --n) sum = sum * square + kInverseOdds[n - 1];
  return static_cast<double>(exponent) * kLn2 + 2 * ratio * sum;
}

double portable_exp2(double x) {
  if (std::isnan(x)) return x;
  if (x > 1100) return std::numeric_limits<double>::infinity();
  if (x < -1100) return 0;
  const double whole = std::floor(x + 0.5);
  return exp_of((x - whole) * kLn2, whole);
}

double portable_exp(double x) {
  if (std::isnan(x)) return x;
  if (x > 760) return std::numeric_limits<double>::infinity();
  if (x < -760) return 0;
  const double whole = std::floor(x * kLog2E + 0.5);
  return exp_of((x - whole * kLn2Upper) - whole * kLn2Lower, whole);
}

}  // namespace bw
