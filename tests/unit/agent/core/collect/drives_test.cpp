#include "agent/core/collect/drives.h"

#include <cerrno>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

// A page as a drive gives it: numbers with their lowest byte first.
class Page {
 public:
  Page& put(std::size_t at, std::size_t size, std::uint64_t value) {
    for (std::size_t i = 0; i < size && i < 8; ++i) {
      bytes_[at + i] = static_cast<char>(value >> (8 * i));
    }
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_ = std::string(NvmeSmartSource::kPageBytes, '\0');
};

Page worn_drive() {
  return Page()
      .put(0, 1, 4)
      .put(1, 2, 313)
      .put(3, 1, 98)
      .put(4, 1, 10)
      .put(5, 1, 137)
      .put(32, 16, 1000)
      .put(48, 16, 0x1'0000'0001)
      .put(112, 16, 12)
      .put(128, 16, 8760)
      .put(144, 16, 7)
      .put(160, 16, 3)
      .put(176, 16, 255);
}

const std::string kDrive = "/sys/class/nvme/nvme0";
const Box::Labels kNvme0 = {{"device", "nvme0"}};

TEST(NvmeSmart, EachFieldOfThePageIsFound) {
  Box box;
  box.set(kDrive, worn_drive().bytes()).tick();
  EXPECT_EQ(box.value("nvme.critical_warning", kNvme0), 4);
  EXPECT_EQ(box.value("nvme.composite_temp", kNvme0), 40);
  EXPECT_EQ(box.value("nvme.available_spare", kNvme0), 98);
  EXPECT_EQ(box.value("nvme.available_spare_threshold", kNvme0), 10);
  EXPECT_EQ(box.value("nvme.percentage_used", kNvme0), 137);
  EXPECT_EQ(box.value("nvme.data_units_read", kNvme0), 1000);
  EXPECT_EQ(box.value("nvme.data_units_written", kNvme0), 4294967297.0);
  EXPECT_EQ(box.value("nvme.power_cycles", kNvme0), 12);
  EXPECT_EQ(box.value("nvme.power_on_hours", kNvme0), 8760);
  EXPECT_EQ(box.value("nvme.unsafe_shutdowns", kNvme0), 7);
  EXPECT_EQ(box.value("nvme.media_errors", kNvme0), 3);
  EXPECT_EQ(box.value("nvme.error_log_entries", kNvme0), 255);
}

TEST(NvmeSmart, ADriveThatMeasuresNoTemperatureHasNone) {
  Box box;
  box.set(kDrive, worn_drive().put(1, 2, 0).bytes()).tick();
  EXPECT_FALSE(box.has("nvme.composite_temp", kNvme0));
  EXPECT_EQ(box.value("nvme.percentage_used", kNvme0), 137);
}

TEST(NvmeSmart, APageThatIsCutIsNotUnderstood) {
  Box box;
  box.set(kDrive, worn_drive().bytes().substr(0, 511)).tick();
  EXPECT_EQ(box.count("nvme.percentage_used"), 0U);
  EXPECT_EQ(box.trouble("nvme_smart"), kDrive + ": not understood");
}

TEST(NvmeSmart, ADriveThatMayNotBeAskedIsNoTroubleAndOneThatFailsIs) {
  Box box;
  box.fail(kDrive, EACCES).tick();
  EXPECT_EQ(box.trouble("nvme_smart"), "");
  box.fail(kDrive, EIO).ticks(60);
  EXPECT_EQ(box.trouble("nvme_smart"), kDrive + ": Input/output error");
}

TEST(NvmeTemp, IsToldByTheDrivesName) {
  Box box;
  box.set(kDrive + "/hwmon3/temp1_input", "41850\n").tick();
  EXPECT_EQ(box.value("nvme.temp", kNvme0), 41.85);
}

TEST(NvmeTemp, OlderKernelsTellTheTemperatureDeeperDown) {
  Box box;
  box.set(kDrive + "/device/hwmon/hwmon3/temp1_input", "41850\n").tick();
  EXPECT_EQ(box.value("nvme.temp", kNvme0), 41.85);
}

TEST(Emmc, WearAndSpareBlocksAreTold) {
  const std::string device = "/sys/block/mmcblk0/device/";
  const Box::Labels mmcblk0 = {{"device", "mmcblk0"}};
  Box box;
  box.set(device + "life_time", "0x03 0x01\n").set(device + "pre_eol_info", "0x02\n").tick();
  EXPECT_EQ(box.value("emmc.life_time_a", mmcblk0), 3);
  EXPECT_EQ(box.value("emmc.life_time_b", mmcblk0), 1);
  EXPECT_EQ(box.value("emmc.pre_eol", mmcblk0), 2);
  box.set(device + "life_time", "worn\n").ticks(60);
  EXPECT_TRUE(std::isnan(box.value("emmc.life_time_a", mmcblk0)));
  EXPECT_EQ(box.trouble("emmc_life"), device + "life_time: not understood");
}

TEST(Zram, WhatIsStoredAndWhatItTakesIsTold) {
  const std::string path = "/sys/block/zram0/mm_stat";
  const Box::Labels zram0 = {{"device", "zram0"}};
  Box box;
  box.set(path, "  900000   200000   262144        0   262144      12        0        0        0\n")
      .tick();
  EXPECT_EQ(box.value("zram.used", zram0), 900000);
  EXPECT_EQ(box.value("zram.compressed", zram0), 200000);
  EXPECT_EQ(box.value("zram.memory", zram0), 262144);
  EXPECT_EQ(box.value("zram.ratio", zram0), 4.5);
  box.set(path, "0 0 0 0 0 0 0 0\n").ticks(10);
  EXPECT_EQ(box.value("zram.used", zram0), 0);
  EXPECT_TRUE(std::isnan(box.value("zram.ratio", zram0)));
  box.set(path, "1 2\n").ticks(10);
  EXPECT_EQ(box.trouble("zram"), path + ": not understood");
}

}  // namespace
}  // namespace bw::agent
