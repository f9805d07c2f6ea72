// OTLP/HTTP metrics: an ExportMetricsServiceRequest for POST /v1/metrics, and the answer to it
// (opentelemetry.io/docs/specs/otlp; messages in metrics/v1/metrics.proto and
// collector/metrics/v1/metrics_service.proto of open-telemetry/opentelemetry-proto 1.x).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "coordinator/core/export/block.h"

namespace bw::coordinator::exporting {

class OtlpEncoder {
 public:
  // A node is a resource: service.name bellwether-agent, service.instance.id and bw.node its id,
  // host.name, bw.site. What is added belongs to the node begun last.
  void begin_node(const Block& block);
  // Gauges, and counters as cumulative monotonic sums that began at start_ms (0: not known). All
  // samples of a metric follow each other in one Metric where its series do.
  void add(const wire::SeriesInfo& series, std::int64_t start_ms,
           std::span<const std::int64_t> times_ms, std::span<const double> values);

  // The request; the encoder is empty then.
  std::string take();
  std::size_t bytes() const { return out_.size() + node_.size() + metric_.size(); }

 private:
  void end_node();
  void end_metric();

  std::string out_;
  std::string resource_;  // of the node begun
  std::string node_;      // its metrics
  std::string metric_;    // the data points of the metric begun
  wire::SeriesInfo of_;   // name, unit and kind of it
};

// The name at this door: bw.cpu.util.
std::string otlp_name(std::string_view metric);

// How many data points the receiver refused, and why. Nothing where the answer says none, or is
// none.
struct PartialSuccess {
  std::uint64_t rejected = 0;
  std::string message;
};
std::optional<PartialSuccess> read_partial_success(std::string_view answer);

}  // namespace bw::coordinator::exporting
