// libnvidia-ml.so.1, opened by name, and the functions of it that the agent calls.
//
// Every function but the few of `usable()` may be null: a driver that lacks one lacks the metrics
// that need it, and no others.
#pragma once

#include <memory>
#include <string>

#include "agent/shell/gpu/nvml_abi.h"
#include "base/result.h"

namespace bw::agent {

inline constexpr const char* kNvmlName = "libnvidia-ml.so.1";

struct NvmlLibrary {
  using Device = nvml::Device;
  using Return = nvml::Return;
  using Unsigned = Return(Device, unsigned*);
  using Text = Return(Device, char*, unsigned);

  // Opens the library at `path`, a name or a file. Errors: it is not there, or lacks a function
  // without which nothing can be asked.
  static Result<std::shared_ptr<const NvmlLibrary>> open(const std::string& path);
  ~NvmlLibrary();
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;

  Return (*init)() = nullptr;
  Return (*shutdown)() = nullptr;
  Return (*count)(unsigned*) = nullptr;
  Return (*by_index)(unsigned, Device*) = nullptr;

  const char* (*error_string)(Return) = nullptr;
  Return (*driver_version)(char*, unsigned) = nullptr;
  Return (*by_pci)(const char*, Device*) = nullptr;
  Text* name = nullptr;
  Text* uuid = nullptr;
  Text* vbios = nullptr;
  Return (*fields)(Device, int, nvml::FieldValue*) = nullptr;
  Return (*utilization)(Device, nvml::Utilization*) = nullptr;
  Return (*memory)(Device, nvml::Memory*) = nullptr;
  Return (*memory_v2)(Device, nvml::MemoryV2*) = nullptr;
  Return (*bar1)(Device, nvml::Bar1Memory*) = nullptr;
  Return (*temperature)(Device, int, unsigned*) = nullptr;
  Return (*temperature_v)(Device, nvml::TemperatureV1*) = nullptr;
  Return (*margin)(Device, nvml::MarginTemperature*) = nullptr;
  Return (*temperature_threshold)(Device, int, unsigned*) = nullptr;
  Unsigned* power = nullptr;
  Unsigned* power_limit = nullptr;
  Return (*energy)(Device, unsigned long long*) = nullptr;
  Return (*clock)(Device, int, unsigned*) = nullptr;
  Return (*clock_reasons)(Device, unsigned long long*) = nullptr;
  Unsigned* pstate = nullptr;
  Unsigned* fan = nullptr;
  Return (*fan_v2)(Device, unsigned, unsigned*) = nullptr;
  Return (*encoder)(Device, unsigned*, unsigned*) = nullptr;
  Return (*decoder)(Device, unsigned*, unsigned*) = nullptr;
  Return (*jpg)(Device, unsigned*, unsigned*) = nullptr;
  Return (*ofa)(Device, unsigned*, unsigned*) = nullptr;
  Return (*pcie_throughput)(Device, int, unsigned*) = nullptr;
  Unsigned* pcie_replay = nullptr;
  Unsigned* pcie_gen = nullptr;
  Unsigned* pcie_width = nullptr;
  Unsigned* pcie_gen_max = nullptr;
  Unsigned* pcie_width_max = nullptr;
  Return (*ecc)(Device, int, int, unsigned long long*) = nullptr;
  Return (*remapped)(Device, unsigned*, unsigned*, unsigned*, unsigned*) = nullptr;
  Return (*compute_processes)(Device, unsigned*, void*) = nullptr;
  Return (*graphics_processes)(Device, unsigned*, void*) = nullptr;
  Return (*process_utilization)(Device, nvml::ProcessUtilization*, unsigned*,
                                unsigned long long) = nullptr;
  Return (*mig_mode)(Device, unsigned*, unsigned*) = nullptr;
  Unsigned* mig_count = nullptr;
  Return (*mig_device)(Device, unsigned, Device*) = nullptr;
  Unsigned* gpu_instance = nullptr;
  Unsigned* compute_instance = nullptr;
  Return (*gpm_support)(Device, nvml::GpmSupport*) = nullptr;
  Return (*gpm_alloc)(nvml::GpmSample*) = nullptr;
  Return (*gpm_free)(nvml::GpmSample) = nullptr;
  Return (*gpm_sample)(Device, nvml::GpmSample) = nullptr;
  Return (*gpm_metrics)(nvml::GpmMetricsGet*) = nullptr;
  Return (*event_set_create)(nvml::EventSet*) = nullptr;
  Return (*event_set_free)(nvml::EventSet) = nullptr;
  Return (*event_set_wait)(nvml::EventSet, nvml::EventData*, unsigned) = nullptr;
  Return (*event_types)(Device, unsigned long long*) = nullptr;
  Return (*register_events)(Device, unsigned long long, nvml::EventSet) = nullptr;

  // "GPU is lost", by the library where it can tell.
  std::string text_of(Return result) const;

 private:
  NvmlLibrary() = default;
  void find_device_functions();
  void find_rare_functions();
  template <typename Function>
  void find(Function*& function, const char* symbol, const char* older = nullptr);

  void* handle_ = nullptr;
};

}  // namespace bw::agent
