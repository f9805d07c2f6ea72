// Thermal zones, cooling devices and hardware monitors: how warm the box is, what its fans do, and
// the voltages, currents and powers its chips measure.
//
// Names come from other files than numbers: a sensor gets its series once its name was read
// (zones: their type; monitors: the chip's name, and the sensor's label if there is one).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/core/collect/device_files.h"

namespace bw::agent {

class ThermalZoneSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxZones = 64;
  ThermalZoneSource(Sample& sample, const NameSource& types);
};

class CoolingSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxDevices = 64;
  CoolingSource(Sample& sample, const NameSource& types);
};

// What hardware monitors and their sensors are called, the same for all files that tell of them.
class ChipNames {
 public:
  ChipNames(const NameSource& names, const NameSource& labels) : names_(names), labels_(labels) {}

  // Of the file at `path`: false as long as the chip's name was not read.
  bool find(std::string_view path, std::string& chip, std::string& sensor);
  std::uint64_t version() const { return names_.version() + labels_.version(); }

 private:
  // Which directory has which label: two chips of one name are told apart, and so are two sensors.
  struct Chip {
    std::string directory;
    std::string name;
    std::string label;
    std::uint64_t labels_version = 0;
    std::vector<std::pair<std::string, std::string>> sensors;  // "temp1", its label
  };
  Chip& chip(std::string_view directory, const std::string& name);
  std::string label_of(const Chip& chip) const;
  const std::string& sensor(Chip& chip, std::string_view path);

  const NameSource& names_;
  const NameSource& labels_;
  std::vector<Chip> chips_;  // as many as sensors are kept, at most
};

class MonitorSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxSensors = 256;      // of temperature
  static constexpr std::size_t kMaxOtherSensors = 96;  // of each other kind

  // SourceId::hwmon_temp, hwmon_crit, hwmon_fan, hwmon_in, hwmon_curr or hwmon_power.
  MonitorSource(SourceId source, Sample& sample, ChipNames& chips);

 private:
  bool name(Device& device) override;
  std::uint64_t names_version() const override { return chips_.version(); }

  ChipNames& chips_;
};

}  // namespace bw::agent
