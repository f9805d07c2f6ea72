#include "agent/shell/gpu/nvml_events.h"

#include <algorithm>

namespace bw::agent {

namespace {

struct Kind {
  unsigned long long type;
  GpuEventKind kind;
};
constexpr Kind kKinds[] = {
    {nvml::kXidEvent, GpuEventKind::xid},
    {nvml::kUncorrectedEccEvent, GpuEventKind::uncorrected_ecc},
    {nvml::kCorrectedEccStormEvent, GpuEventKind::corrected_ecc_storm},
    {nvml::kRetirementEvent, GpuEventKind::retirement},
    {nvml::kRetirementFailureEvent, GpuEventKind::retirement_failure},
};

constexpr unsigned long long all_types() {
  unsigned long long all = 0;
  for (const Kind& known : kKinds) all |= known.type;
  return all;
}

}  // namespace

NvmlEvents::~NvmlEvents() {
  drop();
}

void NvmlEvents::drop() {
  if (set_ != nullptr) calls_(calls_.library().event_set_free, set_);
  set_ = nullptr;
  watched_.clear();
  any_ = false;
}

bool NvmlEvents::prepare() {
  if (set_ != nullptr) return true;
  if (unsupported_) return false;
  const NvmlLibrary& nvml = calls_.library();
  unsupported_ = nvml.event_set_free == nullptr || nvml.event_set_wait == nullptr ||
                 calls_(nvml.event_set_create, &set_) != nvml::kSuccess;
  if (unsupported_) set_ = nullptr;
  return !unsupported_;
}

void NvmlEvents::watch(nvml::Device handle, std::size_t gpu) {
  const bool known = std::any_of(watched_.begin(), watched_.end(),
                                 [&](const Watched& one) { return one.handle == handle; });
  if (known || !prepare()) return;
  const NvmlLibrary& nvml = calls_.library();
  unsigned long long types = 0;
  watched_.push_back({handle, gpu});
  if (calls_(nvml.event_types, handle, &types) != nvml::kSuccess) return;
  types &= all_types();
  if (types == 0 || calls_(nvml.register_events, handle, types, set_) != nvml::kSuccess) return;
  any_ = true;
}

void NvmlEvents::read(std::vector<GpuEventReading>& out) {
  if (!any_) return;
  const NvmlLibrary& nvml = calls_.library();
  for (std::size_t i = 0; i < kMaxGpuEvents; ++i) {
    nvml::EventData data{};
    data.gpu_instance = data.compute_instance = nvml::kNoInstance;
    const nvml::Return result = calls_(nvml.event_set_wait, set_, &data, nvml::kNoWait);
    // A set with a lost GPU in it may go on saying so, and tell nothing of the others.
    if (result == nvml::kGpuIsLost) return drop();
    if (result != nvml::kSuccess) return;
    const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                          [&](const Kind& one) { return one.type == data.type; });
    const auto gpu = std::find_if(watched_.begin(), watched_.end(),
                                  [&](const Watched& one) { return one.handle == data.device; });
    if (kind == std::end(kKinds) || gpu == watched_.end()) continue;
    GpuEventReading& event = out.emplace_back();
    event.gpu = gpu->gpu;
    event.kind = kind->kind;
    event.xid = kind->kind == GpuEventKind::xid ? data.data : 0;
    event.gpu_instance = data.gpu_instance;
    event.compute_instance = data.compute_instance;
  }
}

}  // namespace bw::agent
