#include "agent/shell/process_reader.h"

#include <csignal>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

std::string stat_of(int pid, std::string_view name, int cpu) {
  return std::to_string(pid) + " (" + std::string(name) + ") S 1 1 1 0 -1 0 0 0 0 0 " +
         std::to_string(cpu) + " 0 0 0 20 0 3 0 77 1000 25 1 1\n";
}

class ProcessReaderTest : public testing::Test {
 protected:
  void add(int pid, std::string_view name) {
    const std::string folder = "/proc/" + std::to_string(pid);
    root_.write(folder + "/stat", stat_of(pid, name, 5));
    root_.write(folder + "/io", "read_bytes: 4096\nwrite_bytes: 8192\n");
    root_.write(folder + "/cmdline", std::string("prog\0--flag", 11));
    root_.write(folder + "/smaps_rollup", "Rss: 1 kB\nPss: 3 kB\n");
  }
  // Lets the lanes read what the last tick asked for.
  void settle() {
    lanes_.go();
    lanes_.wait(seconds{20});
  }
  FakeRoot root_;
  SlowLanes lanes_;
  Instant now_ = Instant{} + std::chrono::seconds{50};
};

TEST_F(ProcessReaderTest, ReadsTheFilesOfEachProcess) {
  root_.write("/proc/loadavg", "0.1 0.1 0.1 1/80 200\n");
  add(100, "one");
  add(200, "two");
  root_.write("/proc/sys/x", "");
  root_.write("/proc/12x/stat", "");
  ProcessReader reader(root_.path(), {{"w", "prog --flag"}}, lanes_);
  reader.read(0, now_, "cpu 1 2 3\n");
  settle();
  const ProcessTable* table = reader.read(1, now_, "cpu 1 2 3\n");
  ASSERT_NE(table, nullptr);
  ASSERT_EQ(table->processes().size(), 2U);
  const Process& one = table->processes().at(100);
  EXPECT_EQ(one.name, "one");
  EXPECT_EQ(one.threads, 3U);
  EXPECT_EQ(one.read_bytes, 4096U);
  EXPECT_EQ(one.watches, 1U);
}

TEST_F(ProcessReaderTest, DetailsAreReadWhereTheyAreWanted) {
  add(100, "one");
  std::filesystem::create_directories(root_.at("/proc/100/fd"));
  for (const auto* name : {"0", "1", "2"}) root_.write("/proc/100/fd/" + std::string(name), "");
  ProcessReader reader(root_.path(), {}, lanes_);
  reader.read(0, now_, "")->processes().at(100).detailed = true;
  reader.read(0, now_, "")->processes().at(100).pss_wanted = true;
  reader.read(10, now_, "");
  settle();
  const ProcessTable* table = reader.read(11, now_, "");
  EXPECT_EQ(table->processes().at(100).pss, 3U * 1024);
  // A plain folder's size is not its number of files, as /proc's has it: only that it was asked.
  EXPECT_NE(table->processes().at(100).fds, Process::kUnknown);
}

TEST_F(ProcessReaderTest, NewAndGoneProcessesAreFoundByTheNewestOnesNumber) {
  root_.write("/proc/loadavg", "0.1 0.1 0.1 1/80 100\n");
  add(100, "one");
  ProcessReader reader(root_.path(), {}, lanes_);
  EXPECT_EQ(reader.read(0, now_, "")->total(), 1U);
  add(200, "two");
  root_.write("/proc/loadavg", "0.1 0.1 0.1 1/80 200\n");
  EXPECT_EQ(reader.read(1, now_, "")->total(), 2U);
  root_.remove("/proc/100");
  EXPECT_EQ(reader.read(11, now_, "")->total(), 1U);
}

TEST_F(ProcessReaderTest, AProcessThatGoesWhileItIsReadIsGone) {
  add(100, "one");
  root_.write("/proc/300/other", "no stat file any more");
  ProcessReader reader(root_.path(), {}, lanes_);
  EXPECT_EQ(reader.read(0, now_, "")->processes().size(), 1U);
}

