#include "agent/core/collect/power.h"

#include <cerrno>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

const std::string kZone = "/sys/class/powercap/intel-rapl:0/";
const Box::Labels kPackage = {{"zone", "intel-rapl:0"}, {"domain", "package-0"}};

Box rapl_box() {
  Box box;
  box.set(kZone + "name", "package-0\n").set(kZone + "max_energy_range_uj", "1000000\n");
  return box;
}

TEST(Energy, IsCountedUpSinceTheStartAndAcrossWraps) {
  Box box = rapl_box();
  box.set(kZone + "energy_uj", "900000\n").tick();
  EXPECT_EQ(box.value("rapl.energy", kPackage), 0);
  box.set(kZone + "energy_uj", "950000\n").ticks(10);
  EXPECT_EQ(box.value("rapl.energy", kPackage), 50000);
  EXPECT_EQ(box.live("rapl.energy", kPackage), 5000);
  box.set(kZone + "energy_uj", "10000\n").ticks(10);
  EXPECT_EQ(box.value("rapl.energy", kPackage), 110000);
}

TEST(Energy, ACounterThatCanNotHaveWrappedBeginsAnew) {
  Box box = rapl_box();
  box.set(kZone + "max_energy_range_uj", "nothing\n");
  box.set(kZone + "energy_uj", "900000\n").tick();
  box.set(kZone + "energy_uj", "10000\n").ticks(10);
  EXPECT_EQ(box.value("rapl.energy", kPackage), 10000);
}

TEST(Energy, WhatPassedWhileItCouldNotBeReadIsNotGuessed) {
  Box box = rapl_box();
  box.set(kZone + "energy_uj", "100\n").tick();
  box.fail(kZone + "energy_uj", EIO).ticks(10);
  EXPECT_TRUE(std::isnan(box.value("rapl.energy", kPackage)));
  EXPECT_EQ(box.trouble("rapl_energy"), kZone + "energy_uj: Input/output error");
  box.set(kZone + "energy_uj", "500000\n").ticks(10);
  EXPECT_EQ(box.value("rapl.energy", kPackage), 0);
  box.set(kZone + "energy_uj", "500007\n").ticks(10);
  EXPECT_EQ(box.value("rapl.energy", kPackage), 7);
}

TEST(Energy, AZoneWaitsForItsNameAndItsRange) {
  Box box;
  box.set(kZone + "energy_uj", "1\n").tick();
  EXPECT_EQ(box.count("rapl.energy"), 0U);
  box.set(kZone + "name", "core\n").set(kZone + "max_energy_range_uj", "1000\n").ticks(60);
  EXPECT_EQ(box.count("rapl.energy"), 1U);
}

TEST(Supplies, AreToldByTheirType) {
  const std::string ac = "/sys/class/power_supply/ADP1/";
  const std::string battery = "/sys/class/power_supply/BAT0/";
  Box box;
  box.set(ac + "type", "Mains\n").set(ac + "online", "0\n");
  box.set(battery + "type", "Battery\n").set(battery + "capacity", "83\n");
  box.set(battery + "voltage_now", "12240000\n").tick();
  EXPECT_EQ(box.value("psu.online", {{"supply", "ADP1"}, {"type", "Mains"}}), 0);
  const Box::Labels bat0 = {{"supply", "BAT0"}, {"type", "Battery"}};
  EXPECT_EQ(box.value("psu.capacity", bat0), 83);
  EXPECT_EQ(box.value("psu.voltage", bat0), 12240000);
  box.fail(battery + "capacity", ENODEV).ticks(10);
  EXPECT_TRUE(std::isnan(box.value("psu.capacity", bat0)));
  EXPECT_EQ(box.trouble("supply_capacity"), "");
}

TEST(Pi, EachBitOfTheFirmwareIsANumber) {
  const std::string path = "/sys/devices/platform/soc/soc:firmware/get_throttled";
  Box box;
  box.set(path, "50005\n").tick();
  EXPECT_EQ(box.value("pi.throttled_bits"), 0x50005);
  EXPECT_EQ(box.value("pi.under_voltage"), 1);
  EXPECT_EQ(box.value("pi.freq_capped"), 0);
  EXPECT_EQ(box.value("pi.throttled"), 1);
  EXPECT_EQ(box.value("pi.soft_temp_limit"), 0);
  EXPECT_EQ(box.value("pi.under_voltage_seen"), 1);
  EXPECT_EQ(box.value("pi.freq_capped_seen"), 0);
  EXPECT_EQ(box.value("pi.throttled_seen"), 1);
  EXPECT_EQ(box.value("pi.soft_temp_limit_seen"), 0);
  box.set(path, "0x0\n").ticks(10);
  EXPECT_EQ(box.value("pi.under_voltage"), 0);
  box.set(path, "fffffffffff\n").ticks(10);
  EXPECT_TRUE(std::isnan(box.value("pi.under_voltage")));
  EXPECT_EQ(box.trouble("pi_throttled"), path + ": not understood");
}

}  // namespace
}  // namespace bw::agent
