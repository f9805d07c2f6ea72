#include "agent/core/collect/self.h"

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

static_assert(std::size(metrics::kSelfTickMetrics) == SelfMetrics::kTickValues);
static_assert(std::size(metrics::kSelfMetrics) == SelfMetrics::kValues);
static_assert(std::size(metrics::kSelfSourceMetrics) == SelfMetrics::kSourceValues);

constexpr double kMicrosecondsPerMs = 1000;

double whole_us(Duration duration) {
  return static_cast<double>(
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

double whole_s(Duration duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

}  // namespace

SelfMetrics::SelfMetrics(Sample& sample) : sample_(sample) {
  for (std::size_t i = 0; i < kTickValues; ++i) {
    tick_aliases_[i] = sample.declare(metrics::kSelfTickMetrics[i]);
  }
  for (std::size_t i = 0; i < kValues; ++i) aliases_[i] = sample.declare(metrics::kSelfMetrics[i]);
  for (SourceAliases& aliases : source_aliases_) aliases.fill(Sample::kNoAlias);
}

bool SelfMetrics::is_due(std::uint64_t tick) {
  if (tick < due_) return false;
  const std::uint64_t every = metrics::source_spec(SourceId::agent).every;
  due_ = (tick / every + 1) * every;
  return true;
}

void SelfMetrics::set(const SelfReading& reading) {
  sample_.set(tick_aliases_[0], whole_us(reading.lateness));
  sample_.set(tick_aliases_[1], static_cast<double>(reading.missed_ticks));
}

void SelfMetrics::set(const SelfReading& reading, const CollectorHealth& health,
                      const RecordHealth& record) {
  // In the order of metrics::kSelfMetrics.
  const double values[kValues] = {
      whole_us(reading.cpu_time),
      static_cast<double>(reading.bytes_sent),
      static_cast<double>(record.samples_sent),
      reading.connected ? 1.0 : 0.0,
      whole_us(reading.publish_latency) / kMicrosecondsPerMs,
      static_cast<double>(reading.in_flight),
      static_cast<double>(reading.reconnects),
      static_cast<double>(record.depth),
      static_cast<double>(record.bytes),
      whole_s(record.oldest_age),
      static_cast<double>(record.dropped),
      static_cast<double>(health.source_errors),
      static_cast<double>(health.sources_failing),
      static_cast<double>(sample_.series().size()),
      static_cast<double>(sample_.refused()),
      static_cast<double>(health.devices_ignored),
  };
  for (std::size_t i = 0; i < kValues; ++i) sample_.set(aliases_[i], values[i]);
}

void SelfMetrics::set(std::size_t index, const SourceHealth& health) {
  SourceAliases& aliases = source_aliases_[index];
  if (aliases[0] == Sample::kNoAlias) {
    for (std::size_t i = 0; i < kSourceValues; ++i) {
      aliases[i] = sample_.declare(metrics::kSelfSourceMetrics[i],
                                   {{"source", std::string(kSources[index].name)}});
    }
  }
  sample_.set(aliases[0], whole_us(health.took));
  sample_.set(aliases[1], static_cast<double>(health.errors));
  sample_.set(aliases[2], static_cast<double>(health.timeouts));
}

}  // namespace bw::agent
