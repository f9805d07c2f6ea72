#include "agent/core/collect/memory.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "agent/core/collect/scan.h"
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
  sample_.set(util_, rounded_share(used, total));
  sample_.set(swap_used_, less(sample_.value(swap_total_), sample_.value(swap_free_)));
}

// "Node 0, zone   Normal   3420   1212    801 ...": the highest order of which any zone has a
// block.
bool FragmentationSource::read(const TextReading& reading, Instant) {
  std::array<double, kMaxOrders> blocks{};
  bool understood = false;
  Scanner scanner(reading.text);
  for (; !scanner.done(); scanner.skip_line()) {
    if (!scanner.skip("Node ")) continue;
    scanner.word();  // "0,"
    scanner.word();  // "zone"
    scanner.word();
    scanner.skip_blanks();
    for (std::size_t order = 0; order < kMaxOrders && !scanner.at_line_end(); ++order) {
      const double count = scanner.whole();
      scanner.skip_blanks();
      if (std::isnan(count)) continue;
      understood = true;
      blocks[order] += count;
    }
  }
  if (!understood) {
    lose();
    return false;
  }
  if (!declared_) {
    declared_ = true;
    size_ = sample_.declare(metrics::metric("mem.largest_free_block"));
    count_ = sample_.declare(metrics::metric("mem.largest_free_blocks"));
  }
  std::size_t order = kMaxOrders;
  while (order > 0 && blocks[order - 1] == 0) --order;
  const bool none = order == 0;
  sample_.set(size_, none ? 0 : page_size_ * static_cast<double>(1ULL << (order - 1)));
  sample_.set(count_, none ? 0 : blocks[order - 1]);
  return true;
}

void FragmentationSource::lose() {
  sample_.lose(size_);
  sample_.lose(count_);
}

}  // namespace bw::agent
