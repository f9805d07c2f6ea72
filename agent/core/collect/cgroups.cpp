#include "agent/core/collect/cgroups.h"

#include <cmath>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

// "system.slice/nginx.service" of "/sys/fs/cgroup/system.slice/nginx.service/memory.current".
std::string_view group_of(std::string_view path) {
  constexpr std::string_view kRoot = "/sys/fs/cgroup/";
  if (!path.starts_with(kRoot)) return {};
  path.remove_prefix(kRoot.size());
  path = path.substr(0, path.rfind('/'));
  // On boxes with both versions all of the second hangs below this: it is the root, no group.
  return path == "unified" || path.starts_with("unified/") ? std::string_view{} : path;
}

// "some avg10=0.00 avg60=1.08 avg300=2.21 total=17509117", then the same of "full".
bool parse_pressure(std::string_view text, DeviceFileSource::Values& values) {
  constexpr std::string_view kLines[] = {"some avg10=", "full avg10="};
  Scanner scanner(text);
  bool understood = false;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!scanner.skip(kLines[i])) continue;
    values[2 * i] = scanner.decimal();
    scanner.word();
    scanner.word();
    scanner.skip_blanks();
    if (scanner.skip("total=")) values[2 * i + 1] = scanner.whole();
    understood = understood || !std::isnan(values[2 * i]);
    scanner.skip_line();
  }
  return understood;
}

// "low 0", "high 12", "max 0", "oom 0", "oom_kill 0", ...
bool parse_events(std::string_view text, DeviceFileSource::Values& values) {
  bool understood = false;
  Scanner scanner(text);
  for (; !scanner.done(); scanner.skip_line()) {
    const std::string_view key = scanner.word();
    for (std::size_t i = 0; i < std::size(metrics::kCgroupEventMetrics); ++i) {
      if (metrics::kCgroupEventMetrics[i].key != key) continue;
      values[i] = scanner.whole();
      understood = understood || !std::isnan(values[i]);
    }
  }
  return understood;
}

DeviceFileSource::Rules rules(SourceId source) {
  DeviceFileSource::Rules rules;
  rules.most = CgroupSource::kMaxGroups;
  rules.device = &group_of;
  rules.reuse = true;
  rules.metrics = metrics::kCgroupMemoryMetrics;
  rules.parse = &parse_number;
  if (source == SourceId::cgroup_pressure) {
    rules.metrics = metrics::kCgroupPressureMetrics;
    rules.parse = &parse_pressure;
  } else if (source == SourceId::cgroup_events) {
    rules.metrics = metrics::kCgroupEventMetrics;
    rules.parse = &parse_events;
  }
  return rules;
}

}  // namespace

CgroupSource::CgroupSource(SourceId source, Sample& sample)
    : DeviceFileSource(sample, rules(source)) {}

}  // namespace bw::agent
