#include "agent/shell/gpu/nvml_session.h"

#include <algorithm>
#include <utility>

namespace bw::agent {

namespace {

// A handle that was refused is asked for again after this.
constexpr Duration kAskAgain = std::chrono::minutes{1};

NvmlState state_of(nvml::Return result) {
  switch (result) {
    case nvml::kLibRmVersionMismatch:
      return NvmlState::mismatch;
    case nvml::kDriverNotLoaded:
    case nvml::kLibraryNotFound:
    case nvml::kUninitialized:
      return NvmlState::missing;
    default:
      return NvmlState::failing;
  }
}

std::string without_slash(std::string root) {
  while (root.ends_with('/')) root.pop_back();
  return root;
}

}  // namespace

NvmlSession::NvmlSession(NvmlOptions options, const std::vector<GpuReading>& known,
                         NvmlProgress& progress)
    : options_(std::move(options)),
      progress_(progress),
      names_(without_slash(options_.root)),
      retry_wait_(options_.retry_first),
      reopen_wait_(options_.retry_first) {
  options_.root = without_slash(options_.root);
  for (const GpuReading& reading : known) {
    add(reading.pci, !reading.pci.starts_with("nvml:"));
    gpus_.back().identity = reading.identity;
    gpus_.back().lost = reading.condition == GpuCondition::lost;
  }
}

NvmlSession::~NvmlSession() {
  close();
}

void NvmlSession::add(const std::string& pci, bool on_pci) {
  const bool known =
      std::any_of(gpus_.begin(), gpus_.end(), [&](const Gpu& gpu) { return gpu.pci == pci; });
  if (known || gpus_.size() == kMaxGpus) return;
  gpus_.push_back(Gpu{.pci = pci,
                      .on_pci = on_pci,
                      .power = RuntimePower(options_.root, pci),
                      .identity = nullptr,
                      .device = nullptr});
}

// GPUs are never forgotten: one that is no longer there is told of as lost.
void NvmlSession::find_gpus() {
  for (const std::string& pci : nvidia_gpus_on_pci(options_.root)) add(pci, true);
}

// Where the box shows no PCI bus, or none with GPUs (an integrated one, a container).
void NvmlSession::find_gpus_without_pci() {
  const bool on_pci =
      std::any_of(gpus_.begin(), gpus_.end(), [](const Gpu& gpu) { return gpu.on_pci; });
  unsigned count = 0;
  if (on_pci || (*calls_)(library_->count, &count) != nvml::kSuccess) return;
  for (unsigned i = 0; i < count && i < kMaxGpus; ++i) add("nvml:" + std::to_string(i), false);
}

void NvmlSession::open(Instant now) {
  find_gpus();
  auto library = NvmlLibrary::open(options_.library);
  if (!library) return fail(NvmlState::missing, library.error().message, now);
  library_ = *library;
  had_library_ = true;
  NvmlCalls calls(library_, progress_.calls);
  const nvml::Return result = calls(library_->init);
  if (result != nvml::kSuccess) {
    const std::string reason = "nvmlInit: " + library_->text_of(result);
    library_.reset();
    return fail(state_of(result), reason, now);
  }
  calls_.emplace(std::move(calls));
  char version[96] = {};
  const bool told =
      (*calls_)(library_->driver_version, version, unsigned{sizeof version - 1}) == nvml::kSuccess;
  driver_ = told ? version : "";
  find_gpus_without_pci();
  state_ = NvmlState::ok;
  reason_.clear();
  retry_wait_ = options_.retry_first;
  for (Gpu& gpu : gpus_) gpu.ask_at = {};
}

void NvmlSession::close() {
  for (Gpu& gpu : gpus_) gpu.device.reset();
  events_.reset();
  if (calls_) (*calls_)(library_->shutdown);
  calls_.reset();
  library_.reset();
}

void NvmlSession::fail(NvmlState state, std::string reason, Instant now) {
  state_ = state;
  reason_ = std::move(reason);
  retry_at_ = now + retry_wait_;
  retry_wait_ = std::min(retry_wait_ * 2, options_.retry_most);
}

// NVML has to be opened anew to see a GPU again that it lost. One that is back on the bus is not
// waited for; otherwise it is tried ever more rarely, since every GPU is found anew by it.
bool NvmlSession::reopens(Instant now) const {
  const bool lost = std::any_of(gpus_.begin(), gpus_.end(), [](const Gpu& gpu) {
    return (gpu.lost || gpu.trouble != GpuCondition::ok) && !gpu.gone;
  });
  return calls_ && lost && (returned_ || now >= reopen_at_);
}

bool NvmlSession::skipped(const Round& round, const std::string& name) {
  return std::find(round.skip.begin(), round.skip.end(), name) != round.skip.end();
}

void NvmlSession::read_events(const Round& round, std::vector<GpuEventReading>& out) {
  if (!events_ || skipped(round, kEvents)) return;
  progress_.gpu = NvmlProgress::kEvents;
  events_->read(out);
  progress_.gpu = NvmlProgress::kNoGpu;
}

// Whether a GPU whose events are waited for may still fall asleep is nowhere promised.
void NvmlSession::watch_events(const Round& round) {
  if (!calls_ || skipped(round, kEvents)) return;
  progress_.gpu = NvmlProgress::kEvents;
  if (!events_) events_.emplace(*calls_);
  for (std::size_t i = 0; i < gpus_.size(); ++i) {
    const Gpu& gpu = gpus_[i];
    if (gpu.device != nullptr && !gpu.may_sleep) events_->watch(gpu.device->handle(), i);
  }
}

// GPUs found in this round are told of in it, and asked in the next: whoever watches has to know
// them before one hangs.
void NvmlSession::round(const Round& round, Instant now, GpuReadings& out) {
  const std::size_t known = gpus_.size();
  progress_.opening = !calls_;
  if (reopens(now)) {
    progress_.opening = true;
    returned_ = false;
    reopen_at_ = now + reopen_wait_;
    reopen_wait_ = std::min(reopen_wait_ * 2, options_.retry_most);
    close();
    open(now);
  } else if (!calls_ && now >= retry_at_) {
    open(now);
  }
  progress_.opening = false;
  if (calls_ && round.sixty) find_gpus();
  unsigned count = 0;
  // Asked for what else it may answer: that the driver is gone.
  if (calls_ && round.ten) (*calls_)(library_->count, &count);
  out.gpus.resize(gpus_.size());
  for (std::size_t i = 0; i < gpus_.size(); ++i) read(i, round, i >= known, now, out.gpus[i]);
  watch_events(round);
  progress_.gpu = NvmlProgress::kNoGpu;
  if (calls_ && calls_->broken() != nvml::kSuccess) {
    const nvml::Return broken = calls_->broken();
    const std::string reason = library_->text_of(broken);
    close();
    fail(state_of(broken), reason, now);
    for (GpuReading& gpu : out.gpus) gpu.condition = GpuCondition::unreadable;
  }
  const bool all_answer = std::none_of(gpus_.begin(), gpus_.end(), [](const Gpu& gpu) {
    return gpu.lost || gpu.trouble != GpuCondition::ok;
  });
  if (all_answer) reopen_wait_ = options_.retry_first;
  out.state = state_;
  out.reason = reason_;
  out.worth = had_library_ || !gpus_.empty();
}

void NvmlSession::read(std::size_t index, const Round& round, bool is_new, Instant now,
                       GpuReading& out) {
  Gpu& gpu = gpus_[index];
  progress_.gpu = static_cast<int>(index);
  const RuntimePower::State power = gpu.power.read();
  const bool was_gone = std::exchange(gpu.gone, gpu.on_pci && !power.present);
  if (gpu.gone) {
    gpu.device.reset();
    gpu.lost = true;
  }
  if (was_gone && !gpu.gone) returned_ = true;
  gpu.may_sleep = power.may_sleep;
  out.pci = gpu.pci;
  out.power_state = power.d_state;
  out.fresh = false;
  if (gpu.gone) {
    out.condition = GpuCondition::lost;
  } else if (skipped(round, gpu.pci)) {
    out.condition = GpuCondition::hung;
  } else if (!calls_ || is_new) {
    out.condition = gpu.lost ? GpuCondition::lost : GpuCondition::unreadable;
  } else if (power.asleep || (power.may_sleep && now < gpu.rest_until)) {
    if (power.asleep) gpu.idle = false;
    out.condition = GpuCondition::asleep;
  } else {
    const bool first = gpu.device == nullptr;
    if (first) acquire(index, now);
    const bool rested = std::exchange(gpu.rest_until, Instant{}) != Instant{};
    out.ten = round.ten || first || rested;
    out.sixty = round.sixty || first;
    out.fresh = false;
    out.condition = gpu.lost                          ? GpuCondition::lost
                    : gpu.trouble != GpuCondition::ok ? gpu.trouble
                                                      : GpuCondition::unreadable;
    if (gpu.device != nullptr) ask(gpu, now, out);
    if (out.ten && power.may_sleep) notice_idleness(gpu, now, out);
  }
  out.identity = gpu.identity;
}

// NVML is opened anew for a GPU that is lost, or does not come round by itself.
void NvmlSession::ask(Gpu& gpu, Instant now, GpuReading& out) {
  const bool was_fine = gpu.trouble == GpuCondition::ok;
  out.condition = gpu.device->read(names_, out);
  gpu.lost = out.condition == GpuCondition::lost;
  gpu.trouble =
      out.condition == GpuCondition::failing || out.condition == GpuCondition::reset_required
          ? out.condition
          : GpuCondition::ok;
  out.fresh = !gpu.lost && out.condition != GpuCondition::failing;
  if (gpu.lost || (was_fine && gpu.trouble != GpuCondition::ok)) {
    reopen_at_ = std::max(reopen_at_, now + options_.retry_first);
  }
  if (gpu.lost) gpu.device.reset();
  const bool nameless = gpu.identity == nullptr || gpu.identity->uuid.empty();
  if (nameless && out.sixty && gpu.device != nullptr) name(gpu);
}

// How it is told: no compute unit at work and no process, as often as processes are looked for.
void NvmlSession::notice_idleness(Gpu& gpu, Instant now, const GpuReading& out) {
  const bool idle = out.fresh && out[GpuValue::util] == 0 && out[GpuValue::processes] == 0;
  if (idle && !gpu.idle) gpu.idle_since = now;
  gpu.idle = idle;
  if (idle && now - gpu.idle_since >= kIdle) gpu.rest_until = now + kRest;
}

// What it is. A UUID that can't be had now is the one that was known.
void NvmlSession::name(Gpu& gpu) {
  GpuIdentity identity = gpu.device->identify(driver_);
  if (identity.uuid.empty() && gpu.identity != nullptr) identity.uuid = gpu.identity->uuid;
  gpu.identity = std::make_shared<const GpuIdentity>(std::move(identity));
}

// Asks for the handle, which starts a GPU that nobody uses: that may take seconds.
void NvmlSession::acquire(std::size_t index, Instant now) {
  Gpu& gpu = gpus_[index];
  if (now < gpu.ask_at) return;
  gpu.ask_at = now + kAskAgain;
  progress_.opening = true;
  nvml::Device handle = nullptr;
  const auto by_index = gpu.on_pci && library_->by_pci != nullptr
                            ? (*calls_)(library_->by_pci, gpu.pci.c_str(), &handle)
                            : (*calls_)(library_->by_index, static_cast<unsigned>(index), &handle);
  progress_.opening = false;
  if (by_index != nvml::kSuccess) {
    if (by_index == nvml::kGpuIsLost) gpu.lost = true;
    gpu.trouble =
        by_index == nvml::kResetRequired ? GpuCondition::reset_required : GpuCondition::ok;
    return;
  }
  gpu.device = std::make_unique<NvmlDevice>(*calls_, handle);
  gpu.lost = false;
  name(gpu);
}

}  // namespace bw::agent
