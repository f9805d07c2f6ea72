// History blocks to measure with: what a coordinator's store holds of one node, recorded from a
// real agent or made up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime/sqlite.h"
#include "schemas/wire/messages.h"

namespace bw::bench {

struct TraceBlock {
  std::vector<std::int64_t> times_ms;
  std::vector<double> values;  // row by row
  std::vector<std::byte> columns;
};

struct Trace {
  std::uint64_t table_id = 0;
  std::vector<wire::SeriesInfo> series;
  std::vector<TraceBlock> blocks;  // in the order of their times, all of the same width
  std::int64_t first_ms() const { return blocks.front().times_ms.front(); }
  std::size_t samples() const;  // values that there are
};

// The full blocks (`rows` or more) of the store's first node, of as many series as most of them
// have. Tables of one width count as one, that of most blocks: names that come and go (processes)
// keep their places.
Result<Trace> load_trace(const std::string& path, std::size_t rows = 60);

// The same, of its first series only.
Trace narrowed(const Trace& trace, std::size_t series);

// A box whose every value moves every second, half an hour of it: a third are counters with steps
// of up to 100,000, a third gauges with two decimals, a third measured with full precision.
Trace noisy_trace(std::size_t series, std::size_t minutes, std::int64_t first_ms);

// Columns of version 2 with all times moved: what an agent would have sent later.
std::vector<std::byte> moved(const std::vector<std::byte>& columns, std::int64_t by_ms);

}  // namespace bw::bench
