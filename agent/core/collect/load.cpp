#include "agent/core/collect/load.h"

#include <cmath>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {

// "0.20 0.18 0.12 1/80 11206"
bool LoadSource::read(const TextReading& reading, Instant) {
  Scanner scanner(reading.text);
  std::array<double, 5> values;
  for (std::size_t i = 0; i < 3; ++i) values[i] = scanner.decimal();
  const std::string_view tasks = scanner.word();
  const std::size_t slash = std::min(tasks.find('/'), tasks.size());
  values[3] = Scanner(tasks.substr(0, slash)).whole();
  values[4] = Scanner(tasks.substr(std::min(slash + 1, tasks.size()))).whole();

  bool understood = false;
  for (const double value : values) understood = understood || !std::isnan(value);
  if (understood && !declared_) {
    declared_ = true;
    for (std::size_t i = 0; i < aliases_.size(); ++i) {
      aliases_[i] = sample_.declare(metrics::kLoadMetrics[i]);
    }
  }
  for (std::size_t i = 0; i < aliases_.size(); ++i) sample_.set(aliases_[i], values[i]);
  return understood;
}

void LoadSource::lose() {
  for (const auto alias : aliases_) sample_.lose(alias);
}

}  // namespace bw::agent
