#include "agent/core/collect/system.h"

#include <cmath>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {

SystemSource::SystemSource(SourceId source, Sample& sample) : Source(sample), source_(source) {
  aliases_.fill(Sample::kNoAlias);
}

bool SystemSource::read(const TextReading& reading, Instant) {
  Scanner scanner(reading.text);
  std::array<double, kMaxWords> values;
  for (double& value : values) value = scanner.decimal();
  if (std::isnan(values[0])) {
    lose();
    return false;
  }
  if (!declared_) {
    declared_ = true;
    for (std::size_t i = 0; i < kMaxWords; ++i) {
      const char place = static_cast<char>('1' + i);  // a metric's key is the place of its word
      const metrics::MetricInfo* info = metrics::find_metric(source_, {&place, 1});
      if (info != nullptr && !std::isnan(values[i])) aliases_[i] = sample_.declare(*info);
    }
  }
  for (std::size_t i = 0; i < kMaxWords; ++i) sample_.set(aliases_[i], values[i]);
  return true;
}

void SystemSource::lose() {
  for (const auto alias : aliases_) sample_.lose(alias);
}

}  // namespace bw::agent
