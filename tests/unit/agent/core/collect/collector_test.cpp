#include "agent/core/collect/collector.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "agent/core/collect/processes/process_table.h"
#include "base/rng.h"
#include "schemas/metrics/metric_table.h"
#include "schemas/wire/limits.h"
#include "tests/unit/agent/core/collect/allocations.h"
#include "tests/unit/agent/core/collect/box.h"
#include "tests/unit/agent/core/collect/processes/stat_line.h"

namespace bw::agent {
namespace {

FileSystemReading root_file_system() {
  return {.mount_point = "/", .block_size = 4096, .blocks = 100, .blocks_free = 50};
}

const metrics::MetricInfo* find_by_name(std::string_view name) {
  for (const metrics::MetricInfo* info : metrics::all_metrics()) {
    if (info->name == name) return info;
  }
  return nullptr;
}

TEST(Collector, ABoxOfTwoCoresTellsAtLeast350Values) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  box.file_systems = {root_file_system()};
  box.replace("/proc/stat", "cpu  113970", "cpu  113980");
  box.replace("/proc/stat", "cpu0 53191", "cpu0 53201");
  box.replace("/proc/stat", "cpu1 60779", "cpu1 60789").tick();
  EXPECT_GE(box.values(), 350U);
  // What has none: the time of requests, for there were no requests.
  EXPECT_EQ(box.sample().series().size() - box.values(), box.count("disk.await"));
  EXPECT_EQ(box.collector().troubles().size(), 0U);
}

TEST(Collector, TheTableIsWholeFromTheFirstTickOn) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  const std::uint64_t table = box.sample().table_id();
  EXPECT_EQ(table, wire::series_table_id(box.sample().series()));
  box.file_systems = {root_file_system()};
  box.ticks(130);
  EXPECT_EQ(box.sample().table_id(), table);
}

TEST(Collector, NothingIsAllocatedInTheSteadyState) {
  for (const auto* name : {"proc_two_cores", "proc_jetson", "proc_armv7"}) {
    Box box = Box::fixture(name);
    box.file_systems = {root_file_system()};
    box.ticks(3);
    // Numbers grow longer while time goes by; every tier is read.
    for (int i = 0; i < 125; ++i) {
      box.set("/proc/loadavg", std::to_string(i) + ".00 0.01 0.05 1/62 " + std::to_string(i * i));
      box.set("/proc/uptime", std::to_string(i * i * i) + ".12 9012.34\n");
      box.prepare();
      const std::size_t before = allocations();
      box.run();
      EXPECT_EQ(allocations() - before, 0U) << name << " " << i;
    }
  }
}

// Of a table that the test reads as the shell would: all that it asks for is told.
class Processes {
 public:
  explicit Processes(int count) {
    for (int pid = 1; pid <= count; ++pid) pids_.push_back(pid);
  }
  void read(std::uint64_t tick, std::span<const std::string> lines) {
    table.list(pids_);
    table.machine_cpu(static_cast<double>(tick));
    const Instant now = Instant{} + std::chrono::seconds{2000 + tick};
    for (const ProcessAsk& ask : table.plan(tick)) {
      if (ask.stat) table.stat(ask.pid, lines[static_cast<std::size_t>(ask.pid) - 1], now);
      if (ask.io) table.io(ask.pid, "read_bytes: 4096\nwrite_bytes: 8192\n");
      if (ask.fds) table.fds(ask.pid, 7);
      if (ask.pss) table.pss(ask.pid, "Pss: 12 kB\n");
    }
  }
  ProcessTable table{{{"p3", ""}}, 100, 4096};

 private:
  std::vector<int> pids_;
};

TEST(Collector, NeitherDoProcessesAllocateInTheSteadyState) {
  constexpr int kCount = 90;
  Box box = Box::fixture("proc_two_cores");
  Processes processes(kCount);
  box.processes = &processes.table;
  std::vector<std::string> names;
  for (int pid = 0; pid < kCount; ++pid) names.push_back("p" + std::to_string(pid % 20));
  std::vector<std::string> lines(kCount);
  for (std::uint64_t i = 0; i < 250; ++i) {
    for (std::size_t at = 0; at < kCount; ++at) {
      lines[at] = stat_line({.pid = static_cast<int>(at) + 1,
                             .name = names[at],
                             .cpu = i * (at % 4),
                             .threads = i,
                             .rss = 500 + at % 20 * 100});
    }
    box.prepare();
    const std::size_t before = allocations();
    processes.read(i, lines);
    box.run();
    const std::size_t made = allocations() - before;
    EXPECT_TRUE(i <= 120 || made == 0) << i << ": " << made;
  }
  EXPECT_GT(box.value("sys.procs_total"), 0);
}

