// Gathers a block's worth of samples and encodes them as a HistoryBlock's columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

class BlockBuilder {
 public:
  // Adds a row. The columns must be those of the block's other rows: close() before the series
  // table changes.
  void add(std::int64_t time_ms, std::span<const double> values);

  bool empty() const { return times_.empty(); }
  std::size_t rows() const { return times_.size(); }
  std::size_t columns() const { return columns_; }

  // The block so far, without its number and epoch; empties the builder, keeping its memory.
  wire::HistoryBlock close(std::uint64_t table_id);

 private:
  std::vector<std::int64_t> times_;
  std::vector<double> values_;  // rows x columns, row by row
  std::size_t columns_ = 0;
  wire::ColumnEncoder encoder_;
};

}  // namespace bw::agent
