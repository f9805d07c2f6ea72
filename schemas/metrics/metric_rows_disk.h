// Metrics of block devices and file systems: rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

consteval MetricInfo disk_counter(std::string_view name, std::string_view unit,
                                  std::string_view key, std::string_view text) {
  MetricInfo info = labelled("device", counter(SourceId::diskstats, name, unit, key, text));
  // Sectors of the text are 512 bytes, whatever the device's own are.
  if (unit == "B") info.scale = 512;
  return info;
}
consteval MetricInfo disk_gauge(std::string_view name, std::string_view unit, std::string_view key,
                                std::string_view text) {
  return labelled("device", gauge(SourceId::diskstats, name, unit, key, text));
}
consteval MetricInfo fs_gauge(std::string_view name, std::string_view unit, std::string_view text) {
  return labelled("mount", gauge(SourceId::file_systems, name, unit, "", text));
}

// The first 17 are the columns of the text, in its order.
inline constexpr MetricInfo kDiskMetrics[] = {
    disk_counter("disk.read_ops", "count", "4", "Reads done."),
    disk_counter("disk.read_merged", "count", "5", "Reads joined to others before they were done."),
    disk_counter("disk.read_bytes", "B", "6", "Data read."),
    disk_counter("disk.read_time", "ms", "7", "Time that all reads together took."),
    disk_counter("disk.write_ops", "count", "8", "Writes done."),
    disk_counter("disk.write_merged", "count", "9",
                 "Writes joined to others before they were done."),
    disk_counter("disk.write_bytes", "B", "10", "Data written."),
    disk_counter("disk.write_time", "ms", "11", "Time that all writes together took."),
    disk_gauge("disk.in_flight", "count", "12", "Requests being done now."),
    disk_counter("disk.busy_time", "ms", "13", "Time with at least one request being done."),
    disk_counter("disk.weighted_time", "ms", "14", "Time that all requests together took."),
    disk_counter("disk.discard_ops", "count", "15", "Discards done."),
    disk_counter("disk.discard_merged", "count", "16",
                 "Discards joined to others before they were done."),
    disk_counter("disk.discard_bytes", "B", "17", "Data discarded."),
    disk_counter("disk.discard_time", "ms", "18", "Time that all discards together took."),
    disk_counter("disk.flush_ops", "count", "19", "Flushes done."),
    disk_counter("disk.flush_time", "ms", "20", "Time that all flushes together took."),
    disk_gauge("disk.util", "%", "", "Share of the time with at least one request being done."),
    disk_gauge("disk.queue", "count", "", "Requests being done, on average since the last tick."),
    disk_gauge("disk.await", "ms", "",
               "Time a read or write took, on average since the last tick; none where none ended."),
};

inline constexpr MetricInfo kFileSystemMetrics[] = {
    fs_gauge("fs.size", "B", "Size of the file system."),
    fs_gauge("fs.used", "B", "Space in use."),
    fs_gauge("fs.avail", "B", "Space that programs without privileges may still use."),
    fs_gauge("fs.util", "%", "Share of the usable space in use, as df counts it."),
    fs_gauge("fs.inodes", "count", "Inodes there are; 0 where they are made as needed."),
    fs_gauge("fs.inodes_used", "count", "Inodes in use."),
    fs_gauge("fs.readonly", "1", "1 where the file system takes no writes, else 0."),
    fs_gauge("fs.device_error", "1",
             "1 where the file system does not answer, or only with an error, else 0."),
};

}  // namespace bw::metrics
