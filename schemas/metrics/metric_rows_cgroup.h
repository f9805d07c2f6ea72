// Metrics of control groups, version 2: the slices and services of the box. Rows of the metric
// table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

consteval MetricInfo cgroup_psi(std::string_view name, std::string_view text) {
  return labelled("cgroup", gauge(SourceId::cgroup_pressure, name, "%", "", text));
}
consteval MetricInfo cgroup_stall(std::string_view name, std::string_view text) {
  return labelled("cgroup", counter(SourceId::cgroup_pressure, name, "us", "", text));
}
consteval MetricInfo cgroup_event(std::string_view name, std::string_view key,
                                  std::string_view text) {
  return labelled("cgroup", counter(SourceId::cgroup_events, name, "count", key, text));
}

inline constexpr MetricInfo kCgroupPressureMetrics[] = {
    cgroup_psi("cgroup.psi.mem.some.avg10",
               "Share of the last 10 s in which a task of the group waited for memory."),
    cgroup_stall("cgroup.psi.mem.some.total",
                 "Time in which a task of the group waited for memory."),
    cgroup_psi("cgroup.psi.mem.full.avg10",
               "Share of the last 10 s in which all tasks of the group waited for memory."),
    cgroup_stall("cgroup.psi.mem.full.total",
                 "Time in which all tasks of the group waited for memory."),
};
inline constexpr MetricInfo kCgroupMemoryMetrics[] = {
    labelled("cgroup", gauge(SourceId::cgroup_memory, "cgroup.mem.current", "B", "",
                             "Memory of the group, caches included.")),
};
inline constexpr MetricInfo kCgroupEventMetrics[] = {
    cgroup_event("cgroup.mem.high_events", "high",
                 "Times the group was throttled as it had more memory than it should."),
    cgroup_event("cgroup.mem.max_events", "max", "Times the group was about to pass its limit."),
    cgroup_event("cgroup.mem.oom_events", "oom", "Times the group's limit left no memory to give."),
    cgroup_event("cgroup.mem.oom_kills", "oom_kill", "Processes of the group killed for memory."),
};

}  // namespace bw::metrics