TEST(Collector, AnotherLayoutIsLearntAndThenCostsNothing) {
  Box box = Box::fixture("proc_two_cores");
  box.ticks(2);
  box.replace("/proc/meminfo", "MemFree:", "NewKey:          5 kB\nMemFree:");
  box.replace("/proc/vmstat", "pgfault", "new_key 5\npgfault");
  box.replace("/proc/net/snmp", "Udp: InDatagrams", "Udp: New InDatagrams");
  box.tick();
  EXPECT_FALSE(std::isnan(box.value("mem.free")));
  EXPECT_FALSE(std::isnan(box.value("vm.pgfault")));
  EXPECT_FALSE(std::isnan(box.value("udp.in_datagrams")));
  EXPECT_EQ(box.collector().troubles().size(), 0U);
  box.prepare();
  const std::size_t before = allocations();
  box.run();
  EXPECT_EQ(allocations() - before, 0U);
}

TEST(Collector, AnUnreadableSourceLosesItsValuesAndAllOthersGoOn) {
  Box box = Box::fixture("proc_two_cores");
  box.ticks(2);
  box.fail("/proc/vmstat", EACCES).tick();
  EXPECT_EQ(box.trouble("vmstat"), "/proc/vmstat: Permission denied");
  ASSERT_EQ(box.collector().troubles().size(), 1U);
  EXPECT_TRUE(std::isnan(box.value("vm.pgfault")));
  EXPECT_TRUE(std::isnan(box.live("vm.pgfault")));
  EXPECT_FALSE(std::isnan(box.value("mem.total")));
  box.set("/proc/vmstat", Box::fixture("proc_two_cores").text("/proc/vmstat")).tick();
  EXPECT_EQ(box.collector().troubles().size(), 0U);
  EXPECT_FALSE(std::isnan(box.value("vm.pgfault")));
}

TEST(Collector, EverySourceLosesAllItsValuesWhenItCanNotBeRead) {
  Box box = Box::fixture("proc_two_cores");
  box.ticks(1);
  for (const SourceSpec& spec : kSources) {
    if (!Box::is_single(spec)) continue;
    box.fail(spec.path, EIO);
  }
  for (const auto* name : {"lo", "eth0", "ifb0", "ifb1"}) {
    box.fail("/sys/class/net/" + std::string(name) + "/carrier", EIO);
  }
  box.ticks(60);
  for (std::size_t i = 0; i < box.sample().series().size(); ++i) {
    const auto& series = box.sample().series()[i];
    const auto* info = find_by_name(series.name);
    ASSERT_NE(info, nullptr) << series.name;
    const bool from_file = metrics::source_spec(info->source).lane != metrics::Lane::call ||
                           info->source == SourceId::file_systems;  // mounts are gone
    EXPECT_EQ(std::isnan(box.sample().values()[i]), from_file) << series.name;
  }
}

TEST(Collector, ASourceThatIsGoneLosesItsValuesAndIsNoTrouble) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  box.remove("/proc/pressure/io").remove("/proc/net/sockstat").tick();
  EXPECT_TRUE(std::isnan(box.value("psi.io.some.avg10")));
  EXPECT_EQ(box.collector().troubles().size(), 0U);
  // It was not due: its value stands until it was due twice.
  EXPECT_FALSE(std::isnan(box.value("sock.used")));
  box.ticks(18);
  EXPECT_FALSE(std::isnan(box.value("sock.used")));
  box.ticks(2);
  EXPECT_TRUE(std::isnan(box.value("sock.used")));
}

TEST(Collector, MissedTicksCostNoValues) {
  Box box = Box::fixture("proc_two_cores");
  box.ticks(5);
  box.skip_ticks(15);  // among them the one that had read what is read every tenth tick
  box.tick();
  EXPECT_FALSE(std::isnan(box.value("sock.used")));
  EXPECT_FALSE(std::isnan(box.value("cpu.user")));
}

TEST(Collector, WhatASourceCostsAndWhereItFailsIsToldOfEach) {
  Box box = Box::fixture("proc_two_cores");
  box.took = std::chrono::microseconds{25};
  box.tick();
  const Box::Labels stat = {{"source", "stat"}};
  const Box::Labels mounts = {{"source", "mounts"}};
  EXPECT_EQ(box.value("self.collector_time", stat), 25);
  EXPECT_EQ(box.value("self.collector_errors", stat), 0);
  EXPECT_FALSE(box.has("self.collector_time", {{"source", "wireless"}}));
  box.fail("/proc/vmstat", EIO).ticks(10);
  EXPECT_EQ(box.value("self.collector_time", stat), 11 * 25);
  EXPECT_EQ(box.value("self.collector_time", mounts), 2 * 25);
  EXPECT_EQ(box.value("self.collector_errors", {{"source", "vmstat"}}), 10);
  EXPECT_EQ(box.value("self.collector_timeouts", {{"source", "vmstat"}}), 0);
}

