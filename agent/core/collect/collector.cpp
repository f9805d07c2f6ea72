#include "agent/core/collect/collector.h"

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <system_error>
#include <utility>

#include "agent/core/collect/cgroups.h"
#include "agent/core/collect/clock.h"
#include "agent/core/collect/cpu.h"
#include "agent/core/collect/cpu_clocks.h"
#include "agent/core/collect/disks.h"
#include "agent/core/collect/drives.h"
#include "agent/core/collect/filesystems.h"
#include "agent/core/collect/gpu/gpu_files.h"
#include "agent/core/collect/gpu/gpu_series.h"
#include "agent/core/collect/gpu/tegra.h"
#include "agent/core/collect/gpu/tegra_board.h"
#include "agent/core/collect/gpu_events.h"
#include "agent/core/collect/kernel_log/kernel_log.h"
#include "agent/core/collect/key_lines.h"
#include "agent/core/collect/load.h"
#include "agent/core/collect/memory.h"
#include "agent/core/collect/network.h"
#include "agent/core/collect/node_events.h"
#include "agent/core/collect/power.h"
#include "agent/core/collect/pressure.h"
#include "agent/core/collect/processes/process_metrics.h"
#include "agent/core/collect/protocols.h"
#include "agent/core/collect/self.h"
#include "agent/core/collect/system.h"
#include "agent/core/collect/thermal.h"
#include "base/assert.h"
#include "schemas/metrics/metric_table.h"
#include "schemas/wire/limits.h"

namespace bw::agent {
namespace {

// A source read every tick that has no reading is gone at once. One read every so many ticks may be
// read late, after ticks that were missed: it is gone when it was due twice.
constexpr std::uint64_t kDueTimes = 2;
constexpr std::uint64_t kLeastPatience = 5;  // ticks, with sources of slow lanes

constexpr std::size_t count_metrics() {
  std::size_t count = 0;
  for (const auto& group : metrics::kMetricGroups) count += group.size();
  return count;
}

// Room for all of these: every source at its bound, and each metric once beside.
static_assert(
    (CpuSource::kMaxCpus + 1) * (CpuSource::kColumns + 1) + CpuSource::kSoftInterrupts +
        SoftnetSource::kMaxCpus * SoftnetSource::kValues +
        3 * CpuFileSource::kMaxCpus +  // clock, throttling, waiting
        NetworkSource::kMaxInterfaces *
            (NetworkSource::kValues + NetworkSource::kLinkFiles + NetworkSource::kWireless) +
        DiskSource::kMaxDisks * std::size(metrics::kDiskMetrics) +
        FileSystemSource::kMaxFileSystems * FileSystemSource::kValues +
        ThermalZoneSource::kMaxZones + CoolingSource::kMaxDevices + 2 * MonitorSource::kMaxSensors +
        4 * MonitorSource::kMaxOtherSensors +
        CgroupSource::kMaxGroups *
            (std::size(metrics::kCgroupPressureMetrics) + std::size(metrics::kCgroupMemoryMetrics) +
             std::size(metrics::kCgroupEventMetrics)) +
        NvmeSmartSource::kMaxDrives * (std::size(metrics::kNvmeMetrics) + 1) +
        3 * EmmcSource::kMaxDrives + ZramSource::kMaxDevices * std::size(metrics::kZramMetrics) +
        EnergySource::kMaxZones + 3 * SupplySource::kMaxSupplies + 2 * EdacSource::kMaxControllers +
        kMaxGpus * GpuSeries::kMaxOfOne + 2 * GpuFileSource::kMaxFiles +
        2 * GpuFileSource::kMaxTegraFiles + 4 * TegraRailSource::kMaxRails +
        TegraProcessSource::kMaxPrograms + 2 * (KernelLog::kMaxCodes + 1) +
        ProcessMetrics::kSlots * ProcessMetrics::kSlotValues +
        ProcessTable::kMaxWatched * ProcessMetrics::kWatchValues + 2 * UnitMetrics::kMaxUnits +
        SelfMetrics::kSourceValues * kSourceCount + count_metrics() <=
    wire::kMaxSeries);

constexpr bool in_order() {
  for (std::size_t i = 0; i < kSourceCount; ++i) {
    if (static_cast<std::size_t>(kSources[i].id) != i) return false;
  }
  return true;
}
static_assert(in_order(), "kSources is indexed by SourceId");

// A text that the reader cut may end within a number: its last line goes.
std::string_view whole_lines(std::string_view text) {
  if (text.size() < kMaxSourceText || text.ends_with('\n')) return text;
  return text.substr(0, text.rfind('\n') + 1);
}

}  // namespace

struct Collector::State {
  // Of each source: how it fared.
  struct Record {
    bool read = false;  // in this tick
    bool seen = false;  // has been read, and not lost since
    bool failed = false;
    std::uint64_t last_tick = 0;
    std::string what;
    SourceHealth health;
  };

