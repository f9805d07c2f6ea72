// Stores filled directly, through the programs' own code: a coordinator's with a trace or with a
// month of a fleet, and an agent's outbox after a time offline.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "tests/bench/record/trace.h"

namespace bw::bench {

// The trace for each of so many nodes, as it came.
Result<void> fill_with_trace(const std::string& directory, const Trace& trace, std::size_t nodes);

struct MonthResult {
  std::uint64_t blocks = 0;
  std::uint64_t samples = 0;
  double fill_s = 0;     // wall
  double roll_up_s = 0;  // wall, on one thread
};
// So many days of so many nodes that end now, minute by minute, and all rollups of them.
Result<MonthResult> fill_with_days(const std::string& directory, const Trace& trace,
                                   std::size_t nodes, std::size_t days);

// What an agent's outbox holds after so many minutes offline: an earlier run's, ending now.
Result<void> fill_outbox(const std::string& directory, const Trace& trace, std::size_t minutes);

}  // namespace bw::bench
