// The devices a file has a line for, found again by their place: which device stood at a line is
// remembered, and verified by comparing names. A device that is gone keeps its place for when it is
// back; where the table says so, another may have it once that place is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bw::agent {

// What a table keeps of every device; its Device is this and more.
struct KnownDevice {
  std::string name;
  bool present = false;    // at the last pass
  std::uint64_t pass = 0;  // that saw it last
};

template <typename Device>
class DeviceTable {
 public:
  // Lines whose place is remembered; those beyond it are ignored.
  static constexpr std::size_t kMaxLines = 2048;
  // Passes that a device must have been gone for before another gets its place.
  static constexpr std::uint64_t kLeastGone = 6;
  enum class Verdict : std::uint8_t { follow, skip, ignore };

  // At most `bound` devices are kept; further ones are ignored, and counted, unless `reuse` and one
  // is gone for long enough to make room.
  explicit DeviceTable(std::size_t bound, bool reuse = false) : bound_(bound), reuse_(reuse) {}

  // The device of the next line, or null where it is none to follow. `judge(name)` is asked of a
  // name that no device has yet: follow, skip (it is no device of interest) or ignore (it is one
  // for which there is no room). `added(device)` then gets the new device, or the one whose place
  // the new one takes, under its name already.
  template <typename Judge, typename Added>
  Device* next(std::string_view name, Judge&& judge, Added&& added) {
    if (line_ == kMaxLines) {
      ++ignored_now_;
      return nullptr;
    }
    if (line_ == places_.size()) places_.emplace_back();
    Place& place = places_[line_++];
    const bool again = place.index == kIgnored && oldest_gone() != kSkipped;
    if (place.name != name || name.empty() || again) {
      place.name.assign(name);
      place.index = find(name);
      if (place.index == kSkipped) place.index = admit(name, judge, added);
    }
    if (place.index == kIgnored) ++ignored_now_;
    if (place.index >= kIgnored) return nullptr;
    Device& device = devices_[place.index];
    device.present = true;
    device.pass = pass_;
    return &device;
  }

  // The device of this name if it was seen in the last pass or this one; null else.
  Device* present(std::string_view name) {
    for (Device& device : devices_) {
      if (device.present && device.name == name) return &device;
    }
    return nullptr;
  }

  // The pass is over: `gone(device)` gets those that were there before and were not seen in it.
  template <typename Gone>
  void end_pass(Gone&& gone) {
    for (Device& device : devices_) {
      if (!device.present || device.pass == pass_) continue;
      device.present = false;
      gone(device);
    }
    ++pass_;
    line_ = 0;
    ignored_ = ignored_now_;
    ignored_now_ = 0;
  }

  // As if a pass had seen none.
  template <typename Gone>
  void lose(Gone&& gone) {
    ++pass_;
    ignored_now_ = 0;
    end_pass(gone);
  }

  std::uint64_t ignored() const { return ignored_; }
  std::vector<Device>& devices() { return devices_; }

 private:
  static constexpr std::size_t kSkipped = static_cast<std::size_t>(-1);
  static constexpr std::size_t kIgnored = kSkipped - 1;
  struct Place {
    std::string name;
    std::size_t index = kSkipped;  // in devices_
  };

  std::size_t find(std::string_view name) const {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      if (devices_[i].name == name) return i;
    }
    return kSkipped;
  }

  template <typename Judge, typename Added>
  std::size_t admit(std::string_view name, Judge&& judge, Added&& added) {
    const Verdict verdict = judge(name);
    if (verdict == Verdict::skip) return kSkipped;
    if (verdict == Verdict::ignore) return kIgnored;
    std::size_t index = devices_.size();
    if (index < bound_) {
      devices_.emplace_back();
    } else {
      index = oldest_gone();
      if (index == kSkipped) return kIgnored;
      for (Place& place : places_) {
        if (place.index == index && place.name != name) place = Place{};
      }
    }
    devices_[index].name.assign(name);
    added(devices_[index]);
    return index;
  }

  // The one that may go; kSkipped: none.
  std::size_t oldest_gone() const {
    std::size_t found = kSkipped;
    if (!reuse_) return found;
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      const Device& device = devices_[i];
      const bool may_go = !device.present && device.pass + kLeastGone <= pass_;
      if (may_go && (found == kSkipped || device.pass < devices_[found].pass)) found = i;
    }
    return found;
  }

  std::size_t bound_;
  bool reuse_;
  std::vector<Device> devices_;
  std::vector<Place> places_;  // by line
  std::size_t line_ = 0;
  std::uint64_t pass_ = 1;
  std::uint64_t ignored_now_ = 0;
  std::uint64_t ignored_ = 0;
};

}  // namespace bw::agent
