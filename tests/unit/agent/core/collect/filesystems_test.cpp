#include "agent/core/collect/filesystems.h"

#include <cerrno>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kPath = "/proc/self/mounts";
const Box::Labels kRoot = {{"mount", "/"}};

std::vector<std::string> mount_points(const Box& box) {
  std::vector<std::string> paths;
  for (const MountPoint& point : box.collector().mount_points()) paths.push_back(point.path);
  return paths;
}

FileSystemReading statvfs_of(std::string_view mount_point) {
  return {.mount_point = mount_point,
          .block_size = 4096,
          .blocks = 1000,
          .blocks_free = 400,
          .blocks_available = 350,
          .inodes = 500,
          .inodes_free = 450};
}

// Mounts are read every tenth tick.
void read_mounts(Box& box, std::string text) {
  box.set(kPath, std::move(text)).ticks(10);
}

TEST(FileSystems, ThoseThatHoldDataAreFollowedOnceADevice) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(mount_points(box), (std::vector<std::string>{"/", "/data store", "/mnt/nas"}));
  EXPECT_TRUE(box.has("fs.size", kRoot));
  EXPECT_TRUE(std::isnan(box.value("fs.size", kRoot)));
}

TEST(FileSystems, OddOnesOfSmallBoxesAreKnown) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  EXPECT_EQ(mount_points(box), (std::vector<std::string>{"/", "/boot", "/data"}));
}

TEST(FileSystems, ThisMachinesTableHasItsRootOnly) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  EXPECT_EQ(mount_points(box), std::vector<std::string>{"/"});
}

TEST(FileSystems, SpaceAndInodesAreTold) {
  Box box;
  box.set(kPath, "/dev/sda1 / ext4 rw 0 0\n").tick();
  box.file_systems = {statvfs_of("/")};
  box.tick();
  EXPECT_EQ(box.value("fs.size", kRoot), 4096000);
  EXPECT_EQ(box.value("fs.used", kRoot), 600 * 4096);
  EXPECT_EQ(box.value("fs.avail", kRoot), 350 * 4096);
  EXPECT_NEAR(box.value("fs.util", kRoot), 63.16, 0.0001);
  EXPECT_EQ(box.value("fs.inodes", kRoot), 500);
  EXPECT_EQ(box.value("fs.inodes_used", kRoot), 50);
  EXPECT_EQ(box.value("fs.readonly", kRoot), 0);
  box.file_systems.clear();
  box.tick();
  EXPECT_EQ(box.value("fs.used", kRoot), 600 * 4096);
  box.file_systems = {statvfs_of("/")};
  box.file_systems[0].read_only = true;
  box.tick();
  EXPECT_EQ(box.value("fs.readonly", kRoot), 1);
}

TEST(FileSystems, AFileSystemThatTellsNonsenseIsNeverNegative) {
  Box box;
  box.set(kPath, "/dev/sda1 / ext4 rw 0 0\n").tick();
  box.file_systems = {{.mount_point = "/", .block_size = 4096, .blocks_free = 7, .inodes_free = 9}};
  box.tick();
  EXPECT_EQ(box.value("fs.used", kRoot), 0);
  EXPECT_EQ(box.value("fs.inodes_used", kRoot), 0);
  EXPECT_TRUE(std::isnan(box.value("fs.util", kRoot)));
}

TEST(FileSystems, OneThatCanNotBeAskedLosesItsValuesAndIsNamed) {
  Box box;
  box.set(kPath, "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /data xfs rw 0 0\n").tick();
  box.file_systems = {statvfs_of("/"), statvfs_of("/data")};
  box.tick();
  box.file_systems[1] = {.mount_point = "/data", .error = EIO};
  box.tick();
  EXPECT_EQ(box.trouble("file_systems"), "/data: Input/output error");
  EXPECT_TRUE(std::isnan(box.value("fs.used", {{"mount", "/data"}})));
  EXPECT_EQ(box.value("fs.used", kRoot), 600 * 4096);
  box.file_systems[1] = statvfs_of("/data");
  box.tick();
  EXPECT_EQ(box.trouble("file_systems"), "");
  EXPECT_EQ(box.value("fs.used", {{"mount", "/data"}}), 600 * 4096);
}

TEST(FileSystems, OneThatIsUnmountedLosesItsValuesAndReturns) {
  Box box;
  const std::string root = "/dev/sda1 / ext4 rw 0 0\n";
  const std::string data = "/dev/sdb1 /data xfs rw 0 0\n";
  box.file_systems = {statvfs_of("/"), statvfs_of("/data")};
  read_mounts(box, root + data);
  EXPECT_EQ(box.value("fs.used", {{"mount", "/data"}}), 600 * 4096);
  read_mounts(box, root);
  EXPECT_EQ(mount_points(box), std::vector<std::string>{"/"});
  EXPECT_TRUE(std::isnan(box.value("fs.used", {{"mount", "/data"}})));
  EXPECT_EQ(box.trouble("file_systems"), "");
  const std::size_t series = box.sample().series().size();
  read_mounts(box, data + root);
  EXPECT_EQ(mount_points(box), (std::vector<std::string>{"/", "/data"}));
  EXPECT_EQ(box.value("fs.used", {{"mount", "/data"}}), 600 * 4096);
  EXPECT_EQ(box.sample().series().size(), series);
}

