#include "agent/core/collect/gpu/gpu_files.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

using metrics::metric;
using metrics::MetricInfo;
using enum GpuFileText;

constexpr double kMilli = 1e-3;
constexpr double kMicro = 1e-6;

// Where two files tell the same, the first that is found does.
constexpr GpuFile kCard[] = {
    {"gpu_busy_percent", &metric("gpu.util")},
    {"mem_busy_percent", &metric("gpu.mem_util")},
    {"mem_info_vram_used", &metric("gpu.fb_used")},
    {"temp1_input", &metric("gpu.temp"), kMilli, number, "amdgpu"},
    {"temp2_input", &metric("gpu.temp_junction"), kMilli, number, "amdgpu"},
    {"temp3_input", &metric("gpu.mem_temp"), kMilli, number, "amdgpu"},
    {"power1_average", &metric("gpu.power"), kMilli, number, "amdgpu"},
    {"power1_input", &metric("gpu.power"), kMilli, number, "amdgpu"},
    {"freq1_input", &metric("gpu.clock_sm"), kMicro, number, "amdgpu"},
    {"freq2_input", &metric("gpu.clock_mem"), kMicro, number, "amdgpu"},
    {"pp_dpm_sclk", &metric("gpu.clock_sm"), 1, starred},
    {"pp_dpm_mclk", &metric("gpu.clock_mem"), 1, starred},
    {"temp1_input", &metric("gpu.temp"), kMilli, number, "i915"},
    {"temp2_input", &metric("gpu.temp"), kMilli, number, "xe"},
    {"temp3_input", &metric("gpu.mem_temp"), kMilli, number, "xe"},
    {"rps_act_freq_mhz", &metric("gpu.gt_clock")},
    {"gt_act_freq_mhz", &metric("gpu.gt_clock")},
    {"act_freq", &metric("gpu.gt_clock")},
};
constexpr GpuFile kCardState[] = {
    {"mem_info_vram_total", &metric("gpu.fb_total")},
    {"power1_cap", &metric("gpu.power_limit"), kMilli, number, "amdgpu"},
    {"pcie_replay_count", &metric("gpu.pcie_replay")},
    {"umc_err_count", &metric("gpu.ecc_dbe_vol"), 1, ras, {}, &metric("gpu.ecc_sbe_vol")},
    {"energy1_input", &metric("gpu.energy"), kMilli, number, "i915"},
    {"energy1_input", &metric("gpu.energy"), kMilli, number, "xe"},
    {"power1_max", &metric("gpu.power_limit"), kMilli, number, "i915"},
    {"power1_max", &metric("gpu.power_limit"), kMilli, number, "xe"},
    {"rc6_residency_ms", &metric("gpu.gt_idle")},
    {"idle_residency_ms", &metric("gpu.gt_idle")},
    {"rps_max_freq_mhz", &metric("gpu.gt_clock_max")},
    {"gt_max_freq_mhz", &metric("gpu.gt_clock_max")},
    {"max_freq", &metric("gpu.gt_clock_max")},
    {"throttle_reason_status", &metric("gpu.gt_throttled")},
    {"status", &metric("gpu.gt_throttled")},
};
constexpr GpuFile kTegra[] = {
    {"load", &metric("tegra.gpu_load"), 0.1},
    {"cur_freq", &metric("tegra.gpu_freq")},
    {"max_freq", &metric("tegra.gpu_freq_max")},
};
constexpr GpuFile kTegraState[] = {
    {"pwm1", &metric("tegra.fan_pwm")},
    {"target_pwm", &metric("tegra.fan_pwm")},
    {"rpm", &metric("tegra.fan_rpm")},
    {"rpm_measured", &metric("tegra.fan_rpm")},
    {"clk_rate", &metric("tegra.engine_clock")},
    {"oc1_event_cnt", &metric("tegra.oc_events")},
    {"oc2_event_cnt", &metric("tegra.oc_events")},
    {"oc3_event_cnt", &metric("tegra.oc_events")},
    {"status", &metric("tegra.nvpmodel"), 1, behind_colon},
};

// The component of a path behind `folder`: "card0" behind "/drm/".
std::string_view behind(std::string_view path, std::string_view folder) {
  const std::size_t at = path.rfind(folder);
  if (at == std::string_view::npos) return {};
  path.remove_prefix(at + folder.size());
  return path.substr(0, path.find('/'));
}

// "gt0" of ".../tile0/gt0/freq0/act_freq"; older drivers have one, without a folder.
std::string_view gt_of(std::string_view path) {
  for (std::size_t at = path.find("/gt"); at != std::string_view::npos;
       at = path.find("/gt", at + 1)) {
    const std::string_view part = path.substr(at + 1, path.find('/', at + 1) - at - 1);
    const bool numbered = part.size() > 2 && std::all_of(part.begin() + 2, part.end(), [](char c) {
                            return c >= '0' && c <= '9';
                          });
    if (numbered) return part;
  }
  return "gt0";
}

// The GPUs of Jetson boards by the names of their devices; other boards have others.
bool is_tegra_gpu(std::string_view device) {
  for (const std::string_view name : {"gm20b", "gp10b", "gv11b", "ga10b", "gb10b", "gpu-gpc"}) {
    if (device.find(name) != std::string_view::npos) return true;
  }
  return device == "57000000.gpu" || device == "17000000.gpu";
}

double starred_number(std::string_view text) {
  Scanner lines(text);
  while (!lines.done()) {
    std::string_view line = lines.line();
    if (!line.ends_with('*')) continue;
    line.remove_prefix(std::min(line.size(), line.find(':') + 1));
    const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t end = std::min(line.find_first_not_of("0123456789", first), line.size());
    return Scanner(line.substr(first, end - first)).whole();
  }
  return Sample::kNoValue;
}

