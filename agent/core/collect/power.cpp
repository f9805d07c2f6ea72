#include "agent/core/collect/power.h"

#include <cmath>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

constexpr std::size_t kPiBits = 4;
constexpr unsigned kPiSeen = 16;  // the first bit of what has been since the start
static_assert(std::size(metrics::kPiMetrics) == 1 + 2 * kPiBits);

std::string_view own_directory(std::string_view path) {
  return directory_above(path, 1);
}

std::span<const metrics::MetricInfo> row_of(SourceId source) {
  for (const metrics::MetricInfo& info : metrics::kPowerMetrics) {
    if (info.source == source) return {&info, 1};
  }
  return {};
}

bool parse_pi(std::string_view text, DeviceFileSource::Values& values) {
  Scanner scanner(text);
  scanner.skip("0x");
  const double told = scanner.hex();
  if (!(told < 0x1.0p32)) return false;
  const auto bits = static_cast<std::uint32_t>(told);
  values[0] = told;
  for (std::size_t i = 0; i < kPiBits; ++i) {
    values[1 + i] = (bits >> i) & 1U;
    values[1 + kPiBits + i] = (bits >> (kPiSeen + i)) & 1U;
  }
  return true;
}

}  // namespace

EnergySource::EnergySource(Sample& sample, const NameSource& names, const NameSource& ranges)
    : DeviceFileSource(sample,
                       {.metrics = row_of(SourceId::rapl_energy),
                        .most = kMaxZones,
                        .device = &own_directory,
                        .parse = &parse_positive},
                       &names, "name"),
      ranges_(ranges) {}

bool EnergySource::name(Device& device) {
  const std::string* range = ranges_.find(sibling(device.name, "max_energy_range_uj"));
  if (range == nullptr || !DeviceFileSource::name(device)) return false;
  const double most = Scanner(*range).whole();
  device.range = most > 0 ? most : 0;
  return true;
}

void EnergySource::adapt(Device& device, Values& values) {
  const double told = values[0];
  if (!std::isnan(told) && !std::isnan(device.last)) {
    // A counter that fell has wrapped; where that can't be, it begins anew.
    const bool wrapped = told < device.last && device.last <= device.range;
    device.sum += told >= device.last ? told - device.last
                                      : told + (wrapped ? device.range - device.last : 0);
  }
  device.last = told;
  if (!std::isnan(told)) values[0] = device.sum;
}

SupplySource::SupplySource(SourceId source, Sample& sample, const NameSource& types)
    : DeviceFileSource(sample,
                       {.metrics = row_of(source),
                        .most = kMaxSupplies,
                        .device = &own_directory,
                        .parse = &parse_number},
                       &types, "type") {}

PiSource::PiSource(Sample& sample)
    : DeviceFileSource(sample, {.metrics = metrics::kPiMetrics,
                                .most = 1,
                                .device = &own_directory,
                                .parse = &parse_pi}) {}

}  // namespace bw::agent
