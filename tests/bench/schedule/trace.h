// A cluster trace in the format of Alibaba's openb files: nodes, and pods as classes of the same
// request.
#pragma once

#include <string>
#include <vector>

#include "coordinator/core/schedule/yardstick.h"

namespace bw::bench {

struct Trace {
  std::vector<coordinator::schedule::Node> nodes;       // their ids are the trace's
  std::vector<coordinator::schedule::MixItem> classes;  // the weight: pods of it
  std::vector<std::size_t> pods;                        // by name: each its class
  double gpu_milli = 0;                                 // of all nodes

  double asked(std::size_t of) const;  // thousandths of GPUs
};

// Exits where a file can't be read or has a line that is none of its format.
Trace read_trace(const std::string& nodes, const std::string& pods);

}  // namespace bw::bench
