// Which rows of a column have a value, as a reader of the column format finds it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "schemas/wire/varint.h"

namespace bw::wire {

inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

class Presence {
 public:
  // False where it is damaged, or no row has one.
  bool read_bitmap(ByteReader& in, std::size_t rows) {
    const auto bitmap = in.take((rows + 7) / 8);
    if (!bitmap) return false;
    bitmap_ = *bitmap;
    for (const std::byte byte : bitmap_) {
      count_ += static_cast<std::size_t>(std::popcount(std::to_integer<std::uint8_t>(byte)));
    }
    const bool beyond =
        rows % 8 != 0 && std::to_integer<unsigned>(bitmap_.back()) >> (rows % 8) != 0;
    return !beyond && count_ > 0;
  }
  bool read(ByteReader& in, std::size_t rows) {
    const auto period = in.varint();
    if (!period || *period > rows) return false;
    if (*period == 0) return read_bitmap(in, rows);
    const auto first = in.varint();
    const auto count = in.varint();
    if (!first || !count || *first >= rows || *count == 0 || *count > rows) return false;
    if (*first + (*count - 1) * *period >= rows) return false;
    period_ = static_cast<std::size_t>(*period);
    first_ = static_cast<std::size_t>(*first);
    count_ = static_cast<std::size_t>(*count);
    return true;
  }

  std::size_t count() const { return count_; }

  // Moves the values at the front of `out` to the rows that have one, from the last to the first.
  void spread(std::span<double> out) const {
    std::size_t left = count_;
    for (std::size_t row = out.size(); row-- > 0;) {
      out[row] = left > 0 && has_value(row, left) ? out[--left] : kNoValue;
    }
  }

 private:
  // `left`: so many of the values lie in this row or before it.
  bool has_value(std::size_t row, std::size_t left) const {
    if (bitmap_.empty()) return row == first_ + (left - 1) * period_;
    return (bitmap_[row / 8] & (std::byte{1} << (row % 8))) != std::byte{0};
  }

  std::span<const std::byte> bitmap_;
  std::size_t period_ = 1;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace bw::wire
