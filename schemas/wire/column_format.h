// The numbers of the column format, for its encoder and its reader. COLUMNS.md says what they mean.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bw::wire {

inline constexpr std::uint8_t kColumnVersion = 2;
inline constexpr std::uint8_t kOldColumnVersion = 1;  // read, no longer written

// The directory's entries below the first size.
inline constexpr std::uint64_t kAbsentEntry = 0;  // no value in any row; how many more follow
inline constexpr std::uint64_t kZeroEntry = 1;    // 0 in every row; how many more follow

// A column's first byte: the kind in the low four bits, the decimal scale in the next three, then
// whether what follows says which rows have a value.
enum class ColumnKind : std::uint8_t {
  constant = 1,       // one scaled integer
  constant_bits = 2,  // eight bytes
  integers = 3,       // scaled integers by their differences, as version 1 wrote them
  xored = 4,          // bits against those of the value before
  packed = 5,         // scaled integers by what a prediction leaves of them
  xored_bits = 6,     // as xored, the same bits of each
};
inline constexpr std::uint8_t kKindMask = 0x0f;
inline constexpr unsigned kScaleShift = 4;
inline constexpr std::uint8_t kScaleMask = 0x07;
inline constexpr std::uint8_t kSparseFlag = 0x80;

// The second byte of a column of kind `integers`.
inline constexpr std::uint8_t kSecondOrder = 0x01;  // differences of differences
inline constexpr std::uint8_t kZeroRuns = 0x02;     // behind a zero, how many more follow it
inline constexpr std::uint8_t kCommonUnit = 0x04;   // differences are multiples of a number
inline constexpr std::uint8_t kFormMask = 0x07;

// The second byte of a column of kind `packed`, and of the times.
enum class Prediction : std::uint8_t {
  base = 0,       // the least of all values
  value = 1,      // the value before
  slope = 2,      // the value before, and again the step that led to it
  reference = 3,  // the value before, and the step of an earlier column
};
inline constexpr std::uint8_t kPredictionMask = 0x03;
enum class Sign : std::uint8_t { zigzag = 0, none = 1, floor = 2 };
inline constexpr unsigned kSignShift = 2;
inline constexpr std::uint8_t kSignMask = 0x03;
inline constexpr std::uint8_t kPackedUnit = 0x10;
inline constexpr std::uint8_t kPackedRuns = 0x20;
inline constexpr std::uint8_t kPackedExponential = 0x40;
inline constexpr std::uint8_t kPackedFree = 0x80;
// The third: the code's parameter, and that of its runs.
inline constexpr std::uint8_t kParameterMask = 0x1f;
inline constexpr unsigned kRunParameterShift = 5;

// The second byte of a column of kind `xored_bits`; the third has a number of bits too.
inline constexpr std::uint8_t kBitsMask = 0x3f;
inline constexpr std::uint8_t kRepeats = 0x40;

// Scaled integers stay where a double holds each of them exactly.
inline constexpr std::int64_t kMaxScaled = std::int64_t{1} << 53;
inline constexpr std::array<double, 7> kScales{1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

}  // namespace bw::wire
