#include "agent/core/collect/thermal.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

constexpr double kMilli = 1000;

// The path in two: "/sys/class/hwmon/hwmon0" and "temp1_input".
struct SplitPath {
  std::string_view directory;
  std::string_view file;
  std::string_view device() const { return directory.substr(directory.rfind('/') + 1); }
};
SplitPath split(std::string_view path) {
  const std::size_t slash = std::min(path.rfind('/'), path.size());
  return {path.substr(0, slash), path.substr(std::min(slash + 1, path.size()))};
}

std::string join(std::string_view directory, std::string_view file) {
  return std::string(directory) + "/" + std::string(file);
}

}  // namespace

bool NameSource::read(const TextReading& reading, Instant) {
  const std::string_view line = Scanner(reading.text).line();
  set(reading.path, line.substr(0, kMaxName));
  return !line.empty();
}

bool NameSource::refused(const TextReading& reading) {
  set(reading.path, {});
  return false;
}

void NameSource::set(std::string_view path, std::string_view name) {
  for (Entry& entry : entries_) {
    if (entry.path != path) continue;
    if (entry.name != name) entry.name.assign(name);
    return;
  }
  if (entries_.size() < kMaxNames) entries_.push_back({std::string(path), std::string(name)});
}

const std::string* NameSource::find(std::string_view path) const {
  for (const Entry& entry : entries_) {
    if (entry.path == path) return &entry.name;
  }
  return nullptr;
}

TemperatureSource::Sensor* TemperatureSource::at(std::string_view path) {
  using Verdict = DeviceTable<Sensor>::Verdict;
  Sensor* sensor = sensors_.next(
      path, [](std::string_view) { return Verdict::follow; }, [](Sensor&) {});
  if (sensor != nullptr && sensor->alias == Sample::kNoAlias) sensor->alias = declare(path);
  return sensor;
}

bool TemperatureSource::read(const TextReading& reading, Instant) {
  const double value = Scanner(reading.text).decimal();
  if (Sensor* sensor = at(reading.path)) sample_.set(sensor->alias, value / kMilli);
  return !std::isnan(value);
}

bool TemperatureSource::refused(const TextReading& reading) {
  if (Sensor* sensor = at(reading.path)) sample_.lose(sensor->alias);
  // A part that is switched off has no temperature, and that may last.
  return reading.error == EAGAIN || reading.error == ENODATA;
}

void TemperatureSource::finish() {
  sensors_.end_pass([this](Sensor& sensor) { sample_.lose(sensor.alias); });
}

void TemperatureSource::lose() {
  sensors_.lose([this](Sensor& sensor) { sample_.lose(sensor.alias); });
}

Sample::Alias ThermalZoneSource::declare(std::string_view path) {
  const SplitPath zone = split(path);
  const std::string* type = types_.find(join(zone.directory, "type"));
  if (type == nullptr) return Sample::kNoAlias;
  std::vector<wire::Label> labels = {{"zone", std::string(zone.device())}};
  if (!type->empty()) labels.push_back({"type", *type});
  return sample_.declare(metrics::metric("thermal.zone_temp"), std::move(labels));
}

Sample::Alias MonitorSource::declare(std::string_view path) {
  const SplitPath input = split(path);
  const std::string* name = names_.find(join(input.directory, "name"));
  if (name == nullptr) return Sample::kNoAlias;
  const std::string_view sensor = input.file.substr(0, input.file.find('_'));  // "temp1"
  const std::string chip = chip_label(input.directory, *name);
  return sample_.declare(metrics::metric("hwmon.temp"),
                         {{"chip", chip}, {"sensor", sensor_label(input.directory, sensor)}});
}

// The chip's name, made unique by the monitor's where another chip has it already.
std::string MonitorSource::chip_label(std::string_view directory, const std::string& name) {
  for (const Chip& chip : chips_) {
    if (chip.directory == directory) return chip.label;
  }
  const std::string_view monitor = directory.substr(directory.rfind('/') + 1);
  std::string label = name.empty() ? std::string(monitor) : name;
  const bool taken = std::any_of(chips_.begin(), chips_.end(),
                                 [&](const Chip& chip) { return chip.label == label; });
  if (taken) label.append(" ").append(monitor);
  chips_.push_back({std::string(directory), label, {}});
  return label;
}

// The sensor's own label, else "temp1"; a label that the chip has twice gets it added.
std::string MonitorSource::sensor_label(std::string_view directory, std::string_view sensor) {
  const std::string* told = labels_.find(join(directory, std::string(sensor) + "_label"));
  std::string label = told == nullptr || told->empty() ? std::string(sensor) : *told;
  for (Chip& chip : chips_) {
    if (chip.directory != directory) continue;
    if (std::find(chip.sensors.begin(), chip.sensors.end(), label) != chip.sensors.end()) {
      label.append(" ").append(sensor);
    }
    chip.sensors.push_back(label);
  }
  return label;
}

}  // namespace bw::agent
