// Metrics of the system, its temperatures and the agent itself: rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

inline constexpr MetricInfo kSystemMetrics[] = {
    gauge(SourceId::uptime, "sys.uptime", "s", "1", "Time since the machine was started."),
    gauge(SourceId::file_nr, "sys.fds_allocated", "count", "1", "Files open in all processes."),
    gauge(SourceId::file_nr, "sys.fds_max", "count", "3", "Files that may be open at most."),
    gauge(SourceId::entropy, "sys.entropy", "bits", "1", "Randomness the kernel has gathered."),
};

inline constexpr MetricInfo kThermalMetrics[] = {
    labelled("zone type", gauge(SourceId::thermal_temp, "thermal.zone_temp", "C", "",
                                "Temperature of a thermal zone.")),
    labelled("chip sensor", gauge(SourceId::hwmon_temp, "hwmon.temp", "C", "",
                                  "Temperature that a sensor of a hardware monitor tells.")),
};

// The text's kB are units of 1024 bytes.
consteval MetricInfo self_bytes(std::string_view name, std::string_view key,
                                std::string_view text) {
  MetricInfo info = gauge(SourceId::self_status, name, "B", key, text);
  info.scale = 1024;
  return info;
}

inline constexpr MetricInfo kSelfStatusMetrics[] = {
    self_bytes("self.rss", "VmRSS", "Memory of the agent, shared parts included."),
    self_bytes("self.rss_peak", "VmHWM", "The most memory the agent has had."),
    self_bytes("self.swapped", "VmSwap", "Memory of the agent that was swapped out."),
    gauge(SourceId::self_status, "self.threads", "count", "Threads", "Threads of the agent."),
    counter(SourceId::self_status, "self.ctx_switches", "count", "voluntary_ctxt_switches",
            "Times the agent's main thread waited for something: its wake-ups."),
    counter(SourceId::self_status, "self.preemptions", "count", "nonvoluntary_ctxt_switches",
            "Times the agent's main thread had to give way to others."),
};

// Not from a file: what the agent knows of itself.
inline constexpr MetricInfo kSelfMetrics[] = {
    counter(kNoSource, "self.cpu_time", "us", "", "CPU time the agent has used."),
    gauge(kNoSource, "self.tick_lateness", "us", "", "How late this tick was."),
    counter(kNoSource, "self.missed_ticks", "count", "", "Ticks left out as the agent was late."),
    counter(kNoSource, "self.bytes_sent", "B", "", "Payloads sent to the broker."),
    gauge(kNoSource, "self.connected", "1", "", "1 while there is a link to the broker, else 0."),
    counter(kNoSource, "self.source_errors", "count", "",
            "Files that could not be read or understood."),
    gauge(kNoSource, "self.sources_failing", "count", "",
          "Sources that could not be read or understood when last tried."),
    gauge(kNoSource, "self.series", "count", "", "Series in the table."),
    counter(kNoSource, "self.series_refused", "count", "", "Series the table had no room for."),
    gauge(kNoSource, "self.devices_ignored", "count", "",
          "CPUs, interfaces, disks, file systems and sensors beyond what is kept of their kind."),
};

}  // namespace bw::metrics
