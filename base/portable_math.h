// Logarithm and exponential that give the same bits on every architecture: made of the operations
// that IEEE 754 rounds exactly, which a library's own are not.
//
// For what has to replay exactly; elsewhere <cmath> is faster. Errors stay below 4e-15 of the
// result (of 1, where the logarithm's result is below 1), or of the smallest normal number.
#pragma once

namespace bw {

// Natural logarithm. -infinity for 0, NaN below it and for NaN.
double portable_log(double x);

// 2 to the x: 0 far below the smallest number, infinity beyond the largest.
double portable_exp2(double x);

// e to the x, likewise.
double portable_exp(double x);

}  // namespace bw
