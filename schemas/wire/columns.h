// The column codec of history: a block's rows of samples as compressed columns. COLUMNS.md beside
// this file gives the format byte by byte.
//
// Lossless: a decoded value has the bits of the one encoded (every NaN reads "no value" and comes
// back as one). Any one column decodes without the others. The encoder keeps its buffers: nothing
// is allocated in the steady state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bw::wire {

class ColumnEncoder {
 public:
  // times_ms: rows, any order (clocks jump). values: rows x columns, row by row; NaN: no value.
  // 1 <= rows <= kMaxRows, columns <= kMaxSeries. The result is valid until the next call.
  std::span<const std::byte> encode(std::span<const std::int64_t> times_ms,
                                    std::span<const double> values, std::size_t columns);

 private:
  void encode_times(std::span<const std::int64_t> times_ms);
  void encode_column(std::size_t rows);
  void put_presence(std::size_t rows);
  bool put_constant(std::uint8_t sparse);
  bool scale_values();
  void put_integers(std::uint8_t form, std::uint64_t unit);
  void put_xored();

  std::vector<std::byte> out_;
  std::vector<std::byte> body_;
  std::vector<double> column_;        // one column, with its gaps
  std::vector<double> present_;       // its values
  std::vector<std::int64_t> scaled_;  // its values as integers, where they are that
  std::size_t scale_ = 0;             // their power of ten
};

// Reads an encoded block. The bytes must outlive the reader.
class ColumnReader {
 public:
  // Nothing where the header, the directory or the times are damaged or beyond limits.h.
  static std::optional<ColumnReader> open(std::span<const std::byte> bytes);

  std::size_t rows() const { return times_ms_.size(); }
  std::size_t columns() const { return offsets_.empty() ? 0 : offsets_.size() - 1; }
  std::span<const std::int64_t> times_ms() const { return times_ms_; }

  // Decodes column `alias` into `out` (rows() values; NaN: no value). False where the column is
  // damaged or there is none of this alias; `out` is then all NaN.
  bool read(std::size_t alias, std::span<double> out) const;

 private:
  std::span<const std::byte> body_;
  std::vector<std::int64_t> times_ms_;
  std::vector<std::size_t> offsets_;  // columns() + 1, into body_
};

}  // namespace bw::wire
