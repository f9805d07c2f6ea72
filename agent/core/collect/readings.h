// What the shell reads from the box for one tick, as texts and numbers not yet understood.
//
// This is the whole contract between the readers (agent/shell) and the sources
// (agent/core/collect): kSources says what to read and how often; Readings is what came of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include "base/time.h"

namespace bw::agent {

enum class SourceId : std::uint8_t {
  stat,
  meminfo,
  vmstat,
  loadavg,
  pressure_cpu,
  pressure_memory,
  pressure_io,
  diskstats,
  mounts,
  net_dev,
  net_snmp,
  net_netstat,
  net_sockstat,
  softnet,
  net_carrier,
  uptime,
  file_nr,
  entropy,
  thermal_type,
  thermal_temp,
  hwmon_name,
  hwmon_label,
  hwmon_temp,
  self_status,
};

// A path may hold '*' within its components: then every match is read, and its Readings carry the
// matched path.
struct SourceSpec {
  SourceId id;
  std::string_view name;  // in self.* metrics and messages
  std::string_view path;
  std::uint16_t every;  // ticks: 1, 10 or 60; the first tick reads all
};

inline constexpr SourceSpec kSources[] = {
    {SourceId::stat, "stat", "/proc/stat", 1},
    {SourceId::meminfo, "meminfo", "/proc/meminfo", 1},
    {SourceId::vmstat, "vmstat", "/proc/vmstat", 1},
    {SourceId::loadavg, "loadavg", "/proc/loadavg", 1},
    {SourceId::pressure_cpu, "pressure_cpu", "/proc/pressure/cpu", 1},
    {SourceId::pressure_memory, "pressure_memory", "/proc/pressure/memory", 1},
    {SourceId::pressure_io, "pressure_io", "/proc/pressure/io", 1},
    {SourceId::diskstats, "diskstats", "/proc/diskstats", 1},
    {SourceId::mounts, "mounts", "/proc/self/mounts", 10},
    {SourceId::net_dev, "net_dev", "/proc/net/dev", 1},
    {SourceId::net_snmp, "net_snmp", "/proc/net/snmp", 1},
    {SourceId::net_netstat, "net_netstat", "/proc/net/netstat", 1},
    {SourceId::net_sockstat, "net_sockstat", "/proc/net/sockstat", 10},
    {SourceId::softnet, "softnet", "/proc/net/softnet_stat", 1},
    {SourceId::net_carrier, "net_carrier", "/sys/class/net/*/carrier", 10},
    {SourceId::uptime, "uptime", "/proc/uptime", 1},
    {SourceId::file_nr, "file_nr", "/proc/sys/fs/file-nr", 10},
    {SourceId::entropy, "entropy", "/proc/sys/kernel/random/entropy_avail", 60},
    {SourceId::thermal_type, "thermal_type", "/sys/class/thermal/thermal_zone*/type", 60},
    {SourceId::thermal_temp, "thermal_temp", "/sys/class/thermal/thermal_zone*/temp", 1},
    {SourceId::hwmon_name, "hwmon_name", "/sys/class/hwmon/hwmon*/name", 60},
    {SourceId::hwmon_label, "hwmon_label", "/sys/class/hwmon/hwmon*/temp*_label", 60},
    {SourceId::hwmon_temp, "hwmon_temp", "/sys/class/hwmon/hwmon*/temp*_input", 10},
    {SourceId::self_status, "self_status", "/proc/self/status", 10},
};
inline constexpr std::size_t kSourceCount = std::size(kSources);

// In place of a source, for what no file tells.
inline constexpr SourceId kNoSource{255};

// What is read of one file at most; a text of this size may end within a line.
inline constexpr std::size_t kMaxSourceText = 1U << 20;

// One file as read. Files that do not exist give no reading (a kernel without PSI is no error);
// files that exist and can't be read give one with `error` set and no text.
struct TextReading {
  SourceId source;
  std::string_view path;  // below the root prefix, '*' replaced
  std::string_view text;  // cut at kMaxSourceText
  int error = 0;          // errno
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
};

// The agent's own numbers that no file tells.
struct SelfReading {
  Duration cpu_time{};             // user and system, of the process
  Duration lateness{};             // of this tick against its schedule
  std::uint64_t missed_ticks = 0;  // since start
  std::uint64_t bytes_sent = 0;    // payload bytes, since start
  bool connected = false;
};

// The texts are valid only during the call they are handed to, and come in the order of kSources. A
// source that was not due has no reading; when it is due, all its files are read.
struct Readings {
  Instant when{};
  WallTime wall{};
  std::uint64_t tick = 0;  // counts from 0, missed ones too
  std::span<const TextReading> texts;
  std::span<const FileSystemReading> file_systems;
  SelfReading self;
};

}  // namespace bw::agent
