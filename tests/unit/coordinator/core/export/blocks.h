// Blocks for the exporters' tests.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/export/block.h"

namespace bw::coordinator::exporting {

inline const double kNone = std::nan("");

// values: row by row.
inline Block make_block(std::vector<wire::SeriesInfo> series, std::vector<std::int64_t> times_ms,
                        const std::vector<double>& values, const std::string& node = "box-1") {
  wire::ColumnEncoder encoder;
  const auto columns = encoder.encode(times_ms, values, series.size());
  Block block;
  block.id = 1;
  block.node = node;
  block.site = "paris";
  block.hostname = "host-1";
  block.epoch = 7;
  block.epoch_started_ms = 500;
  block.start_ms = times_ms.front();
  block.end_ms = times_ms.back();
  block.series = std::make_shared<const std::vector<wire::SeriesInfo>>(std::move(series));
  block.columns.assign(columns.begin(), columns.end());
  return block;
}

inline wire::SeriesInfo gauge(std::string name, std::string unit,
                              std::vector<wire::Label> labels = {}) {
  return {std::move(name), std::move(unit), wire::SeriesKind::gauge, std::move(labels)};
}
inline wire::SeriesInfo counter(std::string name, std::string unit,
                                std::vector<wire::Label> labels = {}) {
  return {std::move(name), std::move(unit), wire::SeriesKind::counter, std::move(labels)};
}

}  // namespace bw::coordinator::exporting
