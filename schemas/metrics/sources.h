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
  schedstat,
  buddyinfo,
  zram,
  net_operstate,
  net_carrier_changes,
  net_speed,
  conntrack_count,
  conntrack_max,
  wireless,
  self_io,
  cpu_package,
  cpu_core_throttle,
  cpu_package_throttle,
  cpu_freq,
  edac_ce,
  edac_ue,
  cgroup_pressure,
  cgroup_memory,
  cgroup_events,
  cooling_type,
  cooling_state,
  hwmon_crit,
  hwmon_fan,
  hwmon_in,
  hwmon_curr,
  hwmon_power,
  rapl_name,
  rapl_range,
  rapl_energy,
  supply_type,
  supply_online,
  supply_capacity,
  supply_voltage,
  pi_throttled,
  nvme_temp,
  nvme_smart,
  emmc_life,
  emmc_pre_eol,
  file_systems,
  clock,
  clock_step,
  cpu_counters,
  agent_tick,
  agent,
  gpu,
  processes,
  systemd,
  kernel_log,
  gpu_cards,
  gpu_card_state,
  tegra_fast,
  tegra_emc,
  tegra_rails,
  tegra_alarms,
  tegra_slow,
  tegra_processes,
  tegra_clocks,
  tegra_iram,
};

// Who reads a source. A source that may be slow, or hang, is read in a lane of its own, so that it
// delays nobody but itself.
enum class Lane : std::uint8_t {
  tick,            // the tick itself: answers at once
  call,            // the tick itself, and it is no file: `path` names the call
  sensors,         // chips behind slow buses, firmware
  clocks,          // of CPUs: some kernels measure them for 10 to 20 ms each
  drives,          // what disks tell of themselves
  mounts,          // the room of file systems on this box
  network_mounts,  // and of those elsewhere
  gpus,            // what GPUs tell in files
  services,        // programs of the box that are asked, such as systemd
  links,           // what network interfaces tell under the kernel's one lock for all of them
  processes,       // what a process tells of its memory, under that memory's lock
};
inline constexpr std::size_t kLaneCount = 11;
constexpr bool is_slow(Lane lane) {
  return lane > Lane::call;
}