TEST(FileSystems, WhatIsMountedOverIsNotSeen) {
  Box box;
  box.set(kPath, "/dev/sda1 /data ext4 rw 0 0\ntmpfs /data tmpfs rw 0 0\n").tick();
  EXPECT_EQ(mount_points(box), std::vector<std::string>{});
  Box other;
  other.set(kPath, "/dev/sda1 / ext4 rw 0 0\n/dev/sda2 / xfs rw 0 0\n/dev/sda1 /old ext4 rw 0 0\n");
  other.tick();
  EXPECT_EQ(mount_points(other), (std::vector<std::string>{"/", "/old"}));
}

TEST(FileSystems, AnOverlayCountsOnlyAsTheRoot) {
  Box box;
  box.set(kPath, "overlay / overlay rw 0 0\noverlay /var/x overlay rw 0 0\n").tick();
  EXPECT_EQ(mount_points(box), std::vector<std::string>{"/"});
}

TEST(FileSystems, EscapesOfMountPointsAreDecoded) {
  EXPECT_EQ(unescape_mount("/data\\040store"), "/data store");
  EXPECT_EQ(unescape_mount("/a\\011b\\134c"), "/a\tb\\c");
  EXPECT_EQ(unescape_mount("/a\\04"), "/a\\04");
  EXPECT_EQ(unescape_mount("/a\\"), "/a\\");
  EXPECT_EQ(unescape_mount("/a\\948"), "/a\\948");
}

TEST(FileSystems, GarbageIsTroubleAndLosesThem) {
  Box box;
  box.file_systems = {statvfs_of("/")};
  read_mounts(box, "/dev/sda1 / ext4 rw 0 0\n");
  read_mounts(box, "x\n\n/dev/sda1 relative ext4\n");
  EXPECT_EQ(box.trouble("mounts"), "/proc/self/mounts: not understood");
  EXPECT_EQ(mount_points(box), std::vector<std::string>{});
  EXPECT_TRUE(std::isnan(box.value("fs.used", kRoot)));
  box.fail(kPath, EACCES).ticks(10);
  EXPECT_EQ(box.trouble("mounts"), "/proc/self/mounts: Permission denied");
  read_mounts(box, "/dev/sda1 / ext4 rw 0 0");
  EXPECT_EQ(box.trouble("mounts"), "");
  EXPECT_EQ(box.value("fs.used", kRoot), 600 * 4096);
}

TEST(FileSystems, MountsBeyondTheBoundsAreIgnoredAndCounted) {
  std::string text = "/dev/long /" + repeated(FileSystemSource::kMaxMountPoint, 'x') + " xfs rw\n";
  for (std::size_t i = 0; i < FileSystemSource::kMaxFileSystems + 2; ++i) {
    text += "/dev/sd" + std::to_string(i) + " /m" + std::to_string(i) + " xfs rw 0 0\n";
  }
  Box box;
  box.set(kPath, text).tick();
  EXPECT_EQ(box.collector().mount_points().size(), FileSystemSource::kMaxFileSystems);
  EXPECT_EQ(box.value("self.devices_ignored"), 3);
  // Others in their place find no room: series are never removed.
  read_mounts(box, "/dev/other /other xfs rw 0 0\n");
  read_mounts(box, "/dev/other /other xfs rw 0 0\n");
  EXPECT_EQ(box.collector().mount_points().size(), 0U);
  EXPECT_EQ(box.count("fs.size"), FileSystemSource::kMaxFileSystems);
  EXPECT_EQ(box.value("self.devices_ignored"), 1);
}

TEST(FileSystems, ThoseElsewhereAreFollowedAndCalledSo) {
  Box box;
  box.set(kPath,
          "/dev/sda1 / ext4 rw 0 0\n"
          "nas:/export /mnt/nas nfs4 rw 0 0\n"
          "//shop/till /mnt/till cifs rw 0 0\n")
      .tick();
  const auto points = box.collector().mount_points();
  ASSERT_EQ(points.size(), 3U);
  EXPECT_FALSE(points[0].network);
  EXPECT_EQ(points[1], (MountPoint{"/mnt/nas", true}));
  EXPECT_EQ(points[2], (MountPoint{"/mnt/till", true}));
}

TEST(FileSystems, OneThatDoesNotAnswerHasAnErrorAndNoRoom) {
  const Box::Labels nas = {{"mount", "/mnt/nas"}};
  Box box;
  box.set(kPath, "nas:/export /mnt/nas nfs4 rw 0 0\n").tick();
  box.file_systems = {statvfs_of("/mnt/nas")};
  box.tick();
  EXPECT_EQ(box.value("fs.device_error", nas), 0);
  box.file_systems = {
      {.mount_point = "/mnt/nas", .error = ETIMEDOUT, .waited = std::chrono::seconds{12}}};
  box.ticks(10);
  EXPECT_EQ(box.value("fs.device_error", nas), 1);
  EXPECT_TRUE(std::isnan(box.value("fs.used", nas)));
  EXPECT_EQ(box.trouble("file_systems"), "/mnt/nas has not answered for 12 s");
  EXPECT_EQ(box.value("self.collector_timeouts", {{"source", "file_systems"}}), 9);
  box.file_systems[0].error = EBUSY;
  box.tick();
  EXPECT_TRUE(std::isnan(box.value("fs.device_error", nas)));
  EXPECT_EQ(box.trouble("file_systems"), "/mnt/nas is not asked while others of its kind hang");
  box.file_systems = {statvfs_of("/mnt/nas")};
  box.tick();
  EXPECT_EQ(box.value("fs.device_error", nas), 0);
  EXPECT_EQ(box.trouble("file_systems"), "");
}

}  // namespace
}  // namespace bw::agent
