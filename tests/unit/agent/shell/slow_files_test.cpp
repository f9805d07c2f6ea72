#include "agent/shell/slow_files.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"
#include "tests/unit/agent/shell/hold.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
constexpr Duration kPatience = seconds{20};

constexpr SourceSpec kSensors[] = {
    {SourceId::thermal_temp, "thermal_temp", "/zone*/temp", 1, Lane::sensors},
    {SourceId::stat, "stat", "/proc/stat", 1},
    {SourceId::cpu_freq, "cpu_freq", "/cpu*/freq", 10, Lane::clocks},
    {SourceId::agent, "agent", "a call", 10, Lane::call},
};

// "path=text", or "path!errno".
std::vector<std::string> told(const std::vector<TextReading>& readings) {
  std::vector<std::string> lines;
  for (const TextReading& reading : readings) {
    lines.push_back(std::string(reading.path) + (reading.error != 0
                                                     ? "!" + std::to_string(reading.error)
                                                     : "=" + std::string(reading.text)));
  }
  return lines;
}

class SlowFilesTest : public testing::Test {
 protected:
  // What a tick hands over, once all that answers has.
  std::vector<std::string> tick(SlowFiles& files, Duration after = {}) {
    readings_.clear();
    files.collect(now_ + after, readings_);
    auto lines = told(readings_);
    files.begin(tick_++, now_ + after);
    lanes_.go();
    return lines;
  }
  void settle() { lanes_.wait(kPatience); }

  FakeRoot root_;
  SlowLanes lanes_;
  Instant now_ = monotonic_now();
  std::uint64_t tick_ = 0;
  std::vector<TextReading> readings_;
};

TEST_F(SlowFilesTest, WhatIsBegunAtATickIsHandedOverAtTheNext) {
  root_.write("/zone0/temp", "40000\n");
  root_.write("/zone1/temp", "41000\n");
  root_.write("/cpu0/freq", "800000\n");
  root_.write("/proc/stat", "not its business");
  SlowFiles files(root_.path(), lanes_, kSensors);
  EXPECT_THAT(tick(files), IsEmpty());
  settle();
  EXPECT_THAT(tick(files),
              ElementsAre("/zone0/temp=40000\n", "/zone1/temp=41000\n", "/cpu0/freq=800000\n"));
  EXPECT_GT(readings_[0].took, Duration{0});
  settle();
  root_.write("/zone0/temp", "43000\n");
  EXPECT_THAT(tick(files),
              ElementsAre(testing::StartsWith("/zone0/temp=4"), "/zone1/temp=41000\n"));
  settle();
  EXPECT_THAT(tick(files), ElementsAre("/zone0/temp=43000\n", "/zone1/temp=41000\n"));
}

TEST_F(SlowFilesTest, ErrorsAreToldAndMissingFilesAreNot) {
  root_.write("/zone0/temp", "40000\n");
  std::filesystem::create_directories(root_.at("/zone1/temp"));  // reading it fails
  SlowFiles files(root_.path(), lanes_, kSensors);
  tick(files);
  settle();
  EXPECT_THAT(tick(files),
              ElementsAre("/zone0/temp=40000\n", "/zone1/temp!" + std::to_string(EISDIR)));
  settle();
  root_.remove("/zone1");
  tick(files);
  settle();
  EXPECT_THAT(tick(files), ElementsAre("/zone0/temp=40000\n"));
}

