// What is left on each node, in small numbers that are quick to compare: who takes room, and who
// gives it back. Which node takes what is not decided here.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "coordinator/core/schedule/snapshot.h"

namespace bw::coordinator::schedule {

inline constexpr int kNoShare = kWholeGpu + 1;  // no GPU has so much left
inline constexpr double kForeignSlack = 0.02;   // of a GPU's memory: what a display or driver holds

// Nodes whose GPUs are alike, one by one, share a kind.
struct Kind {
  struct Device {
    std::string model;
    std::string mig_profile;
    std::int64_t memory_bytes = 0;

    bool operator==(const Device&) const = default;
  };
  std::vector<Device> devices;

  bool operator==(const Kind&) const = default;
};

struct Room {
  std::int64_t cpu = 0;     // milli; below 0 where a node shrank under what it runs
  std::int64_t memory = 0;  // bytes
  std::array<std::int16_t, kMaxGpusOfNode> gpu{};  // thousandths left; 0 where it takes no work
  std::uint16_t kind = 0;
  std::uint8_t gpus = 0;

  bool operator==(const Room&) const = default;
};

// Some of a node's GPUs, a bit each.
using Devices = std::uint16_t;

// What one replica asks for, in a room's numbers.
struct Ask {
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  int count = 0;  // of devices
  bool is_share = false;
  // Thousandths of a device that it takes, by the node's kind; kNoShare where the device won't do.
  std::vector<std::array<std::int16_t, kMaxGpusOfNode>> need;

  // GPUs asked for, in thousandths, where a device is as large as can be.
  int gpu_milli = 0;
};

class Rooms {
 public:
  explicit Rooms(std::span<const Node> nodes);

  std::size_t size() const { return rooms_.size(); }
  const Room& operator[](std::size_t node) const { return rooms_[node]; }
  // As it is when nothing runs on it.
  const Room& whole(std::size_t node) const { return whole_[node]; }
  const std::vector<Kind>& kinds() const { return kinds_; }

  Ask ask_of(const Resources& resources) const;

  void take(std::size_t node, const Ask& ask, Devices devices);
  void give(std::size_t node, const Ask& ask, Devices devices);
  // The devices with these uuids; those that the node has not are left out.
  Devices find(std::size_t node, std::span<const std::string> uuids) const;
  std::vector<std::string> uuids(std::size_t node, Devices devices) const;

  // Nodes whose room changed, the latest last; a node may be named again.
  const std::vector<std::uint32_t>& changes() const { return changes_; }
  // Whether the change at this place of the list is the node's last.
  bool is_last_change(std::size_t at) const { return last_change_[changes_[at]] == at; }
  // Forgets changes, once there are many; who follows them has to look at all nodes again.
  std::uint64_t epoch() const { return epoch_; }

 private:
  void changed(std::size_t node);

  std::vector<Room> rooms_;
  std::vector<Room> whole_;
  std::vector<Kind> kinds_;
  std::vector<std::vector<std::string>> uuids_;
  std::vector<std::uint32_t> changes_;
  std::vector<std::size_t> last_change_;
  std::uint64_t epoch_ = 0;
};

// Whether there is room for it, whatever else may speak against.
bool has_room(const Room& room, const Ask& ask);

// Calls `take(after, devices)` for each way to serve the ask that leaves another room: one where
// whole GPUs are asked for, one a different device where a share is. The room has room for it.
template <typename Take>
void for_each_way(const Room& room, const Ask& ask, const Kind& kind, Take take) {
  Room after = room;
  after.cpu -= ask.cpu;
  after.memory -= ask.memory;
  if (ask.count == 0) return take(after, Devices{0});
  const auto& need = ask.need[room.kind];
  if (!ask.is_share) {
    unsigned devices = 0;
    int left = ask.count;
    for (unsigned i = 0; i < room.gpus && left > 0; ++i) {
      if (room.gpu[i] < need[i]) continue;
      after.gpu[i] = static_cast<std::int16_t>(room.gpu[i] - need[i]);
      devices |= 1U << i;
      --left;
    }
    return take(after, static_cast<Devices>(devices));
  }
  for (unsigned i = 0; i < room.gpus; ++i) {
    if (room.gpu[i] < need[i]) continue;
    bool is_again = false;
    for (unsigned k = 0; k < i && !is_again; ++k) {
      is_again =
          room.gpu[k] == room.gpu[i] && need[k] == need[i] && kind.devices[k] == kind.devices[i];
    }
    if (is_again) continue;
    after.gpu[i] = static_cast<std::int16_t>(room.gpu[i] - need[i]);
    take(after, static_cast<Devices>(1U << i));
    after.gpu[i] = room.gpu[i];
  }
}

}  // namespace bw::coordinator::schedule
