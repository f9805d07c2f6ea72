#include "agent/core/collect/cpu_clocks.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

std::string cpu(int number, const std::string& file) {
  return "/sys/devices/system/cpu/cpu" + std::to_string(number) + "/" + file;
}
Box::Labels label(const std::string& name, const std::string& value) {
  return {{name, value}};
}

TEST(CpuClocks, AreToldInMegahertz) {
  Box box;
  box.set(cpu(0, "cpufreq/scaling_cur_freq"), "2400125\n");
  box.set(cpu(11, "cpufreq/scaling_cur_freq"), "800000\n").tick();
  EXPECT_EQ(box.value("cpu.freq", label("cpu", "0")), 2400.125);
  EXPECT_EQ(box.value("cpu.freq", label("cpu", "11")), 800);
}

TEST(CpuThrottling, IsCountedByCoreAndOnceAPackage) {
  Box box;
  for (int i = 0; i < 4; ++i) {
    box.set(cpu(i, "topology/physical_package_id"), i < 2 ? "0\n" : "1\n");
    box.set(cpu(i, "thermal_throttle/core_throttle_count"), std::to_string(10 + i) + "\n");
    box.set(cpu(i, "thermal_throttle/package_throttle_count"), std::to_string(20 + i) + "\n");
  }
  box.tick();
  EXPECT_EQ(box.value("cpu.throttle_count", label("cpu", "3")), 13);
  EXPECT_EQ(box.count("cpu.package_throttle_count"), 2U);
  EXPECT_EQ(box.value("cpu.package_throttle_count", label("package", "0")), 20);
  EXPECT_EQ(box.value("cpu.package_throttle_count", label("package", "1")), 22);
  box.set(cpu(1, "thermal_throttle/package_throttle_count"), "99\n").ticks(10);
  EXPECT_EQ(box.value("cpu.package_throttle_count", label("package", "0")), 20);
}

TEST(CpuThrottling, APackageIsToldByTheFirstOfItsCoresThatIsOnline) {
  Box box;
  for (int i = 0; i < 2; ++i) {
    box.set(cpu(i, "topology/physical_package_id"), "0\n");
    box.set(cpu(i, "thermal_throttle/package_throttle_count"), std::to_string(7 + i) + "\n");
  }
  box.tick();
  EXPECT_EQ(box.value("cpu.package_throttle_count", label("package", "0")), 7);
  box.remove(cpu(0, "thermal_throttle/package_throttle_count")).ticks(10);
  EXPECT_EQ(box.value("cpu.package_throttle_count", label("package", "0")), 8);
  box.fail(cpu(1, "thermal_throttle/package_throttle_count"), EIO).ticks(10);
  EXPECT_TRUE(std::isnan(box.value("cpu.package_throttle_count", label("package", "0"))));
  EXPECT_EQ(box.trouble("cpu_package_throttle"),
            cpu(1, "thermal_throttle/package_throttle_count") + ": Input/output error");
  EXPECT_EQ(box.count("cpu.package_throttle_count"), 1U);
}

TEST(CpuThrottling, APackageWaitsForItsNumber) {
  Box box;
  box.set(cpu(0, "thermal_throttle/package_throttle_count"), "4\n").tick();
  EXPECT_EQ(box.count("cpu.package_throttle_count"), 0U);
  box.set(cpu(0, "topology/physical_package_id"), "0\n").ticks(60);
  EXPECT_EQ(box.value("cpu.package_throttle_count", label("package", "0")), 4);
}

TEST(Scheduler, TheTimeTasksWaitedIsToldByCore) {
  constexpr std::string_view kPath = "/proc/schedstat";
  Box box;
  box.set(kPath,
          "version 15\ntimestamp 4295117410\n"
          "cpu0 0 0 0 0 0 0 9157133271 201483944 1000\n"
          "domain0 3 12 12 0 0\n"
          "cpu1 0 0 0 0 0 0 8157133271 301483944 900\n")
      .tick();
  EXPECT_EQ(box.value("sched.run_delay", label("cpu", "0")), 201483944);
  EXPECT_EQ(box.value("sched.run_delay", label("cpu", "1")), 301483944);
  box.set(kPath, "version 15\ncpu0 0 0 0 0 0 0 9157133271 201483999 1000\n").ticks(10);
  EXPECT_EQ(box.value("sched.run_delay", label("cpu", "0")), 201483999);
  EXPECT_TRUE(std::isnan(box.value("sched.run_delay", label("cpu", "1"))));
  box.set(kPath, "version 15\ncpu0 0 0\ncpu12345678901 0 0 0 0 0 0 1 2 3\n").ticks(10);
  EXPECT_TRUE(std::isnan(box.value("sched.run_delay", label("cpu", "0"))));
  EXPECT_EQ(box.count("sched.run_delay"), 2U);
  EXPECT_EQ(box.trouble("schedstat"), "/proc/schedstat: not understood");
}

TEST(CpuCounters, AreThereOnlyWhereTheyWereTold) {
  Box box;
  box.tick();
  EXPECT_FALSE(box.has("cpu.instructions"));
  box.cpu_counters = CpuCounters{.instructions = 1000, .cycles = 2000};
  box.tick();
  box.cpu_counters = CpuCounters{.instructions = 4000, .cycles = 4000};
  box.ticks(10);
  EXPECT_EQ(box.value("cpu.instructions"), 4000);
  EXPECT_EQ(box.value("cpu.cycles"), 4000);
}

TEST(Edac, ErrorsOfEachControllerAreCounted) {
  Box box;
  const std::string controller = "/sys/devices/system/edac/mc/mc1/";
  box.set(controller + "ce_count", "5\n").set(controller + "ue_count", "1\n").tick();
  EXPECT_EQ(box.value("edac.ce", label("controller", "mc1")), 5);
  EXPECT_EQ(box.value("edac.ue", label("controller", "mc1")), 1);
}

}  // namespace
}  // namespace bw::agent
