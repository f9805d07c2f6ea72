// The column codec of history: a block's rows of samples as compressed columns. COLUMNS.md beside
// this file gives the format byte by byte.
//
// Lossless: a decoded value has the bits of the one encoded (every NaN reads "no value" and comes
// back as one). Any one column decodes without the others, but for the one earlier column that it
// may lean on. The encoder keeps its buffers: nothing is allocated in the steady state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "schemas/wire/column_plan.h"
#include "schemas/wire/varint.h"

namespace bw::wire {

class ColumnEncoder {
 public:
  // times_ms: rows, any order (clocks jump). values: rows x columns, row by row; NaN: no value.
  // 1 <= rows <= kMaxRows, columns <= kMaxSeries. The result is valid until the next call.
  std::span<const std::byte> encode(std::span<const std::int64_t> times_ms,
                                    std::span<const double> values, std::size_t columns);

 private:
  void encode_times(std::span<const std::int64_t> times_ms);
  void encode_column(std::size_t column, std::size_t rows);
  void put_entry(std::uint64_t entry);
  void end_run();
  void put_presence(std::size_t rows);
  void put_constant(std::uint8_t sparse);
  bool scale_values();
  void put_packed(const ColumnPlan& plan, std::size_t column);
  void put_xored();

  std::vector<std::byte> out_;
  std::vector<std::byte> body_;
  std::uint64_t run_entry_ = 0;       // of the directory: what is being counted, and
  std::size_t run_length_ = 0;        // how many of it there are so far
  std::vector<double> column_;        // one column, with its gaps
  std::vector<double> present_;       // its values
  std::vector<std::int64_t> scaled_;  // its values as integers, where they are that
  std::size_t scale_ = 0;             // their power of ten
  std::vector<std::uint64_t> times_;  // what is left to write of the times
  ColumnPlanner planner_;
  std::vector<std::uint64_t> scratch_;
};

// Reads an encoded block. The bytes must outlive the reader.
class ColumnReader {
 public:
  // Nothing where the header, the directory or the times are damaged or beyond limits.h.
  static std::optional<ColumnReader> open(std::span<const std::byte> bytes);

  std::size_t rows() const { return times_ms_.size(); }
  std::size_t columns() const { return columns_.size(); }
  std::span<const std::int64_t> times_ms() const { return times_ms_; }

  // Decodes column `alias` into `out` (rows() values; NaN: no value). False where the column is
  // damaged or there is none of this alias; `out` is then all NaN.
  bool read(std::size_t alias, std::span<double> out) const;

 private:
  struct Column {
    std::uint32_t begin = 0;  // in body_
    std::uint32_t size = 0;
    bool zero = false;  // of no bytes, and 0 in every row
  };

  bool open_directory(ByteReader in, std::size_t columns);
  bool read_column(std::size_t alias, std::span<double> out) const;
  bool read_values(std::size_t alias, std::uint8_t tag, ByteReader in,
                   std::span<double> values) const;
  bool read_packed(std::size_t alias, ByteReader in, double scale, std::span<double> values) const;
  std::span<const std::byte> bytes_of(std::size_t alias) const {
    return body_.subspan(columns_[alias].begin, columns_[alias].size);
  }

  std::uint8_t version_ = 0;
  std::span<const std::byte> body_;
  std::vector<std::int64_t> times_ms_;
  std::vector<Column> columns_;
};

}  // namespace bw::wire
