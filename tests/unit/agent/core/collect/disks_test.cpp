#include "agent/core/collect/disks.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kPath = "/proc/diskstats";
const Box::Labels kVda = {{"device", "vda"}};
const Box::Labels kSda = {{"device", "sda"}};

// reads, their time, writes, their time, busy time, weighted time.
std::string line(std::string_view name, double reads, double read_ms, double writes,
                 double write_ms, double busy_ms, double weighted_ms) {
  const auto n = [](double value) {
    return std::to_string(static_cast<std::uint64_t>(value)) + " ";
  };
  return "   8       0 " + std::string(name) + " " + n(reads) + "0 " + n(reads * 8) + n(read_ms) +
         n(writes) + "0 " + n(writes * 8) + n(write_ms) + "0 " + n(busy_ms) + n(weighted_ms) + "\n";
}

TEST(Disks, EveryColumnIsTold) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  EXPECT_EQ(box.value("disk.read_ops", kVda), 190264);
  EXPECT_EQ(box.value("disk.read_merged", kVda), 38455);
  EXPECT_EQ(box.value("disk.read_bytes", kVda), 6923618.0 * 512);
  EXPECT_EQ(box.value("disk.read_time", kVda), 140899);
  EXPECT_EQ(box.value("disk.write_ops", kVda), 194245);
  EXPECT_EQ(box.value("disk.write_bytes", kVda), 11758440.0 * 512);
  EXPECT_EQ(box.value("disk.in_flight", kVda), 0);
  EXPECT_EQ(box.value("disk.busy_time", kVda), 46360);
  EXPECT_EQ(box.value("disk.weighted_time", kVda), 222775);
  EXPECT_EQ(box.value("disk.discard_bytes", kVda), 3480152.0 * 512);
  EXPECT_EQ(box.value("disk.flush_ops", kVda), 37843);
  EXPECT_EQ(box.value("disk.flush_time", kVda), 2306);
  EXPECT_TRUE(box.has("disk.read_ops", {{"device", "zram0"}}));
}

TEST(Disks, UtilisationQueueAndAwaitFollowFromWhatWasAdded) {
  Box box;
  box.set(kPath, line("sda", 100, 1000, 200, 4000, 5000, 9000)).tick();
  EXPECT_TRUE(std::isnan(box.value("disk.util", kSda)));
  EXPECT_TRUE(std::isnan(box.value("disk.queue", kSda)));
  box.set(kPath, line("sda", 110, 1050, 230, 4350, 5250, 9500)).tick();
  EXPECT_DOUBLE_EQ(box.value("disk.util", kSda), 25);
  EXPECT_DOUBLE_EQ(box.value("disk.queue", kSda), 0.5);
  EXPECT_DOUBLE_EQ(box.value("disk.await", kSda), 10);
  EXPECT_EQ(box.live("disk.read_bytes", kSda), 10 * 8 * 512);
  box.tick();
  EXPECT_EQ(box.value("disk.util", kSda), 0);
  EXPECT_EQ(box.value("disk.queue", kSda), 0);
  EXPECT_TRUE(std::isnan(box.value("disk.await", kSda)));
}

TEST(Disks, UtilisationIsNeverMoreThanAll) {
  Box box;
  box.set(kPath, line("sda", 100, 1000, 200, 4000, 5000, 9000)).tick();
  box.set(kPath, line("sda", 110, 1050, 230, 4350, 6004, 9500)).tick();
  EXPECT_EQ(box.value("disk.util", kSda), 100);
}

TEST(Disks, MillisecondsOf32BitsWrap) {
  Box box;
  const double edge = 4294967296.0;
  box.set(kPath, line("sda", 100, 0, 200, 0, edge - 900, 0)).tick();
  box.set(kPath, line("sda", 110, 0, 230, 0, edge - 400, 0)).tick();
  box.set(kPath, line("sda", 120, 0, 260, 0, 100, 0)).tick();
  EXPECT_DOUBLE_EQ(box.value("disk.util", kSda), 50);
  EXPECT_EQ(box.live("disk.busy_time", kSda), 500);
}

TEST(Disks, ADiskThatWasPutInAnewHasNoUtilisationForATick) {
  Box box;
  box.set(kPath, line("sda", 100, 1000, 200, 4000, 5000, 9000)).tick();
  box.set(kPath, line("sda", 1, 10, 2, 4, 5, 9)).tick();
  EXPECT_TRUE(std::isnan(box.value("disk.util", kSda)));
  EXPECT_TRUE(std::isnan(box.value("disk.await", kSda)));
  EXPECT_TRUE(std::isnan(box.live("disk.read_ops", kSda)));
  EXPECT_EQ(box.value("disk.read_ops", kSda), 1);
}

TEST(Disks, PartitionsAndWhatIsNoDiskAreLeftOut) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(box.count("disk.read_ops"), 4U);
  for (const auto* name : {"mmcblk0", "nvme0n1", "zram0", "zram1"}) {
    EXPECT_TRUE(box.has("disk.read_ops", {{"device", name}})) << name;
  }
}

