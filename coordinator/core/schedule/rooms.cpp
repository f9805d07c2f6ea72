#include "coordinator/core/schedule/rooms.h"

#include <algorithm>

#include "base/assert.h"

namespace bw::coordinator::schedule {

namespace {

// Changes are forgotten beyond so many for each node.
constexpr std::size_t kChangesPerNode = 16;

// Thousandths of the device that our workloads may share.
std::int16_t milli_left(const Gpu& gpu) {
  if (!gpu.is_healthy) return 0;
  const double memory = static_cast<double>(gpu.memory_bytes);
  const double foreign = static_cast<double>(gpu.foreign_bytes);
  if (foreign <= kForeignSlack * memory) return kWholeGpu;
  if (foreign >= memory) return 0;
  const std::int64_t taken = (gpu.foreign_bytes * kWholeGpu + gpu.memory_bytes - 1) /
                             gpu.memory_bytes;  // below 2^63: memories are below 2^53
  return static_cast<std::int16_t>(kWholeGpu - taken);
}

std::int16_t need_of(const Resources& asked, const Kind::Device& device) {
  if (device.mig_profile != asked.mig_profile) return kNoShare;
  const auto& models = asked.gpu_models;
  if (!models.empty() && std::find(models.begin(), models.end(), device.model) == models.end()) {
    return kNoShare;
  }
  if (asked.gpu_memory_bytes > device.memory_bytes) return kNoShare;
  if (asked.gpus > 0) return kWholeGpu;
  std::int64_t share = asked.gpu_milli;
  if (asked.gpu_memory_bytes > 0) {
    const std::int64_t by_memory =
        (asked.gpu_memory_bytes * kWholeGpu + device.memory_bytes - 1) / device.memory_bytes;
    share = std::max(share, by_memory);
  }
  return static_cast<std::int16_t>(std::min<std::int64_t>(share, kNoShare));
}

}  // namespace

Rooms::Rooms(std::span<const Node> nodes) {
  for (const Node& node : nodes) {
    Room room;
    room.cpu = node.cpu_milli;
    room.memory = node.memory_bytes;
    room.gpus = static_cast<std::uint8_t>(std::min(node.gpus.size(), kMaxGpusOfNode));
    Kind kind;
    uuids_.emplace_back();
    for (std::size_t i = 0; i < room.gpus; ++i) {
      const Gpu& gpu = node.gpus[i];
      kind.devices.push_back({gpu.model, gpu.mig_profile, gpu.memory_bytes});
      uuids_.back().push_back(gpu.uuid);
      room.gpu[i] = milli_left(gpu);
    }
    auto it = std::find(kinds_.begin(), kinds_.end(), kind);
    if (it == kinds_.end()) it = kinds_.insert(it, std::move(kind));
    room.kind = static_cast<std::uint16_t>(it - kinds_.begin());
    rooms_.push_back(room);
  }
  whole_ = rooms_;
  last_change_.resize(rooms_.size());
}

Ask Rooms::ask_of(const Resources& resources) const {
  Ask ask;
  ask.cpu = resources.cpu_milli;
  ask.memory = resources.memory_bytes;
  const bool wants_share =
      resources.gpus == 0 && (resources.gpu_milli > 0 || resources.gpu_memory_bytes > 0);
  ask.is_share = wants_share;
  ask.count = wants_share ? 1 : resources.gpus;
  ask.gpu_milli = wants_share ? resources.gpu_milli : resources.gpus * kWholeGpu;
  for (const Kind& kind : kinds_) {
    auto& need = ask.need.emplace_back();
    need.fill(kNoShare);
    for (std::size_t i = 0; i < kind.devices.size(); ++i) {
      need[i] = need_of(resources, kind.devices[i]);
    }
  }
  return ask;
}

void Rooms::take(std::size_t node, const Ask& ask, Devices devices) {
  Room& room = rooms_[node];
  room.cpu -= ask.cpu;
  room.memory -= ask.memory;
  for (unsigned i = 0; i < room.gpus; ++i) {
    if ((devices >> i & 1U) == 0) continue;
    // What runs already may stand on a device that got smaller or broke.
    const int left = room.gpu[i] - std::min<int>(ask.need[room.kind][i], kWholeGpu);
    room.gpu[i] = static_cast<std::int16_t>(left);
  }
  changed(node);
}

void Rooms::give(std::size_t node, const Ask& ask, Devices devices) {
  Room& room = rooms_[node];
  room.cpu += ask.cpu;
  room.memory += ask.memory;
  for (unsigned i = 0; i < room.gpus; ++i) {
    if ((devices >> i & 1U) == 0) continue;
    const int left = room.gpu[i] + std::min<int>(ask.need[room.kind][i], kWholeGpu);
    BW_ASSERT(left <= kWholeGpu);
    room.gpu[i] = static_cast<std::int16_t>(left);
  }
  changed(node);
}

void Rooms::changed(std::size_t node) {
  if (changes_.size() >= kChangesPerNode * rooms_.size() + 1024) {
    changes_.clear();
    ++epoch_;
  }
  last_change_[node] = changes_.size();
  changes_.push_back(static_cast<std::uint32_t>(node));
}

Devices Rooms::find(std::size_t node, std::span<const std::string> uuids) const {
  unsigned devices = 0;
  for (std::size_t i = 0; i < uuids_[node].size(); ++i) {
    if (std::find(uuids.begin(), uuids.end(), uuids_[node][i]) != uuids.end()) devices |= 1U << i;
  }
  return static_cast<Devices>(devices);
}

std::vector<std::string> Rooms::uuids(std::size_t node, Devices devices) const {
  std::vector<std::string> uuids;
  for (std::size_t i = 0; i < uuids_[node].size(); ++i) {
    if ((devices >> i & 1U) != 0) uuids.push_back(uuids_[node][i]);
  }
  return uuids;
}

bool has_room(const Room& room, const Ask& ask) {
  // What asks for nothing of a kind is not kept away by a lack of it.
  if (ask.cpu > 0 && ask.cpu > room.cpu) return false;
  if (ask.memory > 0 && ask.memory > room.memory) return false;
  if (ask.count == 0) return true;
  const auto& need = ask.need[room.kind];
  int found = 0;
  for (unsigned i = 0; i < room.gpus; ++i) found += room.gpu[i] >= need[i] ? 1 : 0;
  return found >= ask.count;
}

}  // namespace bw::coordinator::schedule
