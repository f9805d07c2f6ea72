// Energy counters of CPUs (RAPL), power supplies and batteries, and what the firmware of a
// Raspberry Pi tells of its supply.
#pragma once

#include <cstddef>

#include "agent/core/collect/device_files.h"

namespace bw::agent {

// Counts up what wraps, every few minutes under load, at a range that a file of its own tells.
class EnergySource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxZones = 32;
  EnergySource(Sample& sample, const NameSource& names, const NameSource& ranges);

 private:
  bool name(Device& device) override;
  void adapt(Device& device, Values& values) override;

  const NameSource& ranges_;
};

class SupplySource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxSupplies = 16;
  // SourceId::supply_online, supply_capacity or supply_voltage.
  SupplySource(SourceId source, Sample& sample, const NameSource& types);
};

// The bits that `vcgencmd get_throttled` explains: 0 to 3 now, 16 to 19 since the board started.
class PiSource : public DeviceFileSource {
 public:
  explicit PiSource(Sample& sample);
};

}  // namespace bw::agent