  Sample sample;
  SelfMetrics self{sample};
  std::optional<AnomalyMetrics> anomalies;
  ClockValues clock{sample};
  KernelLog kernel_log{sample};
  ProcessMetrics processes{sample};
  UnitMetrics units{sample};
  std::string systemd_trouble;
  std::vector<ToldEvent> events;
  std::vector<ToldEvent> noted;  // for the next read()
  NodeEvents node_events{sample};
  std::string kernel_log_trouble;
  CpuSource cpu{sample};
  MemorySource memory{sample};
  KeyLinesSource vmstat{SourceId::vmstat, sample};
  LoadSource load{sample};
  PressureSource pressure_cpu{SourceId::pressure_cpu, sample};
  PressureSource pressure_memory{SourceId::pressure_memory, sample};
  PressureSource pressure_io{SourceId::pressure_io, sample};
  DiskSource disks{sample};
  FileSystemSource file_systems{sample};
  NetworkSource network{sample};
  ProtocolSource snmp{SourceId::net_snmp, sample};
  ProtocolSource netstat{SourceId::net_netstat, sample};
  SocketSource sockets{sample};
  SoftnetSource softnet{sample};
  LinkSource carrier{SourceId::net_carrier, sample, network};
  LinkSource operstate{SourceId::net_operstate, sample, network};
  LinkSource carrier_changes{SourceId::net_carrier_changes, sample, network};
  LinkSource speed{SourceId::net_speed, sample, network};
  WirelessSource wireless{sample, network};
  SystemSource conntrack_count{SourceId::conntrack_count, sample};
  SystemSource conntrack_max{SourceId::conntrack_max, sample};
  SystemSource uptime{SourceId::uptime, sample};
  SystemSource file_nr{SourceId::file_nr, sample};
  SystemSource entropy{SourceId::entropy, sample};
  SchedulerSource schedstat{sample};
  FragmentationSource buddyinfo{sample};
  CgroupSource cgroup_pressure{SourceId::cgroup_pressure, sample};
  CgroupSource cgroup_memory{SourceId::cgroup_memory, sample};
  CgroupSource cgroup_events{SourceId::cgroup_events, sample};
  CpuCounterValues cpu_counters{sample};
  CpuFileSource cpu_freq{SourceId::cpu_freq, sample};
  CpuFileSource core_throttle{SourceId::cpu_core_throttle, sample};
  NameSource packages{sample};
  PackageThrottleSource package_throttle{sample, packages};
  EdacSource edac_ce{SourceId::edac_ce, sample};
  EdacSource edac_ue{SourceId::edac_ue, sample};
  ZramSource zram{sample};
  NvmeSmartSource nvme_smart{sample};
  NvmeTempSource nvme_temp{sample};
  EmmcSource emmc_life{SourceId::emmc_life, sample};
  EmmcSource emmc_pre_eol{SourceId::emmc_pre_eol, sample};
  NameSource thermal_types{sample};
  ThermalZoneSource thermal{sample, thermal_types};
  NameSource cooling_types{sample};
  CoolingSource cooling{sample, cooling_types};
  NameSource monitor_names{sample};
  NameSource monitor_labels{sample};
  ChipNames chips{monitor_names, monitor_labels};
  MonitorSource hwmon_temp{SourceId::hwmon_temp, sample, chips};
  MonitorSource hwmon_crit{SourceId::hwmon_crit, sample, chips};
  MonitorSource hwmon_fan{SourceId::hwmon_fan, sample, chips};
  MonitorSource hwmon_in{SourceId::hwmon_in, sample, chips};
  MonitorSource hwmon_curr{SourceId::hwmon_curr, sample, chips};
  MonitorSource hwmon_power{SourceId::hwmon_power, sample, chips};
  NameSource rapl_names{sample};
  NameSource rapl_ranges{sample};
  EnergySource rapl{sample, rapl_names, rapl_ranges};
  NameSource supply_types{sample};
  SupplySource supply_online{SourceId::supply_online, sample, supply_types};
  SupplySource supply_capacity{SourceId::supply_capacity, sample, supply_types};
  SupplySource supply_voltage{SourceId::supply_voltage, sample, supply_types};
  PiSource pi{sample};
  KeyLinesSource self_status{SourceId::self_status, sample};
  KeyLinesSource self_io{SourceId::self_io, sample};
  GpuSeries gpus{sample};
  GpuFileSource gpu_cards{sample, card_files(), monitor_names};
  GpuFileSource gpu_card_state{sample, card_state_files(), monitor_names};
  GpuFileSource tegra_fast{sample, tegra_files(), monitor_names, GpuFileSource::kMaxTegraFiles};
  GpuFileSource tegra_slow{sample, tegra_state_files(), monitor_names,
                           GpuFileSource::kMaxTegraFiles};
  TegraMemorySource tegra_emc{sample};
  TegraRailSource tegra_rails{sample, monitor_labels};
  TegraRailSource tegra_alarms{sample, monitor_labels};
  TegraProcessSource tegra_processes{sample};
  TegraClockSource tegra_clocks{sample};
  TegraIramSource tegra_iram{sample};

