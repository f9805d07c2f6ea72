// Reads the numbers of one GPU through NVML, with as few calls as they can be had by.
//
// What a GPU answers it does not have is not asked again for a while (kAskAgain). Processes,
// instances and performance counters are nvml_details.h's.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "agent/core/collect/gpu/gpu_readings.h"
#include "agent/shell/gpu/nvml_calls.h"
#include "agent/shell/gpu/nvml_details.h"

namespace bw::agent {

class NvmlDevice {
 public:
  // Rounds after which what was not supported is asked once more: MIG may have been switched off.
  static constexpr std::uint32_t kAskAgain = 600;
  // Fields of one tier.
  static constexpr std::size_t kMostFields = 32;

  // `calls` must outlive the device.
  NvmlDevice(NvmlCalls& calls, nvml::Device handle);

  nvml::Device handle() const { return handle_; }

  GpuIdentity identify(const std::string& driver);

  // The values that `out` says are due; none where the GPU is lost or failing. Answers ok, lost,
  // failing or reset_required.
  GpuCondition read(const ProcessNames& names, GpuReading& out);

 private:
  // One bit a question that may turn out not to be supported.
  enum class Ask : std::uint8_t {
    utilization,
    memory_v2,
    memory,
    temperature,
    temperature_v,
    power,
    energy,
    clock_sm,
    clock_memory,
    clock_video,
    clock_reasons,
    encoder,
    decoder,
    bar1,
    margin,
    power_limit,
    pstate,
    fan,
    jpg,
    ofa,
    pcie_transmit,
    pcie_receive,
    replay,
    pcie_gen,
    pcie_width,
    pcie_gen_max,
    pcie_width_max,
    ecc_corrected_volatile,
    ecc_uncorrected_volatile,
    ecc_corrected_aggregate,
    ecc_uncorrected_aggregate,
    remapped,
    shutdown,
    slowdown,
    gpu_threshold,
    memory_threshold,
    mig_mode,
    count_,
  };
  // The fields of one tier, asked by one call.
  struct Batch {
    std::array<nvml::FieldValue, kMostFields> fields{};
    std::array<std::uint8_t, kMostFields> specs{};  // of each: its place in the table of fields
    std::size_t count = 0;
  };

  template <typename... Parameters, typename... Arguments>
  bool ask(Ask what, nvml::Return (*function)(nvml::Device, Parameters...), Arguments... arguments);
  void ask_number(Ask what, NvmlLibrary::Unsigned* function, GpuValue value, GpuReading& out);
  void ask_utilization(Ask what, nvml::Return (*function)(nvml::Device, unsigned*, unsigned*),
                       GpuValue value, GpuReading& out);
  void ask_clock(Ask what, int domain, GpuValue value, GpuReading& out);
  void ask_ecc(Ask what, int type, int counter, GpuValue value, GpuReading& out);
  void ask_threshold(Ask what, int threshold, GpuValue value, GpuReading& out);
  void forget_unsupported();
  bool told_by_other(std::size_t spec, GpuValue value) const;
  void read_fields(Batch& batch, GpuReading& out);
  void read_every_round(GpuReading& out);
  void read_memory(GpuReading& out);
  void read_temperature(GpuReading& out);
  void read_every_tenth(GpuReading& out);
  void read_throughput(GpuReading& out);
  void read_instead_of_fields(GpuReading& out);
  void read_every_sixtieth(GpuReading& out);

  NvmlCalls& calls_;
  nvml::Device handle_;
  void heard(nvml::Return result);

  bool lost_ = false;
  // Of this round:
  bool asked_any_ = false;
  bool answered_ = false;  // if only by saying that there is no such thing
  bool reset_required_ = false;
  std::uint32_t rounds_ = 0;
  std::bitset<static_cast<std::size_t>(Ask::count_)> unsupported_;
  std::array<Batch, 3> batches_;  // by tier
  // Of each value the field that tells it: its place in the table of fields and one, 0 for none
  // yet. For good, since what counts from another beginning would look like a jump.
  std::array<std::uint8_t, kGpuValues> told_by_{};
  GpmCounters counters_;
  ProcessList processes_;
};

}  // namespace bw::agent
