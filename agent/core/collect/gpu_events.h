// What NVML told of its own accord, as events: Xids, where there is no kernel log that tells them
// with more about them, and errors of GPUs' memory.
#pragma once

#include <vector>

#include "agent/core/collect/gpu/gpu_readings.h"
#include "agent/core/collect/told_event.h"
#include "base/time.h"

namespace bw::agent {

class KernelLog;

// Appends to `events`. Xids are counted in `log`, which owns their series, and told only where it
// was never read: else it tells each of them, if late after an error, and none is to be told twice.
void tell_gpu_events(const GpuReadings& readings, WallTime wall, KernelLog& log,
                     std::vector<ToldEvent>& events);

}  // namespace bw::agent
