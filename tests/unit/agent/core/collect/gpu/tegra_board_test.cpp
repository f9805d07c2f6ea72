#include "agent/core/collect/gpu/tegra_board.h"

#include <cerrno>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

const std::string kGpu = "/sys/class/devfreq/17000000.ga10b/";
const std::string kCpu = "/sys/devices/system/cpu/cpufreq/policy0/";
const std::string kIram = "/sys/kernel/debug/nvmap/iram/";

Box orin() {
  return Box::fixture("sys_jetson_orin");
}

TEST(TegraClocks, ClocksAreHeldWhereLowestAndHighestAreTheSameOfGpuAndCpus) {
  Box box = orin();
  box.tick();
  EXPECT_EQ(box.value("tegra.jetson_clocks"), 0);
  box.set(kGpu + "min_freq", "918000000\n");
  box.ticks(60);
  EXPECT_EQ(box.value("tegra.jetson_clocks"), 0);  // the CPUs still go up and down
  box.set(kCpu + "scaling_min_freq", "1510400\n");
  box.ticks(60);
  EXPECT_EQ(box.value("tegra.jetson_clocks"), 1);
  box.set(kGpu + "min_freq", "306000000\n");
  box.ticks(60);
  EXPECT_EQ(box.value("tegra.jetson_clocks"), 0);
}

TEST(TegraClocks, WhatCanNotBeReadIsNotGuessed) {
  Box box = orin();
  box.tick();
  box.fail(kGpu + "min_freq", EACCES);
  box.ticks(60);
  EXPECT_TRUE(std::isnan(box.value("tegra.jetson_clocks")));
  EXPECT_EQ(box.trouble("tegra_clocks"), "");
  box.set(kGpu + "min_freq", "fast\n");
  box.ticks(60);
  EXPECT_TRUE(std::isnan(box.value("tegra.jetson_clocks")));
  EXPECT_NE(box.trouble("tegra_clocks"), "");
}

TEST(TegraClocks, BoxesWithoutAJetsonsGpuHaveNone) {
  Box box;
  box.set(kCpu + "scaling_min_freq", "800000\n").set(kCpu + "scaling_max_freq", "800000\n");
  box.set("/sys/class/devfreq/fb000000.gpu/min_freq", "300000000\n");
  box.set("/sys/class/devfreq/fb000000.gpu/max_freq", "300000000\n");
  box.tick();
  EXPECT_FALSE(box.has("tegra.jetson_clocks"));
  EXPECT_EQ(box.trouble("tegra_clocks"), "");
}

TEST(TegraIram, SizeAndUseAreTold) {
  Box box = orin();
  box.tick();
  EXPECT_EQ(box.value("tegra.iram_total"), 256 * 1024);
  EXPECT_EQ(box.value("tegra.iram_used"), 24 * 1024);
  box.set(kIram + "size", "20000\n").set(kIram + "clients", "CLIENT PROCESS PID SIZE\ntotal 0K\n");
  box.ticks(10);
  EXPECT_EQ(box.value("tegra.iram_total"), 128 * 1024);
  EXPECT_EQ(box.value("tegra.iram_used"), 0);
}

TEST(TegraIram, OnlyRootMayReadIt) {
  Box box = orin();
  box.tick();
  box.fail(kIram + "size", EACCES).fail(kIram + "clients", EACCES);
  box.ticks(10);
  EXPECT_TRUE(std::isnan(box.value("tegra.iram_total")));
  EXPECT_TRUE(std::isnan(box.value("tegra.iram_used")));
  EXPECT_EQ(box.trouble("tegra_iram"), "");
}

TEST(TegraIram, TextsThatAreNoNumbersAreTrouble) {
  Box box = orin();
  box.set(kIram + "size", "much\n").set(kIram + "clients", "nobody\n");
  box.tick();
  EXPECT_FALSE(box.has("tegra.iram_total"));
  EXPECT_FALSE(box.has("tegra.iram_used"));
  EXPECT_NE(box.trouble("tegra_iram"), "");
}

TEST(TegraIram, ABoxThatLosesItHasNoValuesLeft) {
  Box box = orin();
  box.tick();
  box.remove(kIram + "size").remove(kIram + "clients");
  box.ticks(60);
  EXPECT_TRUE(std::isnan(box.value("tegra.iram_total")));
  EXPECT_TRUE(std::isnan(box.value("tegra.iram_used")));
}

}  // namespace
}  // namespace bw::agent
