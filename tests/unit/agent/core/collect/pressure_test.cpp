#include "agent/core/collect/pressure.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kPath = "/proc/pressure/io";
constexpr std::string_view kText =
    "some avg10=1.50 avg60=1.08 avg300=2.21 total=17509117\n"
    "full avg10=0.50 avg60=0.08 avg300=1.21 total=7194954\n";

TEST(Pressure, SomeAndFullAreTold) {
  Box box;
  box.set(kPath, std::string(kText)).tick();
  EXPECT_EQ(box.value("psi.io.some.avg10"), 1.50);
  EXPECT_EQ(box.value("psi.io.some.avg300"), 2.21);
  EXPECT_EQ(box.value("psi.io.some.total"), 17509117);
  EXPECT_EQ(box.value("psi.io.full.avg60"), 0.08);
  EXPECT_EQ(box.value("psi.io.full.total"), 7194954);
  box.replace(kPath, "17509117", "17519117").tick();
  EXPECT_EQ(box.live("psi.io.some.total"), 10000);
}

TEST(Pressure, EachResourceHasItsOwnMetrics) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  for (const auto* name : {"psi.cpu.some.avg10", "psi.cpu.full.total", "psi.mem.some.avg60",
                           "psi.mem.full.total", "psi.io.some.total", "psi.io.full.avg300"}) {
    EXPECT_FALSE(std::isnan(box.value(name))) << name;
  }
}

TEST(Pressure, AKernelWithoutItHasNoSuchSeries) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  EXPECT_FALSE(box.has("psi.io.some.avg10"));
  EXPECT_EQ(box.collector().troubles().size(), 0U);
}

TEST(Pressure, AnOlderKernelTellsNoFullPressureOfCpus) {
  Box box;
  box.set("/proc/pressure/cpu", "some avg10=1.50 avg60=1.08 avg300=2.21 total=17509117\n").tick();
  EXPECT_EQ(box.value("psi.cpu.some.avg10"), 1.50);
  EXPECT_FALSE(box.has("psi.cpu.full.avg10"));
  EXPECT_EQ(box.trouble("pressure_cpu"), "");
}

TEST(Pressure, TruncatedTextsLoseWhatIsMissing) {
  Box box;
  box.set(kPath, std::string(kText)).tick();
  box.set(kPath, std::string(kText.substr(0, kText.find("avg300")))).tick();
  EXPECT_EQ(box.value("psi.io.some.avg60"), 1.08);
  EXPECT_TRUE(std::isnan(box.value("psi.io.some.avg300")));
  EXPECT_TRUE(std::isnan(box.value("psi.io.full.avg10")));
  box.set(kPath, "full\nsome\n").tick();
  EXPECT_EQ(box.trouble("pressure_io"), "/proc/pressure/io: not understood");
  EXPECT_TRUE(std::isnan(box.value("psi.io.some.avg60")));
  box.set(kPath, std::string(kText)).tick();
  EXPECT_EQ(box.value("psi.io.full.avg10"), 0.50);
  EXPECT_EQ(box.trouble("pressure_io"), "");
}

TEST(Pressure, PressureThatIsSwitchedOffIsNoTrouble) {
  Box box;
  box.set(kPath, std::string(kText)).tick();
  box.fail(kPath, EOPNOTSUPP).tick();
  EXPECT_EQ(box.collector().troubles().size(), 0U);
  EXPECT_TRUE(std::isnan(box.value("psi.io.some.avg10")));
  box.fail(kPath, EIO).tick();
  EXPECT_EQ(box.trouble("pressure_io"), "/proc/pressure/io: Input/output error");
}

}  // namespace
}  // namespace bw::agent
