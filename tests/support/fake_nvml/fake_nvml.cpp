// A libnvidia-ml.so.1 that answers as a script says (script.h): for tests and benches on machines
// without a GPU. Built twice: with BW_FAKE_NVML_OLD it lacks what older drivers lack.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "agent/shell/gpu/nvml_abi.h"
#include "tests/support/fake_nvml/script.h"

namespace {

using bw::fake_nvml::current_script;
using bw::fake_nvml::Script;
using namespace bw::agent::nvml;  // NOLINT: this file is that library

constexpr std::intptr_t kFirstInstance = 1000;
constexpr std::intptr_t kInstancesEach = 16;

Device handle_of(int gpu) {
  return reinterpret_cast<Device>(static_cast<std::intptr_t>(gpu) + 1);
}
int gpu_of(Device device) {
  const auto number = reinterpret_cast<std::intptr_t>(device);
  if (number >= kFirstInstance) return static_cast<int>((number - kFirstInstance) / kInstancesEach);
  return static_cast<int>(number) - 1;
}
int instance_of(Device device) {
  const auto number = reinterpret_cast<std::intptr_t>(device);
  return number >= kFirstInstance ? static_cast<int>((number - kFirstInstance) % kInstancesEach)
                                  : -1;
}

// What each call begins with: it is slow, hangs, or fails, where the script says so.
Return enter(int gpu, const char* function) {
  auto script = current_script();
  if (const int delay = script->delay_ms(gpu, function); delay > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
  }
  while (script->hangs_in(gpu, function)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    script = current_script();
  }
  return static_cast<Return>(script->answer(gpu, function));
}

// A number of the script; kNotSupported where it has none.
template <typename Number>
Return tell(Device device, const char* function, const char* name, Number* number) {
  const Return result = enter(gpu_of(device), function);
  if (result != kSuccess) return result;
  double value = 0;
  if (!current_script()->has(gpu_of(device), name, value)) return kNotSupported;
  *number = static_cast<Number>(value);
  return kSuccess;
}

Return tell_share(Device device, const char* function, const char* name, unsigned* percent,
                  unsigned* period_us) {
  *period_us = 166667;
  return tell(device, function, name, percent);
}

double value_or(int gpu, const char* name, double otherwise) {
  double value = otherwise;
  return current_script()->has(gpu, name, value) ? value : otherwise;
}

// What nvmlEventSetCreate hands out: who is watched for what, and how far the script's events were
// told. Those of the script that was there before are of the past.
struct FakeEventSet {
  std::map<int, unsigned long long> watched;
  std::shared_ptr<const Script> script = current_script();
  std::size_t next = script->events.size();
};

template <typename Number>
void put(char*& at, Number number) {
  std::memcpy(at, &number, sizeof number);
  at += sizeof number;
}

// A list of processes as drivers of the script's layout write it.
Return list(int gpu, unsigned* count, void* infos) {
  const auto script = current_script();
  const auto found = script->processes.find(gpu);
  const std::size_t there = found == script->processes.end() ? 0 : found->second.size();
  const std::size_t room = *count;
  *count = static_cast<unsigned>(there);
  if (there > room) return kInsufficientSize;
  for (std::size_t i = 0; i < there; ++i) {
    char* at = static_cast<char*>(infos) + i * script->layout;
    put(at, found->second[i].pid);
    at += 4;  // the entry's second number lies at 8
    put(at, found->second[i].bytes);
    if (script->layout >= kProcessInfoUsual) {
      put(at, ~0U);
      put(at, ~0U);
    }
    if (script->layout >= kProcessInfoMost) put(at, 0ULL);
  }
  return kSuccess;
}

}  // namespace

