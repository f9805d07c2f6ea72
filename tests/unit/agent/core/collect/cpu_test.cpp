#include "agent/core/collect/cpu.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kPath = "/proc/stat";
const Box::Labels kCpu0 = {{"cpu", "0"}};
const Box::Labels kCpu1 = {{"cpu", "1"}};

// user, system, idle, iowait and steal of one CPU, and the same for all.
std::string stat(int user, int system, int idle, int iowait = 0, int steal = 0) {
  const std::string columns = std::to_string(user) + " 0 " + std::to_string(system) + " " +
                              std::to_string(idle) + " " + std::to_string(iowait) + " 0 0 " +
                              std::to_string(steal) + " 0 0\n";
  return "cpu  " + columns + "cpu0 " + columns + "ctxt 500\n";
}

TEST(Cpu, TimesAreSecondsByCpuAndForAll) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.user"), 1139.70);
  EXPECT_DOUBLE_EQ(box.value("cpu.user", kCpu0), 531.91);
  EXPECT_DOUBLE_EQ(box.value("cpu.system", kCpu1), 127.16);
  EXPECT_DOUBLE_EQ(box.value("cpu.idle"), 4798.17);
  EXPECT_DOUBLE_EQ(box.value("cpu.iowait", kCpu1), 24.30);
  EXPECT_DOUBLE_EQ(box.value("cpu.softirq"), 4.29);
  EXPECT_DOUBLE_EQ(box.value("cpu.steal"), 1.97);
  EXPECT_EQ(box.value("cpu.guest_nice", kCpu1), 0);
  EXPECT_EQ(box.count("cpu.idle"), 3U);
}

TEST(Cpu, InterruptsSwitchesAndForksAreCounted) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  EXPECT_EQ(box.value("sched.interrupts"), 1073489);
  EXPECT_EQ(box.value("sched.ctx_switches"), 1926160);
  EXPECT_EQ(box.value("sys.forks"), 36688);
  EXPECT_EQ(box.value("sched.procs_running"), 13);
  EXPECT_EQ(box.value("sched.procs_blocked"), 0);
  EXPECT_EQ(box.value("sched.softirqs"), 773596);
  EXPECT_EQ(box.value("sched.softirq", {{"kind", "hi"}}), 0);
  EXPECT_EQ(box.value("sched.softirq", {{"kind", "timer"}}), 89922);
  EXPECT_EQ(box.value("sched.softirq", {{"kind", "rcu"}}), 203354);
}

TEST(Cpu, UtilisationIsTheShareThatWasNeitherIdleNorWaiting) {
  Box box;
  box.set(kPath, stat(100, 50, 1000)).tick();
  EXPECT_TRUE(std::isnan(box.value("cpu.util")));
  box.set(kPath, stat(120, 60, 1060, 10)).tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.util"), 30);
  EXPECT_DOUBLE_EQ(box.value("cpu.util", kCpu0), 30);
  EXPECT_DOUBLE_EQ(box.live("cpu.idle"), 0.6F);
  box.set(kPath, stat(220, 60, 1060, 10)).tick();
  EXPECT_EQ(box.value("cpu.util"), 100);
  box.set(kPath, stat(220, 60, 1160, 10)).tick();
  EXPECT_EQ(box.value("cpu.util"), 0);
}

TEST(Cpu, NoTimePassedIsNoUtilisation) {
  Box box;
  box.set(kPath, stat(100, 50, 1000));
  box.ticks(2);
  EXPECT_TRUE(std::isnan(box.value("cpu.util")));
  EXPECT_EQ(box.value("cpu.user"), 1);
}

TEST(Cpu, TimeThatGoesBackALittleIsHeld) {
  Box box;
  box.set(kPath, stat(100, 50, 1000, 300, 20)).tick();
  box.set(kPath, stat(120, 50, 998, 10, 19)).tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.idle"), 10.00);
  EXPECT_DOUBLE_EQ(box.value("cpu.iowait"), 3.00);
  EXPECT_DOUBLE_EQ(box.value("cpu.steal"), 0.20);
  EXPECT_EQ(box.live("cpu.idle"), 0);
  EXPECT_EQ(box.value("cpu.util"), 100);
  box.set(kPath, stat(120, 50, 1010, 20, 20)).tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.idle"), 10.10);
  EXPECT_EQ(box.value("cpu.util"), 0);
}

