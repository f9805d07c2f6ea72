#include "agent/core/collect/drives.h"

#include <cmath>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

constexpr double kZeroCelsius = 273;  // kelvins, whole as the page has them

// Unsigned, the lowest byte first; up to 16 bytes.
double little_endian(std::string_view page, std::size_t at, std::size_t size) {
  double value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value * 256 + static_cast<unsigned char>(page[at + i]);
  }
  return value;
}

// In the order of metrics::kNvmeMetrics: where a value lies in the page.
struct Field {
  std::size_t at;
  std::size_t size;
};
constexpr Field kFields[] = {
    {0, 1},   {1, 2},    {3, 1},    {4, 1},    {5, 1},    {32, 16},
    {48, 16}, {112, 16}, {128, 16}, {144, 16}, {160, 16}, {176, 16},
};
static_assert(std::size(kFields) == std::size(metrics::kNvmeMetrics));
constexpr std::size_t kTemperature = 1;

std::string_view own_directory(std::string_view path) {
  return directory_above(path, 1);
}
std::string_view directory_over_it(std::string_view path) {
  return directory_above(path, 2);
}

// "nvme0" of "/sys/class/nvme/nvme0/hwmon3/temp1_input"; before Linux 5.12 device/hwmon is between.
std::string_view drive_of(std::string_view path) {
  constexpr std::string_view kClass = "/sys/class/nvme/";
  if (!path.starts_with(kClass)) return {};
  path.remove_prefix(kClass.size());
  return path.substr(0, path.find('/'));
}

// "10240 2048 4096 0 8192 12 0 0": stored, compressed, memory used, and what does not matter here.
bool parse_zram(std::string_view text, DeviceFileSource::Values& values) {
  constexpr double kSteps = 1000;  // of the ratio, a second
  Scanner scanner(text);
  for (std::size_t i = 0; i < 3; ++i) values[i] = scanner.whole();
  if (values[1] > 0) values[3] = std::round(kSteps * values[0] / values[1]) / kSteps;
  return !std::isnan(values[2]);
}

}  // namespace

bool parse_nvme_smart(std::string_view page, DeviceFileSource::Values& values) {
  if (page.size() < NvmeSmartSource::kPageBytes) return false;
  for (std::size_t i = 0; i < std::size(kFields); ++i) {
    values[i] = little_endian(page, kFields[i].at, kFields[i].size);
  }
  // 0 kelvins: the drive does not measure it.
  values[kTemperature] =
      values[kTemperature] > 0 ? values[kTemperature] - kZeroCelsius : Sample::kNoValue;
  return true;
}

NvmeSmartSource::NvmeSmartSource(Sample& sample)
    : DeviceFileSource(sample, {.metrics = metrics::kNvmeMetrics,
                                .most = kMaxDrives,
                                .device = &file_name,
                                .parse = &parse_nvme_smart}) {}

NvmeTempSource::NvmeTempSource(Sample& sample)
    : DeviceFileSource(sample, {.metrics = metrics::kNvmeTempMetrics,
                                .most = NvmeSmartSource::kMaxDrives,
                                .device = &drive_of,
                                .parse = &parse_number}) {}

EmmcSource::EmmcSource(SourceId source, Sample& sample)
    : DeviceFileSource(
          sample,
          {.metrics = source == SourceId::emmc_life
                          ? std::span<const metrics::MetricInfo>(metrics::kEmmcLifeMetrics)
                          : std::span<const metrics::MetricInfo>(metrics::kEmmcSpareMetrics),
           .most = kMaxDrives,
           .device = &directory_over_it,
           .parse = &parse_hex}) {}

ZramSource::ZramSource(Sample& sample)
    : DeviceFileSource(sample, {.metrics = metrics::kZramMetrics,
                                .most = kMaxDevices,
                                .device = &own_directory,
                                .parse = &parse_zram}) {}

}  // namespace bw::agent
