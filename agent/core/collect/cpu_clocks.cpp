#include "agent/core/collect/cpu_clocks.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

// "3" of ".../cpu/cpu3/cpufreq/scaling_cur_freq".
std::string_view cpu_of(std::string_view path) {
  std::string_view cpu = directory_above(path, 2);
  if (cpu.starts_with("cpu")) cpu.remove_prefix(3);
  return cpu;
}
std::string_view own_directory(std::string_view path) {
  return directory_above(path, 1);
}

std::span<const metrics::MetricInfo> row_of(SourceId source,
                                            std::span<const metrics::MetricInfo> rows) {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [source](const auto& info) { return info.source == source; });
  return rows.subspan(static_cast<std::size_t>(row - rows.begin()), 1);
}

}  // namespace

CpuFileSource::CpuFileSource(SourceId source, Sample& sample)
    : DeviceFileSource(sample, {.metrics = row_of(source, metrics::kCpuClockMetrics),
                                .most = kMaxCpus,
                                .device = &cpu_of,
                                .parse = &parse_positive}) {}

PackageThrottleSource::Cpu* PackageThrottleSource::at(std::string_view path) {
  using Verdict = DeviceTable<Cpu>::Verdict;
  Cpu* cpu = cpus_.next(
      path, [](std::string_view) { return Verdict::follow; }, [](Cpu&) {});
  if (cpu != nullptr && cpu->package == kMaxPackages) cpu->package = package_of(path);
  return cpu;
}

// kMaxPackages as long as it is not known.
std::size_t PackageThrottleSource::package_of(std::string_view path) {
  const std::string_view cpu = path.substr(0, path.rfind('/', path.rfind('/') - 1));
  const std::string* id = packages_.find(std::string(cpu) + "/topology/physical_package_id");
  if (id == nullptr) return kMaxPackages;
  const auto found =
      std::ranges::find_if(known_, [id](const Package& package) { return package.id == *id; });
  const auto index = static_cast<std::size_t>(found - known_.begin());
  if (found == known_.end() && index < kMaxPackages) known_.push_back({.id = *id});
  return index;
}

bool PackageThrottleSource::read(const TextReading& reading, Instant) {
  const double count = Scanner(reading.text).decimal();
  const Cpu* cpu = at(reading.path);
  if (cpu != nullptr && cpu->package < known_.size() && count >= 0) {
    Package& package = known_[cpu->package];
    if (package.alias == Sample::kNoAlias) {
      package.alias =
          sample_.declare(metrics::metric("cpu.package_throttle_count"), {{"package", package.id}});
    }
    if (!std::exchange(package.told, true)) sample_.set(package.alias, count);
  }
  return !std::isnan(count);
}

bool PackageThrottleSource::refused(const TextReading& reading) {
  at(reading.path);
  return is_no_trouble(reading.error);
}

void PackageThrottleSource::finish() {
  for (Package& package : known_) {
    if (!std::exchange(package.told, false)) sample_.lose(package.alias);
  }
  cpus_.end_pass([](Cpu&) {});
}

void PackageThrottleSource::lose() {
  for (const Package& package : known_) sample_.lose(package.alias);
  cpus_.lose([](Cpu&) {});
}

EdacSource::EdacSource(SourceId source, Sample& sample)
    : DeviceFileSource(sample, {.metrics = row_of(source, metrics::kEdacMetrics),
                                .most = kMaxControllers,
                                .device = &own_directory,
                                .parse = &parse_positive}) {}

// "cpu0 0 0 0 0 0 0 3157133271 201483944 1000": the eighth number is the time tasks waited.
bool SchedulerSource::read(const TextReading& reading, Instant) {
  constexpr int kBefore = 7;
  constexpr std::size_t kMaxNumber = 8;  // digits
  Scanner scanner(reading.text);
  bool understood = false;
  for (; !scanner.done(); scanner.skip_line()) {
    if (!scanner.skip("cpu")) continue;
    const std::string_view number = scanner.word();
    for (int i = 0; i < kBefore; ++i) scanner.word();
    const double delay = scanner.whole();
    if (number.empty() || number.size() > kMaxNumber || std::isnan(delay)) continue;
    understood = true;
    using Verdict = DeviceTable<Cpu>::Verdict;
    const Cpu* cpu = cpus_.next(
        number, [](std::string_view) { return Verdict::follow; },
        [this](Cpu& added) {
          added.run_delay =
              sample_.declare(metrics::metric("sched.run_delay"), {{"cpu", added.name}});
        });
    if (cpu != nullptr) sample_.set(cpu->run_delay, delay);
  }
  cpus_.end_pass([this](const Cpu& cpu) { sample_.lose(cpu.run_delay); });
  return understood;
}

void SchedulerSource::lose() {
  cpus_.lose([this](const Cpu& cpu) { sample_.lose(cpu.run_delay); });
}

void CpuCounterValues::set(const CpuCounters& counters) {
  if (instructions_ == Sample::kNoAlias) {
    instructions_ = sample_.declare(metrics::metric("cpu.instructions"));
    cycles_ = sample_.declare(metrics::metric("cpu.cycles"));
  }
  sample_.set(instructions_, counters.instructions);
  sample_.set(cycles_, counters.cycles);
}

}  // namespace bw::agent
