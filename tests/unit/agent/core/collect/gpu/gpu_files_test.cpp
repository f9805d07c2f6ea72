#include "agent/core/collect/gpu/gpu_files.h"

#include <cerrno>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

const std::string kCard = "/sys/class/drm/card0/device/";
const Box::Labels kGpu = {{"gpu", "card0"}};

Box amd() {
  return Box::fixture("sys_amdgpu");
}

TEST(GpuFiles, AnAmdCardTellsWhatOthersTellByTheSameNames) {
  Box box = amd();
  box.tick();
  EXPECT_EQ(box.value("gpu.util", kGpu), 37);
  EXPECT_EQ(box.value("gpu.mem_util", kGpu), 12);
  EXPECT_EQ(box.value("gpu.fb_used", kGpu), 4'294'967'296);
  EXPECT_EQ(box.value("gpu.fb_total", kGpu), 17'163'091'968);
  EXPECT_EQ(box.value("gpu.temp", kGpu), 54);
  EXPECT_EQ(box.value("gpu.temp_junction", kGpu), 61.5);
  EXPECT_EQ(box.value("gpu.mem_temp", kGpu), 58);
  EXPECT_EQ(box.value("gpu.power", kGpu), 123'000);
  EXPECT_EQ(box.value("gpu.power_limit", kGpu), 203'000);
  EXPECT_EQ(box.value("gpu.clock_sm", kGpu), 1825);
  EXPECT_EQ(box.value("gpu.clock_mem", kGpu), 1000);
  EXPECT_EQ(box.value("gpu.pcie_replay", kGpu), 3);
  EXPECT_EQ(box.value("gpu.ecc_dbe_vol", kGpu), 1);
  EXPECT_EQ(box.value("gpu.ecc_sbe_vol", kGpu), 25);
  EXPECT_EQ(box.trouble("gpu_cards"), "");
}

TEST(GpuFiles, ClocksComeFromTheTableOfStatesWhereNoMonitorTellsThem) {
  Box box = amd();
  box.remove(kCard + "hwmon/hwmon2/freq1_input");
  box.tick();
  EXPECT_EQ(box.value("gpu.clock_sm", kGpu), 1800);
  box.set(kCard + "pp_dpm_sclk", "0: 500Mhz \n1: 1800Mhz \n");
  box.tick();
  EXPECT_TRUE(std::isnan(box.value("gpu.clock_sm", kGpu)));
}

TEST(GpuFiles, AMonitorOfAnotherChipIsNotTakenForTheGpus) {
  Box box = amd();
  box.set("/sys/class/hwmon/hwmon2/name", "spd5118\n");
  box.tick();
  EXPECT_FALSE(box.has("gpu.temp", kGpu));
  EXPECT_EQ(box.value("gpu.util", kGpu), 37);
}

TEST(GpuFiles, ACardThatSleepsHasNoNumbersAndIsNoTrouble) {
  Box box = amd();
  box.tick();
  box.fail(kCard + "gpu_busy_percent", EPERM);
  box.tick();
  EXPECT_TRUE(std::isnan(box.value("gpu.util", kGpu)));
  EXPECT_EQ(box.trouble("gpu_cards"), "");
  box.fail(kCard + "gpu_busy_percent", EIO);
  box.tick();
  EXPECT_NE(box.trouble("gpu_cards"), "");
}

TEST(GpuFiles, ACardThatIsGoneLosesItsNumbers) {
  Box box = amd();
  box.tick();
  box.remove(kCard + "gpu_busy_percent");
  box.tick();
  EXPECT_TRUE(std::isnan(box.value("gpu.util", kGpu)));
  EXPECT_EQ(box.value("gpu.mem_util", kGpu), 12);
}

// As after the driver was bound anew; and the same once more, back to the first number.
TEST(GpuFiles, AMonitorThatHasAnotherNumberTellsOn) {
  Box box = amd();
  box.tick();
  const std::string folder = kCard + "hwmon/";
  std::string from = "hwmon2";
  for (const std::string to : {"hwmon7", "hwmon2"}) {
    box.set("/sys/class/hwmon/" + to + "/name", "amdgpu\n");
    box.remove(folder + from + "/temp1_input");
    box.set(folder + to + "/temp1_input", "40000\n");
    box.tick();
    box.set(folder + to + "/temp1_input", "41000\n");
    box.ticks(60);
    EXPECT_EQ(box.value("gpu.temp", kGpu), 41) << to;
    from = to;
  }
}

TEST(GpuFiles, TextsThatAreNoNumbersAreTrouble) {
  Box box = amd();
  box.set(kCard + "gpu_busy_percent", "busy\n");
  box.tick();
  EXPECT_NE(box.trouble("gpu_cards"), "");
  EXPECT_FALSE(box.has("gpu.util", kGpu));
}

TEST(GpuFiles, AnIntelCardOfTheOlderDriverTellsByItsParts) {
  Box box = Box::fixture("sys_i915");
  box.tick();
  const Box::Labels gt0 = {{"gpu", "card0"}, {"gt", "gt0"}};
  const Box::Labels gt1 = {{"gpu", "card0"}, {"gt", "gt1"}};
  EXPECT_EQ(box.value("gpu.gt_clock", gt0), 1300);
  EXPECT_EQ(box.value("gpu.gt_clock", gt1), 0);
  EXPECT_EQ(box.value("gpu.gt_clock_max", gt0), 2050);
  EXPECT_EQ(box.value("gpu.gt_idle", gt0), 123456);
  EXPECT_EQ(box.value("gpu.gt_throttled", gt0), 1);
  EXPECT_EQ(box.value("gpu.energy", kGpu), 9876.543);
  EXPECT_EQ(box.value("gpu.power_limit", kGpu), 190'000);
}

TEST(GpuFiles, AnIntelCardOfTheNewerDriverTellsTheSame) {
  Box box = Box::fixture("sys_xe");
  box.tick();
  const Box::Labels gt0 = {{"gpu", "card0"}, {"gt", "gt0"}};
  EXPECT_EQ(box.value("gpu.gt_clock", gt0), 2400);
  EXPECT_EQ(box.value("gpu.gt_clock_max", gt0), 2850);
  EXPECT_EQ(box.value("gpu.gt_idle", gt0), 5000);
  EXPECT_EQ(box.value("gpu.gt_throttled", gt0), 0);
  EXPECT_EQ(box.value("gpu.temp", kGpu), 47);
  EXPECT_EQ(box.value("gpu.mem_temp", kGpu), 52);
  EXPECT_EQ(box.value("gpu.energy", kGpu), 1234);
}

TEST(GpuFiles, IdleTimeIsACounterWhoseRateTellsHowMuchAPartRests) {
  Box box = Box::fixture("sys_xe");
  const std::string path = "/sys/class/drm/card0/device/tile0/gt0/gtidle/idle_residency_ms";
  box.tick();
  box.set(path, "14000\n");
  box.ticks(10);
  EXPECT_EQ(box.live("gpu.gt_idle", {{"gpu", "card0"}, {"gt", "gt0"}}), 900);
}

TEST(GpuFiles, AJetsonsGpuTellsLoadAndClocks) {
  Box box = Box::fixture("sys_jetson_orin");
  box.tick();
  const Box::Labels gpu = {{"gpu", "17000000.ga10b"}};
  EXPECT_EQ(box.value("tegra.gpu_load", gpu), 45.3);
  EXPECT_EQ(box.value("tegra.gpu_freq", gpu), 612'000'000);
  EXPECT_EQ(box.value("tegra.gpu_freq_max", gpu), 918'000'000);
  EXPECT_EQ(box.value("tegra.fan_pwm", {{"fan", "hwmon0"}}), 77);
  EXPECT_EQ(box.value("tegra.fan_rpm", {{"fan", "hwmon5"}}), 2140);
  EXPECT_EQ(box.value("tegra.engine_clock", {{"engine", "nvdec"}}), 294'400'000);
  EXPECT_EQ(box.value("tegra.oc_events", {{"event", "oc3"}}), 37);
  EXPECT_EQ(box.value("tegra.nvpmodel"), 2);
}

TEST(GpuFiles, GpusOfOtherBoardsAreNoJetsons) {
  Box box;
  box.set("/sys/class/devfreq/fb000000.gpu/cur_freq", "300000000\n");
  box.set("/sys/class/devfreq/17000000.gpu/cur_freq", "400000000\n");
  box.tick();
  EXPECT_EQ(box.count("tegra.gpu_freq"), 1U);
  EXPECT_EQ(box.value("tegra.gpu_freq", {{"gpu", "17000000.gpu"}}), 400'000'000);
}

TEST(GpuFiles, ThereIsABoundOfFiles) {
  Box box;
  for (std::size_t i = 0; i < GpuFileSource::kMaxFiles + 5; ++i) {
    box.set("/sys/class/drm/card" + std::to_string(i) + "/device/gpu_busy_percent", "1\n");
  }
  box.tick();
  EXPECT_EQ(box.count("gpu.util"), GpuFileSource::kMaxFiles);
}

}  // namespace
}  // namespace bw::agent
