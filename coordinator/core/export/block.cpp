#include "coordinator/core/export/block.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace bw::coordinator::exporting {

std::vector<std::size_t> admitted(const std::vector<wire::SeriesInfo>& series,
                                  const MetricFilter& filter) {
  std::vector<std::size_t> aliases;
  for (std::size_t alias = 0; alias < series.size(); ++alias) {
    if (filter.admits(series[alias].name)) aliases.push_back(alias);
  }
  return aliases;
}

BlockSamples::BlockSamples(wire::ColumnReader reader, std::int64_t resolution_ms)
    : reader_(std::move(reader)),
      resolution_ms_(resolution_ms),
      order_(reader_.rows()),
      column_(reader_.rows()) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) {
    return reader_.times_ms()[a] < reader_.times_ms()[b];
  });
}

std::optional<BlockSamples> BlockSamples::open(const Block& block, std::int64_t resolution_ms) {
  auto reader = wire::ColumnReader::open(block.columns);
  if (!reader) return std::nullopt;
  return BlockSamples(std::move(*reader), resolution_ms);
}

BlockSamples::Samples BlockSamples::read(std::size_t alias) {
  times_ms_.clear();
  values_.clear();
  if (!reader_.read(alias, column_)) return {};
  const auto stretch_of = [this](std::int64_t time_ms) {
    return resolution_ms_ > 0 ? time_ms / resolution_ms_ : time_ms;
  };
  for (const std::size_t row : order_) {
    if (std::isnan(column_[row])) continue;
    const std::int64_t time_ms = reader_.times_ms()[row];
    if (!times_ms_.empty() && stretch_of(times_ms_.back()) == stretch_of(time_ms)) {
      times_ms_.back() = time_ms;
      values_.back() = column_[row];
    } else {
      times_ms_.push_back(time_ms);
      values_.push_back(column_[row]);
    }
  }
  return {times_ms_, values_};
}

std::int64_t BootTimes::of(const std::string& node, std::int64_t time_ms, double uptime_s) {
  if (!(uptime_s >= 0) || uptime_s * 1000 > static_cast<double>(time_ms)) return 0;
  const std::int64_t boot_ms = time_ms - static_cast<std::int64_t>(uptime_s * 1000);
  if (known_.size() >= kMaxNodes && !known_.contains(node)) known_.clear();
  const auto [entry, is_new] = known_.try_emplace(node, boot_ms);
  if (!is_new && std::abs(entry->second - boot_ms) > kSameBootMs) entry->second = boot_ms;
  return entry->second;
}

}  // namespace bw::coordinator::exporting