TEST_F(ProcessReaderTest, ManyBusyProcessesShareTheOpenFiles) {
  for (int pid = 1; pid <= 150; ++pid) add(pid, "p");
  ProcessReader reader(root_.path(), {}, lanes_);
  for (std::uint64_t tick = 0; tick < 3; ++tick) {
    EXPECT_EQ(reader.read(tick, now_, "")->processes().size(), 150U);
  }
}

TEST_F(ProcessReaderTest, CommandLinesAreReadOnlyWhereAPatternAsksForThem) {
  add(100, "one");
  ProcessReader named(root_.path(), {{"one", ""}}, lanes_);
  named.read(0, now_, "");
  settle();
  const ProcessTable* table = named.read(1, now_, "");
  EXPECT_EQ(table->processes().at(100).cmdlines, 0U);
  EXPECT_FALSE(table->commands_pending());
  EXPECT_EQ(lanes_.threads(), 0U);
}

TEST_F(ProcessReaderTest, AProcessWhoseMemoryIsLockedDelaysNeitherTheTickNorOthers) {
  add(100, "stuck");
  add(200, "two");
  root_.remove("/proc/100/cmdline");
  ASSERT_EQ(mkfifo(root_.at("/proc/100/cmdline").c_str(), 0600), 0);  // nobody writes
  ProcessReader reader(root_.path(), {{"w", "prog --flag"}}, lanes_);
  const Instant until = monotonic_now() + seconds{20};
  const Process* two = nullptr;
  for (std::uint64_t tick = 0; monotonic_now() < until; ++tick) {
    two = &reader.read(tick, monotonic_now() + seconds{3} * static_cast<int>(tick), "")
               ->processes()
               .at(200);
    lanes_.go();
    if (two->watches == 1) break;
  }
  EXPECT_EQ(two->watches, 1U);
  const int writer = open(root_.at("/proc/100/cmdline").c_str(), O_RDWR);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(write(writer, "x", 1), 1);
  settle();
  close(writer);
}

TEST_F(ProcessReaderTest, WithoutProcThereIsNoTable) {
  ProcessReader reader(root_.path(), {}, lanes_);
  EXPECT_EQ(reader.read(0, now_, ""), nullptr);
}

TEST(ProcessReader, AProcessIsThereAtTheTickAfterItsBeginAndGoneAtTheOneAfterItsEnd) {
  SlowLanes lanes;
  ProcessReader reader("/", {}, lanes);
  std::uint64_t tick = 1;
  const auto is_there = [&](pid_t pid) {
    const ProcessTable* table = reader.read(tick++, monotonic_now(), "");
    EXPECT_GE(table->total(), table->processes().size());
    const auto found = table->processes().find(pid);
    return found != table->processes().end() && found->second.read;
  };
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(is_there(getpid()));
    const pid_t child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
    EXPECT_TRUE(is_there(child)) << tick;
    for (int k = 0; k < i; ++k) is_there(child);  // so that it counts as idle
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_FALSE(is_there(child)) << tick;
  }
}

TEST(ProcessReader, FindsOurOwnChildAndItsEnd) {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_NAME, "bw_child");
    pause();
    _exit(0);
  }
  SlowLanes lanes;
  ProcessReader reader("/", {{"bw_child", ""}}, lanes);
  const auto watched = [&](std::uint64_t tick) {
    const ProcessTable* table = reader.read(tick, monotonic_now(), "");
    const auto found = table->processes().find(child);
    return found != table->processes().end() && found->second.watches == 1 &&
           found->second.state != 'Z';
  };
  std::uint64_t tick = 0;
  bool seen = false;
  for (; tick < 1000 && !seen; ++tick) {
    seen = watched(tick);
    if (!seen) usleep(10'000);  // until it has named itself
  }
  EXPECT_TRUE(seen);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(watched(tick));
}

}  // namespace
}  // namespace bw::agent
