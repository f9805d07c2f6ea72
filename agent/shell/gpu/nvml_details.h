// What NVML tells of a GPU's inside: its performance counters (GPM), the processes that use it,
// and the instances it is split into (MIG).
//
// Each read fills its part of a GpuReading, and answers false where the GPU is lost.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/core/collect/gpu/gpu_readings.h"
#include "agent/shell/gpu/nvml_calls.h"

namespace bw::agent {

// Shares of the GPU's units that worked, between this read and the one before: Hopper and later.
class GpmCounters {
 public:
  GpmCounters(NvmlCalls& calls, nvml::Device handle) : calls_(calls), handle_(handle) {}
  ~GpmCounters();
  GpmCounters(const GpmCounters&) = delete;
  GpmCounters& operator=(const GpmCounters&) = delete;

  bool read(GpuReading& out);
  void forget_unsupported() { unsupported_ = false; }

 private:
  bool prepare();

  NvmlCalls& calls_;
  nvml::Device handle_;
  bool unsupported_ = false;
  bool has_first_ = false;
  std::array<nvml::GpmSample, 2> samples_{};  // the one before, and the newest
};

// The kernel's names of processes, from below a root directory.
class ProcessNames {
 public:
  explicit ProcessNames(std::string root) : root_(std::move(root)) {}
  // Empty where it is gone, or hidden.
  void find(std::uint32_t pid, std::array<char, 16>& name) const;

 private:
  std::string root_;
};

class ProcessList {
 public:
  // Processes of a GPU that are looked at; where there are more, only their number is told.
  static constexpr std::size_t kMost = 256;

  ProcessList(NvmlCalls& calls, nvml::Device handle) : calls_(calls), handle_(handle) {}

  bool read(const ProcessNames& names, GpuReading& out);
  void forget_unsupported() { unsupported_.reset(); }

 private:
  enum Kind : std::uint8_t { compute, graphics, utilization, kinds };
  struct Process {
    std::uint32_t pid = 0;
    double memory = kNoGpuValue;
    double sm = kNoGpuValue;
  };
  using ListFunction = nvml::Return(nvml::Device, unsigned*, void*);

  bool list(Kind kind, ListFunction* function, std::size_t& count);
  void add(std::uint32_t pid, unsigned long long memory);
  bool read_utilization();
  void tell(const ProcessNames& names, GpuReading& out);

  NvmlCalls& calls_;
  nvml::Device handle_;
  std::bitset<kinds> unsupported_;
  bool asked_ = false;  // one of the two lists answered
  bool whole_ = false;  // and none was too long
  std::vector<std::byte> buffer_;
  std::vector<Process> processes_;
  std::vector<nvml::ProcessUtilization> shares_;
  unsigned long long seen_us_ = 0;  // the newest share of time that was read
};

// The length of an entry in a list of `count` processes that was written over bytes of `fill`;
// kProcessInfoUsual where that can't be told.
std::size_t process_info_size(const std::byte* list, std::size_t size, std::size_t count,
                              std::byte fill);

// The instances, where MIG is on.
bool read_instances(NvmlCalls& calls, nvml::Device handle, GpuReading& out);

}  // namespace bw::agent