  // By SourceId. Null: no file tells it.
  std::array<Source*, kSourceCount> sources{};
  std::array<Record, kSourceCount> records;
  CollectorHealth health;
  std::vector<Trouble> troubles;

  State();
  void add(std::initializer_list<std::pair<SourceId, Source*>> all);
  void add_hardware();
  void take(const TextReading& text, const Readings& readings);
  void take(const FileSystemReading& reading, std::uint64_t tick);
  void fail(Record& record, std::string_view path, int error, Duration waited);
  void settle(std::uint64_t tick);
  void list_troubles();
  void tell_health(const Readings& readings, const RecordHealth& record);
};

Collector::State::State() {
  add({
      {SourceId::stat, &cpu},
      {SourceId::meminfo, &memory},
      {SourceId::vmstat, &vmstat},
      {SourceId::loadavg, &load},
      {SourceId::pressure_cpu, &pressure_cpu},
      {SourceId::pressure_memory, &pressure_memory},
      {SourceId::pressure_io, &pressure_io},
      {SourceId::diskstats, &disks},
      {SourceId::mounts, &file_systems},
      {SourceId::net_dev, &network},
      {SourceId::net_snmp, &snmp},
      {SourceId::net_netstat, &netstat},
      {SourceId::net_sockstat, &sockets},
      {SourceId::softnet, &softnet},
      {SourceId::net_carrier, &carrier},
      {SourceId::uptime, &uptime},
      {SourceId::file_nr, &file_nr},
      {SourceId::entropy, &entropy},
      {SourceId::thermal_type, &thermal_types},
      {SourceId::thermal_temp, &thermal},
      {SourceId::hwmon_name, &monitor_names},
      {SourceId::hwmon_label, &monitor_labels},
      {SourceId::hwmon_temp, &hwmon_temp},
      {SourceId::self_status, &self_status},
      {SourceId::schedstat, &schedstat},
      {SourceId::buddyinfo, &buddyinfo},
      {SourceId::zram, &zram},
      {SourceId::net_operstate, &operstate},
      {SourceId::net_carrier_changes, &carrier_changes},
      {SourceId::net_speed, &speed},
      {SourceId::conntrack_count, &conntrack_count},
      {SourceId::conntrack_max, &conntrack_max},
      {SourceId::wireless, &wireless},
      {SourceId::self_io, &self_io},
  });
  add_hardware();
  for (std::size_t i = 0; i < kSourceCount; ++i) {
    BW_ASSERT((sources[i] == nullptr) == (kSources[i].lane == metrics::Lane::call));
  }
}

void Collector::State::add_hardware() {
  add({
      {SourceId::cpu_package, &packages},
      {SourceId::cpu_core_throttle, &core_throttle},
      {SourceId::cpu_package_throttle, &package_throttle},
      {SourceId::cpu_freq, &cpu_freq},
      {SourceId::edac_ce, &edac_ce},
      {SourceId::edac_ue, &edac_ue},
      {SourceId::cgroup_pressure, &cgroup_pressure},
      {SourceId::cgroup_memory, &cgroup_memory},
      {SourceId::cgroup_events, &cgroup_events},
      {SourceId::cooling_type, &cooling_types},
      {SourceId::cooling_state, &cooling},
      {SourceId::hwmon_crit, &hwmon_crit},
      {SourceId::hwmon_fan, &hwmon_fan},
      {SourceId::hwmon_in, &hwmon_in},
      {SourceId::hwmon_curr, &hwmon_curr},
      {SourceId::hwmon_power, &hwmon_power},
      {SourceId::rapl_name, &rapl_names},
      {SourceId::rapl_range, &rapl_ranges},
      {SourceId::rapl_energy, &rapl},
      {SourceId::supply_type, &supply_types},
      {SourceId::supply_online, &supply_online},
      {SourceId::supply_capacity, &supply_capacity},
      {SourceId::supply_voltage, &supply_voltage},
      {SourceId::pi_throttled, &pi},
      {SourceId::nvme_temp, &nvme_temp},
      {SourceId::nvme_smart, &nvme_smart},
      {SourceId::emmc_life, &emmc_life},
      {SourceId::emmc_pre_eol, &emmc_pre_eol},
      {SourceId::gpu_cards, &gpu_cards},
      {SourceId::gpu_card_state, &gpu_card_state},
      {SourceId::tegra_fast, &tegra_fast},
      {SourceId::tegra_emc, &tegra_emc},
      {SourceId::tegra_rails, &tegra_rails},
      {SourceId::tegra_alarms, &tegra_alarms},
      {SourceId::tegra_slow, &tegra_slow},
      {SourceId::tegra_processes, &tegra_processes},
      {SourceId::tegra_clocks, &tegra_clocks},
      {SourceId::tegra_iram, &tegra_iram},
  });
}

void Collector::State::add(std::initializer_list<std::pair<SourceId, Source*>> all) {
  for (const auto& [id, source] : all) sources[static_cast<std::size_t>(id)] = source;
}

void Collector::State::fail(Record& record, std::string_view path, int error, Duration waited) {
  ++health.source_errors;
  ++record.health.errors;
  if (waited > Duration{0}) ++record.health.timeouts;
  if (record.failed) return;  // the first file tells for all of them
  record.failed = true;
  record.what.assign(path);
  if (waited > Duration{0} && error == ETIMEDOUT) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(waited).count();
    record.what += " has not answered for " + std::to_string(seconds) + " s";
  } else if (waited > Duration{0}) {
    record.what += " is not asked while others of its kind hang";
  } else {
    record.what += ": ";
    record.what += error == 0 ? "not understood" : std::generic_category().message(error);
  }
}

