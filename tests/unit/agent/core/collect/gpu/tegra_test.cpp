#include "agent/core/collect/gpu/tegra.h"

#include <cerrno>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

const std::string kMonitor = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3/";
constexpr std::string_view kClients = "/sys/kernel/debug/nvmap/iovmm/clients";

Box orin() {
  return Box::fixture("sys_jetson_orin");
}

TEST(TegraMemory, UtilisationIsActivityOfTheClock) {
  Box box = orin();
  box.tick();
  EXPECT_EQ(box.value("tegra.emc_freq"), 2'133'000'000);
  EXPECT_NEAR(box.value("tegra.emc_util"), 25, 1e-9);
}

TEST(TegraMemory, WithoutTheClockThereIsNoUtilisation) {
  Box box = orin();
  box.tick();
  box.fail("/sys/kernel/debug/bpmp/debug/clk/emc/rate", EACCES);
  box.tick();
  EXPECT_TRUE(std::isnan(box.value("tegra.emc_freq")));
  EXPECT_TRUE(std::isnan(box.value("tegra.emc_util")));
  EXPECT_EQ(box.trouble("tegra_emc"), "");
}

TEST(TegraRails, PowerIsVoltageTimesCurrentByTheRailsName) {
  Box box = orin();
  box.tick();
  EXPECT_EQ(box.value("tegra.rail_voltage", {{"rail", "VDD_IN"}}), 19'000);
  EXPECT_EQ(box.value("tegra.rail_current", {{"rail", "VDD_IN"}}), 1'200);
  EXPECT_EQ(box.value("tegra.rail_power", {{"rail", "VDD_IN"}}), 22'800);
  EXPECT_EQ(box.value("tegra.rail_power", {{"rail", "VDD_SOC"}}), 3'040);
  EXPECT_EQ(box.count("tegra.rail_power"), 2U);  // the third is not connected
  EXPECT_EQ(box.trouble("tegra_rails"), "");
}

TEST(TegraRails, OneAlarmOfARailIsEnough) {
  Box box = orin();
  box.tick();
  EXPECT_EQ(box.value("tegra.rail_alarm", {{"rail", "VDD_IN"}}), 0);
  box.set(kMonitor + "curr1_max_alarm", "1\n");
  box.ticks(10);
  EXPECT_EQ(box.value("tegra.rail_alarm", {{"rail", "VDD_IN"}}), 1);
}

TEST(TegraRails, AMonitorThatDoesNotAnswerCostsTheRailItsPower) {
  Box box = orin();
  box.tick();
  box.fail(kMonitor + "curr1_input", ENODATA);
  box.tick();
  EXPECT_TRUE(std::isnan(box.value("tegra.rail_power", {{"rail", "VDD_IN"}})));
  EXPECT_EQ(box.value("tegra.rail_voltage", {{"rail", "VDD_IN"}}), 19'000);
  EXPECT_EQ(box.trouble("tegra_rails"), "");
  box.fail(kMonitor + "curr1_input", EIO);
  box.tick();
  EXPECT_NE(box.trouble("tegra_rails"), "");
}

TEST(TegraRails, AMonitorThatHasAnotherNumberTellsOn) {
  Box box = orin();
  box.tick();
  const std::string bus = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/";
  std::string from = "hwmon3";
  for (const std::string to : {"hwmon8", "hwmon3"}) {
    box.remove(bus + from + "/in1_input");
    box.remove(bus + from + "/curr1_input");
    box.set("/sys/class/hwmon/" + to + "/in1_label", "VDD_IN\n");
    box.set(bus + to + "/in1_input", "18000\n");
    box.set(bus + to + "/curr1_input", "1000\n");
    box.ticks(60);
    EXPECT_EQ(box.value("tegra.rail_voltage", {{"rail", "VDD_IN"}}), 18'000) << to;
    from = to;
  }
}

TEST(TegraRails, ThereIsABoundOfRails) {
  Box box;
  for (std::size_t i = 0; i < TegraRailSource::kMaxRails + 3; ++i) {
    const std::string monitor = "hwmon" + std::to_string(i);
    box.set("/sys/class/hwmon/" + monitor + "/in1_label", "RAIL" + std::to_string(i) + "\n");
    box.set("/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/" + monitor + "/in1_input", "5000\n");
  }
  box.tick();
  EXPECT_EQ(box.count("tegra.rail_voltage"), TegraRailSource::kMaxRails);
}

TEST(TegraProcesses, MemoryIsSummedByProgram) {
  Box box = orin();
  box.tick();
  EXPECT_EQ(box.value("tegra.gpu_mem", {{"process", "trainer"}}), (15'560 + 440) * 1024.0);
  EXPECT_EQ(box.value("tegra.gpu_mem", {{"process", "gnome-shell"}}), 2 * 1024 * 1024.0);
  EXPECT_EQ(box.count("tegra.gpu_mem"), 2U);
  box.set(kClients, "CLIENT PROCESS PID SIZE\nuser trainer 4242 100K\ntotal 100K\n");
  box.ticks(10);
  EXPECT_EQ(box.value("tegra.gpu_mem", {{"process", "trainer"}}), 102'400);
  EXPECT_TRUE(std::isnan(box.value("tegra.gpu_mem", {{"process", "gnome-shell"}})));
  box.fail(kClients, EACCES);
  box.ticks(10);
  EXPECT_TRUE(std::isnan(box.value("tegra.gpu_mem", {{"process", "trainer"}})));
  EXPECT_EQ(box.trouble("tegra_processes"), "");
}

TEST(TegraProcesses, ProgramsBeyondTheBoundAreOneOther) {
  std::string text;
  for (std::size_t i = 0; i < TegraProcessSource::kMaxPrograms + 4; ++i) {
    text += "user p" + std::to_string(i) + " 1 1K\n";
  }
  Box box;
  box.set(kClients, text);
  box.tick();
  EXPECT_EQ(box.count("tegra.gpu_mem"), TegraProcessSource::kMaxPrograms + 1);
  EXPECT_EQ(box.value("tegra.gpu_mem", {{"process", "other"}}), 4096);
  // Once the first are gone for a while, others have their places.
  const std::size_t before = box.count("tegra.gpu_mem");
  box.set(kClients, "user late 1 2K\n");
  box.ticks(10);
  EXPECT_FALSE(box.has("tegra.gpu_mem", {{"process", "late"}}));
  box.ticks(10 * TegraProcessSource::kForgetAfter);
  EXPECT_EQ(box.value("tegra.gpu_mem", {{"process", "late"}}), 2048);
  EXPECT_EQ(box.count("tegra.gpu_mem"), before);
}

}  // namespace
}  // namespace bw::agent
