#include "agent/shell/gpu/nvml_library.h"

#include <dlfcn.h>

namespace bw::agent {

namespace {

std::string last_error() {
  const char* text = dlerror();
  return text == nullptr ? "unknown" : text;
}

}  // namespace

template <typename Function>
void NvmlLibrary::find(Function*& function, const char* symbol, const char* older) {
  void* found = dlsym(handle_, symbol);
  if (found == nullptr && older != nullptr) found = dlsym(handle_, older);
  function = reinterpret_cast<Function*>(found);
}

Result<std::shared_ptr<const NvmlLibrary>> NvmlLibrary::open(const std::string& path) {
  std::shared_ptr<NvmlLibrary> library(new NvmlLibrary);
  library->handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library->handle_ == nullptr) return Error{last_error()};
  library->find(library->init, "nvmlInit_v2");
  library->find(library->shutdown, "nvmlShutdown");
  library->find(library->count, "nvmlDeviceGetCount_v2");
  library->find(library->by_index, "nvmlDeviceGetHandleByIndex_v2");
  if (library->init == nullptr || library->shutdown == nullptr || library->count == nullptr ||
      library->by_index == nullptr) {
    return Error{path + ": lacks a function that every version since 2013 has"};
  }
  library->find_device_functions();
  library->find_rare_functions();
  return std::shared_ptr<const NvmlLibrary>(std::move(library));
}

NvmlLibrary::~NvmlLibrary() {
  if (handle_ != nullptr) dlclose(handle_);
}

// What is asked every second or so.
void NvmlLibrary::find_device_functions() {
  find(error_string, "nvmlErrorString");
  find(driver_version, "nvmlSystemGetDriverVersion");
  find(by_pci, "nvmlDeviceGetHandleByPciBusId_v2");
  find(name, "nvmlDeviceGetName");
  find(uuid, "nvmlDeviceGetUUID");
  find(vbios, "nvmlDeviceGetVbiosVersion");
  find(fields, "nvmlDeviceGetFieldValues");
  find(utilization, "nvmlDeviceGetUtilizationRates");
  find(memory, "nvmlDeviceGetMemoryInfo");
  find(memory_v2, "nvmlDeviceGetMemoryInfo_v2");
  find(temperature, "nvmlDeviceGetTemperature");
  find(temperature_v, "nvmlDeviceGetTemperatureV");
  find(power, "nvmlDeviceGetPowerUsage");
  find(energy, "nvmlDeviceGetTotalEnergyConsumption");
  find(clock, "nvmlDeviceGetClockInfo");
  find(clock_reasons, "nvmlDeviceGetCurrentClocksEventReasons",
       "nvmlDeviceGetCurrentClocksThrottleReasons");
  find(encoder, "nvmlDeviceGetEncoderUtilization");
  find(decoder, "nvmlDeviceGetDecoderUtilization");
}

void NvmlLibrary::find_rare_functions() {
  find(bar1, "nvmlDeviceGetBAR1MemoryInfo");
  find(margin, "nvmlDeviceGetMarginTemperature");
  find(temperature_threshold, "nvmlDeviceGetTemperatureThreshold");
  find(power_limit, "nvmlDeviceGetEnforcedPowerLimit");
  find(pstate, "nvmlDeviceGetPerformanceState");
  find(fan, "nvmlDeviceGetFanSpeed");
  find(fan_v2, "nvmlDeviceGetFanSpeed_v2");
  find(jpg, "nvmlDeviceGetJpgUtilization");
  find(ofa, "nvmlDeviceGetOfaUtilization");
  find(pcie_throughput, "nvmlDeviceGetPcieThroughput");
  find(pcie_replay, "nvmlDeviceGetPcieReplayCounter");
  find(pcie_gen, "nvmlDeviceGetCurrPcieLinkGeneration");
  find(pcie_width, "nvmlDeviceGetCurrPcieLinkWidth");
  find(pcie_gen_max, "nvmlDeviceGetMaxPcieLinkGeneration");
  find(pcie_width_max, "nvmlDeviceGetMaxPcieLinkWidth");
  find(ecc, "nvmlDeviceGetTotalEccErrors");
  find(remapped, "nvmlDeviceGetRemappedRows");
  find(compute_processes, "nvmlDeviceGetComputeRunningProcesses_v3",
       "nvmlDeviceGetComputeRunningProcesses_v2");
  find(graphics_processes, "nvmlDeviceGetGraphicsRunningProcesses_v3",
       "nvmlDeviceGetGraphicsRunningProcesses_v2");
  find(process_utilization, "nvmlDeviceGetProcessUtilization");
  find(mig_mode, "nvmlDeviceGetMigMode");
  find(mig_count, "nvmlDeviceGetMaxMigDeviceCount");
  find(mig_device, "nvmlDeviceGetMigDeviceHandleByIndex");
  find(gpu_instance, "nvmlDeviceGetGpuInstanceId");
  find(compute_instance, "nvmlDeviceGetComputeInstanceId");
  find(gpm_support, "nvmlGpmQueryDeviceSupport");
  find(gpm_alloc, "nvmlGpmSampleAlloc");
  find(gpm_free, "nvmlGpmSampleFree");
  find(gpm_sample, "nvmlGpmSampleGet");
  find(gpm_metrics, "nvmlGpmMetricsGet");
  // The first version of the wait fills a shorter structure: it is not used.
  find(event_set_create, "nvmlEventSetCreate");
  find(event_set_free, "nvmlEventSetFree");
  find(event_set_wait, "nvmlEventSetWait_v2");
  find(event_types, "nvmlDeviceGetSupportedEventTypes");
  find(register_events, "nvmlDeviceRegisterEvents");
}

std::string NvmlLibrary::text_of(Return result) const {
  const char* text = error_string == nullptr ? nullptr : error_string(result);
  const std::string number = "NVML error " + std::to_string(result);
  return text == nullptr ? number : number + " (" + text + ")";
}

}  // namespace bw::agent