void Collector::State::take(const TextReading& text, const Readings& readings) {
  const auto index = static_cast<std::size_t>(text.source);
  BW_ASSERT(index < kSourceCount && sources[index] != nullptr);
  Record& record = records[index];
  if (!record.read) record.failed = false;
  record.read = true;
  record.seen = true;
  record.last_tick = readings.tick;
  record.health.took += text.took;
  Source& source = *sources[index];
  if (text.error != 0) {
    if (!source.refused(text)) fail(record, text.path, text.error, text.waited);
    return;
  }
  TextReading whole = text;
  whole.text = whole_lines(text.text);
  if (!source.read(whole, readings.when)) fail(record, text.path, 0, {});
}

void Collector::State::take(const FileSystemReading& reading, std::uint64_t tick) {
  Record& record = records[static_cast<std::size_t>(SourceId::file_systems)];
  // They answer one by one: what is told of one stands until all had their turn again.
  if (!record.read && tick != record.last_tick) record.failed = false;
  record.read = true;
  record.seen = true;
  record.last_tick = tick;
  record.health.took += reading.took;
  if (!file_systems.read(reading)) {
    fail(record, reading.mount_point, reading.error, reading.waited);
  }
}

// What was handed over is complete; sources that were due and came with nothing are gone.
void Collector::State::settle(std::uint64_t tick) {
  health.devices_ignored = 0;
  for (std::size_t i = 0; i < kSourceCount; ++i) {
    Record& record = records[i];
    if (sources[i] == nullptr) {
      record.read = false;
      continue;
    }
    if (record.read) sources[i]->finish();
    record.read = false;
    const std::uint64_t every = kSources[i].every;
    // Slow lanes deliver when they have it.
    const bool prompt = every == 1 && !metrics::is_slow(kSources[i].lane);
    const std::uint64_t most = prompt ? 0 : std::max(kLeastPatience, kDueTimes * every);
    if (record.seen && tick > record.last_tick && tick - record.last_tick > most) {
      record.seen = false;
      record.failed = false;
      sources[i]->lose();
    }
    health.devices_ignored += sources[i]->ignored();
  }
}

