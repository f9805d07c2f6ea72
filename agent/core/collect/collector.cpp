#include "agent/core/collect/collector.h"

#include <system_error>

#include "agent/core/collect/cpu.h"
#include "agent/core/collect/disks.h"
#include "agent/core/collect/filesystems.h"
#include "agent/core/collect/key_lines.h"
#include "agent/core/collect/load.h"
#include "agent/core/collect/memory.h"
#include "agent/core/collect/network.h"
#include "agent/core/collect/pressure.h"
#include "agent/core/collect/protocols.h"
#include "agent/core/collect/self.h"
#include "agent/core/collect/system.h"
#include "agent/core/collect/thermal.h"
#include "base/assert.h"
#include "schemas/metrics/metric_table.h"
#include "schemas/wire/limits.h"

namespace bw::agent {
namespace {

constexpr std::string_view kFileSystems = "file_systems";  // what statvfs tells

// A source read every tick that has no reading is gone at once. One read every so many ticks may be
// read late, after ticks that were missed: it is gone when it was due twice.
constexpr std::uint64_t kDueTimes = 2;

constexpr std::size_t count_metrics() {
  std::size_t count = 0;
  for (const auto& group : metrics::kMetricGroups) count += group.size();
  return count;
}

// Room for all: every source at its bound, and each metric once beside.
static_assert((CpuSource::kMaxCpus + 1) * (CpuSource::kColumns + 1) + CpuSource::kSoftInterrupts +
                  SoftnetSource::kMaxCpus * SoftnetSource::kValues +
                  NetworkSource::kMaxInterfaces * (NetworkSource::kValues + 1) +
                  DiskSource::kMaxDisks * std::size(metrics::kDiskMetrics) +
                  FileSystemSource::kMaxFileSystems * FileSystemSource::kValues +
                  ThermalZoneSource::kMaxZones + MonitorSource::kMaxSensors + count_metrics() <=
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
  };

  Sample sample;
  SelfMetrics self{sample};
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
  CarrierSource carrier{sample, network};
  SystemSource uptime{SourceId::uptime, sample};
  SystemSource file_nr{SourceId::file_nr, sample};
  SystemSource entropy{SourceId::entropy, sample};
  NameSource thermal_types{sample};
  ThermalZoneSource thermal{sample, thermal_types};
  NameSource monitor_names{sample};
  NameSource monitor_labels{sample};
  MonitorSource monitors{sample, monitor_names, monitor_labels};
  KeyLinesSource self_status{SourceId::self_status, sample};

  // By SourceId.
  std::array<Source*, kSourceCount> sources = {
      &cpu,           &memory,  &vmstat,        &load,           &pressure_cpu, &pressure_memory,
      &pressure_io,   &disks,   &file_systems,  &network,        &snmp,         &netstat,
      &sockets,       &softnet, &carrier,       &uptime,         &file_nr,      &entropy,
      &thermal_types, &thermal, &monitor_names, &monitor_labels, &monitors,     &self_status,
  };
  std::array<Record, kSourceCount> records;
  Record statvfs;
  CollectorHealth health;
  std::vector<Trouble> troubles;

  void take(const TextReading& text, const Readings& readings);
  void take(const FileSystemReading& reading);
  void fail(Record& record, std::string_view path, int error);
  void settle(std::uint64_t tick);
  void list_troubles();
};

void Collector::State::fail(Record& record, std::string_view path, int error) {
  ++health.source_errors;
  if (record.failed) return;  // the first file tells for all of them
  record.failed = true;
  record.what.assign(path);
  record.what += ": ";
  record.what += error == 0 ? "not understood" : std::generic_category().message(error);
}

void Collector::State::take(const TextReading& text, const Readings& readings) {
  const auto index = static_cast<std::size_t>(text.source);
  BW_ASSERT(index < kSourceCount);
  Record& record = records[index];
  if (!record.read) record.failed = false;
  record.read = true;
  record.seen = true;
  record.last_tick = readings.tick;
  Source& source = *sources[index];
  if (text.error != 0) {
    if (!source.refused(text)) fail(record, text.path, text.error);
    return;
  }
  TextReading whole = text;
  whole.text = whole_lines(text.text);
  if (!source.read(whole, readings.when)) fail(record, text.path, 0);
}

void Collector::State::take(const FileSystemReading& reading) {
  if (!statvfs.read) statvfs.failed = false;
  statvfs.read = true;
  if (!file_systems.read(reading)) fail(statvfs, reading.mount_point, reading.error);
}

// What was handed over is complete; sources that were due and came with nothing are gone.
void Collector::State::settle(std::uint64_t tick) {
  health.devices_ignored = 0;
  for (std::size_t i = 0; i < kSourceCount; ++i) {
    Record& record = records[i];
    if (record.read) sources[i]->finish();
    record.read = false;
    const std::uint64_t every = kSources[i].every;
    const std::uint64_t most = every == 1 ? 0 : kDueTimes * every;
    if (record.seen && tick > record.last_tick && tick - record.last_tick > most) {
      record.seen = false;
      record.failed = false;
      sources[i]->lose();
    }
    health.devices_ignored += sources[i]->ignored();
  }
  statvfs.read = false;
}

void Collector::State::list_troubles() {
  troubles.clear();
  for (std::size_t i = 0; i < kSourceCount; ++i) {
    if (records[i].failed) troubles.push_back({kSources[i].name, records[i].what});
  }
  if (statvfs.failed) troubles.push_back({kFileSystems, statvfs.what});
}

Collector::Collector() : state_(std::make_unique<State>()) {
  state_->troubles.reserve(kSourceCount + 1);
}
Collector::~Collector() = default;

void Collector::read(const Readings& readings) {
  State& state = *state_;
  for (const TextReading& text : readings.texts) state.take(text, readings);
  for (const FileSystemReading& reading : readings.file_systems) state.take(reading);
  state.settle(readings.tick);
  state.list_troubles();
  state.health.sources_failing = state.troubles.size();
  state.self.set(readings.self, state.health);
  state.sample.finish(readings.when);
}

const Sample& Collector::sample() const {
  return state_->sample;
}

std::span<const std::string> Collector::mount_points() const {
  return state_->file_systems.mount_points();
}

std::span<const Collector::Trouble> Collector::troubles() const {
  return state_->troubles;
}

}  // namespace bw::agent
