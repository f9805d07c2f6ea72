// The values of a trace for other stores: as text of OpenMetrics, and by Prometheus remote write.
#pragma once

#include <string>

#include "tests/bench/record/trace.h"

namespace bw::bench {

// To the standard output, as `promtool tsdb create-blocks-from openmetrics` reads it.
void print_openmetrics(const Trace& trace);

struct RemoteWriteResult {
  std::uint64_t samples = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;  // compressed
  double seconds = 0;
};
// The trace once for each of so many nodes, minute by minute, ending now. Ends the program where
// the receiver refuses.
RemoteWriteResult remote_write(const Trace& trace, const std::string& url, std::size_t nodes);

}  // namespace bw::bench
