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

struct ReplayResult {
  std::uint64_t samples = 0;  // values that there are, of all blocks
  std::uint64_t tables = 0;
  std::uint64_t table_bytes = 0;  // of those behind the first, as they go over the wire
};
// All that a recording has of its first node, tables as they really changed, into a new store, and
// all rollups of it.
Result<ReplayResult> replay(const std::string& path, const std::string& directory);

struct MonthResult {
  std::uint64_t blocks = 0;
  std::uint64_t samples = 0;
  double fill_s = 0;        // wall
  double roll_up_s = 0;     // wall, on one thread
  double rolled_share = 1;  // of the samples, that were rolled up and not copied
};
// So many days of so many nodes that end now, minute by minute, and all rollups of them. The
// history of kMadeNodes is made by the coordinator's own code, that of the others copied from
// theirs: it differs from node to node no more than that.
constexpr std::size_t kMadeNodes = 5;
Result<MonthResult> fill_with_days(const std::string& directory, const Trace& trace,
                                   std::size_t nodes, std::size_t days);

// What an agent's outbox holds after so many minutes offline: an earlier run's, ending now.
Result<void> fill_outbox(const std::string& directory, const Trace& trace, std::size_t minutes);

}  // namespace bw::bench
