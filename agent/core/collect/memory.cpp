#include "agent/core/collect/memory.h"

#include <algorithm>
#include <cmath>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

// `total` less `part`, which the kernel counts at another instant and may overshoot.
double less(double total, double part) {
  return std::isnan(part) ? part : std::max(0.0, total - part);
}

}  // namespace

bool MemorySource::read(const TextReading& reading, Instant) {
  const bool understood = lines_.read(reading.text);
  if (understood && !declared_) {
    declared_ = true;
    total_ = sample_.declare(metrics::metric("mem.total"));
    available_ = sample_.declare(metrics::metric("mem.available"));
    used_ = sample_.declare(metrics::metric("mem.used"));
    util_ = sample_.declare(metrics::metric("mem.util"));
    swap_total_ = sample_.declare(metrics::metric("swap.total"));
    swap_free_ = sample_.declare(metrics::metric("swap.free"));
    swap_used_ = sample_.declare(metrics::metric("swap.used"));
  }
  derive();
  return understood;
}

void MemorySource::lose() {
  lines_.lose();
  derive();
}

void MemorySource::derive() {
  const double total = sample_.value(total_);
  const double used = less(total, sample_.value(available_));
  sample_.set(used_, used);
  sample_.set(util_, total > 0 ? 100 * used / total : Sample::kNoValue);
  sample_.set(swap_used_, less(sample_.value(swap_total_), sample_.value(swap_free_)));
}

}  // namespace bw::agent