TEST_F(SlowFilesTest, AFileThatHangsIsLeftOutUntilItAnswersAndTheOthersGoOn) {
  Hold hold;
  std::atomic<bool> hangs = true;
  root_.write("/zone0/temp", "40000\n");
  root_.write("/zone1/temp", "41000\n");
  root_.write("/cpu0/freq", "800000\n");
  const auto fetch = [&](SourceId source, int root, const std::string& path,
                         SlowFiles::Buffer buffer, std::size_t& length) {
    if (path == "/zone1/temp" && hangs) hold.wait();
    return fetch_slow(source, root, path, buffer, length);
  };
  SlowFiles files(root_.path(), lanes_, kSensors, fetch);
  tick(files);
  hold.await(1);
  // What waits behind it gets a thread of its own; a source is handed over when all have answered.
  lanes_.go();
  std::vector<std::string> lines;
  const Instant until = monotonic_now() + kPatience;
  while (lines.empty() && monotonic_now() < until) {
    readings_.clear();
    files.collect(now_, readings_);
    lines = told(readings_);
  }
  EXPECT_THAT(lines, ElementsAre("/cpu0/freq=800000\n"));
  const std::string late = "/zone1/temp!" + std::to_string(ETIMEDOUT);
  EXPECT_THAT(tick(files, seconds{12}), ElementsAre("/zone0/temp=40000\n", late));
  EXPECT_GE(readings_[1].waited, seconds{11});
  // It is not asked again, and from now on nobody waits for it.
  for (int i = 0; i < 3; ++i) {
    const Instant limit = monotonic_now() + kPatience;
    std::vector<std::string> lines_so_far;
    const auto has = [&](const std::string& line) {
      return std::find(lines_so_far.begin(), lines_so_far.end(), line) != lines_so_far.end();
    };
    do {
      readings_.clear();
      files.collect(now_ + seconds{13}, readings_);
      // At such a time one that is just being read counts as late, too, and is read again.
      for (const std::string& line : told(readings_)) lines_so_far.push_back(line);
      files.begin(tick_++, now_ + seconds{13});
      lanes_.go();
    } while (!(has("/zone0/temp=40000\n") && has(late)) && monotonic_now() < limit);
    EXPECT_TRUE(has("/zone0/temp=40000\n"));
    EXPECT_TRUE(has(late));
  }
  hangs = false;
  hold.release();
  settle();
  tick(files, seconds{14});
  settle();
  EXPECT_THAT(tick(files, seconds{15}),
              IsSupersetOf({"/zone0/temp=40000\n", "/zone1/temp=41000\n"}));
  settle();  // what reads stands on this stack
}

TEST_F(SlowFilesTest, AFifoThatNobodyWritesHangsForReal) {
  root_.write("/zone0/temp", "40000\n");
  std::filesystem::create_directories(root_.at("/zone1"));
  ASSERT_EQ(mkfifo(root_.at("/zone1/temp").c_str(), 0600), 0);
  const auto fetch = [](SourceId, int root, const std::string& path, SlowFiles::Buffer buffer,
                        std::size_t& length) {
    const int fd = openat(root, path.c_str() + 1, O_RDONLY | O_CLOEXEC);  // blocking
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    length = got > 0 ? static_cast<std::size_t>(got) : 0;
    close(fd);
    return 0;
  };
  SlowFiles files(root_.path(), lanes_, kSensors, fetch);
  tick(files);
  const Instant began = monotonic_now();
  std::vector<std::string> lines;
  while (lines.empty() && monotonic_now() - began < kPatience) {
    lanes_.go();
    readings_.clear();
    files.collect(monotonic_now() + SlowLanes::kLate, readings_);
    lines = told(readings_);
    if (lines.size() == 2 && lines[0].find('!') != std::string::npos) {
      lines.clear();
      files.begin(tick_++, monotonic_now());
    }
  }
  EXPECT_THAT(lines,
              ElementsAre("/zone0/temp=40000\n", "/zone1/temp!" + std::to_string(ETIMEDOUT)));
  const int writer = open(root_.at("/zone1/temp").c_str(), O_WRONLY);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(write(writer, "41000\n", 6), 6);
  close(writer);
  settle();
}

TEST_F(SlowFilesTest, NewFilesAreFoundAndLostOnesForgottenEverySixtyTicks) {
  root_.write("/zone0/temp", "40000\n");
  SlowFiles files(root_.path(), lanes_, kSensors);
  tick(files);
  settle();
  root_.write("/zone1/temp", "41000\n");
  EXPECT_THAT(tick(files), ElementsAre("/zone0/temp=40000\n"));
  tick_ = SlowFiles::kRescanTicks;
  settle();
  tick(files);
  settle();
  EXPECT_THAT(tick(files), ElementsAre("/zone0/temp=40000\n", "/zone1/temp=41000\n"));
  EXPECT_EQ(files.left_out(), 0U);
}

