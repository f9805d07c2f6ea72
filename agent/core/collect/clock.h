// The wall clock: whether it is kept right, and when it was set.
#pragma once

#include <array>

#include "agent/core/collect/readings.h"
#include "agent/core/collect/sample.h"

namespace bw::agent {

class ClockValues {
 public:
  // What the clock moves by beside the monotonic one within a tick: up to this it is slewed (500
  // parts in a million), or the two were read apart.
  static constexpr Duration kSlewed = std::chrono::milliseconds{10};

  explicit ClockValues(Sample& sample);

  // Once a tick.
  void set(const Readings& readings);

 private:
  void set(const ClockReading& reading);

  Sample& sample_;
  Sample::Alias step_;
  std::array<Sample::Alias, 3> told_;
  bool known_ = false;
  Duration offset_{};  // wall clock minus the time since boot, at the last tick
};

}  // namespace bw::agent
