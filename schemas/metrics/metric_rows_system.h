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

inline constexpr MetricInfo kClockMetrics[] = {
    gauge(SourceId::clock, "clock.offset", "ns", "",
          "What the clock is still to be moved by, as its synchroniser measured it."),
    gauge(SourceId::clock, "clock.maxerror", "ns", "", "How wrong the clock may be at most."),
    gauge(SourceId::clock, "clock.synced", "1", "",
          "1 where a synchroniser keeps the clock right, else 0."),
    gauge(SourceId::clock_step, "clock.step", "ms", "",
          "By how much the clock was set since the last tick; 0 where it only went on."),
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

// What it wrote itself: on flash, its own wear.
inline constexpr MetricInfo kSelfDiskMetrics[] = {
    counter(SourceId::self_io, "self.disk_written", "B", "write_bytes",
            "Data the agent had written to disks."),
};

// What the agent knows of itself, at every tick.
inline constexpr MetricInfo kSelfTickMetrics[] = {
    gauge(SourceId::agent_tick, "self.tick_lateness", "us", "", "How late this tick was."),
    counter(SourceId::agent_tick, "self.missed_ticks", "count", "",
            "Ticks left out as the agent was late."),
};

consteval MetricInfo own(std::string_view name, std::string_view unit, std::string_view text) {
  return gauge(SourceId::agent, name, unit, "", text);
}
consteval MetricInfo own_counter(std::string_view name, std::string_view unit,
                                 std::string_view text) {
  return counter(SourceId::agent, name, unit, "", text);
}

// And at every tenth.
inline constexpr MetricInfo kSelfMetrics[] = {
    own_counter("self.cpu_time", "us", "CPU time the agent has used."),
    own_counter("self.bytes_sent", "B", "Payloads sent to the broker."),
    own_counter("self.samples_sent", "count", "Values sent to the broker live."),
    own("self.mqtt_connected", "1", "1 while there is a link to the broker, else 0."),
    own("self.mqtt_publish_latency", "ms",
        "From sending a message to the broker's word that it has it, of the newest."),
    own("self.mqtt_in_flight", "count", "Messages sent that the broker has not confirmed."),
    own_counter("self.mqtt_reconnects", "count", "Times the link to the broker was made anew."),
    own("self.spool_depth", "count", "Records that wait for the coordinator's confirmation."),
    own("self.spool_bytes", "B", "What they take."),
    own("self.spool_oldest_age", "s", "How long the oldest of them has been waiting."),
    own_counter("self.spool_dropped", "count", "Records given up for want of room, or for age."),
    own_counter("self.source_errors", "count", "Files that could not be read or understood."),
    own("self.sources_failing", "count",
        "Sources that could not be read or understood when last tried."),
    own("self.series", "count", "Series in the table."),
    own_counter("self.series_refused", "count", "Series the table had no room for."),
    own("self.devices_ignored", "count",
        "CPUs, interfaces, disks, file systems and sensors beyond what is kept of their kind."),
};

// Of each source that this box has.
inline constexpr MetricInfo kSelfSourceMetrics[] = {
    labelled("source", own_counter("self.collector_time", "us", "Time spent reading a source.")),
    labelled("source", own_counter("self.collector_errors", "count",
                                   "Files of a source that could not be read or understood.")),
    labelled("source", own_counter("self.collector_timeouts", "count",
                                   "Times a file or file system did not answer in time.")),
};

}  // namespace bw::metrics