TEST_F(SlowFilesTest, FilesBeyondTheBoundAreLeftOutAndCounted) {
  for (std::size_t i = 0; i < SlowFiles::kMaxFiles + 4; ++i) {
    root_.write("/zone" + std::to_string(i) + "/temp", "1\n");
  }
  SlowFiles files(root_.path(), lanes_, kSensors);
  tick(files);
  settle();
  EXPECT_EQ(tick(files).size(), SlowFiles::kMaxFiles);
  EXPECT_EQ(files.left_out(), 4U);
}

TEST_F(SlowFilesTest, FilesBelongToTheDeviceThatHangsAsAWhole) {
  EXPECT_EQ(device_of("/sys/class/hwmon/hwmon3/temp1_input"), "/sys/class/hwmon/hwmon3");
  EXPECT_EQ(device_of("/sys/class/nvme/nvme0"), "/sys/class/nvme/nvme0");
  EXPECT_EQ(device_of("/sys/class/nvme/nvme0/device/hwmon/hwmon1/temp1_input"),
            "/sys/class/nvme/nvme0");
  EXPECT_EQ(device_of("/sys/class/drm/card1/device/hwmon/hwmon4/temp1_input"),
            "/sys/class/drm/card1");
  EXPECT_EQ(device_of("/sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq"),
            "/sys/devices/system/cpu/cpu3/cpufreq");
  EXPECT_EQ(device_of("/sys/class/odd"), "/sys/class/odd");
}

TEST_F(SlowFilesTest, ADriveThatHangsWithTwoSensorsLeavesAllZonesAlone) {
  constexpr SourceSpec kBoth[] = {
      {SourceId::hwmon_temp, "hwmon_temp", "/sys/class/hwmon/hwmon*/temp*_input", 10,
       Lane::sensors},
      {SourceId::thermal_temp, "thermal_temp", "/zone*/temp", 1, Lane::sensors},
  };
  Hold hold;
  std::atomic<int> asked = 0;
  root_.write("/zone0/temp", "40000\n");
  for (int i = 1; i <= 12; ++i) {
    root_.write("/sys/class/hwmon/hwmon0/temp" + std::to_string(i) + "_input", "1\n");
  }
  const auto fetch = [&](SourceId source, int root, const std::string& path,
                         SlowFiles::Buffer buffer, std::size_t& length) {
    if (source == SourceId::hwmon_temp) {
      ++asked;
      hold.wait();
    }
    return fetch_slow(source, root, path, buffer, length);
  };
  SlowFiles files(root_.path(), lanes_, kBoth, fetch);
  tick(files);
  hold.await(1);
  std::vector<std::string> lines;
  const Instant until = monotonic_now() + kPatience;
  while (lines.empty() && monotonic_now() < until) {
    lanes_.go();
    readings_.clear();
    files.collect(now_, readings_);
    lines = told(readings_);
  }
  EXPECT_THAT(lines, ElementsAre("/zone0/temp=40000\n"));
  tick(files, seconds{12});
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(readings_[0].error, ETIMEDOUT);
  EXPECT_EQ(readings_[1].error, EBUSY);
  hold.release();
  settle();
}

TEST_F(SlowFilesTest, AFileThatIsAloneMayBeLong) {
  constexpr SourceSpec kAlone[] = {
      {SourceId::tegra_processes, "clients", "/clients", 10, Lane::gpus}};
  std::string text;
  while (text.size() < SlowFiles::kMaxSingleText) text += std::to_string(text.size()) + " line\n";
  root_.write("/clients", text);
  SlowFiles files(root_.path(), lanes_, kAlone);
  tick(files);
  settle();
  readings_.clear();
  files.collect(now_, readings_);
  ASSERT_EQ(readings_.size(), 1U);
  const std::string_view got = readings_[0].text;
  EXPECT_GT(got.size(), SlowFiles::kMaxSingleText - 20);
  EXPECT_TRUE(text.starts_with(got));
  EXPECT_TRUE(got.ends_with(" line\n"));
}

}  // namespace
}  // namespace bw::agent
