#include "agent/shell/file_systems.h"

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"
#include "tests/unit/agent/shell/hold.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;
constexpr Duration kPatience = seconds{20};
using MountPoints = std::vector<MountPoint>;

class FileSystemsTest : public testing::Test {
 protected:
  // Asks, and what that gave.
  std::span<const FileSystemReading> ask(FileSystems& file_systems, const MountPoints& points) {
    file_systems.begin(points, tick_++, now_);
    lanes_.go();
    lanes_.wait(kPatience);
    return file_systems.collect(now_);
  }

  SlowLanes lanes_;
  Instant now_ = monotonic_now();
  std::uint64_t tick_ = 1;
};

TEST_F(FileSystemsTest, TellsHowFullEachMountPointIsInTheirOrder) {
  FileSystems file_systems("/", lanes_);
  const auto readings =
      ask(file_systems, {{"/", false}, {"/nowhere/at/all", false}, {"/proc", true}});
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

TEST_F(FileSystemsTest, LooksBelowItsRoot) {
  const FakeRoot root;
  std::filesystem::create_directories(root.at("/data"));
  FileSystems file_systems(root.path() + "/", lanes_);
  const auto readings = ask(file_systems, {{"/data", false}, {"/proc", false}});
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[0].error, 0);
  EXPECT_EQ(readings[1].error, ENOENT);
}

TEST_F(FileSystemsTest, AsksEveryTenthTickAndAtOnceWhereTheMountPointsChange) {
  FileSystems file_systems("/", lanes_);
  MountPoints points{{"/", false}};
  std::vector<std::uint64_t> asked_at;
  for (std::uint64_t tick = 1; tick <= 26; ++tick) {
    if (tick == 14) points = {{"/", false}, {"/proc", false}};
    const auto readings = ask(file_systems, points);
    if (readings.empty()) continue;
    EXPECT_EQ(readings.size(), points.size());
    asked_at.push_back(tick);
  }
  EXPECT_THAT(asked_at, testing::ElementsAre(1, 11, 14, 24));
}

TEST_F(FileSystemsTest, OneWhoseServerIsGoneIsSkippedUntilItAnswers) {
  Hold hold;
  std::atomic<int> asked = 0;
  const auto answer = [&](const std::string& path, FileSystemReading& reading) {
    if (path == "/mnt/nas") {
      ++asked;
      hold.wait();
    }
    reading.blocks = 7;
  };
  FileSystems file_systems("/", lanes_, answer);
  const MountPoints points{{"/", false}, {"/mnt/nas", true}};
  file_systems.begin(points, tick_, now_);
  lanes_.go();
  hold.await(1);
  lanes_.go();
  const Instant later = now_ + seconds{12};
  for (int round = 0; round < 3; ++round) {
    std::span<const FileSystemReading> readings;
    const Instant until = monotonic_now() + kPatience;
    do {
      readings = file_systems.collect(later);
      // At such a time one that is just being asked counts as late, too.
      if (readings.empty() || readings[0].error == 0) continue;
      readings = {};
      tick_ += FileSystems::kEveryTicks;
      file_systems.begin(points, tick_, later);
      lanes_.go();
    } while (readings.empty() && monotonic_now() < until);
    ASSERT_EQ(readings.size(), 2U);
    EXPECT_EQ(readings[0].error, 0);
    EXPECT_EQ(readings[0].blocks, 7U);
    EXPECT_EQ(readings[1].error, ETIMEDOUT);
    EXPECT_GE(readings[1].waited, seconds{11});
    tick_ += FileSystems::kEveryTicks;
    file_systems.begin(points, tick_, later);
    lanes_.go();
  }
  EXPECT_EQ(asked, 1);
  hold.release();
  lanes_.wait(kPatience);
  const auto readings = file_systems.collect(later);
  ASSERT_EQ(readings.size(), 2U);
  EXPECT_EQ(readings[1].error, 0);
  EXPECT_EQ(readings[1].blocks, 7U);
}

TEST_F(FileSystemsTest, OneThatHangsAndIsUnmountedIsForgotten) {
  Hold hold;
  const auto answer = [&](const std::string& path, FileSystemReading&) {
    if (path == "/mnt/nas") hold.wait();
  };
  FileSystems file_systems("/", lanes_, answer);
  file_systems.begin(MountPoints{{"/mnt/nas", true}}, tick_++, now_);
  lanes_.go();
  hold.await(1);
  file_systems.begin(MountPoints{}, tick_++, now_);
  EXPECT_TRUE(file_systems.collect(now_ + seconds{60}).empty());
  hold.release();
  lanes_.wait(kPatience);
}

TEST(ProcessCpuTime, GrowsWithWork) {
  const Duration before = process_cpu_time();
  const Instant until = monotonic_now() + std::chrono::milliseconds{30};
  while (monotonic_now() < until) {
  }
  const Duration used = process_cpu_time() - before;
  EXPECT_GT(used, Duration{0});
  EXPECT_LT(used, seconds{10});
}

}  // namespace
}  // namespace bw::agent
