// What the shell reads from the box for one tick, as texts and numbers not yet understood.
//
// This is the whole contract between the readers (agent/shell) and the sources
// (agent/core/collect): kSources (schemas/metrics) says what to read and how often; Readings is
// what came of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/core/collect/kernel_log/kernel_log_reading.h"
#include "agent/core/collect/processes/unit_metrics.h"
#include "base/time.h"
#include "schemas/metrics/sources.h"

namespace bw::agent {

class ProcessTable;

using metrics::kNoSource;
using metrics::kSourceCount;
using metrics::kSources;
using metrics::SourceId;
using metrics::SourceSpec;

struct GpuReadings;  // agent/core/collect/gpu/gpu_readings.h

// What is read of one file at most; a text of this size may end within a line.
inline constexpr std::size_t kMaxSourceText = 1U << 20;

// One file as read. Files that do not exist give no reading (a kernel without PSI is no error);
// files that exist and can't be read give one with `error` set and no text.
struct TextReading {
  SourceId source;
  std::string_view path;  // below the root prefix, '*' replaced
  std::string_view text;  // cut at kMaxSourceText
  int error = 0;          // errno
  Duration took{};        // reading it
  // Not zero: it has not answered for this long (ETIMEDOUT), or is not asked as others of its lane
  // hang (EBUSY).
  Duration waited{};
};

// A mount point that the collector wants to know the room of.
struct MountPoint {
  std::string path;
  bool network = false;  // it lies elsewhere: asking may take for ever
  bool operator==(const MountPoint&) const = default;
};

// statvfs of one mount point the collector asked for (Collector::mount_points()).
struct FileSystemReading {
  std::string_view mount_point;
  std::uint64_t block_size = 0;  // f_frsize, bytes
  std::uint64_t blocks = 0;
  std::uint64_t blocks_free = 0;
  std::uint64_t blocks_available = 0;
  std::uint64_t inodes = 0;
  std::uint64_t inodes_free = 0;
  bool read_only = false;
  int error = 0;
  Duration took{};
  Duration waited{};  // as in TextReading
};

// What adjtimex tells of the wall clock.
struct ClockReading {
  std::int64_t offset_ns = 0;
  std::int64_t max_error_us = 0;
  bool synchronised = false;
};

// Of all cores together, since the agent started.
struct CpuCounters {
  double instructions = 0;
  double cycles = 0;
};

// The agent's own numbers that no file tells.
struct SelfReading {
  Duration cpu_time{};             // user and system, of the process
  Duration lateness{};             // of this tick against its schedule
  std::uint64_t missed_ticks = 0;  // since start
  std::uint64_t bytes_sent = 0;    // payload bytes, since start
  bool connected = false;
  Duration publish_latency{};  // of the newest message, until the broker confirmed it
  std::uint64_t in_flight = 0;
  std::uint64_t reconnects = 0;  // since start
};

// The texts are valid only during the call they are handed to. A source that was not due has no
// reading; when it is due, all its files are read. Those of the tick's own lane come first, in the
// order of kSources; those of slow lanes when all files of the source have answered, or are late.
struct Readings {
  Instant when{};
  WallTime wall{};
  Duration suspended{};    // the machine slept so long, all in all: `when` does not count it
  std::uint64_t tick = 0;  // counts from 0, missed ones too
  std::uint64_t page_size = 4096;
  std::span<const TextReading> texts;
  std::span<const FileSystemReading> file_systems;
  std::optional<ClockReading> clock;        // where it was asked and told
  std::optional<CpuCounters> cpu_counters;  // the same
  KernelLogReading kernel_log;
  SystemdReading systemd;
  ProcessTable* processes = nullptr;  // brought up to date for this tick; null: there is no /proc
  const GpuReadings* gpus = nullptr;  // where there is something new of them
  SelfReading self;
};

}  // namespace bw::agent
