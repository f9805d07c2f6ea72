// Instructions and cycles of all cores, by the processors' own counters (perf_event_open): the cost
// is a read a core every time, and nothing in between.
//
// Absent where the kernel, the hypervisor or the sandbox refuses them, on any core: a sum over some
// cores would say nothing. Needs CAP_PERFMON, or kernel.perf_event_paranoid of 0 or below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/core/collect/readings.h"

namespace bw::agent {

class CpuCounterReader {
 public:
  // Cores, two descriptors each; a box with more is left alone.
  static constexpr std::size_t kMaxCpus = 128;

  // What is counted: type and config of perf_event_attr. Others than these are for tests.
  struct Event {
    std::uint32_t type;
    std::uint64_t config;
  };
  CpuCounterReader();
  CpuCounterReader(Event instructions, Event cycles);
  ~CpuCounterReader();
  CpuCounterReader(const CpuCounterReader&) = delete;
  CpuCounterReader& operator=(const CpuCounterReader&) = delete;

  std::optional<CpuCounters> read() const;

 private:
  void open_all(Event instructions, Event cycles);
  void close_all();

  std::vector<int> instructions_;  // descriptors, by core
  std::vector<int> cycles_;
};

}  // namespace bw::agent
