#include "agent/shell/file_systems.h"

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

TEST(FileSystems, TellsHowFullEachMountPointIsInTheirOrder) {
  FileSystems file_systems("/");
  const std::vector<std::string> mount_points{"/", "/nowhere/at/all", "/proc"};
  const auto readings = file_systems.read(mount_points, 1);
  ASSERT_EQ(readings.size(), 3U);
  EXPECT_EQ(readings[0].mount_point, "/");
  EXPECT_EQ(readings[0].error, 0);
  EXPECT_GT(readings[0].blocks * readings[0].block_size, 0U);
  EXPECT_LE(readings[0].blocks_available, readings[0].blocks);
  EXPECT_EQ(readings[1].mount_point, "/nowhere/at/all");
  EXPECT_EQ(readings[1].error, ENOENT);
  EXPECT_EQ(readings[1].blocks, 0U);
  EXPECT_EQ(readings[2].error, 0);
}

TEST(FileSystems, LooksBelowItsRoot) {
  const FakeRoot root;
  std::filesystem::create_directories(root.at("/data"));
  FileSystems file_systems(root.path() + "/");
  const std::vector<std::string> mount_points{"/data", "/proc"};
  const auto readings = file_systems.read(mount_points, 1);
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].error, 0);
  EXPECT_EQ(readings[1].error, ENOENT);
}

TEST(FileSystems, AsksEveryTenthTickAndAtOnceWhereTheMountPointsChange) {
  FileSystems file_systems("/");
  std::vector<std::string> mount_points{"/"};
  std::vector<std::uint64_t> asked_at;
  for (std::uint64_t tick = 1; tick <= 26; ++tick) {
    if (tick == 14) mount_points = {"/", "/proc"};
    const auto readings = file_systems.read(mount_points, tick);
    if (readings.empty()) continue;
    EXPECT_EQ(readings.size(), mount_points.size());
    asked_at.push_back(tick);
  }
  EXPECT_THAT(asked_at, testing::ElementsAre(1, 11, 14, 24));
}

TEST(FileSystems, KnowsTheProcessorTimeOfThisProcess) {
  const Duration before = process_cpu_time();
  const Instant until = monotonic_now() + std::chrono::milliseconds{30};
  while (monotonic_now() < until) {
  }
  const Duration used = process_cpu_time() - before;
  EXPECT_GT(used, Duration{0});
  EXPECT_LT(used, std::chrono::seconds{10});
}

}  // namespace
}  // namespace bw::agent
