#include "agent/core/collect/anomaly_metrics.h"

#include <cmath>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

static_assert(std::size(metrics::kAnomalyTickMetrics) == AnomalyMetrics::kTickValues);
static_assert(std::size(metrics::kAnomalyMetrics) == AnomalyMetrics::kValues);

// Further digits of a score say nothing, and cost room in every block.
double to_hundredths(double value) {
  return std::isfinite(value) ? std::round(value * 100) / 100 : Sample::kNoValue;
}

}  // namespace

AnomalyMetrics::AnomalyMetrics(Sample& sample) : sample_(sample) {
  for (std::size_t i = 0; i < kTickValues; ++i) {
    tick_aliases_[i] = sample.declare(metrics::kAnomalyTickMetrics[i]);
  }
  for (std::size_t i = 0; i < kValues; ++i) {
    aliases_[i] = sample.declare(metrics::kAnomalyMetrics[i]);
  }
}

void AnomalyMetrics::set(const AnomalyHealth& health, std::uint64_t tick) {
  if (health.learnt) {
    sample_.set_finished(tick_aliases_[0], to_hundredths(health.score));
    sample_.set_finished(tick_aliases_[1], to_hundredths(health.threshold));
    sample_.set_finished(tick_aliases_[2], health.active ? 1 : 0);
  } else {
    for (const auto alias : tick_aliases_) sample_.set_finished(alias, Sample::kNoValue);
  }
  if (tick < due_) return;
  const std::uint64_t every = metrics::source_spec(metrics::SourceId::agent).every;
  due_ = (tick / every + 1) * every;
  // In the order of metrics::kAnomalyMetrics.
  const double values[kValues] = {
      health.silenced ? 1.0 : 0.0,
      static_cast<double>(health.series),
      to_hundredths(health.a_day),
      static_cast<double>(health.model_rows),
      std::floor(to_seconds(health.model_age)),
      to_hundredths(health.drift),
  };
  for (std::size_t i = 0; i < kValues; ++i) sample_.set_finished(aliases_[i], values[i]);
}

}  // namespace bw::agent
