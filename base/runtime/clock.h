// The real clocks. Only shells and runtime may look at them.
#pragma once

#include "base/time.h"

namespace bw {

Instant monotonic_now();  // CLOCK_MONOTONIC
WallTime wall_now();      // CLOCK_REALTIME

}  // namespace bw
