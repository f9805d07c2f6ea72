#include "agent/core/collect/thermal.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

const std::string kZones = "/sys/class/thermal/thermal_zone";
const std::string kMonitors = "/sys/class/hwmon/hwmon";

Box::Labels zone(int number, const std::string& type) {
  return {{"zone", "thermal_zone" + std::to_string(number)}, {"type", type}};
}
Box::Labels sensor(const std::string& chip, const std::string& name) {
  return {{"chip", chip}, {"sensor", name}};
}

TEST(Thermal, ZonesAreToldByTheirTypes) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(box.value("thermal.zone_temp", zone(0, "CPU-therm")), 48.5);
  EXPECT_EQ(box.value("thermal.zone_temp", zone(1, "GPU-therm")), 47);
  EXPECT_EQ(box.value("thermal.zone_temp", zone(2, "tj-therm")), -1.5);
}

TEST(Thermal, AZoneThatCanNotBeReadLosesItsValueAlone) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  box.fail(kZones + "1/temp", EIO).tick();
  EXPECT_TRUE(std::isnan(box.value("thermal.zone_temp", zone(1, "GPU-therm"))));
  EXPECT_EQ(box.value("thermal.zone_temp", zone(0, "CPU-therm")), 48.5);
  EXPECT_EQ(box.trouble("thermal_temp"), kZones + "1/temp: Input/output error");
  box.set(kZones + "1/temp", "46500\n").tick();
  EXPECT_EQ(box.value("thermal.zone_temp", zone(1, "GPU-therm")), 46.5);
  EXPECT_EQ(box.trouble("thermal_temp"), "");
}

TEST(Thermal, AZoneThatVanishesLosesItsValueAndReturns) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  box.remove(kZones + "1/temp").tick();
  EXPECT_TRUE(std::isnan(box.value("thermal.zone_temp", zone(1, "GPU-therm"))));
  EXPECT_EQ(box.value("thermal.zone_temp", zone(2, "tj-therm")), -1.5);
  box.set(kZones + "1/temp", "46000").tick();
  EXPECT_EQ(box.value("thermal.zone_temp", zone(1, "GPU-therm")), 46);
  box.remove(kZones + "0/temp").remove(kZones + "1/temp").remove(kZones + "2/temp").ticks(6);
  EXPECT_TRUE(std::isnan(box.value("thermal.zone_temp", zone(2, "tj-therm"))));
  EXPECT_EQ(box.count("thermal.zone_temp"), 3U);
}

TEST(Thermal, AZoneThatComesLaterWaitsForItsType) {
  Box box;
  box.tick();
  box.set(kZones + "0/temp", "40000\n").set(kZones + "0/type", "acpitz\n").ticks(10);
  EXPECT_EQ(box.count("thermal.zone_temp"), 0U);
  box.ticks(50);
  EXPECT_EQ(box.value("thermal.zone_temp", zone(0, "acpitz")), 40);
}

TEST(Thermal, AZoneWhoseTypeCanNotBeReadHasNone) {
  Box box;
  box.set(kZones + "0/temp", "40000\n").fail(kZones + "0/type", EIO).tick();
  EXPECT_EQ(box.value("thermal.zone_temp", {{"zone", "thermal_zone0"}}), 40);
  EXPECT_EQ(box.trouble("thermal_type"), kZones + "0/type: Input/output error");
}

TEST(Thermal, NoTemperatureIsNoValue) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  box.set(kZones + "0/temp", "hot\n").tick();
  EXPECT_TRUE(std::isnan(box.value("thermal.zone_temp", zone(0, "CPU-therm"))));
  EXPECT_EQ(box.trouble("thermal_temp"), kZones + "0/temp: not understood");
}

TEST(Monitors, SensorsAreToldByChipAndLabel) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(box.value("hwmon.temp", sensor("nvme", "Composite")), 41.85);
  EXPECT_EQ(box.value("hwmon.temp", sensor("nvme", "Sensor 1")), 44);
  EXPECT_EQ(box.value("hwmon.temp", sensor("tmp451", "temp1")), 50.125);
  EXPECT_EQ(box.value("hwmon.temp", sensor("tmp451", "temp2")), 51.25);
}

TEST(Monitors, TwoChipsOfOneNameAreToldApart) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(box.value("hwmon.temp", sensor("nvme hwmon1", "Composite")), 38.85);
  EXPECT_EQ(box.count("hwmon.temp"), 5U);
}

TEST(Monitors, TwoSensorsOfOneLabelAreToldApart) {
  Box box;
  for (const char* number : {"1", "2"}) {
    box.set(kMonitors + "0/temp" + number + "_input", "30000\n");
    box.set(kMonitors + "0/temp" + number + "_label", "Core\n");
  }
  box.set(kMonitors + "0/name", "coretemp\n").tick();
  EXPECT_TRUE(box.has("hwmon.temp", sensor("coretemp", "Core")));
  EXPECT_TRUE(box.has("hwmon.temp", sensor("coretemp", "Core temp2")));
}

