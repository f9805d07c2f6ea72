#include "agent/core/collect/collector.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "schemas/wire/limits.h"
#include "tests/unit/agent/core/collect/allocations.h"
#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

FileSystemReading root_file_system() {
  return {.mount_point = "/", .block_size = 4096, .blocks = 100, .blocks_free = 50};
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
    if (spec.path.find('*') != std::string_view::npos) continue;
    ASSERT_NE(box.text(spec.path), "") << spec.path;
    box.fail(spec.path, EIO);
  }
  for (const auto* name : {"lo", "eth0", "ifb0", "ifb1"}) {
    box.fail("/sys/class/net/" + std::string(name) + "/carrier", EIO);
  }
  box.ticks(60);
  for (std::size_t i = 0; i < box.sample().series().size(); ++i) {
    const auto& series = box.sample().series()[i];
    EXPECT_EQ(std::isnan(box.sample().values()[i]),
              !series.name.starts_with("self.") || series.name == "self.rss" ||
                  series.name == "self.rss_peak" || series.name == "self.swapped" ||
                  series.name == "self.threads" || series.name == "self.ctx_switches" ||
                  series.name == "self.preemptions")
        << series.name;
  }
}

TEST(Collector, ASourceThatIsGoneLosesItsValuesAndIsNoTrouble) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  box.remove("/proc/pressure/io").remove("/proc/sys/fs/file-nr").tick();
  EXPECT_TRUE(std::isnan(box.value("psi.io.some.avg10")));
  EXPECT_EQ(box.collector().troubles().size(), 0U);
  // It was not due: its value stands until it was due twice.
  EXPECT_FALSE(std::isnan(box.value("sys.fds_max")));
  box.ticks(18);
  EXPECT_FALSE(std::isnan(box.value("sys.fds_max")));
  box.ticks(2);
  EXPECT_TRUE(std::isnan(box.value("sys.fds_max")));
}

TEST(Collector, MissedTicksCostNoValues) {
  Box box = Box::fixture("proc_two_cores");
  box.ticks(5);
  box.skip_ticks(15);  // among them the one that had read what is read every tenth tick
  box.tick();
  EXPECT_FALSE(std::isnan(box.value("sys.fds_max")));
  EXPECT_FALSE(std::isnan(box.value("cpu.user")));
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
    if (spec.path.find('*') == std::string_view::npos) paths.push_back(spec.path);
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