double keyed_number(std::string_view text, std::string_view key) {
  Scanner lines(text);
  while (!lines.done()) {
    Scanner line(lines.line());
    if (line.skip(key)) return line.whole();
  }
  return Sample::kNoValue;
}

double number_behind_colon(std::string_view text) {
  Scanner line(Scanner(text).line());
  line.until(':');
  return line.whole();
}

}  // namespace

std::span<const GpuFile> card_files() {
  return kCard;
}
std::span<const GpuFile> card_state_files() {
  return kCardState;
}
std::span<const GpuFile> tegra_files() {
  return kTegra;
}
std::span<const GpuFile> tegra_state_files() {
  return kTegraState;
}

bool is_jetson_gpu(std::string_view path) {
  return is_tegra_gpu(behind(path, "/devfreq/"));
}

std::vector<wire::Label> gpu_labels(const MetricInfo& metric, std::string_view path) {
  const std::string_view card = behind(path, "/drm/");
  if (!card.empty()) {
    std::vector<wire::Label> labels = {{"gpu", std::string(card)}};
    if (metric.labels == "gpu gt") labels.push_back({"gt", std::string(gt_of(path))});
    return labels;
  }
  if (const std::string_view device = behind(path, "/devfreq/"); is_tegra_gpu(device)) {
    return {{"gpu", std::string(device)}};
  }
  if (metric.labels == "fan") {
    const std::string_view monitor = behind(path, "/hwmon/");
    return {{"fan", monitor.empty() ? "pwm-fan" : std::string(monitor)}};
  }
  if (metric.labels == "engine") return {{"engine", std::string(behind(path, "/clk/"))}};
  if (metric.labels == "event") return {{"event", std::string(file_name(path).substr(0, 3))}};
  return {};
}

const GpuFile* GpuFileSource::find(std::string_view path) const {
  const std::string_view name = file_name(path);
  const GpuFile* found = nullptr;
  for (const GpuFile& file : table_) {
    if (file.file != name) continue;
    if (file.chip.empty()) {
      found = &file;
      break;
    }
    // Which chip it is, is known once its name was read.
    const std::string chip_path =
        "/sys/class/hwmon/" + std::string(behind(path, "/hwmon/")) + "/name";
    const std::string* chip = chips_.find(chip_path);
    if (chip != nullptr && *chip == file.chip) return &file;
  }
  return found;
}

GpuFileSource::File* GpuFileSource::at(std::string_view path) {
  using Verdict = DeviceTable<File>::Verdict;
  File* file = files_.next(
      path, [](std::string_view) { return Verdict::follow; }, [](File&) {});
  if (file != nullptr && file->what == nullptr) file->what = find(path);
  return file != nullptr && file->what != nullptr ? file : nullptr;
}

bool GpuFileSource::told_elsewhere(Sample::Alias alias, const File& file) {
  return std::any_of(files_.devices().begin(), files_.devices().end(), [&](const File& other) {
    return &other != &file && (other.first == alias || other.second == alias);
  });
}

void GpuFileSource::set(File& file, Sample::Alias& alias, const MetricInfo* metric, double value) {
  if (metric == nullptr || file.muted) return;
  if (alias == Sample::kNoAlias && !std::isnan(value)) {
    std::vector<wire::Label> labels = gpu_labels(*metric, file.name);
    if (labels.empty() && !metric->labels.empty()) {
      file.muted = true;
      return;
    }
    const Sample::Alias declared = sample_.declare(*metric, std::move(labels));
    if (declared != Sample::kNoAlias && told_elsewhere(declared, file)) {
      file.muted = true;
      return;
    }
    alias = declared;
  }
  sample_.set(alias, value);
}

bool GpuFileSource::read(const TextReading& reading, Instant) {
  File* file = at(reading.path);
  if (file == nullptr) return true;
  const GpuFile& what = *file->what;
  double value = Sample::kNoValue;
  double second = Sample::kNoValue;
  switch (what.text) {
    case number:
      value = Scanner(reading.text).decimal();
      break;
    case starred:
      value = starred_number(reading.text);
      break;
    case behind_colon:
      value = number_behind_colon(reading.text);
      break;
    case ras:
      value = keyed_number(reading.text, "ue:");
      second = keyed_number(reading.text, "ce:");
      break;
  }
  // Divided where that is exact and multiplying is not.
  if (what.scale < 1) {
    value /= std::round(1 / what.scale);
  } else {
    value *= what.scale;
  }
  set(*file, file->first, what.metric, value);
  set(*file, file->second, what.second, second);
  return !std::isnan(value);
}

// A GPU that sleeps, a part that is switched off, and a file that only root may read have no
// number, and that may last.
bool GpuFileSource::refused(const TextReading& reading) {
  if (File* file = at(reading.path)) {
    sample_.lose(file->first);
    sample_.lose(file->second);
  }
  const int error = reading.error;
  return error == EACCES || error == EPERM || error == EAGAIN || error == ENODATA ||
         error == EINVAL || error == ENODEV || error == EBUSY || error == EOPNOTSUPP;
}

// A driver that was bound anew has its monitor under another number: the files of the old one give
// their series away.
void GpuFileSource::forget(File& file) {
  sample_.lose(file.first);
  sample_.lose(file.second);
  file.first = file.second = Sample::kNoAlias;
  file.what = nullptr;
  freed_ = true;
}

void GpuFileSource::finish() {
  files_.end_pass([this](File& file) { forget(file); });
  if (!std::exchange(freed_, false)) return;
  for (File& file : files_.devices()) file.muted = false;
}

void GpuFileSource::lose() {
  files_.lose([this](File& file) { forget(file); });
}

}  // namespace bw::agent