TEST(Monitors, AChipWhoseNameCanNotBeReadIsCalledByItsMonitor) {
  Box box;
  box.set(kMonitors + "3/temp1_input", "30000\n").fail(kMonitors + "3/name", EIO).tick();
  EXPECT_EQ(box.value("hwmon.temp", sensor("hwmon3", "temp1")), 30);
}

TEST(Monitors, ASensorThatSleepsLosesItsValueUntilItWakes) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  box.fail(kMonitors + "2/temp2_input", ENODATA).ticks(10);
  EXPECT_TRUE(std::isnan(box.value("hwmon.temp", sensor("tmp451", "temp2"))));
  EXPECT_EQ(box.value("hwmon.temp", sensor("tmp451", "temp1")), 50.125);
  EXPECT_EQ(box.collector().troubles().size(), 0U);
  box.fail(kZones + "1/temp", EAGAIN).tick();
  EXPECT_EQ(box.collector().troubles().size(), 0U);
  EXPECT_TRUE(std::isnan(box.value("thermal.zone_temp", zone(1, "GPU-therm"))));
  box.set(kMonitors + "2/temp2_input", "52000\n").ticks(10);
  EXPECT_EQ(box.value("hwmon.temp", sensor("tmp451", "temp2")), 52);
}

TEST(Monitors, SensorsBeyondTheBoundAreIgnoredAndCounted) {
  Box box;
  box.set(kMonitors + "0/name", "many\n");
  for (std::size_t i = 0; i < MonitorSource::kMaxSensors + 2; ++i) {
    box.set(kMonitors + "0/temp" + std::to_string(i) + "_input", "30000\n");
  }
  box.tick();
  EXPECT_EQ(box.count("hwmon.temp"), MonitorSource::kMaxSensors);
  EXPECT_EQ(box.value("self.devices_ignored"), 2);
}

TEST(Monitors, FansVoltagesCurrentsAndPowersAreToldToo) {
  Box box;
  box.set(kMonitors + "0/name", "ina3221\n").set(kMonitors + "0/in1_label", "VDD_IN\n");
  box.set(kMonitors + "0/in1_input", "19152\n").set(kMonitors + "0/curr1_input", "320\n");
  box.set(kMonitors + "0/power1_input", "6128640\n")
      .set(kMonitors + "0/power1_average", "6000000\n");
  box.set(kMonitors + "0/fan1_input", "2150\n").set(kMonitors + "0/temp1_input", "40000\n");
  box.set(kMonitors + "0/temp1_crit", "105000\n").tick();
  EXPECT_EQ(box.value("hwmon.in", sensor("ina3221", "VDD_IN")), 19152);
  EXPECT_EQ(box.value("hwmon.curr", sensor("ina3221", "curr1")), 320);
  EXPECT_EQ(box.value("hwmon.power", sensor("ina3221", "power1")), 6128640);
  EXPECT_EQ(box.value("hwmon.power", sensor("ina3221", "power1 average")), 6000000);
  EXPECT_EQ(box.value("hwmon.fan", sensor("ina3221", "fan1")), 2150);
  EXPECT_EQ(box.value("hwmon.temp", sensor("ina3221", "temp1")), 40);
  EXPECT_EQ(box.value("hwmon.temp_crit", sensor("ina3221", "temp1")), 105);
}

TEST(Monitors, AnotherChipInThePlaceOfOneThatIsGoneHasItsOwnNames) {
  Box box;
  box.set(kMonitors + "0/name", "nvme\n").set(kMonitors + "0/temp1_label", "Composite\n");
  box.set(kMonitors + "0/temp1_input", "30000\n").tick();
  EXPECT_EQ(box.value("hwmon.temp", sensor("nvme", "Composite")), 30);
  box.set(kMonitors + "0/name", "amdgpu\n").set(kMonitors + "0/temp1_label", "edge\n");
  box.set(kMonitors + "0/temp1_input", "60000\n").ticks(60);
  EXPECT_FALSE(box.has("hwmon.temp", sensor("nvme", "Composite")));
  EXPECT_EQ(box.value("hwmon.temp", sensor("amdgpu", "edge")), 60);
  EXPECT_EQ(box.count("hwmon.temp"), 1U);
}

TEST(Cooling, DevicesTellHowHardTheyWork) {
  Box box;
  const std::string device = "/sys/class/thermal/cooling_device0/";
  box.set(device + "type", "pwm-fan\n").set(device + "cur_state", "2\n").tick();
  const Box::Labels fan = {{"device", "cooling_device0"}, {"type", "pwm-fan"}};
  EXPECT_EQ(box.value("thermal.cooling_device", fan), 2);
  box.set(device + "cur_state", "0\n").ticks(10);
  EXPECT_EQ(box.value("thermal.cooling_device", fan), 0);
}

}  // namespace
}  // namespace bw::agent
