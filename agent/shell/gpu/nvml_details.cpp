#include "agent/shell/gpu/nvml_details.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace bw::agent {

namespace {

// No pid, size or id is made of these.
constexpr std::byte kFill{0xA5};

// Ids of nvml.h (nvmlGpmMetricId_t).
struct GpmSpec {
  unsigned id;
  GpuValue value;
};
constexpr GpmSpec kGpmMetrics[] = {
    {2, GpuValue::sm_active}, {3, GpuValue::sm_occupancy}, {5, GpuValue::tensor},
    {10, GpuValue::dram_bw},  {11, GpuValue::fp64},        {12, GpuValue::fp32},
    {13, GpuValue::fp16},
};
static_assert(std::size(kGpmMetrics) <= nvml::kGpmRoom);

}  // namespace

GpmCounters::~GpmCounters() {
  for (nvml::GpmSample sample : samples_) {
    if (sample != nullptr) calls_(calls_.library().gpm_free, sample);
  }
}

// Whether there are counters, and room for two samples of them.
bool GpmCounters::prepare() {
  if (samples_[1] != nullptr) return true;
  if (unsupported_) return false;
  const NvmlLibrary& nvml = calls_.library();
  nvml::GpmSupport support{nvml::kGpmVersion, 0};
  unsupported_ = true;
  if (nvml.gpm_free == nullptr || nvml.gpm_sample == nullptr || nvml.gpm_metrics == nullptr ||
      calls_(nvml.gpm_support, handle_, &support) != nvml::kSuccess || support.supported == 0) {
    return false;
  }
  for (nvml::GpmSample& sample : samples_) {
    if (sample == nullptr && calls_(nvml.gpm_alloc, &sample) != nvml::kSuccess) return false;
  }
  unsupported_ = false;
  return true;
}

bool GpmCounters::read(GpuReading& out) {
  if (!prepare()) return true;
  const NvmlLibrary& nvml = calls_.library();
  std::swap(samples_[0], samples_[1]);
  const nvml::Return sampled = calls_(nvml.gpm_sample, handle_, samples_[1]);
  const bool has_both = has_first_ && sampled == nvml::kSuccess;
  has_first_ = sampled == nvml::kSuccess;
  if (!has_both) return sampled != nvml::kGpuIsLost;
  nvml::GpmMetricsGet request{};
  request.version = nvml::kGpmVersion;
  request.count = static_cast<unsigned>(std::size(kGpmMetrics));
  request.first = samples_[0];
  request.second = samples_[1];
  for (std::size_t i = 0; i < std::size(kGpmMetrics); ++i) {
    request.metrics[i].id = kGpmMetrics[i].id;
    request.metrics[i].result = nvml::kUnknown;
  }
  const nvml::Return result = calls_(nvml.gpm_metrics, &request);
  if (result != nvml::kSuccess) return result != nvml::kGpuIsLost;
  for (std::size_t i = 0; i < std::size(kGpmMetrics); ++i) {
    const nvml::GpmMetric& metric = request.metrics[i];
    if (metric.result == nvml::kSuccess) out[kGpmMetrics[i].value] = metric.value;
  }
  return true;
}

