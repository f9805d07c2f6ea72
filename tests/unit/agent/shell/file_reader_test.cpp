#include "agent/shell/file_reader.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace {

std::atomic<std::uint64_t> allocations = 0;

}  // namespace

// Counts what this executable allocates, for the test that the steady state allocates nothing. Not
// inlined: GCC would take malloc's memory to be given back by the wrong function.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace bw::agent {
namespace {

using metrics::Lane;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr SourceSpec kStat[] = {{SourceId::stat, "stat", "/proc/stat", 1}};
constexpr SourceSpec kCarrier[] = {
    {SourceId::net_carrier, "net_carrier", "/sys/class/net/*/carrier", 10}};
constexpr SourceSpec kHwmon[] = {
    {SourceId::hwmon_temp, "hwmon_temp", "/sys/class/hwmon/hwmon*/temp*_input", 1}};

// "path=text", or "path!errno".
std::vector<std::string> told(std::span<const TextReading> readings) {
  std::vector<std::string> lines;
  for (const TextReading& reading : readings) {
    const std::string path(reading.path);
    lines.push_back(reading.error == 0 ? path + "=" + std::string(reading.text)
                                       : path + "!" + std::to_string(reading.error));
  }
  return lines;
}

TEST(FileReader, ReadsTheTextOfAFileAnewAtEachTick) {
  const FakeRoot root;
  root.write("/proc/stat", "one");
  FileReader reader(root.path(), kStat);
  EXPECT_THAT(told(reader.read(0)), ElementsAre("/proc/stat=one"));
  root.write("/proc/stat", "three");
  EXPECT_THAT(told(reader.read(1)), ElementsAre("/proc/stat=three"));
  root.write("/proc/stat", "");
  EXPECT_THAT(told(reader.read(2)), ElementsAre("/proc/stat="));
}

TEST(FileReader, KeepsFilesOpenBetweenTicks) {
  const FakeRoot root;
  root.write("/proc/stat", "still here");
  FileReader reader(root.path(), kStat);
  reader.read(0);
  root.remove("/proc/stat");
  EXPECT_THAT(told(reader.read(1)), ElementsAre("/proc/stat=still here"));
}

TEST(FileReader, ClosesFilesThatItReadsOnceAMinute) {
  const SourceSpec rare[] = {{SourceId::entropy, "entropy", "/entropy", 60}};
  const FakeRoot root;
  root.write("/entropy", "256");
  FileReader reader(root.path(), rare);
  EXPECT_THAT(told(reader.read(0)), ElementsAre("/entropy=256"));
  root.remove("/entropy");
  EXPECT_THAT(told(reader.read(60)), IsEmpty());
}

TEST(FileReader, GivesNoReadingOfAMissingFileAndLooksForItAgainAfterAMinute) {
  const FakeRoot root;
  FileReader reader(root.path(), kStat);
  EXPECT_THAT(told(reader.read(0)), IsEmpty());
  root.write("/proc/stat", "new");
  EXPECT_THAT(told(reader.read(59)), IsEmpty());
  EXPECT_THAT(told(reader.read(60)), ElementsAre("/proc/stat=new"));
}

TEST(FileReader, GivesNoReadingsBelowARootThatIsNotThere) {
  FileReader reader("/nowhere/at/all", kHwmon);
  EXPECT_THAT(told(reader.read(0)), IsEmpty());
}

TEST(FileReader, ReadsEachSourceWhenItIsDueAndAfterMissedTicksAtOnce) {
  const SourceSpec sources[] = {{SourceId::stat, "often", "/a", 1},
                                {SourceId::mounts, "sometimes", "/b", 10},
                                {SourceId::entropy, "rarely", "/c", 60}};
  const FakeRoot root;
  for (const char* path : {"/a", "/b", "/c"}) root.write(path, "x");
  FileReader reader(root.path(), sources);
  EXPECT_THAT(reader.read(0), SizeIs(3));
  EXPECT_THAT(told(reader.read(9)), ElementsAre("/a=x"));
  EXPECT_THAT(told(reader.read(10)), ElementsAre("/a=x", "/b=x"));
  EXPECT_THAT(told(reader.read(23)), ElementsAre("/a=x", "/b=x"));  // 20 was missed
  EXPECT_THAT(told(reader.read(29)), ElementsAre("/a=x"));
  EXPECT_THAT(reader.read(61), SizeIs(3));
  EXPECT_THAT(told(reader.read(69)), ElementsAre("/a=x"));
}

TEST(FileReader, ReadsEveryMatchOfAPatternInTheOrderOfTheirPaths) {
  const FakeRoot root;
  root.write("/sys/class/hwmon/hwmon1/temp1_input", "c");
  root.write("/sys/class/hwmon/hwmon0/temp2_input", "b");
  root.write("/sys/class/hwmon/hwmon0/temp1_input", "a");
  root.write("/sys/class/hwmon/hwmon0/temp1_label", "not this");
  root.write("/sys/class/hwmon/other/temp1_input", "nor this");
  root.write("/sys/class/hwmon/hwmon0/.temp_input", "nor this one");
  FileReader reader(root.path(), kHwmon);
  EXPECT_THAT(told(reader.read(0)), ElementsAre("/sys/class/hwmon/hwmon0/temp1_input=a",
                                                "/sys/class/hwmon/hwmon0/temp2_input=b",
                                                "/sys/class/hwmon/hwmon1/temp1_input=c"));
}

TEST(FileReader, FindsNewMatchesOfAPatternOnceAMinuteAndLosesOldOnes) {
  const FakeRoot root;
  root.write("/sys/class/net/eth0/carrier", "1");
  root.write("/sys/class/net/lo/carrier", "1");
  std::filesystem::create_directories(root.at("/sys/class/net/bonding_masters"));
  FileReader reader(root.path(), kCarrier);
  EXPECT_THAT(told(reader.read(0)),
              ElementsAre("/sys/class/net/eth0/carrier=1", "/sys/class/net/lo/carrier=1"));
  root.remove("/sys/class/net/eth0");
  root.write("/sys/class/net/eth1/carrier", "0");
  EXPECT_THAT(reader.read(50), SizeIs(2));
  EXPECT_THAT(told(reader.read(60)),
              ElementsAre("/sys/class/net/eth1/carrier=0", "/sys/class/net/lo/carrier=1"));
}

TEST(FileReader, GivesTheErrorOfAFileThatIsThereAndCantBeRead) {
  const FakeRoot root;
  std::filesystem::create_directories(root.at("/proc/stat"));
  FileReader reader(root.path(), kStat);
  EXPECT_THAT(told(reader.read(0)), ElementsAre("/proc/stat!" + std::to_string(EISDIR)));
  // Not missing, so tried at every tick.
  root.remove("/proc/stat");
  root.write("/proc/stat", "better");
  EXPECT_THAT(told(reader.read(1)), ElementsAre("/proc/stat=better"));
}

TEST(FileReader, GivesTheErrorOfADeviceThatFails) {
  const SourceSpec memory[] = {{SourceId::stat, "mem", "/mem", 1}};  // nothing lies at address 0
  FileReader reader("/proc/self", memory);
  EXPECT_THAT(told(reader.read(0)), ElementsAre("/mem!" + std::to_string(EIO)));
}

TEST(FileReader, IsNotHeldUpByAPipeInTheFilesPlace) {
  const FakeRoot root;
  std::filesystem::create_directories(root.at("/proc"));
  ASSERT_EQ(mkfifo(root.at("/proc/stat").c_str(), 0600), 0);
  FileReader reader(root.path(), kStat);
  EXPECT_THAT(told(reader.read(0)), ElementsAre("/proc/stat!" + std::to_string(ESPIPE)));
}

TEST(FileReader, OpensAFileAnewWhenWhatItHadOpenIsGone) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const FakeRoot root;
  const SourceSpec specs[] = {{SourceId::stat, "of", "/stat", 1}};
  std::filesystem::create_symlink("/proc/" + std::to_string(child) + "/stat", root.at("/stat"));
  FileReader reader(root.path(), specs);
  EXPECT_THAT(reader.read(0), SizeIs(1));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  root.remove("/stat");
  root.write("/stat", "another");  // the old one answers ESRCH from now on
  EXPECT_THAT(told(reader.read(1)), ElementsAre("/stat=another"));
}

