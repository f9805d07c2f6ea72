// What systemd tells of its units: how many have failed, and whether those that are watched are
// active.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/sample.h"
#include "agent/core/collect/told_event.h"
#include "base/time.h"

namespace bw::agent {

struct UnitReading {
  static constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
  std::string name;
  std::string load_state;    // "loaded", "not-found"
  std::string active_state;  // "active", "inactive", "failed", "activating", ...
  std::uint64_t restarts = kUnknown;
};

// Views and spans are valid only during the call it is handed to.
struct SystemdReading {
  bool running = false;  // systemd runs this box
  bool fresh = false;    // it was asked since the last reading, and the rest is what it answered
  std::optional<std::uint64_t> failed_units;
  std::span<const UnitReading> units;  // those watched
  std::string_view error;              // why it could not be asked
};

class UnitMetrics {
 public:
  static constexpr std::size_t kMaxUnits = 16;  // watched; those beyond it are left out

  explicit UnitMetrics(Sample& sample) : sample_(sample) {}

  // Events are appended.
  void read(const SystemdReading& reading, WallTime wall, std::vector<ToldEvent>& events);

 private:
  struct Unit {
    std::string name;
    Sample::Alias active = Sample::kNoAlias;
    Sample::Alias restarts = Sample::kNoAlias;
    std::string state;  // as told last
    std::uint64_t restarts_told = UnitReading::kUnknown;
  };
  Unit* unit_of(const UnitReading& reading);
  void take(const UnitReading& reading, WallTime wall, std::vector<ToldEvent>& events);
  void lose();

  Sample& sample_;
  Sample::Alias failed_ = Sample::kNoAlias;
  std::vector<Unit> units_;
};

}  // namespace bw::agent
