// What the kernel tells of its clocks.
#pragma once

#include <optional>

#include "agent/core/collect/readings.h"

namespace bw::agent {

// adjtimex, which only asks here; nothing where it is not allowed.
std::optional<ClockReading> read_clock();

// How long the machine has slept since it was started.
Duration suspended_time();

}  // namespace bw::agent
