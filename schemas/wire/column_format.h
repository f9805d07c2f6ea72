// The numbers of the column format, for its encoder and its reader. COLUMNS.md says what they mean.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bw::wire {

inline constexpr std::uint8_t kColumnVersion = 1;

// A column's first byte: the kind in the low four bits, the decimal scale in the next three, then
// whether a bitmap of the rows that have a value follows. A column without a byte has no value at
// all.
enum class ColumnKind : std::uint8_t {
  constant = 1,       // one scaled integer
  constant_bits = 2,  // eight bytes
  integers = 3,       // scaled integers by their differences
  xored = 4,          // bits against those of the value before
};
inline constexpr std::uint8_t kKindMask = 0x0f;
inline constexpr unsigned kScaleShift = 4;
inline constexpr std::uint8_t kScaleMask = 0x07;
inline constexpr std::uint8_t kSparseFlag = 0x80;

// The second byte of a column of integers.
inline constexpr std::uint8_t kSecondOrder = 0x01;  // differences of differences
inline constexpr std::uint8_t kZeroRuns = 0x02;     // behind a zero, how many more follow it
inline constexpr std::uint8_t kCommonUnit = 0x04;   // differences are multiples of a number
inline constexpr std::uint8_t kFormMask = 0x07;

// Scaled integers stay where a double holds each of them exactly.
inline constexpr std::int64_t kMaxScaled = std::int64_t{1} << 53;
inline constexpr std::array<double, 7> kScales{1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

}  // namespace bw::wire