void ProcessNames::find(std::uint32_t pid, std::array<char, 16>& name) const {
  name.fill('\0');
  std::array<char, 32> below{};
  std::snprintf(below.data(), below.size(), "/proc/%u/comm", static_cast<unsigned>(pid));
  const int fd = open((root_ + below.data()).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const ssize_t got = fd < 0 ? 0 : ::read(fd, name.data(), name.size() - 1);
  if (fd >= 0) close(fd);
  name[got > 0 ? static_cast<std::size_t>(got) : 0] = '\0';
  if (char* end = std::strchr(name.data(), '\n')) *end = '\0';
}

std::size_t process_info_size(const std::byte* list, std::size_t size, std::size_t count,
                              std::byte fill) {
  std::size_t written = size;
  while (written > 0 && list[written - 1] == fill) --written;
  for (const std::size_t length :
       {nvml::kProcessInfoLeast, nvml::kProcessInfoUsual, nvml::kProcessInfoMost}) {
    if (written == length * count) return length;
  }
  return nvml::kProcessInfoUsual;
}

bool ProcessList::list(Kind kind, ListFunction* function, std::size_t& count) {
  if (unsupported_[kind]) return true;
  buffer_.assign(kMost * nvml::kProcessInfoMost, kFill);
  auto filled = static_cast<unsigned>(kMost);
  const nvml::Return result =
      calls_(function, handle_, &filled, static_cast<void*>(buffer_.data()));
  if (result == nvml::kInsufficientSize) {
    asked_ = true;
    whole_ = false;
    count += filled;
    return true;
  }
  if (result != nvml::kSuccess) {
    if (NvmlCalls::lasting(result)) unsupported_.set(kind);
    return result != nvml::kGpuIsLost;
  }
  asked_ = true;
  const std::size_t found = std::min<std::size_t>(filled, kMost);
  const std::size_t length = process_info_size(buffer_.data(), buffer_.size(), found, kFill);
  for (std::size_t i = 0; i < found; ++i) {
    nvml::ProcessInfoHead head{};
    std::memcpy(&head, buffer_.data() + i * length, sizeof head);
    add(head.pid, head.memory);
  }
  return true;
}

// A process that computes and draws is in both lists, with the same memory.
void ProcessList::add(std::uint32_t pid, unsigned long long memory) {
  const double bytes = memory == nvml::kNotAvailable ? kNoGpuValue : static_cast<double>(memory);
  for (Process& process : processes_) {
    if (process.pid != pid) continue;
    process.memory = std::fmax(process.memory, bytes);
    return;
  }
  processes_.push_back({pid, bytes, kNoGpuValue});
}

// A process that did nothing has no share.
bool ProcessList::read_utilization() {
  if (unsupported_[utilization] || processes_.empty()) return true;
  shares_.resize(kMost);
  auto count = static_cast<unsigned>(kMost);
  const nvml::Return result =
      calls_(calls_.library().process_utilization, handle_, shares_.data(), &count, seen_us_);
  if (result != nvml::kSuccess && result != nvml::kNotFound) {
    if (NvmlCalls::lasting(result)) unsupported_.set(utilization);
    return result != nvml::kGpuIsLost;
  }
  for (Process& process : processes_) process.sm = 0;
  if (result == nvml::kNotFound) return true;
  for (std::size_t i = 0; i < std::min<std::size_t>(count, kMost); ++i) {
    seen_us_ = std::max(seen_us_, shares_[i].timestamp_us);
    for (Process& process : processes_) {
      if (process.pid == shares_[i].pid) process.sm = shares_[i].sm;
    }
  }
  return true;
}

bool ProcessList::read(const ProcessNames& names, GpuReading& out) {
  const NvmlLibrary& nvml = calls_.library();
  std::size_t beyond = 0;
  processes_.clear();
  asked_ = false;
  whole_ = true;
  out.process_count = 0;
  if (!list(compute, nvml.compute_processes, beyond)) return false;
  if (!list(graphics, nvml.graphics_processes, beyond)) return false;
  if (!asked_) return true;
  if (!read_utilization()) return false;
  out[GpuValue::processes] = static_cast<double>(processes_.size() + beyond);
  tell(names, out);
  return true;
}

// The sum, and the greatest by name.
void ProcessList::tell(const ProcessNames& names, GpuReading& out) {
  double sum = 0;
  for (const Process& process : processes_) {
    if (!std::isnan(process.memory)) sum += process.memory;
  }
  if (whole_) out[GpuValue::foreign_mem] = sum;
  const std::size_t told = std::min(processes_.size(), kMaxGpuProcesses);
  const auto before = [](const Process& a, const Process& b) {
    const double one = std::isnan(a.memory) ? -1 : a.memory;
    const double other = std::isnan(b.memory) ? -1 : b.memory;
    return one != other ? one > other : a.pid < b.pid;
  };
  std::partial_sort(processes_.begin(), processes_.begin() + static_cast<std::ptrdiff_t>(told),
                    processes_.end(), before);
  for (std::size_t i = 0; i < told; ++i) {
    GpuProcessReading& reading = out.processes[i];
    reading.pid = processes_[i].pid;
    reading.memory = processes_[i].memory;
    reading.sm = processes_[i].sm;
    names.find(reading.pid, reading.name);
  }
  out.process_count = told;
}

bool read_instances(NvmlCalls& calls, nvml::Device handle, GpuReading& out) {
  out.instance_count = 0;
  if (out[GpuValue::mig_mode] != 1) return true;
  const NvmlLibrary& nvml = calls.library();
  unsigned most = 0;
  if (calls(nvml.mig_count, handle, &most) != nvml::kSuccess) return true;
  for (unsigned i = 0; i < most && out.instance_count < kMaxMigInstances; ++i) {
    nvml::Device device = nullptr;
    const nvml::Return result = calls(nvml.mig_device, handle, i, &device);
    if (result == nvml::kGpuIsLost) return false;
    if (result != nvml::kSuccess) continue;  // places without an instance
    MigReading instance;
    nvml::MemoryV2 memory{};
    memory.version = nvml::version_of<nvml::MemoryV2>(2);
    if (calls(nvml.gpu_instance, device, &instance.gpu_instance) != nvml::kSuccess) continue;
    if (calls(nvml.compute_instance, device, &instance.compute_instance) != nvml::kSuccess) {
      continue;
    }
    const auto room = static_cast<unsigned>(instance.uuid.size() - 1);
    if (calls(nvml.uuid, device, instance.uuid.data(), room) != nvml::kSuccess) continue;
    if (calls(nvml.memory_v2, device, &memory) == nvml::kSuccess) {
      instance.fb_used = static_cast<double>(memory.used);
      instance.fb_total = static_cast<double>(memory.total);
    }
    out.instances[out.instance_count++] = instance;
  }
  return true;
}

}  // namespace bw::agent
