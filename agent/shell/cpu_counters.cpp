#include "agent/shell/cpu_counters.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bw::agent {

namespace {

int open_counter(CpuCounterReader::Event event, int cpu) {
  perf_event_attr asked{};
  asked.size = sizeof asked;
  asked.type = event.type;
  asked.config = event.config;
  asked.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  return static_cast<int>(syscall(SYS_perf_event_open, &asked, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC));
}

// The sum over all cores. A counter that had to share its register is scaled to the whole time.
std::optional<double> sum_of(const std::vector<int>& counters) {
  double sum = 0;
  for (const int fd : counters) {
    struct {
      std::uint64_t value;
      std::uint64_t enabled;
      std::uint64_t running;
    } told{};
    if (::read(fd, &told, sizeof told) != sizeof told) return std::nullopt;
    if (told.running == 0) continue;
    sum += static_cast<double>(told.value) *
           (static_cast<double>(told.enabled) / static_cast<double>(told.running));
  }
  return static_cast<double>(static_cast<std::uint64_t>(sum));
}

}  // namespace

CpuCounterReader::CpuCounterReader()
    : CpuCounterReader({PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
                       {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES}) {}

CpuCounterReader::CpuCounterReader(Event instructions, Event cycles) {
  open_all(instructions, cycles);
}

CpuCounterReader::~CpuCounterReader() {
  close_all();
}

void CpuCounterReader::open_all(Event instructions, Event cycles) {
  const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  if (cpus < 1 || static_cast<std::size_t>(cpus) > kMaxCpus) return;
  for (int cpu = 0; cpu < cpus; ++cpu) {
    for (const bool first : {true, false}) {
      const int fd = open_counter(first ? instructions : cycles, cpu);
      if (fd < 0) return close_all();
      (first ? instructions_ : cycles_).push_back(fd);
    }
  }
}

void CpuCounterReader::close_all() {
  for (const int fd : instructions_) close(fd);
  for (const int fd : cycles_) close(fd);
  instructions_.clear();
  cycles_.clear();
}

std::optional<CpuCounters> CpuCounterReader::read() const {
  if (instructions_.empty()) return std::nullopt;
  const auto instructions = sum_of(instructions_);
  const auto cycles = sum_of(cycles_);
  if (!instructions || !cycles) return std::nullopt;
  return CpuCounters{*instructions, *cycles};
}

}  // namespace bw::agent
