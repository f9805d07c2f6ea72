#include "agent/core/collect/gpu/tegra.h"

#include <cerrno>
#include <cmath>
#include <utility>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

using metrics::metric;

constexpr double kKilo = 1000;
constexpr double kPercent = 100;
constexpr std::string_view kOtherProgram = "other";

}  // namespace

bool is_no_tegra_trouble(int error) {
  return error == EACCES || error == EPERM || error == EAGAIN || error == ENODATA ||
         error == ENODEV || error == EINVAL;
}

double nvmap_size(std::string_view text) {
  double unit = 1;
  if (text.ends_with('K')) unit = 1024;
  if (text.ends_with('M')) unit = 1024.0 * 1024;
  if (unit > 1) text.remove_suffix(1);
  return Scanner(text).whole() * unit;
}

bool TegraMemorySource::read(const TextReading& reading, Instant) {
  const bool is_activity = file_name(reading.path).starts_with("mc_all");
  const double value = Scanner(reading.text).whole();
  (is_activity ? activity_ : clock_) = value;
  return !std::isnan(value);
}

bool TegraMemorySource::refused(const TextReading& reading) {
  return is_no_tegra_trouble(reading.error);
}

void TegraMemorySource::finish() {
  const auto set = [this](Sample::Alias& alias, const metrics::MetricInfo& metric, double value) {
    if (alias == Sample::kNoAlias && !std::isnan(value)) alias = sample_.declare(metric);
    sample_.set(alias, value);
  };
  set(freq_, metric("tegra.emc_freq"), clock_);
  set(util_, metric("tegra.emc_util"),
      clock_ > 0 ? activity_ * kKilo / clock_ * kPercent : Sample::kNoValue);
  clock_ = activity_ = Sample::kNoValue;
}

void TegraMemorySource::lose() {
  sample_.lose(freq_);
  sample_.lose(util_);
}

// The input of ".../hwmon/hwmon3/curr1_input" is called what "in1_label" says. Inputs that are not
// connected are called NC.
TegraRailSource::Rail* TegraRailSource::at(std::string_view path) {
  const std::string_view file = file_name(path);
  const std::size_t digit = file.find_first_of("0123456789");
  if (digit == std::string_view::npos) return nullptr;
  const std::string number(file.substr(digit, file.find('_') - digit));
  const std::string monitor(directory_above(path, 1));
  const std::string input = monitor + "/" + number;
  Rail* found = nullptr;
  Rail* unused = nullptr;
  for (Rail& rail : rails_) {
    if (rail.input == input) found = &rail;
    if (rail.name.empty() && !rail.seen) unused = &rail;
  }
  if (found == nullptr) {
    if (rails_.size() == kMaxRails && unused == nullptr) {
      ++ignored_;
      return nullptr;
    }
    found = rails_.size() == kMaxRails ? unused : &rails_.emplace_back();
    found->input = input;
  }
  found->seen = true;
  if (found->name.empty()) {
    const std::string* label =
        labels_.find("/sys/class/hwmon/" + monitor + "/in" + number + "_label");
    if (label == nullptr) return nullptr;
    found->name = *label;
    found->followed = !label->empty() && *label != "NC" && *label != "sum of shunt voltages";
  }
  return found->followed ? found : nullptr;
}

bool TegraRailSource::read(const TextReading& reading, Instant) {
  const double value = Scanner(reading.text).decimal();
  Rail* rail = at(reading.path);
  if (rail == nullptr) return true;
  const std::string_view file = file_name(reading.path);
  if (file.ends_with("_alarm")) {
    rail->alarm = std::fmax(rail->alarm, value);
  } else if (file.starts_with("curr")) {
    rail->current = value;
  } else {
    rail->voltage = value;
  }
  return !std::isnan(value);
}

bool TegraRailSource::refused(const TextReading& reading) {
  return is_no_tegra_trouble(reading.error);
}

void TegraRailSource::set(Rail& rail, Sample::Alias& alias, const metrics::MetricInfo& metric,
                          double value) {
  if (alias == Sample::kNoAlias && !std::isnan(value)) {
    alias = sample_.declare(metric, {{"rail", rail.name}});
  }
  sample_.set(alias, value);
}

void TegraRailSource::finish() {
  ignored_ = 0;
  // A monitor whose driver was bound anew has another number: its rails are told by that one, and
  // what the old number is next may be something else.
  for (Rail& rail : rails_) {
    if (std::exchange(rail.seen, false) || rail.name.empty()) continue;
    lose(rail);
    rail = Rail{.input = rail.input, .name = {}};
  }
  for (Rail& rail : rails_) {
    if (!rail.followed) continue;
    set(rail, rail.power_alias, metric("tegra.rail_power"), rail.voltage * rail.current / kKilo);
    set(rail, rail.voltage_alias, metric("tegra.rail_voltage"), rail.voltage);
    set(rail, rail.current_alias, metric("tegra.rail_current"), rail.current);
    set(rail, rail.alarm_alias, metric("tegra.rail_alarm"), rail.alarm);
    rail.voltage = rail.current = rail.alarm = Sample::kNoValue;
  }
}

void TegraRailSource::lose(const Rail& rail) {
  sample_.lose(rail.power_alias);
  sample_.lose(rail.voltage_alias);
  sample_.lose(rail.current_alias);
  sample_.lose(rail.alarm_alias);
}

void TegraRailSource::lose() {
  for (const Rail& rail : rails_) lose(rail);
}

TegraProcessSource::Program& TegraProcessSource::at(std::string_view name) {
  Program* longest_unseen = nullptr;
  std::size_t named = 0;
  for (Program& program : programs_) {
    if (program.name == name) return program;
    if (program.name == kOtherProgram) continue;
    ++named;
    if (longest_unseen == nullptr || program.unseen > longest_unseen->unseen) {
      longest_unseen = &program;
    }
  }
  if (named == kMaxPrograms && name != kOtherProgram) {
    if (longest_unseen->unseen <= kForgetAfter) return at(kOtherProgram);
    longest_unseen->name.assign(name);
    sample_.relabel(longest_unseen->alias, {{"process", longest_unseen->name}});
    return *longest_unseen;
  }
  Program& added = programs_.emplace_back();
  added.name.assign(name);
  return added;
}

bool TegraProcessSource::read(const TextReading& reading, Instant) {
  for (Program& program : programs_) {
    program.bytes = 0;
    ++program.unseen;
  }
  Scanner lines(reading.text);
  while (!lines.done()) {
    Scanner line(lines.line());
    if (line.word() != "user") continue;
    const std::string_view name = line.word();
    const double pid = line.whole();
    const double bytes = nvmap_size(line.word());
    if (name.empty() || std::isnan(pid) || std::isnan(bytes)) continue;
    Program& program = at(name);
    program.bytes += bytes;
    program.unseen = 0;
  }
  for (Program& program : programs_) {
    if (program.alias == Sample::kNoAlias) {
      program.alias = sample_.declare(metric("tegra.gpu_mem"), {{"process", program.name}});
    }
    sample_.set(program.alias, program.unseen == 0 ? program.bytes : Sample::kNoValue);
  }
  return true;
}

bool TegraProcessSource::refused(const TextReading& reading) {
  lose();
  return is_no_tegra_trouble(reading.error);
}

void TegraProcessSource::lose() {
  for (const Program& program : programs_) sample_.lose(program.alias);
}

}  // namespace bw::agent