TEST(Disks, AKernelWithoutDiscardsHasNoSuchSeries) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  EXPECT_EQ(box.value("disk.busy_time", {{"device", "mmcblk0"}}), 9012);
  EXPECT_FALSE(box.has("disk.discard_ops", {{"device", "mmcblk0"}}));
  EXPECT_FALSE(box.has("disk.flush_ops", {{"device", "mmcblk0"}}));
  box.tick();
  EXPECT_EQ(box.value("disk.util", {{"device", "mmcblk0"}}), 0);
}

TEST(Disks, ADiskMayComeGoAndReturnWhileOthersGoOn) {
  Box box;
  const std::string sda = line("sda", 100, 1000, 200, 4000, 5000, 9000);
  const std::string sdb = line("sdb", 10, 100, 20, 400, 500, 900);
  const std::string sdc = line("sdc", 1, 10, 2, 40, 50, 90);
  box.set(kPath, sda + sdc).ticks(2);
  box.set(kPath, sda + sdb + sdc).tick();
  EXPECT_EQ(box.value("disk.read_ops", {{"device", "sdb"}}), 10);
  EXPECT_EQ(box.value("disk.util", {{"device", "sdc"}}), 0);
  box.set(kPath, sda + sdc).tick();
  EXPECT_TRUE(std::isnan(box.value("disk.read_ops", {{"device", "sdb"}})));
  EXPECT_TRUE(std::isnan(box.value("disk.util", {{"device", "sdb"}})));
  EXPECT_EQ(box.value("disk.read_ops", kSda), 100);
  EXPECT_EQ(box.value("disk.read_ops", {{"device", "sdc"}}), 1);
  const std::size_t series = box.sample().series().size();
  box.set(kPath, sdb + sda + sdc).tick();
  EXPECT_EQ(box.value("disk.read_ops", {{"device", "sdb"}}), 10);
  EXPECT_TRUE(std::isnan(box.value("disk.util", {{"device", "sdb"}})));
  EXPECT_EQ(box.value("disk.util", kSda), 0);
  EXPECT_EQ(box.sample().series().size(), series);
}

TEST(Disks, ABoxWithoutDisksIsNoTrouble) {
  Box box;
  box.set(kPath, "").tick();
  EXPECT_EQ(box.trouble("diskstats"), "");
  box.set(kPath, "8 0 sda 1 2\n").tick();
  EXPECT_EQ(box.trouble("diskstats"), "/proc/diskstats: not understood");
  box.set(kPath, repeated(300, 'x') + "\n\n8 0 " + repeated(200, 'y') + " 1 2 3\n").tick();
  EXPECT_EQ(box.trouble("diskstats"), "/proc/diskstats: not understood");
  EXPECT_EQ(box.count("disk.read_ops"), 0U);
}

TEST(Disks, ALineCutShortLosesItsDiskOnly) {
  Box box;
  const std::string sda = line("sda", 100, 1000, 200, 4000, 5000, 9000);
  box.set(kPath, sda + line("sdb", 1, 1, 1, 1, 1, 1)).tick();
  box.set(kPath, sda + "   8      16 sdb 1 0 8").tick();
  EXPECT_EQ(box.value("disk.read_ops", kSda), 100);
  EXPECT_TRUE(std::isnan(box.value("disk.read_ops", {{"device", "sdb"}})));
  EXPECT_EQ(box.trouble("diskstats"), "");
}

TEST(Disks, DisksBeyondTheBoundAreIgnoredAndCounted) {
  std::string text;
  for (std::size_t i = 0; i < DiskSource::kMaxDisks + 3; ++i) {
    text += line("dm-" + std::to_string(i), 1, 1, 1, 1, 1, 1);
  }
  Box box;
  box.set(kPath, text).ticks(11);
  EXPECT_EQ(box.count("disk.util"), DiskSource::kMaxDisks);
  EXPECT_EQ(box.value("self.devices_ignored"), 3);
  box.remove(kPath).ticks(10);
  EXPECT_EQ(box.value("self.devices_ignored"), 0);
}

TEST(Disks, PartitionsAreToldByTheirNames) {
  EXPECT_TRUE(is_partition("sda1", "sda"));
  EXPECT_TRUE(is_partition("sda12", "sda"));
  EXPECT_TRUE(is_partition("nvme0n1p1", "nvme0n1"));
  EXPECT_TRUE(is_partition("mmcblk0p2", "mmcblk0"));
  EXPECT_FALSE(is_partition("sda", "sda"));
  EXPECT_FALSE(is_partition("sdaa", "sda"));
  EXPECT_FALSE(is_partition("sdb1", "sda"));
  EXPECT_FALSE(is_partition("dm-10", "dm-1"));
  EXPECT_FALSE(is_partition("nvme0n10", "nvme0n1"));
  EXPECT_FALSE(is_partition("nvme0n1p", "nvme0n1"));
  EXPECT_FALSE(is_partition("mmcblk0boot0", "mmcblk0"));
  EXPECT_FALSE(is_partition("sda1", ""));
}

}  // namespace
}  // namespace bw::agent
