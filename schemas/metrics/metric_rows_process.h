// Metrics of processes and of systemd's units: rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

inline constexpr MetricInfo kProcessTotalMetrics[] = {
    gauge(SourceId::processes, "sys.procs_total", "count", "", "Processes there are."),
    gauge(SourceId::processes, "sys.procs_threads", "count", "", "Threads of all processes."),
    gauge(SourceId::processes, "sys.procs_zombies", "count", "",
          "Processes that have ended and whose parent has not asked how."),
    gauge(SourceId::processes, "sys.procs_dstate", "count", "",
          "Processes that wait, mostly for a disk, and can't be interrupted."),
    gauge(SourceId::processes, "proc.ignored", "count", "",
          "Processes beyond those that are followed."),
};

consteval MetricInfo top_gauge(std::string_view name, std::string_view unit,
                               std::string_view text) {
  return labelled("name", gauge(SourceId::processes, name, unit, "", text));
}
consteval MetricInfo top_counter(std::string_view name, std::string_view unit,
                                 std::string_view text) {
  return labelled("name", counter(SourceId::processes, name, unit, "", text));
}

// All processes of a name together, of the names that need the most.
inline constexpr MetricInfo kTopProcessRows[] = {
    top_gauge("proc.top.count", "count", "Processes of this name."),
    top_gauge("proc.top.cpu", "%", "CPU time they use, of one CPU."),
    top_gauge("proc.top.rss", "B", "Memory they hold, shared parts counted for each."),
    top_gauge("proc.top.pss", "B",
              "Memory they hold, shared parts divided among the sharers; of small ones only."),
    top_gauge("proc.top.threads", "count", "Their threads."),
    top_gauge("proc.top.fds", "count", "Files they have open."),
    top_counter("proc.top.read_bytes", "B", "Data they had read from disks."),
    top_counter("proc.top.write_bytes", "B", "Data they had written to disks."),
};

inline constexpr auto kTopProcessMetrics =
    tiered(kTopProcessRows, {{"proc.top.pss", 60}, {"proc.top.threads", 1}, {"proc.top.fds", 10}});

consteval MetricInfo watched(MetricInfo info) {
  return labelled("process", info);
}

// What the configuration names.
inline constexpr MetricInfo kWatchedProcessMetrics[] = {
    watched(gauge(SourceId::processes, "proc.watched.up", "1", "",
                  "1 while the watched process runs, else 0.")),
    watched(gauge(SourceId::processes, "proc.watched.count", "count", "",
                  "Processes that fit what is watched.")),
    watched(counter(SourceId::processes, "proc.watched.restarts", "count", "",
                    "Times the watched process came back or was replaced by a new one.")),
    watched(
        gauge(SourceId::processes, "proc.watched.cpu", "%", "", "CPU time they use, of one CPU.")),
    watched(gauge(SourceId::processes, "proc.watched.rss", "B", "", "Memory they hold.")),
};

inline constexpr MetricInfo kSystemdRows[] = {
    gauge(SourceId::systemd, "systemd.failed_units", "count", "",
          "Units of systemd that have failed."),
    labelled("unit", gauge(SourceId::systemd, "systemd.unit_active", "1", "",
                           "1 while the watched unit is active, else 0.")),
    labelled("unit", counter(SourceId::systemd, "systemd.unit_restarts", "count", "",
                             "Times systemd restarted the watched unit.")),
};

inline constexpr auto kSystemdMetrics =
    tiered(kSystemdRows, {{"systemd.failed_units", 60}, {"systemd.unit_active", 10}});

}  // namespace bw::metrics