TEST(Collector, AFileThatDoesNotAnswerIsSaidAndTheOthersOfItsSourceGoOn) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  box.waited = std::chrono::milliseconds{12'400};
  const std::string zone = "/sys/class/thermal/thermal_zone1/temp";
  box.fail(zone, ETIMEDOUT).ticks(10);
  EXPECT_EQ(box.trouble("thermal_temp"), zone + " has not answered for 12 s");
  EXPECT_TRUE(std::isnan(
      box.value("thermal.zone_temp", {{"zone", "thermal_zone1"}, {"type", "GPU-therm"}})));
  EXPECT_EQ(box.value("thermal.zone_temp", {{"zone", "thermal_zone0"}, {"type", "CPU-therm"}}),
            48.5);
  EXPECT_EQ(box.value("self.collector_timeouts", {{"source", "thermal_temp"}}), 10);
  box.fail(zone, EBUSY).tick();
  EXPECT_EQ(box.trouble("thermal_temp"), zone + " is not asked while others of its kind hang");
}

TEST(Collector, SlowSourcesMayLeaveOutTicksAndKeepTheirValues) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  const Box::Labels cpu = {{"zone", "thermal_zone0"}, {"type", "CPU-therm"}};
  for (int i = 0; i < 3; ++i)
    box.remove("/sys/class/thermal/thermal_zone" + std::to_string(i) + "/temp");
  box.ticks(5);
  EXPECT_EQ(box.value("thermal.zone_temp", cpu), 48.5);
  box.tick();
  EXPECT_TRUE(std::isnan(box.value("thermal.zone_temp", cpu)));
}

TEST(Collector, ATextThatWasCutLosesItsLastLine) {
  std::string text = "MemTotal: 100 kB\nMemFree: 40 kB\n";
  const std::string tail = "Dirty: 12";
  text.insert(0, repeated(kMaxSourceText - text.size() - tail.size() - 1, 'x') + "\n");
  Box box;
  box.set("/proc/meminfo", text + tail).tick();
  EXPECT_EQ(box.value("mem.free"), 40960);
  EXPECT_FALSE(box.has("mem.dirty"));
  box.set("/proc/meminfo", "MemFree: 40 kB\nDirty: 12").tick();
  EXPECT_EQ(box.value("mem.dirty"), 12 * 1024);
}

TEST(Collector, NoGarbageEverBreaksIt) {
  Rng rng(7);
  Box box = Box::fixture("proc_jetson");
  const Box sound = Box::fixture("proc_two_cores");
  std::vector<std::string_view> paths;
  for (const SourceSpec& spec : kSources) {
    if (Box::is_single(spec) && sound.has_file(spec.path)) paths.push_back(spec.path);
  }
  for (int round = 0; round < 3000; ++round) {
    const std::string_view path = paths[rng.below(paths.size())];
    std::string text = sound.text(path);
    text.resize(rng.below(text.size() + 1));
    for (std::uint64_t hits = rng.below(20); hits > 0 && !text.empty(); --hits) {
      text[rng.below(text.size())] = static_cast<char>(rng.below(256));
    }
    box.set(path, text).tick();
    for (std::size_t i = 0; i < box.sample().series().size(); ++i) {
      const auto& series = box.sample().series()[i];
      const double value = box.sample().values()[i];
      ASSERT_FALSE(std::isinf(value)) << series.name;
      const float live = box.sample().live()[i];
      const bool counter = series.kind == wire::SeriesKind::counter;
      ASSERT_FALSE(counter && live < 0) << series.name;
      const bool share = series.name.ends_with(".util");
      ASSERT_FALSE(share && (value < 0 || value > 100)) << series.name;
    }
  }
  EXPECT_LE(box.sample().series().size(), wire::kMaxSeries);
}

// The machine this runs on, by its own files.

double first_number_after(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    double value = 0;
    if (word == key && file >> value) return value;
  }
  return Sample::kNoValue;
}

TEST(LiveMachine, IsUnderstood) {
  Box box = Box::root("/");
  box.tick();
  EXPECT_GE(box.values(), 250U);
  EXPECT_EQ(box.value("mem.total"), 1024 * first_number_after("/proc/meminfo", "MemTotal:"));
  EXPECT_EQ(box.count("cpu.util"), 1 + std::thread::hardware_concurrency());
  EXPECT_LE(box.value("mem.available"), box.value("mem.total"));
  EXPECT_GT(box.value("sys.uptime"), 0);
  EXPECT_GT(box.value("sched.ctx_switches"), 0);
  EXPECT_GE(box.value("sys.procs"), 1);
  EXPECT_GT(box.value("self.rss"), 100'000);
  EXPECT_EQ(box.trouble("stat") + box.trouble("meminfo") + box.trouble("vmstat") +
                box.trouble("loadavg") + box.trouble("net_dev") + box.trouble("diskstats") +
                box.trouble("self_status"),
            "");
}

}  // namespace
}  // namespace bw::agent