TEST(FileReader, CutsAHugeFile) {
  const FakeRoot root;
  root.write("/proc/stat", std::string(FileReader::kMaxText + 12'345, 'x'));
  FileReader reader(root.path(), kStat);
  const auto readings = reader.read(0);
  ASSERT_THAT(readings, SizeIs(1));
  EXPECT_EQ(readings[0].text.size(), FileReader::kMaxText);
  EXPECT_EQ(readings[0].text.find_first_not_of('x'), std::string_view::npos);
}

TEST(FileReader, BoundsTheTextsOfATickTogether) {
  const FakeRoot root;
  for (int i = 0; i < 10; ++i) {
    root.write("/sys/class/hwmon/hwmon" + std::to_string(i) + "/temp1_input",
               std::string(FileReader::kMaxText, 'x'));
  }
  FileReader reader(root.path(), kHwmon);
  const auto readings = reader.read(0);
  ASSERT_THAT(readings, SizeIs(10));
  EXPECT_EQ(readings[0].text.size(), FileReader::kMaxText);
  EXPECT_EQ(readings[9].error, EFBIG);
  EXPECT_EQ(readings[9].text, "");
}

TEST(FileReader, ReadsFilesOfSeveralPagesToTheirEnd) {
  const SourceSpec maps[] = {{SourceId::stat, "maps", "/maps", 1}};
  FileReader reader("/proc/self", maps);
  const auto readings = reader.read(0);
  ASSERT_THAT(readings, SizeIs(1));
  EXPECT_GT(readings[0].text.size(), 4096U);
  EXPECT_THAT(std::string(readings[0].text), testing::HasSubstr("[stack]"));
  EXPECT_TRUE(readings[0].text.ends_with('\n'));
}

TEST(FileReader, ReadsNoMoreFilesOfAKindThanItMayAndSaysHowManyAreLeftOut) {
  const FakeRoot root;
  for (std::size_t i = 0; i < FileReader::kMaxMatches + 5; ++i) {
    root.write("/sys/class/hwmon/hwmon0/temp" + std::to_string(i) + "_input", "1");
  }
  FileReader reader(root.path(), kHwmon);
  EXPECT_THAT(reader.read(0), SizeIs(FileReader::kMaxMatches));
  EXPECT_EQ(reader.left_out(), 5U);
  root.remove("/sys/class/hwmon/hwmon0/temp0_input");
  reader.read(60);
  EXPECT_EQ(reader.left_out(), 4U);
}

TEST(FileReader, KeepsNoMoreFilesOpenThanItMayAndReadsTheOthersAllTheSame) {
  const FakeRoot root;
  constexpr SourceSpec kTwo[] = {{SourceId::cgroup_memory, "one", "/one*", 1},
                                 {SourceId::cgroup_events, "two", "/two*", 1}};
  for (std::size_t i = 0; i < 400; ++i) {
    root.write("/one" + std::to_string(i), "1");
    root.write("/two" + std::to_string(i), "2");
  }
  FileReader reader(root.path(), kTwo);
  for (std::uint64_t tick = 0; tick < 3; ++tick) {
    const auto readings = reader.read(tick);
    ASSERT_THAT(readings, SizeIs(800));
    EXPECT_TRUE(std::ranges::all_of(readings, [](const auto& text) { return text.error == 0; }));
    std::size_t open = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      ++open;
    }
    EXPECT_LT(open, FileReader::kMaxOpen + 64);
  }
}

TEST(FileReader, ASourceMayHaveSeveralPatternsAndSlowOnesAreNotItsBusiness) {
  const FakeRoot root;
  root.write("/b/x", "1");
  root.write("/a/c.service/x", "2");
  constexpr SourceSpec kMixed[] = {
      {SourceId::cgroup_memory, "mixed", "/*/x /*/*.service/x", 1},
      {SourceId::thermal_temp, "slow", "/b/x", 1, Lane::sensors},
      {SourceId::clock, "call", "adjtimex(2)", 1, Lane::call},
  };
  FileReader reader(root.path(), kMixed);
  EXPECT_THAT(told(reader.read(0)), ElementsAre("/b/x=1", "/a/c.service/x=2"));
}

TEST(FileReader, AllocatesNothingInTheSteadyState) {
  FileReader reader("/");
  reader.read(0);
  reader.read(1);
  const std::uint64_t before = allocations;
  std::size_t readings = 0;
  for (std::uint64_t tick = 2; tick < 60; ++tick) readings += reader.read(tick).size();
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_GT(readings, 58 * 5U);
}

TEST(FileReader, ReadsThisMachine) {
  FileReader reader("/");
  bool has_stat = false;
  for (const TextReading& reading : reader.read(0)) {
    if (reading.source == SourceId::stat) has_stat = reading.text.starts_with("cpu ");
  }
  EXPECT_TRUE(has_stat);
}

}  // namespace
}  // namespace bw::agent
