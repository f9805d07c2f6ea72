#include "agent/core/collect/device_files.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include "agent/core/collect/scan.h"
#include "base/assert.h"
#include "schemas/metrics/metric_info.h"

namespace bw::agent {

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
  for (std::size_t tried = 0; tried < entries_.size(); ++tried) {
    const std::size_t i = (next_ + tried) % entries_.size();
    Entry& entry = entries_[i];
    if (entry.path != path) continue;
    if (entry.name != name) {
      entry.name.assign(name);
      ++version_;
    }
    next_ = i + 1;
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

DeviceFileSource::DeviceFileSource(Sample& sample, const Rules& rules, const NameSource* names,
                                   std::string_view name_file)
    : Source(sample),
      rules_(rules),
      names_(names),
      name_file_(name_file),
      devices_(rules.most, rules.reuse) {
  BW_ASSERT(rules_.metrics.size() <= kMaxValues);
}

DeviceFileSource::Device* DeviceFileSource::at(std::string_view path) {
  using Verdict = DeviceTable<Device>::Verdict;
  Device* device = devices_.next(
      path,
      [this](std::string_view added) {
        return rules_.device(added).empty() ? Verdict::skip : Verdict::follow;
      },
      [](Device& added) {
        if (!std::exchange(added.known, true)) added.aliases.fill(Sample::kNoAlias);
        added.named = false;
      });
  if (device != nullptr && !(device->named && device->names_version == names_version())) {
    rename(*device);
  }
  return device;
}

std::uint64_t DeviceFileSource::names_version() const {
  return names_ == nullptr ? 0 : names_->version();
}

// Its series go on where it is the same as before, and begin anew where it is another.
void DeviceFileSource::rename(Device& device) {
  const std::vector<wire::Label> before = std::exchange(device.labels, {});
  device.names_version = names_version();
  device.named = name(device);
  if (!device.named) {
    lose(device);
    device.labels = before;  // of the series, which stay
    return;
  }
  if (device.labels == before) return;
  device.last = Sample::kNoValue;
  device.sum = 0;
  for (std::size_t i = 0; i < rules_.metrics.size(); ++i) {
    sample_.relabel(device.aliases[i], device.labels);
  }
}

bool DeviceFileSource::name(Device& device) {
  std::string_view names = rules_.metrics.front().labels;
  const std::string_view first = names.substr(0, names.find(' '));
  names.remove_prefix(std::min(names.size(), first.size() + 1));
  device.labels.clear();
  if (!first.empty()) {
    device.labels.push_back({std::string(first), std::string(rules_.device(device.name))});
  }
  if (names_ == nullptr) return true;
  const std::string* name = names_->find(sibling(device.name, name_file_));
  if (name == nullptr) return false;
  if (!name->empty()) device.labels.push_back({std::string(names), *name});
  return true;
}

void DeviceFileSource::set(Device& device, const Values& values) {
  if (!device.named) return;
  for (std::size_t i = 0; i < rules_.metrics.size(); ++i) {
    Sample::Alias& alias = device.aliases[i];
    if (alias == Sample::kNoAlias && !std::isnan(values[i])) {
      alias = sample_.declare(rules_.metrics[i], device.labels);
    }
    sample_.set(alias, values[i]);
  }
}

bool DeviceFileSource::read(const TextReading& reading, Instant) {
  Values values;
  values.fill(Sample::kNoValue);
  const bool understood = rules_.parse(reading.text, values);
  Device* device = at(reading.path);
  if (device == nullptr) return true;
  for (std::size_t i = 0; i < rules_.metrics.size(); ++i) {
    const double scale = rules_.metrics[i].scale;
    // Divided where that is exact and multiplying is not: 41850 thousandths are 41.85.
    values[i] = scale < 1 ? values[i] / std::round(1 / scale) : values[i] * scale;
  }
  adapt(*device, values);
  set(*device, values);
  return understood;
}

bool DeviceFileSource::refused(const TextReading& reading) {
  if (Device* device = at(reading.path)) lose(*device);
  return is_no_trouble(reading.error);
}

void DeviceFileSource::finish() {
  devices_.end_pass([this](Device& device) {
    device.named = false;
    lose(device);
  });
}

void DeviceFileSource::lose() {
  devices_.lose([this](Device& device) {
    device.named = false;
    lose(device);
  });
}

void DeviceFileSource::lose(Device& device) {
  device.last = Sample::kNoValue;
  for (std::size_t i = 0; i < rules_.metrics.size(); ++i) sample_.lose(device.aliases[i]);
}

// A part that is switched off has no such number, and that may last; one that vanished between
// finding and reading is no trouble either, nor one that is not for everybody to read.
bool is_no_trouble(int error) {
  return error == EAGAIN || error == ENODATA || error == EINVAL || error == ENODEV ||
         error == EACCES || error == EPERM;
}

std::string_view directory_above(std::string_view path, std::size_t above) {
  for (; above > 0; --above) path = path.substr(0, std::min(path.rfind('/'), path.size()));
  return path.substr(path.rfind('/') + 1);
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string sibling(std::string_view path, std::string_view file) {
  std::string joined(path.substr(0, path.rfind('/') + 1));
  return joined += file;
}

bool parse_number(std::string_view text, DeviceFileSource::Values& values) {
  values[0] = Scanner(text).decimal();
  return !std::isnan(values[0]);
}

bool parse_positive(std::string_view text, DeviceFileSource::Values& values) {
  const double value = Scanner(text).decimal();
  if (value >= 0) values[0] = value;
  return !std::isnan(value);
}

bool parse_hex(std::string_view text, DeviceFileSource::Values& values) {
  Scanner scanner(text);
  for (std::size_t i = 0; i < 2; ++i) {
    scanner.skip_blanks();
    scanner.skip("0x");
    values[i] = scanner.hex();
  }
  return !std::isnan(values[0]);
}

}  // namespace bw::agent
