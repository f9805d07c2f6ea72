// Columns of integers by what a prediction leaves of them, bytes to values. The bytes may be
// anybody's. Undoing what a column leans on is its reader's (columns_decode.cpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "schemas/wire/column_format.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/residuals.h"
#include "schemas/wire/varint.h"

namespace bw::wire {

// What stands in front of the residuals of a packed column.
struct Packed {
  Prediction prediction = Prediction::base;
  Sign sign = Sign::zigzag;
  ResidualCode code;
  std::uint64_t unit = 1;
  std::uint64_t behind = 0;  // so many columns before this one lies the one it leans on
  bool falls = false;
  std::uint64_t floor = 0;
  std::uint64_t base = 0;
};

// Reads it off `in`; nothing where it is damaged.
std::optional<Packed> read_packed_head(ByteReader& in);

// A packed column behind its prediction: where it begins, and by how many units it goes on from
// each value to the next. step[0] is unused.
struct Steps {
  std::uint64_t start = 0;
  std::uint64_t unit = 1;
  std::array<std::uint64_t, kMaxRows> step;
};

// Reads the residuals, which end with `in`, and undoes every prediction but that of a reference.
// False where they are damaged; `rows` is 1 to kMaxRows.
bool read_steps(const Packed& head, ByteReader& in, std::size_t rows, Steps& out);

// Goes the steps, and divides by `scale`. False where the range of scaled integers is left, as
// damage does: sums wrap around.
bool put_values(const Steps& steps, double scale, std::span<double> values);

// Fills `times` from exactly these bytes.
bool read_times(ByteReader in, std::span<std::int64_t> times);

}  // namespace bw::wire
