// Thermal zones and hardware monitors: how warm the box is.
//
// Names come from other files than temperatures: a sensor gets its series once its name was read
// (zones: their type; monitors: the chip's name, and the sensor's label if there is one).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/device_table.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

// Files of one line each, kept by path: what thermal zones, chips and sensors are called.
class NameSource : public Source {
 public:
  static constexpr std::size_t kMaxNames = 512;
  static constexpr std::size_t kMaxName = 64;  // bytes; longer ones are cut

  explicit NameSource(Sample& sample) : Source(sample) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void lose() override {}

  // What the file at `path` said: empty where it could not be read. Null where it was not yet read.
  const std::string* find(std::string_view path) const;

 private:
  void set(std::string_view path, std::string_view name);

  struct Entry {
    std::string path;
    std::string name;
  };
  std::vector<Entry> entries_;
};

// Files of one temperature each, in thousandths of a degree.
class TemperatureSource : public Source {
 public:
  TemperatureSource(Sample& sample, std::size_t most) : Source(sample), sensors_(most) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;
  std::uint64_t ignored() const override { return sensors_.ignored(); }

 protected:
  // Declares the series of the sensor at `path`; kNoAlias as long as its name is not known.
  virtual Sample::Alias declare(std::string_view path) = 0;

 private:
  struct Sensor : KnownDevice {
    Sample::Alias alias = Sample::kNoAlias;
  };
  Sensor* at(std::string_view path);

  DeviceTable<Sensor> sensors_;
};

class ThermalZoneSource : public TemperatureSource {
 public:
  static constexpr std::size_t kMaxZones = 64;
  ThermalZoneSource(Sample& sample, const NameSource& types)
      : TemperatureSource(sample, kMaxZones), types_(types) {}

 private:
  Sample::Alias declare(std::string_view path) override;
  const NameSource& types_;
};

class MonitorSource : public TemperatureSource {
 public:
  static constexpr std::size_t kMaxSensors = 256;
  MonitorSource(Sample& sample, const NameSource& names, const NameSource& labels)
      : TemperatureSource(sample, kMaxSensors), names_(names), labels_(labels) {}

 private:
  Sample::Alias declare(std::string_view path) override;
  std::string chip_label(std::string_view directory, const std::string& name);
  std::string sensor_label(std::string_view directory, std::string_view sensor);

  const NameSource& names_;
  const NameSource& labels_;
  // Which directory has which chip label: two chips of one name are told apart.
  struct Chip {
    std::string directory;
    std::string label;
    std::vector<std::string> sensors;  // labels given out
  };
  std::vector<Chip> chips_;
};

}  // namespace bw::agent
