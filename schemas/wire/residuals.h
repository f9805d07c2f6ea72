// Rows of small unsigned numbers as bits: Golomb codes with one parameter a row, and runs of zeros.
// COLUMNS.md gives the codes bit by bit.
//
// Rice: R. F. Rice, "Some practical universal noiseless coding techniques", JPL 79-22, 1979.
// Exponential Golomb: J. Teuhola, "A compression method for clustered bit-vectors", 1978.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bw::wire {

struct ResidualCode {
  static constexpr unsigned kMaxParameter = 31;
  static constexpr unsigned kMaxRunParameter = 7;

  bool exponential = false;    // else Rice
  unsigned parameter = 0;      // low bits that are written as they are
  bool runs = false;           // zeros are counted; the others are written less one
  unsigned run_parameter = 0;  // of the exponential code of the counts
};

// The code that takes the fewest bits, and how many. `scratch` keeps its memory.
struct ResidualChoice {
  ResidualCode code;
  std::size_t bits = 0;
};
ResidualChoice choose_residual_code(std::span<const std::uint64_t> numbers,
                                    std::vector<std::uint64_t>& scratch);

// Appends the numbers, in whole bytes; nothing at all where each is zero.
void put_residuals(std::vector<std::byte>& out, std::span<const std::uint64_t> numbers,
                   const ResidualCode& code);

// Fills `numbers` from exactly these bytes; false where they don't fit.
bool read_residuals(std::span<const std::byte> bytes, const ResidualCode& code,
                    std::span<std::uint64_t> numbers);

}  // namespace bw::wire
