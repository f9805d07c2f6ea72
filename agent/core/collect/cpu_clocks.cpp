#include "agent/core/collect/cpu_clocks.h"

#include <algorithm>
#include <cmath>

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

PackageThrottleSource::PackageThrottleSource(Sample& sample, const NameSource& packages)
    : DeviceFileSource(
          sample, {.metrics = row_of(SourceId::cpu_package_throttle, metrics::kCpuClockMetrics),
                   .most = CpuFileSource::kMaxCpus,
                   .device = &cpu_of,
                   .parse = &parse_positive}),
      packages_(packages) {}

bool PackageThrottleSource::name(Device& device) {
  const std::string_view path = device.name;
  const std::string_view cpu = path.substr(0, path.rfind('/', path.rfind('/') - 1));
  const std::string* package = packages_.find(std::string(cpu) + "/topology/physical_package_id");
  if (package == nullptr) return false;
  device.muted = std::find(known_.begin(), known_.end(), *package) != known_.end();
  if (!device.muted) known_.push_back(*package);
  device.labels = {{"package", *package}};
  return true;
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
