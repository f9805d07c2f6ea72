#include "agent/shell/process_memory.h"

#include <cerrno>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using What = ProcessMemory::What;
constexpr Duration kPatience = seconds{20};

class ProcessMemoryTest : public testing::Test {
 protected:
  // "pid:text" or "pid!errno".
  std::vector<std::string> collect(ProcessMemory& memory, Duration after = {}) {
    std::vector<std::string> told;
    memory.collect(monotonic_now() + after, [&](const ProcessMemory::Item& item) {
      const std::string pid = std::to_string(item.pid);
      told.push_back(item.error != 0 ? pid + "!" + std::to_string(item.error)
                                     : pid + ":" + item.text);
    });
    return told;
  }
  void run(ProcessMemory& memory) {
    memory.begin(monotonic_now());
    lanes_.go();
  }
  void make_fifo(int pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    std::filesystem::create_directories(root_.at(folder));
    ASSERT_EQ(mkfifo(root_.at(folder + "/cmdline").c_str(), 0600), 0);
  }
  void let_go(int pid) {
    const int fd = open(root_.at("/proc/" + std::to_string(pid) + "/cmdline").c_str(), O_RDWR);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(write(fd, "x", 1), 1);
    lanes_.wait(kPatience);
    close(fd);
  }

  FakeRoot root_;
  SlowLanes lanes_;
};

TEST_F(ProcessMemoryTest, WhatIsAskedIsToldWhenItWasRead) {
  root_.write("/proc/7/cmdline", "prog -x");
  root_.write("/proc/7/smaps_rollup", "Pss: 3 kB\n");
  ProcessMemory memory(root_.path(), lanes_);
  EXPECT_TRUE(memory.ask(7, 1, What::cmdline));
  EXPECT_TRUE(memory.ask(7, 1, What::pss));
  EXPECT_TRUE(memory.ask(8, 1, What::cmdline));
  run(memory);
  lanes_.wait(kPatience);
  EXPECT_THAT(collect(memory),
              ElementsAre("7:prog -x", "7:Pss: 3 kB\n", "8!" + std::to_string(ENOENT)));
  EXPECT_TRUE(collect(memory).empty());
  root_.write("/proc/7/cmdline", "other");
  EXPECT_TRUE(memory.ask(7, 1, What::cmdline));
  run(memory);
  lanes_.wait(kPatience);
  EXPECT_THAT(collect(memory), ElementsAre("7:other"));
}

TEST_F(ProcessMemoryTest, AProcessThatHangsIsLeftBehindAndNotAskedUntilItAnswers) {
  root_.write("/proc/1/cmdline", "one");
  make_fifo(2);
  root_.write("/proc/3/cmdline", "three");
  ProcessMemory memory(root_.path(), lanes_);
  for (const int pid : {1, 2, 3}) EXPECT_TRUE(memory.ask(pid, 1, What::cmdline));
  run(memory);
  std::vector<std::string> told;
  const Instant until = monotonic_now() + kPatience;
  while (told.size() < 2 && monotonic_now() < until) {
    for (std::string& line : collect(memory, seconds{5})) told.push_back(std::move(line));
    run(memory);
  }
  EXPECT_THAT(told, testing::UnorderedElementsAre("1:one", "3:three"));
  EXPECT_EQ(memory.hanging(), 1U);
  EXPECT_FALSE(memory.ask(2, 1, What::cmdline));
  EXPECT_TRUE(memory.ask(3, 1, What::cmdline));
  let_go(2);
  collect(memory);
  EXPECT_EQ(memory.hanging(), 0U);
  EXPECT_TRUE(memory.ask(2, 1, What::cmdline));
}

TEST_F(ProcessMemoryTest, SoManyMayHangAsTheLaneHasPlacesAndAsksAreBounded) {
  constexpr std::size_t kPlaces = SlowLanes::kAtOnce[static_cast<std::size_t>(Lane::processes)];
  for (std::size_t i = 0; i < kPlaces + 2; ++i) make_fifo(static_cast<int>(i) + 1);
  ProcessMemory memory(root_.path(), lanes_);
  for (std::size_t i = 0; i < kPlaces + 2; ++i) {
    EXPECT_TRUE(memory.ask(static_cast<int>(i) + 1, 1, What::cmdline));
  }
  const Instant until = monotonic_now() + kPatience;
  while (memory.hanging() < kPlaces && monotonic_now() < until) {
    run(memory);
    lanes_.wait(std::chrono::milliseconds{20});  // until it hangs for real
    collect(memory, seconds{5});
  }
  run(memory);
  collect(memory, seconds{50});
  EXPECT_EQ(memory.hanging(), kPlaces);
  EXPECT_FALSE(memory.ask(1, 1, What::cmdline));
  for (std::size_t i = 0; i < ProcessMemory::kMaxAsks; ++i) {
    EXPECT_TRUE(memory.ask(1000, 1, What::pss));
  }
  EXPECT_FALSE(memory.ask(1000, 1, What::pss));
  for (std::size_t i = 0; i < kPlaces + 2; ++i) {
    const int fd = open(root_.at("/proc/" + std::to_string(i + 1) + "/cmdline").c_str(), O_RDWR);
    ASSERT_EQ(write(fd, "x", 1), 1);  // left open: whoever comes later finds it
  }
  lanes_.wait(kPatience);
  collect(memory);
  EXPECT_EQ(memory.hanging(), 0U);
}

}  // namespace
}  // namespace bw::agent
