#include "agent/core/collect/cpu.h"

#include <cmath>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

// In the order of the text's columns.
constexpr std::array<const metrics::MetricInfo*, CpuSource::kColumns> kTimes = {
    &metrics::metric("cpu.user"),    &metrics::metric("cpu.nice"),
    &metrics::metric("cpu.system"),  &metrics::metric("cpu.idle"),
    &metrics::metric("cpu.iowait"),  &metrics::metric("cpu.irq"),
    &metrics::metric("cpu.softirq"), &metrics::metric("cpu.steal"),
    &metrics::metric("cpu.guest"),   &metrics::metric("cpu.guest_nice"),
};
constexpr std::size_t kIdle = 3;
constexpr std::size_t kIoWait = 4;
constexpr std::size_t kGuest = 8;  // from here on parts of other columns

// The kernel's order.
constexpr std::array<std::string_view, CpuSource::kSoftInterrupts> kKinds = {
    "hi", "timer", "net_tx", "net_rx", "block", "irq_poll", "tasklet", "sched", "hrtimer", "rcu",
};

// Some kernels tell a negative time, as a huge number without a sign.
constexpr double kNegative = 0x1.0p63;

constexpr std::size_t kMaxCpuName = 8;  // "cpu" and a number

}  // namespace

CpuSource::CpuSource(Sample& sample)
    : Source(sample), cpus_(kMaxCpus + 1), lines_(SourceId::stat, sample) {
  soft_interrupts_.fill(Sample::kNoAlias);
}

bool CpuSource::read(const TextReading& reading, Instant) {
  Scanner scanner(reading.text);
  bool understood = false;
  while (scanner.rest().starts_with("cpu")) understood = read_cpu(scanner) || understood;
  cpus_.end_pass([this](Cpu& cpu) { lose(cpu); });
  if (lines_.read(scanner.rest())) understood = true;
  read_soft_interrupts(scanner.rest());
  return understood;
}

void CpuSource::lose() {
  cpus_.lose([this](Cpu& cpu) { lose(cpu); });
  lines_.lose();
  read_soft_interrupts({});
}

bool CpuSource::read_cpu(Scanner& scanner) {
  const std::string_view name = scanner.word();
  std::array<double, kColumns> ticks;
  std::size_t columns = 0;
  bool any = false;
  while (columns < kColumns && !scanner.at_line_end()) {
    ticks[columns] = scanner.whole();
    any = any || !std::isnan(ticks[columns]);
    ++columns;
    scanner.skip_blanks();
  }
  scanner.skip_line();
  if (!any || name.size() > kMaxCpuName) return false;
  using Verdict = DeviceTable<Cpu>::Verdict;
  Cpu* cpu = cpus_.next(
      name, [](std::string_view) { return Verdict::follow; },
      [&](Cpu& added) { add(added, columns); });
  if (cpu != nullptr) take(*cpu, {ticks.data(), columns});
  return true;
}

void CpuSource::add(Cpu& cpu, std::size_t columns) {
  std::vector<wire::Label> labels;
  if (cpu.name.size() > 3) labels.push_back({"cpu", cpu.name.substr(3)});
  cpu.util = sample_.declare(metrics::metric("cpu.util"), labels);
  for (std::size_t i = 0; i < kColumns; ++i) {
    cpu.columns[i] = i < columns ? sample_.declare(*kTimes[i], labels) : Sample::kNoAlias;
  }
}

void CpuSource::take(Cpu& cpu, std::span<const double> ticks) {
  double busy = 0;
  double idle = 0;
  bool reset = false;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const double told = i < ticks.size() ? ticks[i] : Sample::kNoValue;
    if (!(told < kNegative)) {  // NaN as well
      sample_.lose(cpu.columns[i]);
      continue;
    }
    double& held = cpu.ticks[i];
    const double rise = told - held;
    if (!cpu.known || rise >= 0 || rise < -kHeldTicks) {
      held = told;
      reset = reset || rise < 0;
      if (i == kIdle || i == kIoWait) {
        idle += rise;
      } else if (i < kGuest) {
        busy += rise;
      }
    }
    sample_.set(cpu.columns[i], held / kTicksPerSecond);
  }
  const bool tellable = cpu.known && !reset && busy + idle > 0;
  sample_.set(cpu.util, tellable ? rounded_share(busy, busy + idle) : Sample::kNoValue);
  cpu.known = true;
}

void CpuSource::lose(Cpu& cpu) {
  cpu.known = false;
  sample_.lose(cpu.util);
  for (const auto alias : cpu.columns) sample_.lose(alias);
}

void CpuSource::read_soft_interrupts(std::string_view text) {
  constexpr std::string_view kKey = "softirq ";
  std::size_t at = text.rfind(kKey);  // the last line
  if (at == std::string_view::npos) at = text.size();
  Scanner scanner(text.substr(at));
  if (scanner.skip(kKey)) {
    scanner.whole();  // the sum
    if (!soft_interrupts_declared_) {
      soft_interrupts_declared_ = true;
      for (std::size_t i = 0; i < kSoftInterrupts; ++i) {
        soft_interrupts_[i] =
            sample_.declare(metrics::metric("sched.softirq"), {{"kind", std::string(kKinds[i])}});
      }
    }
  }
  for (const auto alias : soft_interrupts_) sample_.set(alias, scanner.whole());
}

}  // namespace bw::agent
