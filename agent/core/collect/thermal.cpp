#include "agent/core/collect/thermal.h"

#include <algorithm>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

std::string_view own_directory(std::string_view path) {
  return directory_above(path, 1);
}

// The one row of a source.
std::span<const metrics::MetricInfo> row_of(SourceId source) {
  for (const metrics::MetricInfo& info : metrics::kThermalMetrics) {
    if (info.source == source) return {&info, 1};
  }
  return {};
}

DeviceFileSource::Rules rules(SourceId source, std::size_t most) {
  return {.metrics = row_of(source),
          .most = most,
          .device = &own_directory,
          .parse = source == SourceId::cooling_state ? &parse_positive : &parse_number};
}

std::size_t most_of(SourceId source) {
  const bool temperature = source == SourceId::hwmon_temp || source == SourceId::hwmon_crit;
  return temperature ? MonitorSource::kMaxSensors : MonitorSource::kMaxOtherSensors;
}

}  // namespace

ThermalZoneSource::ThermalZoneSource(Sample& sample, const NameSource& types)
    : DeviceFileSource(sample, rules(SourceId::thermal_temp, kMaxZones), &types, "type") {}

CoolingSource::CoolingSource(Sample& sample, const NameSource& types)
    : DeviceFileSource(sample, rules(SourceId::cooling_state, kMaxDevices), &types, "type") {}

bool ChipNames::find(std::string_view path, std::string& chip_label, std::string& sensor_label) {
  const std::string* name = names_.find(sibling(path, "name"));
  if (name == nullptr) return false;
  Chip& found = chip(path.substr(0, path.rfind('/')), *name);
  chip_label = found.label;
  sensor_label = sensor(found, path);
  return true;
}

ChipNames::Chip& ChipNames::chip(std::string_view directory, const std::string& name) {
  auto found = std::ranges::find_if(
      chips_, [directory](const Chip& chip) { return chip.directory == directory; });
  if (found == chips_.end()) {
    found = chips_.insert(chips_.end(), Chip{.directory = std::string(directory),
                                             .name = {},
                                             .label = {},
                                             .labels_version = labels_.version(),
                                             .sensors = {}});
  }
  // Another chip may have come in the place of one that is gone.
  if (found->label.empty() || found->name != name || found->labels_version != labels_.version()) {
    found->sensors.clear();
    found->labels_version = labels_.version();
  }
  if (found->label.empty() || found->name != name) {
    found->name = name;
    found->label = label_of(*found);
  }
  return *found;
}

// The chip's name, made unique by the monitor's where another chip has it already.
std::string ChipNames::label_of(const Chip& chip) const {
  const std::string_view directory = chip.directory;
  const std::string_view monitor = directory.substr(directory.rfind('/') + 1);
  std::string label = chip.name.empty() ? std::string(monitor) : chip.name;
  const bool taken = std::ranges::any_of(chips_, [&](const Chip& other) {
    return other.directory != chip.directory && other.label == label;
  });
  if (taken) label.append(" ").append(monitor);
  return label;
}

// The sensor's own label, else "temp1"; a label that the chip has twice gets it added.
const std::string& ChipNames::sensor(Chip& chip, std::string_view path) {
  const std::string_view file = file_name(path);
  std::string name(file.substr(0, file.find('_')));
  const std::string* told = labels_.find(sibling(path, name + "_label"));
  // What was measured over a while is another number than what is measured now.
  if (file.ends_with("_average")) name += " average";
  for (const auto& [known, label] : chip.sensors) {
    if (known == name) return label;
  }
  std::string label = told == nullptr || told->empty() ? name : *told;
  const bool taken = std::any_of(chip.sensors.begin(), chip.sensors.end(),
                                 [&](const auto& other) { return other.second == label; });
  if (taken) label.append(" ").append(name);
  chip.sensors.emplace_back(std::move(name), std::move(label));
  return chip.sensors.back().second;
}

MonitorSource::MonitorSource(SourceId source, Sample& sample, ChipNames& chips)
    : DeviceFileSource(sample, rules(source, most_of(source))), chips_(chips) {}

bool MonitorSource::name(Device& device) {
  std::string chip;
  std::string sensor;
  if (!chips_.find(device.name, chip, sensor)) return false;
  device.labels = {{"chip", std::move(chip)}, {"sensor", std::move(sensor)}};
  return true;
}

}  // namespace bw::agent
