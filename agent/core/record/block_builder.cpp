#include "agent/core/record/block_builder.h"

#include "base/assert.h"

namespace bw::agent {

void BlockBuilder::add(std::int64_t time_ms, std::span<const double> values) {
  BW_ASSERT(empty() || values.size() == columns_);
  columns_ = values.size();
  times_.push_back(time_ms);
  values_.insert(values_.end(), values.begin(), values.end());
}

wire::HistoryBlock BlockBuilder::close(std::uint64_t table_id) {
  BW_ASSERT(!empty());
  wire::HistoryBlock block;
  block.table_id = table_id;
  block.start_ms = times_.front();
  block.end_ms = times_.back();
  block.rows = static_cast<std::uint32_t>(times_.size());
  const auto columns = encoder_.encode(times_, values_, columns_);
  block.columns.assign(columns.begin(), columns.end());
  times_.clear();
  values_.clear();
  return block;
}

}  // namespace bw::agent