TEST(Cpu, TimeThatGoesFarBackWasReset) {
  Box box;
  box.set(kPath, stat(100, 50, 1000)).tick();
  box.set(kPath, stat(110, 50, 1090)).tick();
  box.set(kPath, stat(120, 50, 700)).tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.idle"), 7.00);
  EXPECT_TRUE(std::isnan(box.live("cpu.idle")));
  EXPECT_TRUE(std::isnan(box.value("cpu.util")));
  box.set(kPath, stat(130, 50, 790)).tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.util"), 10);
}

TEST(Cpu, NegativeTimesAreNone) {
  Box box;
  box.set(kPath, "cpu0 100 0 50 1000 0 0 0 18446744073709551610 0 0\n").tick();
  box.set(kPath, "cpu0 110 0 50 1090 0 0 0 18446744073709551615 0 0\n").tick();
  EXPECT_TRUE(std::isnan(box.value("cpu.steal", kCpu0)));
  EXPECT_DOUBLE_EQ(box.value("cpu.util", kCpu0), 10);
}

TEST(Cpu, UtilisationIsAShareWhateverTheKernelTells) {
  Box box;
  std::uint64_t state = 1;
  for (int i = 0; i < 2000; ++i) {
    std::string line = "cpu0";
    for (int column = 0; column < 10; ++column) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      line += " " + std::to_string(state >> (state % 60));
    }
    box.set(kPath, line + "\n").tick();
    const double util = box.value("cpu.util", kCpu0);
    EXPECT_TRUE(std::isnan(util) || (util >= 0 && util <= 100)) << line;
  }
}

TEST(Cpu, ACpuTakenOfflineLosesItsValuesAndReturns) {
  Box box = Box::fixture("proc_two_cores");
  const std::string both = box.text(kPath);
  box.ticks(2);
  const std::size_t begin = both.find("cpu1 ");
  const std::size_t end = both.find("intr ");
  box.set(kPath, both.substr(0, begin) + both.substr(end)).tick();
  EXPECT_TRUE(std::isnan(box.value("cpu.user", kCpu1)));
  EXPECT_TRUE(std::isnan(box.live("cpu.idle", kCpu1)));
  EXPECT_DOUBLE_EQ(box.value("cpu.user", kCpu0), 531.91);
  EXPECT_EQ(box.value("sched.ctx_switches"), 1926160);
  const std::size_t series = box.sample().series().size();
  box.set(kPath, both).tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.user", kCpu1), 607.79);
  EXPECT_TRUE(std::isnan(box.value("cpu.util", kCpu1)));
  EXPECT_EQ(box.sample().series().size(), series);
}

TEST(Cpu, AnOldKernelsColumnsAreAllThereIs) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.softirq"), 1.20);
  EXPECT_FALSE(box.has("cpu.steal"));
  EXPECT_FALSE(box.has("cpu.guest", kCpu0));
  box.replace(kPath, "cpu  4512 0 3120 901234", "cpu  4522 0 3120 901324").tick();
  EXPECT_DOUBLE_EQ(box.value("cpu.util"), 10);
}

TEST(Cpu, TruncatedAndStrangeTextsCostValuesOnly) {
  const std::string whole = Box::fixture("proc_two_cores").text(kPath);
  Box box;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    box.set(kPath, whole.substr(0, size)).tick();
    EXPECT_EQ(box.trouble("stat").empty(), size > 5) << size;
  }
  EXPECT_DOUBLE_EQ(box.value("cpu.user"), 1139.70);
  box.set(kPath, "cpu\ncpuX\ncpuabcdefghijk 1 2 3 4\n\n\nintr\nsoftirq").tick();
  EXPECT_EQ(box.trouble("stat"), "/proc/stat: not understood");
  EXPECT_TRUE(std::isnan(box.value("cpu.user")));
  EXPECT_TRUE(std::isnan(box.value("sched.softirq", {{"kind", "rcu"}})));
}

TEST(Cpu, CpusBeyondTheBoundAreIgnoredAndCounted) {
  std::string text;
  for (std::size_t i = 0; i <= CpuSource::kMaxCpus + 4; ++i) {
    text += "cpu" + std::to_string(i) + " 1 2 3 4 5 6 7 8 9 10\n";
  }
  Box box;
  box.set(kPath, text).ticks(2);
  EXPECT_EQ(box.count("cpu.util"), CpuSource::kMaxCpus + 1);
  EXPECT_EQ(box.value("self.devices_ignored"), 4);
}

}  // namespace
}  // namespace bw::agent