extern "C" {

const char* nvmlErrorString(Return result) {
  switch (result) {
    case kLibRmVersionMismatch:
      return "Driver/library version mismatch";
    case kDriverNotLoaded:
      return "Driver Not Loaded";
    case kGpuIsLost:
      return "GPU is lost";
    default:
      return "Unknown Error";
  }
}
Return nvmlInit_v2() {
  const Return result = enter(Script::kNone, "nvmlInit_v2");
  return result != kSuccess ? result : static_cast<Return>(current_script()->init);
}
Return nvmlShutdown() {
  return enter(Script::kNone, "nvmlShutdown");
}
Return nvmlSystemGetDriverVersion(char* version, unsigned length) {
  std::snprintf(version, length, "%s", current_script()->driver.c_str());
  return enter(Script::kNone, "nvmlSystemGetDriverVersion");
}
Return nvmlDeviceGetCount_v2(unsigned* count) {
  *count = current_script()->count;
  const Return result = enter(Script::kNone, "nvmlDeviceGetCount_v2");
  return result != kSuccess ? result : static_cast<Return>(current_script()->init);
}
Return nvmlDeviceGetHandleByIndex_v2(unsigned index, Device* device) {
  if (index >= current_script()->count) return kInvalidArgument;
  *device = handle_of(static_cast<int>(index));
  return enter(static_cast<int>(index), "nvmlDeviceGetHandleByIndex_v2");
}
// GPU n lies at bus n + 1.
Return nvmlDeviceGetHandleByPciBusId_v2(const char* address, Device* device) {
  unsigned domain = 0;
  unsigned bus = 0;
  if (std::sscanf(address, "%x:%x:", &domain, &bus) != 2) return kInvalidArgument;
  if (bus == 0 || bus > current_script()->count) return kNotFound;
  *device = handle_of(static_cast<int>(bus) - 1);
  return enter(static_cast<int>(bus) - 1, "nvmlDeviceGetHandleByPciBusId_v2");
}
Return nvmlDeviceGetName(Device device, char* name, unsigned length) {
  std::snprintf(name, length, "Fake GPU");
  return enter(gpu_of(device), "nvmlDeviceGetName");
}
Return nvmlDeviceGetUUID(Device device, char* uuid, unsigned length) {
  if (instance_of(device) >= 0) {
    std::snprintf(uuid, length, "MIG-%d-%d", gpu_of(device), instance_of(device));
  } else {
    std::snprintf(uuid, length, "GPU-%d",
                  gpu_of(device) + static_cast<int>(value_or(gpu_of(device), "uuid", 0)));
  }
  return enter(gpu_of(device), "nvmlDeviceGetUUID");
}
Return nvmlDeviceGetVbiosVersion(Device device, char* version, unsigned length) {
  std::snprintf(version, length, "96.00.74.00.01");
  return enter(gpu_of(device), "nvmlDeviceGetVbiosVersion");
}
Return nvmlDeviceGetUtilizationRates(Device device, Utilization* rates) {
  rates->memory = static_cast<unsigned>(value_or(gpu_of(device), "mem_util", 0));
  return tell(device, "nvmlDeviceGetUtilizationRates", "util", &rates->gpu);
}
Return nvmlDeviceGetMemoryInfo(Device device, Memory* memory) {
  memory->total = static_cast<unsigned long long>(value_or(gpu_of(device), "fb_total", 0));
  memory->free = static_cast<unsigned long long>(value_or(gpu_of(device), "fb_free", 0));
  return tell(device, "nvmlDeviceGetMemoryInfo", "fb_used", &memory->used);
}
Return nvmlDeviceGetTemperature(Device device, int sensor, unsigned* degrees) {
  if (sensor != kTemperatureGpu) return kInvalidArgument;
  return tell(device, "nvmlDeviceGetTemperature", "temp", degrees);
}
Return nvmlDeviceGetTemperatureThreshold(Device device, int threshold, unsigned* degrees) {
  char name[32];
  std::snprintf(name, sizeof name, "threshold.%d", threshold);
  return tell(device, "nvmlDeviceGetTemperatureThreshold", name, degrees);
}
Return nvmlDeviceGetPowerUsage(Device device, unsigned* milliwatts) {
  return tell(device, "nvmlDeviceGetPowerUsage", "power", milliwatts);
}
Return nvmlDeviceGetTotalEnergyConsumption(Device device, unsigned long long* millijoules) {
  return tell(device, "nvmlDeviceGetTotalEnergyConsumption", "energy", millijoules);
}
Return nvmlDeviceGetClockInfo(Device device, int domain, unsigned* mhz) {
  const char* names[] = {"clock_graphics", "clock_sm", "clock_mem", "clock_video"};
  if (domain < 0 || domain > 3) return kInvalidArgument;
  return tell(device, "nvmlDeviceGetClockInfo", names[domain], mhz);
}
Return nvmlDeviceGetEncoderUtilization(Device device, unsigned* percent, unsigned* period_us) {
  return tell_share(device, "nvmlDeviceGetEncoderUtilization", "enc_util", percent, period_us);
}
Return nvmlDeviceGetDecoderUtilization(Device device, unsigned* percent, unsigned* period_us) {
  return tell_share(device, "nvmlDeviceGetDecoderUtilization", "dec_util", percent, period_us);
}
Return nvmlDeviceGetCurrentClocksThrottleReasons(Device device, unsigned long long* reasons) {
  return tell(device, "nvmlDeviceGetCurrentClocksThrottleReasons", "clock_event_reasons", reasons);
}
Return nvmlDeviceGetBAR1MemoryInfo(Device device, Bar1Memory* memory) {
  memory->total = static_cast<unsigned long long>(value_or(gpu_of(device), "bar1_total", 0));
  memory->free = 0;
  return tell(device, "nvmlDeviceGetBAR1MemoryInfo", "bar1_used", &memory->used);
}
Return nvmlDeviceGetEnforcedPowerLimit(Device device, unsigned* milliwatts) {
  return tell(device, "nvmlDeviceGetEnforcedPowerLimit", "power_limit", milliwatts);
}
Return nvmlDeviceGetPerformanceState(Device device, unsigned* state) {
  return tell(device, "nvmlDeviceGetPerformanceState", "pstate", state);
}
Return nvmlDeviceGetFanSpeed(Device device, unsigned* percent) {
  return tell(device, "nvmlDeviceGetFanSpeed", "fan", percent);
}
Return nvmlDeviceGetPcieThroughput(Device device, int counter, unsigned* kilobytes) {
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return tell(device, "nvmlDeviceGetPcieThroughput",
              counter == kPcieTransmit ? "pcie_tx_kb" : "pcie_rx_kb", kilobytes);
}
Return nvmlDeviceGetPcieReplayCounter(Device device, unsigned* replays) {
  return tell(device, "nvmlDeviceGetPcieReplayCounter", "pcie_replay", replays);
}
Return nvmlDeviceGetCurrPcieLinkGeneration(Device device, unsigned* generation) {
  return tell(device, "nvmlDeviceGetCurrPcieLinkGeneration", "pcie_gen", generation);
}
Return nvmlDeviceGetCurrPcieLinkWidth(Device device, unsigned* width) {
  return tell(device, "nvmlDeviceGetCurrPcieLinkWidth", "pcie_width", width);
}
Return nvmlDeviceGetMaxPcieLinkGeneration(Device device, unsigned* generation) {
  return tell(device, "nvmlDeviceGetMaxPcieLinkGeneration", "pcie_gen_max", generation);
}
Return nvmlDeviceGetMaxPcieLinkWidth(Device device, unsigned* width) {
  return tell(device, "nvmlDeviceGetMaxPcieLinkWidth", "pcie_width_max", width);
}
Return nvmlDeviceGetTotalEccErrors(Device device, int type, int counter,
                                   unsigned long long* errors) {
  char name[32];
  std::snprintf(name, sizeof name, "ecc.%d.%d", type, counter);
  return tell(device, "nvmlDeviceGetTotalEccErrors", name, errors);
}
Return nvmlDeviceGetRemappedRows(Device device, unsigned* corrected, unsigned* uncorrected,
                                 unsigned* pending, unsigned* failure) {
  *uncorrected = static_cast<unsigned>(value_or(gpu_of(device), "remapped_unc", 0));
  *pending = static_cast<unsigned>(value_or(gpu_of(device), "remapped_pending", 0));
  *failure = static_cast<unsigned>(value_or(gpu_of(device), "remapped_failure", 0));
  return tell(device, "nvmlDeviceGetRemappedRows", "remapped_cor", corrected);
}
Return nvmlDeviceGetComputeRunningProcesses_v2(Device device, unsigned* count, void* infos) {
  const Return result = enter(gpu_of(device), "nvmlDeviceGetComputeRunningProcesses_v2");
  return result != kSuccess ? result : list(gpu_of(device), count, infos);
}

#ifndef BW_FAKE_NVML_OLD

Return nvmlDeviceGetMemoryInfo_v2(Device device, MemoryV2* memory) {
  if (memory->version != version_of<MemoryV2>(2)) return kArgumentVersionMismatch;
  const int gpu = gpu_of(device);
  if (const int index = instance_of(device); index >= 0) {
    const auto& instance = current_script()->instances.at(gpu).at(static_cast<std::size_t>(index));
    memory->used = instance.used;
    memory->total = instance.total;
    return enter(gpu, "nvmlDeviceGetMemoryInfo_v2");
  }
  memory->total = static_cast<unsigned long long>(value_or(gpu, "fb_total", 0));
  memory->free = static_cast<unsigned long long>(value_or(gpu, "fb_free", 0));
  memory->reserved = static_cast<unsigned long long>(value_or(gpu, "fb_reserved", 0));
  return tell(device, "nvmlDeviceGetMemoryInfo_v2", "fb_used", &memory->used);
}
Return nvmlDeviceGetTemperatureV(Device device, TemperatureV1* temperature) {
  if (temperature->version != version_of<TemperatureV1>(1)) return kArgumentVersionMismatch;
  return tell(device, "nvmlDeviceGetTemperatureV", "temp", &temperature->temperature);
}
Return nvmlDeviceGetMarginTemperature(Device device, MarginTemperature* margin) {
  if (margin->version != version_of<MarginTemperature>(1)) return kArgumentVersionMismatch;
  return tell(device, "nvmlDeviceGetMarginTemperature", "temp_margin", &margin->margin);
}
Return nvmlDeviceGetCurrentClocksEventReasons(Device device, unsigned long long* reasons) {
  return tell(device, "nvmlDeviceGetCurrentClocksEventReasons", "clock_event_reasons", reasons);
}
Return nvmlDeviceGetFanSpeed_v2(Device device, unsigned fan, unsigned* percent) {
  if (fan != 0) return kInvalidArgument;
  return tell(device, "nvmlDeviceGetFanSpeed_v2", "fan", percent);
}
Return nvmlDeviceGetJpgUtilization(Device device, unsigned* percent, unsigned* period_us) {
  return tell_share(device, "nvmlDeviceGetJpgUtilization", "jpg_util", percent, period_us);
}
Return nvmlDeviceGetOfaUtilization(Device device, unsigned* percent, unsigned* period_us) {
  return tell_share(device, "nvmlDeviceGetOfaUtilization", "ofa_util", percent, period_us);
}
// Values of "field.ID", as doubles where they have a fraction, or of the type "type.ID".
Return nvmlDeviceGetFieldValues(Device device, int count, FieldValue* values) {
  const int gpu = gpu_of(device);
  const Return result = enter(gpu, "nvmlDeviceGetFieldValues");
  if (result != kSuccess) return result;
  for (int i = 0; i < count; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "field.%u", values[i].field);
    double value = 0;
    if (!current_script()->has(gpu, name, value)) {
      values[i].result = kNotSupported;
      continue;
    }
    std::snprintf(name, sizeof name, "answer.%u", values[i].field);
    values[i].result = static_cast<int>(value_or(gpu, name, kSuccess));
    if (values[i].result != kSuccess) continue;
    const bool whole = value == static_cast<double>(static_cast<long long>(value));
    std::snprintf(name, sizeof name, "type.%u", values[i].field);
    const double type = value_or(gpu, name, whole ? kUnsignedLongLong : kDouble);
    values[i].type = static_cast<int>(type);
    if (!whole) {
      values[i].value.d = value;
    } else if (values[i].type == kUnsigned || values[i].type == kSigned) {
      values[i].value.si = static_cast<int>(value);
    } else {
      values[i].value.sll = static_cast<long long>(value);
    }
  }
  return kSuccess;
}
Return nvmlDeviceGetComputeRunningProcesses_v3(Device device, unsigned* count, void* infos) {
  const Return result = enter(gpu_of(device), "nvmlDeviceGetComputeRunningProcesses_v3");
  return result != kSuccess ? result : list(gpu_of(device), count, infos);
}
Return nvmlDeviceGetGraphicsRunningProcesses_v3(Device device, unsigned* count, void*) {
  *count = 0;
  return enter(gpu_of(device), "nvmlDeviceGetGraphicsRunningProcesses_v3");
}
Return nvmlDeviceGetProcessUtilization(Device device, ProcessUtilization* shares, unsigned* count,
                                       unsigned long long since_us) {
  const Return result = enter(gpu_of(device), "nvmlDeviceGetProcessUtilization");
  if (result != kSuccess) return result;
  const auto script = current_script();
  const auto found = script->processes.find(gpu_of(device));
  unsigned written = 0;
  if (found != script->processes.end()) {
    for (const auto& process : found->second) {
      if (process.sm == 0 || written == *count) continue;
      shares[written++] =
          ProcessUtilization{process.pid, since_us + 1'000'000, process.sm, 0, 0, 0};
    }
  }
  *count = written;
  return written == 0 ? kNotFound : kSuccess;
}
Return nvmlDeviceGetMigMode(Device device, unsigned* current, unsigned* pending) {
  const Return result = tell(device, "nvmlDeviceGetMigMode", "mig_mode", current);
  *pending = *current;
  return result;
}
Return nvmlDeviceGetMaxMigDeviceCount(Device device, unsigned* count) {
  *count = 7;
  return enter(gpu_of(device), "nvmlDeviceGetMaxMigDeviceCount");
}
Return nvmlDeviceGetMigDeviceHandleByIndex(Device device, unsigned index, Device* instance) {
  const auto script = current_script();
  const auto found = script->instances.find(gpu_of(device));
  if (found == script->instances.end() || index >= found->second.size()) return kNotFound;
  *instance = reinterpret_cast<Device>(kFirstInstance + gpu_of(device) * kInstancesEach +
                                       static_cast<std::intptr_t>(index));
  return enter(gpu_of(device), "nvmlDeviceGetMigDeviceHandleByIndex");
}
Return nvmlDeviceGetGpuInstanceId(Device device, unsigned* id) {
  *id = current_script()
            ->instances.at(gpu_of(device))
            .at(static_cast<std::size_t>(instance_of(device)))
            .gpu_instance;
  return enter(gpu_of(device), "nvmlDeviceGetGpuInstanceId");
}
Return nvmlDeviceGetComputeInstanceId(Device device, unsigned* id) {
  *id = current_script()
            ->instances.at(gpu_of(device))
            .at(static_cast<std::size_t>(instance_of(device)))
            .compute_instance;
  return enter(gpu_of(device), "nvmlDeviceGetComputeInstanceId");
}
Return nvmlGpmQueryDeviceSupport(Device device, GpmSupport* support) {
  support->supported = value_or(gpu_of(device), "gpm.2", -1) >= 0 ? 1 : 0;
  return enter(gpu_of(device), "nvmlGpmQueryDeviceSupport");
}
// A sample remembers whose it is.
Return nvmlGpmSampleAlloc(GpmSample* sample) {
  *sample = new int(-1);
  return enter(Script::kNone, "nvmlGpmSampleAlloc");
}
Return nvmlGpmSampleFree(GpmSample sample) {
  delete static_cast<int*>(sample);
  return kSuccess;
}
Return nvmlGpmSampleGet(Device device, GpmSample sample) {
  *static_cast<int*>(sample) = gpu_of(device);
  return enter(gpu_of(device), "nvmlGpmSampleGet");
}
Return nvmlEventSetCreate(EventSet* set) {
  const Return result = enter(Script::kNone, "nvmlEventSetCreate");
  if (result == kSuccess) *set = new FakeEventSet;
  return result;
}
Return nvmlEventSetFree(EventSet set) {
  delete static_cast<FakeEventSet*>(set);
  return enter(Script::kNone, "nvmlEventSetFree");
}
Return nvmlDeviceGetSupportedEventTypes(Device device, unsigned long long* types) {
  const int gpu = gpu_of(device);
  *types = static_cast<unsigned long long>(value_or(gpu, "event_types", 0x1F));
  return enter(gpu, "nvmlDeviceGetSupportedEventTypes");
}
// As the library does, it refuses types that the GPU does not have.
Return nvmlDeviceRegisterEvents(Device device, unsigned long long types, EventSet set) {
  const int gpu = gpu_of(device);
  const auto known = static_cast<unsigned long long>(value_or(gpu, "event_types", 0x1F));
  if ((types & ~known) != 0) return kNotSupported;
  static_cast<FakeEventSet*>(set)->watched[gpu] |= types;
  return enter(gpu, "nvmlDeviceRegisterEvents");
}
Return nvmlEventSetWait_v2(EventSet events, EventData* data, unsigned timeout_ms) {
  const Return result = enter(Script::kNone, "nvmlEventSetWait_v2");
  if (result != kSuccess) return result;
  auto& set = *static_cast<FakeEventSet*>(events);
  const auto now = current_script();
  for (const auto& watched : set.watched) {
    const auto failing = now->errors.find({watched.first, "nvmlEventSetWait_v2"});
    if (failing != now->errors.end()) return static_cast<Return>(failing->second);
  }
  if (auto script = current_script(); script != set.script) {
    set.script = std::move(script);
    set.next = 0;
  }
  while (set.next < set.script->events.size()) {
    const auto& event = set.script->events[set.next++];
    const auto watched = set.watched.find(event.gpu);
    if (watched == set.watched.end() || (watched->second & event.type) == 0) continue;
    *data = EventData{handle_of(event.gpu), event.type, event.data, event.gpu_instance,
                      event.compute_instance};
    return kSuccess;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(timeout_ms));
  return kTimeout;
}
Return nvmlGpmMetricsGet(GpmMetricsGet* request) {
  const int gpu = *static_cast<int*>(request->second);
  if (request->version != kGpmVersion || gpu != *static_cast<int*>(request->first)) {
    return kInvalidArgument;
  }
  for (unsigned i = 0; i < request->count; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "gpm.%u", request->metrics[i].id);
    const bool known = current_script()->has(gpu, name, request->metrics[i].value);
    request->metrics[i].result = known ? kSuccess : kNotSupported;
  }
  return enter(gpu, "nvmlGpmMetricsGet");
}

#endif

}  // extern "C"