void Collector::State::list_troubles() {
  troubles.clear();
  for (std::size_t i = 0; i < kSourceCount; ++i) {
    if (records[i].failed) troubles.push_back({kSources[i].name, records[i].what});
  }
  if (!systemd_trouble.empty()) troubles.push_back({"systemd", systemd_trouble});
  if (!kernel_log_trouble.empty()) troubles.push_back({"kernel_log", kernel_log_trouble});
}

void Collector::State::tell_health(const Readings& readings, const RecordHealth& record) {
  self.set(readings.self);
  if (!self.is_due(readings.tick)) return;
  health.sources_failing = troubles.size();
  // Told of from the first tick on, though they answer later: the table is whole at once.
  if (!file_systems.mount_points().empty()) {
    records[static_cast<std::size_t>(SourceId::file_systems)].seen = true;
  }
  for (std::size_t i = 0; i < kSourceCount; ++i) {
    if (records[i].seen) self.set(i, records[i].health);
  }
  self.set(readings.self, health, record);
}

Collector::Collector() : state_(std::make_unique<State>()) {
  state_->troubles.reserve(kSourceCount + 2);
}
Collector::~Collector() = default;

void Collector::read(const Readings& readings, const RecordHealth& record) {
  State& state = *state_;
  state.clock.set(readings);
  state.buddyinfo.set_page_size(readings.page_size);
  for (const TextReading& text : readings.texts) state.take(text, readings);
  for (const FileSystemReading& reading : readings.file_systems) state.take(reading, readings.tick);
  if (readings.cpu_counters) state.cpu_counters.set(*readings.cpu_counters);
  state.events.clear();
  state.kernel_log.read(readings.kernel_log, readings.when, readings.wall, state.events);
  state.kernel_log_trouble = readings.kernel_log.error == 0
                                 ? std::string{}
                                 : std::generic_category().message(readings.kernel_log.error);
  const std::size_t others = state.events.size();
  for (ToldEvent& event : state.noted) state.events.push_back(std::move(event));
  state.noted.clear();
  state.units.read(readings.systemd, readings.wall, state.events);
  state.systemd_trouble = readings.systemd.error;
  if (readings.processes != nullptr) {
    state.processes.read(*readings.processes, readings.tick, readings.wall, state.events);
  } else {
    state.processes.lose();
  }
  if (readings.gpus != nullptr) {
    state.gpus.read(*readings.gpus, readings.wall, state.events);
    tell_gpu_events(*readings.gpus, readings.wall, state.kernel_log, state.events);
  }
  state.node_events.set_count(metrics::EventKind::outbox_gap, record.outbox_gaps);
  state.node_events.set_count(metrics::EventKind::history_gap, record.history_gaps);
  state.node_events.fold(state.events, others, readings.when, readings.wall);
  state.settle(readings.tick);
  state.list_troubles();
  state.tell_health(readings, record);
  state.sample.finish(readings.when);
}

void Collector::expect_anomalies() {
  if (!state_->anomalies) state_->anomalies.emplace(state_->sample);
}

void Collector::set(const AnomalyHealth& health, std::uint64_t tick) {
  BW_ASSERT(state_->anomalies.has_value());
  state_->anomalies->set(health, tick);
  using metrics::EventKind;
  state_->node_events.set_count(EventKind::anomaly, health.begun);
  state_->node_events.set_count(EventKind::anomaly_update, health.updated);
  state_->node_events.set_count(EventKind::anomaly_end, health.ended);
  state_->node_events.set_count(EventKind::model_change, health.model_changes);
  state_->node_events.set_count(EventKind::model_drift, health.retrainings);
}

const Sample& Collector::sample() const {
  return state_->sample;
}

std::span<const MountPoint> Collector::mount_points() const {
  return state_->file_systems.mount_points();
}

void Collector::note(wire::EventRecord event) {
  state_->noted.push_back({std::move(event), {}});
}

std::vector<ToldEvent>& Collector::events() {
  return state_->events;
}

std::size_t Collector::kernel_log_taken() const {
  return state_->kernel_log.taken();
}

std::string Collector::kernel_log_position() {
  return state_->kernel_log.take_position();
}

void Collector::hold_kernel_log() {
  state_->kernel_log.hold();
}

void Collector::restore_kernel_log(std::string_view position) {
  state_->kernel_log.restore(position);
}

std::span<const Collector::Trouble> Collector::troubles() const {
  return state_->troubles;
}

}  // namespace bw::agent