// A path may hold '*' within its components: then every match is read, and its Readings carry the
// matched path. It may be several such paths, separated by blanks.
struct SourceSpec {
  SourceId id;
  std::string_view name;  // in self.* metrics and messages
  std::string_view path;
  std::uint16_t every;  // ticks: 1, 10 or 60; the first tick reads all
  Lane lane = Lane::tick;
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
    {SourceId::net_carrier, "net_carrier", "/sys/class/net/*/carrier", 10, Lane::links},
    {SourceId::uptime, "uptime", "/proc/uptime", 1},
    {SourceId::file_nr, "file_nr", "/proc/sys/fs/file-nr", 1},
    {SourceId::entropy, "entropy", "/proc/sys/kernel/random/entropy_avail", 60},
    {SourceId::thermal_type, "thermal_type", "/sys/class/thermal/thermal_zone*/type", 60},
    {SourceId::thermal_temp, "thermal_temp", "/sys/class/thermal/thermal_zone*/temp", 1,
     Lane::sensors},
    {SourceId::hwmon_name, "hwmon_name", "/sys/class/hwmon/hwmon*/name", 60},
    {SourceId::hwmon_label, "hwmon_label", "/sys/class/hwmon/hwmon*/*_label", 60},
    {SourceId::hwmon_temp, "hwmon_temp", "/sys/class/hwmon/hwmon*/temp*_input", 10, Lane::sensors},
    {SourceId::self_status, "self_status", "/proc/self/status", 10},
    {SourceId::schedstat, "schedstat", "/proc/schedstat", 10},
    {SourceId::buddyinfo, "buddyinfo", "/proc/buddyinfo", 10},
    {SourceId::zram, "zram", "/sys/block/zram*/mm_stat", 10},
    {SourceId::net_operstate, "net_operstate", "/sys/class/net/*/operstate", 10},
    {SourceId::net_carrier_changes, "net_carrier_changes", "/sys/class/net/*/carrier_changes", 10},
    {SourceId::net_speed, "net_speed", "/sys/class/net/*/speed", 60, Lane::links},
    {SourceId::conntrack_count, "conntrack_count", "/proc/sys/net/netfilter/nf_conntrack_count",
     10},
    {SourceId::conntrack_max, "conntrack_max", "/proc/sys/net/netfilter/nf_conntrack_max", 10},
    {SourceId::wireless, "wireless", "/proc/net/wireless", 10, Lane::links},
    {SourceId::self_io, "self_io", "/proc/self/io", 10},
    {SourceId::cpu_package, "cpu_package",
     "/sys/devices/system/cpu/cpu*/topology/physical_package_id", 60},
    {SourceId::cpu_core_throttle, "cpu_core_throttle",
     "/sys/devices/system/cpu/cpu*/thermal_throttle/core_throttle_count", 10},
    {SourceId::cpu_package_throttle, "cpu_package_throttle",
     "/sys/devices/system/cpu/cpu*/thermal_throttle/package_throttle_count", 10},
    {SourceId::cpu_freq, "cpu_freq", "/sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq", 10,
     Lane::clocks},
    {SourceId::edac_ce, "edac_ce", "/sys/devices/system/edac/mc/mc*/ce_count", 60},
    {SourceId::edac_ue, "edac_ue", "/sys/devices/system/edac/mc/mc*/ue_count", 60},
    {SourceId::cgroup_pressure, "cgroup_pressure",
     "/sys/fs/cgroup/*/memory.pressure /sys/fs/cgroup/*/*.service/memory.pressure "
     "/sys/fs/cgroup/*/*.slice/memory.pressure /sys/fs/cgroup/*/*.scope/memory.pressure",
     10},
    {SourceId::cgroup_memory, "cgroup_memory",
     "/sys/fs/cgroup/*/memory.current /sys/fs/cgroup/*/*.service/memory.current "
     "/sys/fs/cgroup/*/*.slice/memory.current /sys/fs/cgroup/*/*.scope/memory.current",
     10},
    {SourceId::cgroup_events, "cgroup_events",
     "/sys/fs/cgroup/*/memory.events /sys/fs/cgroup/*/*.service/memory.events "
     "/sys/fs/cgroup/*/*.slice/memory.events /sys/fs/cgroup/*/*.scope/memory.events",
     10},
    {SourceId::cooling_type, "cooling_type", "/sys/class/thermal/cooling_device*/type", 60},
    {SourceId::cooling_state, "cooling_state", "/sys/class/thermal/cooling_device*/cur_state", 10,
     Lane::sensors},
    {SourceId::hwmon_crit, "hwmon_crit", "/sys/class/hwmon/hwmon*/temp*_crit", 60, Lane::sensors},
    {SourceId::hwmon_fan, "hwmon_fan", "/sys/class/hwmon/hwmon*/fan*_input", 10, Lane::sensors},
    {SourceId::hwmon_in, "hwmon_in", "/sys/class/hwmon/hwmon*/in*_input", 10, Lane::sensors},
    {SourceId::hwmon_curr, "hwmon_curr", "/sys/class/hwmon/hwmon*/curr*_input", 10, Lane::sensors},
    {SourceId::hwmon_power, "hwmon_power",
     "/sys/class/hwmon/hwmon*/power*_input /sys/class/hwmon/hwmon*/power*_average", 10,
     Lane::sensors},
    {SourceId::rapl_name, "rapl_name", "/sys/class/powercap/intel-rapl*/name", 60},
    {SourceId::rapl_range, "rapl_range", "/sys/class/powercap/intel-rapl*/max_energy_range_uj", 60},
    {SourceId::rapl_energy, "rapl_energy", "/sys/class/powercap/intel-rapl*/energy_uj", 10,
     Lane::sensors},
    {SourceId::supply_type, "supply_type", "/sys/class/power_supply/*/type", 60},
    {SourceId::supply_online, "supply_online", "/sys/class/power_supply/*/online", 10,
     Lane::sensors},
    {SourceId::supply_capacity, "supply_capacity", "/sys/class/power_supply/*/capacity", 10,
     Lane::sensors},
    {SourceId::supply_voltage, "supply_voltage", "/sys/class/power_supply/*/voltage_now", 10,
     Lane::sensors},
    {SourceId::pi_throttled, "pi_throttled", "/sys/devices/platform/soc*/*firmware/get_throttled",
     10, Lane::sensors},
    {SourceId::nvme_temp, "nvme_temp",
     "/sys/class/nvme/nvme*/hwmon*/temp1_input "
     "/sys/class/nvme/nvme*/device/hwmon/hwmon*/temp1_input",
     10, Lane::drives},
    {SourceId::nvme_smart, "nvme_smart", "/sys/class/nvme/nvme*", 60, Lane::drives},
    {SourceId::emmc_life, "emmc_life", "/sys/block/mmcblk*/device/life_time", 60},
    {SourceId::emmc_pre_eol, "emmc_pre_eol", "/sys/block/mmcblk*/device/pre_eol_info", 60},
    {SourceId::file_systems, "file_systems", "statvfs(2)", 10, Lane::call},
    {SourceId::clock, "clock", "adjtimex(2)", 10, Lane::call},
    {SourceId::clock_step, "clock_step", "clock_gettime(2)", 1, Lane::call},
    {SourceId::cpu_counters, "cpu_counters", "perf_event_open(2)", 10, Lane::call},
    {SourceId::agent_tick, "agent_tick", "the agent's own tick", 1, Lane::call},
    {SourceId::agent, "agent", "the agent's own books", 10, Lane::call},
    {SourceId::gpu, "gpu", "NVML, or the files of amdgpu, i915 and xe", 1, Lane::call},
    {SourceId::processes, "processes", "stat, statm, io, fd and smaps_rollup of /proc/[pid]", 1,
     Lane::call},
    {SourceId::systemd, "systemd", "D-Bus", 10, Lane::call},
    {SourceId::kernel_log, "kernel_log", "the kernel log (/dev/kmsg), and what else makes an event",
     1, Lane::call},
    {SourceId::gpu_cards, "gpu_cards",
     "/sys/class/drm/card*/device/gpu_busy_percent /sys/class/drm/card*/device/mem_busy_percent "
     "/sys/class/drm/card*/device/mem_info_vram_used "
     "/sys/class/drm/card*/device/hwmon/hwmon*/temp*_input "
     "/sys/class/drm/card*/device/hwmon/hwmon*/power1_average "
     "/sys/class/drm/card*/device/hwmon/hwmon*/power1_input "
     "/sys/class/drm/card*/device/hwmon/hwmon*/freq*_input "
     "/sys/class/drm/card*/device/pp_dpm_sclk /sys/class/drm/card*/device/pp_dpm_mclk "
     "/sys/class/drm/card*/gt/gt*/rps_act_freq_mhz /sys/class/drm/card*/gt_act_freq_mhz "
     "/sys/class/drm/card*/device/tile*/gt*/freq0/act_freq",
     1, Lane::gpus},
    {SourceId::gpu_card_state, "gpu_card_state",
     "/sys/class/drm/card*/device/mem_info_vram_total "
     "/sys/class/drm/card*/device/pcie_replay_count "
     "/sys/class/drm/card*/device/ras/umc_err_count "
     "/sys/class/drm/card*/device/hwmon/hwmon*/power1_cap "
     "/sys/class/drm/card*/device/hwmon/hwmon*/power1_max "
     "/sys/class/drm/card*/device/hwmon/hwmon*/energy1_input "
     "/sys/class/drm/card*/gt/gt*/rc6_residency_ms /sys/class/drm/card*/power/rc6_residency_ms "
     "/sys/class/drm/card*/gt/gt*/rps_max_freq_mhz /sys/class/drm/card*/gt_max_freq_mhz "
     "/sys/class/drm/card*/gt/gt*/throttle_reason_status "
     "/sys/class/drm/card*/device/tile*/gt*/gtidle/idle_residency_ms "
     "/sys/class/drm/card*/device/tile*/gt*/freq0/max_freq "
     "/sys/class/drm/card*/device/tile*/gt*/freq0/throttle/status",
     10, Lane::gpus},
    {SourceId::tegra_fast, "tegra_fast",
     "/sys/class/devfreq/*/device/load /sys/class/devfreq/*/cur_freq /sys/class/devfreq/*/max_freq",
     1, Lane::gpus},
    {SourceId::tegra_emc, "tegra_emc",
     "/sys/kernel/debug/bpmp/debug/clk/emc/rate /sys/kernel/debug/clk/emc/clk_rate "
     "/sys/kernel/actmon_avg_activity/mc_all /sys/kernel/debug/cactmon/mc_all "
     "/sys/kernel/debug/bpmp/debug/actmon/mc_all_avg_activity /sys/class/devfreq/bwmgr/cur_freq",
     1, Lane::gpus},
    {SourceId::tegra_rails, "tegra_rails",
     "/sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*/in*_input "
     "/sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*/curr*_input",
     1, Lane::gpus},
    {SourceId::tegra_alarms, "tegra_alarms",
     "/sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*/curr*_alarm", 10, Lane::gpus},
    {SourceId::tegra_slow, "tegra_slow",
     "/sys/devices/platform/pwm-fan*/hwmon/hwmon*/pwm1 "
     "/sys/devices/platform/*.tachometer/hwmon/hwmon*/rpm "
     "/sys/devices/platform/*/*.tachometer/hwmon/hwmon*/rpm "
     "/sys/devices/pwm-fan/target_pwm /sys/devices/pwm-fan/rpm_measured "
     "/sys/kernel/debug/clk/nvenc/clk_rate /sys/kernel/debug/clk/nvdec/clk_rate "
     "/sys/kernel/debug/clk/nvjpg/clk_rate /sys/kernel/debug/clk/nvjpg1/clk_rate "
     "/sys/kernel/debug/clk/msenc/clk_rate /sys/kernel/debug/clk/vic/clk_rate "
     "/sys/kernel/debug/clk/ofa/clk_rate /sys/kernel/debug/clk/dla0_core/clk_rate "
     "/sys/kernel/debug/clk/dla1_core/clk_rate /sys/kernel/debug/clk/pva0_vps/clk_rate "
     "/sys/class/hwmon/hwmon*/oc*_event_cnt /var/lib/nvpmodel/status",
     10, Lane::gpus},
    {SourceId::tegra_processes, "tegra_processes", "/sys/kernel/debug/nvmap/iovmm/clients", 10,
     Lane::gpus},
    {SourceId::tegra_clocks, "tegra_clocks",
     "/sys/class/devfreq/*/min_freq /sys/class/devfreq/*/max_freq "
     "/sys/devices/system/cpu/cpufreq/policy0/scaling_min_freq "
     "/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq",
     60, Lane::gpus},
    {SourceId::tegra_iram, "tegra_iram",
     "/sys/kernel/debug/nvmap/iram/size /sys/kernel/debug/nvmap/iram/clients", 10, Lane::gpus},
};
inline constexpr std::size_t kSourceCount = std::size(kSources);

// In place of a source, for what none of these tells.
inline constexpr SourceId kNoSource{255};

constexpr const SourceSpec& source_spec(SourceId id) {
  return kSources[static_cast<std::size_t>(id)];
}

}  // namespace bw::metrics
