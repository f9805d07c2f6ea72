// Where agents' metrics come from: each kind of file, or other source, and how often it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace bw::metrics {

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

}  // namespace bw::metrics
