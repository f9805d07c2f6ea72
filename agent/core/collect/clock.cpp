#include "agent/core/collect/clock.h"

#include <utility>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

constexpr double kNsPerUs = 1000;

}  // namespace

ClockValues::ClockValues(Sample& sample)
    : sample_(sample), step_(sample.declare(metrics::metric("clock.step"))) {
  told_.fill(Sample::kNoAlias);
}

void ClockValues::set(const Readings& readings) {
  const Duration offset = Duration(readings.wall.time_since_epoch()) -
                          (readings.when.time_since_epoch() + readings.suspended);
  const Duration moved = offset - std::exchange(offset_, offset);
  const bool stepped = std::exchange(known_, true) && std::chrono::abs(moved) > kSlewed;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(moved).count();
  sample_.set(step_, stepped ? static_cast<double>(ms) : 0);
  if (readings.clock) set(*readings.clock);
}

void ClockValues::set(const ClockReading& reading) {
  if (told_[0] == Sample::kNoAlias) {
    told_ = {sample_.declare(metrics::metric("clock.offset")),
             sample_.declare(metrics::metric("clock.maxerror")),
             sample_.declare(metrics::metric("clock.synced"))};
  }
  sample_.set(told_[0], static_cast<double>(reading.offset_ns));
  sample_.set(told_[1], static_cast<double>(reading.max_error_us) * kNsPerUs);
  sample_.set(told_[2], reading.synchronised ? 1 : 0);
}

}  // namespace bw::agent
