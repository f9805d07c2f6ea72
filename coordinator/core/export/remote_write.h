// Prometheus remote write 1.0: a WriteRequest, before it is compressed
// (prometheus.io/docs/specs/prw/remote_write_spec; messages in prompb/remote.proto and types.proto
// of prometheus/prometheus).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "coordinator/core/export/block.h"

namespace bw::coordinator::exporting {

class RemoteWriteEncoder {
 public:
  // Labels are the series' own, beside `node` and `site`; one of the series' that is called like
  // one of these becomes exported_node. They are sorted by name, as the specification wants.
  void add(const Block& block, const wire::SeriesInfo& series,
           std::span<const std::int64_t> times_ms, std::span<const double> values);
  // HELP and TYPE of every metric of the table that `filter` admits.
  void add_metadata(const MetricFilter& filter);

  // The request; the encoder is empty then.
  std::string take();
  std::size_t bytes() const { return out_.size(); }

 private:
  std::string out_;
};

}  // namespace bw::coordinator::exporting
