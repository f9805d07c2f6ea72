#include "agent/core/collect/self.h"

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

static_assert(std::size(metrics::kSelfMetrics) == SelfMetrics::kValues);

double whole_us(Duration duration) {
  return static_cast<double>(
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

SelfMetrics::SelfMetrics(Sample& sample) : sample_(sample) {
  for (std::size_t i = 0; i < kValues; ++i) aliases_[i] = sample.declare(metrics::kSelfMetrics[i]);
}

void SelfMetrics::set(const SelfReading& reading, const CollectorHealth& health) {
  // In the order of metrics::kSelfMetrics.
  const double values[kValues] = {
      whole_us(reading.cpu_time),
      whole_us(reading.lateness),
      static_cast<double>(reading.missed_ticks),
      static_cast<double>(reading.bytes_sent),
      reading.connected ? 1.0 : 0.0,
      static_cast<double>(health.source_errors),
      static_cast<double>(health.sources_failing),
      static_cast<double>(sample_.series().size()),
      static_cast<double>(sample_.refused()),
      static_cast<double>(health.devices_ignored),
  };
  for (std::size_t i = 0; i < kValues; ++i) sample_.set(aliases_[i], values[i]);
}

}  // namespace bw::agent
