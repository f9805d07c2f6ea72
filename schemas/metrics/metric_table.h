// The table of all metrics, declared once: sources take names, units and keys from it, and the
// documentation is printed from it.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "schemas/metrics/metric_info.h"
#include "schemas/metrics/metric_rows_anomaly.h"
#include "schemas/metrics/metric_rows_cgroup.h"
#include "schemas/metrics/metric_rows_cpu.h"
#include "schemas/metrics/metric_rows_disk.h"
#include "schemas/metrics/metric_rows_event.h"
#include "schemas/metrics/metric_rows_gpu.h"
#include "schemas/metrics/metric_rows_hardware.h"
#include "schemas/metrics/metric_rows_memory.h"
#include "schemas/metrics/metric_rows_network.h"
#include "schemas/metrics/metric_rows_process.h"
#include "schemas/metrics/metric_rows_storage.h"
#include "schemas/metrics/metric_rows_system.h"
#include "schemas/metrics/metric_rows_tcp.h"
#include "schemas/metrics/metric_rows_tegra.h"
#include "schemas/metrics/metric_rows_vm.h"

namespace bw::metrics {

inline constexpr std::span<const MetricInfo> kMetricGroups[] = {
    kStatMetrics,
    kLoadMetrics,
    kPressureMetrics,
    kMemoryMetrics,
    kVmMetrics,
    kDiskMetrics,
    kFileSystemMetrics,
    kInterfaceMetrics,
    kCarrierMetrics,
    kIpMetrics,
    kTcpMetrics,
    kTcpExtMetrics,
    kSocketMetrics,
    kSoftnetMetrics,
    kSystemMetrics,
    kCpuClockMetrics,
    kFragmentationMetrics,
    kCgroupPressureMetrics,
    kCgroupMemoryMetrics,
    kCgroupEventMetrics,
    kNvmeMetrics,
    kNvmeTempMetrics,
    kEmmcLifeMetrics,
    kEmmcSpareMetrics,
    kZramMetrics,
    kConntrackMetrics,
    kWirelessMetrics,
    kClockMetrics,
    kThermalMetrics,
    kPowerMetrics,
    kPiMetrics,
    kEdacMetrics,
    kGpuMetrics,
    kTegraMetrics,
    kSelfStatusMetrics,
    kSelfDiskMetrics,
    kSelfTickMetrics,
    kSelfMetrics,
    kSelfSourceMetrics,
    kAnomalyTickMetrics,
    kAnomalyMetrics,
    kProcessTotalMetrics,
    kTopProcessMetrics,
    kWatchedProcessMetrics,
    kSystemdMetrics,
    kEventMetrics,
    kKernelLogMetrics,
};

// Defined nowhere: asking for a metric that is not in the table does not compile.
const MetricInfo& no_such_metric();

// The metric of this name, found when compiling.
consteval const MetricInfo& metric(std::string_view name) {
  for (const auto& group : kMetricGroups) {
    for (const MetricInfo& info : group) {
      if (info.name == name) return info;
    }
  }
  return no_such_metric();
}

// All metrics, in the order in which they are documented.
std::span<const MetricInfo* const> all_metrics();

// The metric that a source's text calls `key`, or null.
const MetricInfo* find_metric(SourceId source, std::string_view key);

}  // namespace bw::metrics
