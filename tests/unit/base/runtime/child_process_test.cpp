#include "base/runtime/child_process.h"

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace bw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What a shell script said and how it ended.
struct Outcome {
  std::vector<std::string> lines;
  std::string how;
};

Outcome run(const std::vector<std::string>& arguments,
            const std::function<void(ChildProcess&, const std::string&)>& on_line = {}) {
  EventLoop loop;
  Outcome outcome;
  std::unique_ptr<ChildProcess> child;
  auto started = ChildProcess::start(loop, arguments,
                                     {[&](std::string_view line) {
                                        outcome.lines.emplace_back(line);
                                        if (on_line) on_line(*child, outcome.lines.back());
                                      },
                                      [&](const std::string& how) {
                                        outcome.how = how;
                                        loop.stop();
                                      }});
  EXPECT_TRUE(started);
  child = std::move(*started);
  loop.run();
  EXPECT_EQ(child->pid(), 0);
  return outcome;
}

Outcome run_script(const std::string& script,
                   const std::function<void(ChildProcess&, const std::string&)>& on_line = {}) {
  return run({"/bin/sh", "-c", script}, on_line);
}

TEST(ChildProcess, ItsErrorOutputComesLineByLineAndThenHowItEnded) {
  const Outcome outcome = run_script("echo one >&2; echo nothing; echo two >&2; exit 3");
  EXPECT_THAT(outcome.lines, ElementsAre("one", "two"));
  EXPECT_EQ(outcome.how, "exited with code 3");
}

TEST(ChildProcess, ASignalReachesItAndIsToldAsItsEnd) {
  const Outcome outcome =
      run_script("echo ready >&2; exec sleep 100",
                 [](ChildProcess& child, const std::string&) { child.signal(SIGTERM); });
  EXPECT_EQ(outcome.how, "killed by signal 15");
}

TEST(ChildProcess, ALongLineIsCut) {
  const Outcome outcome = run_script("head -c 5000 /dev/zero | tr '\\0' x >&2; echo >&2");
  ASSERT_EQ(outcome.lines.size(), 1U);
  EXPECT_EQ(outcome.lines[0], std::string(1024, 'x'));
}

TEST(ChildProcess, AProgramThatCannotBeRunSaysSo) {
  const Outcome outcome = run({"/nowhere/at/all"});
  EXPECT_THAT(outcome.lines, ElementsAre(HasSubstr("cannot be executed")));
  EXPECT_EQ(outcome.how, "exited with code 127");
}

TEST(ChildProcess, InheritsNeitherDescriptorsNorTheServiceManagersAddress) {
  const int leak = open("/dev/null", O_RDONLY);  // without close-on-exec
  setenv("NOTIFY_SOCKET", "/none", 1);
  setenv("WATCHDOG_USEC", "1", 1);
  setenv("BW_TEST_KEPT", "1", 1);
  const Outcome outcome = run_script(
      "ls /proc/self/fd | tr '\\n' ' ' >&2; echo >&2; env | grep -cE 'NOTIFY_SOCKET|WATCHDOG' >&2;"
      " env | grep BW_TEST_KEPT >&2");
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  unsetenv("BW_TEST_KEPT");
  close(leak);
  // 3 is the directory that ls reads.
  EXPECT_THAT(outcome.lines, ElementsAre("0 1 2 3 ", "0", "BW_TEST_KEPT=1"));
}

TEST(ChildProcess, HasAProcessGroupOfItsOwn) {
  int child_pid = 0;
  pid_t group = 0;
  run_script("echo ready >&2; exec sleep 100", [&](ChildProcess& child, const std::string&) {
    child_pid = child.pid();
    group = getpgid(child_pid);
    child.signal(SIGKILL);
  });
  EXPECT_EQ(group, child_pid);
}

TEST(ChildProcess, OneThatClosesItsErrorOutputIsEnded) {
  const Outcome outcome = run_script("exec 2>&-; exec sleep 100");
  EXPECT_EQ(outcome.how, "killed by signal 9");
}

TEST(ChildProcess, IsKilledWithItsObjectAndNothingIsToldAnyMore) {
  EventLoop loop;
  int pid = 0;
  bool told = false;
  auto child = ChildProcess::start(
      loop, {"/bin/sh", "-c", "echo ready >&2; exec sleep 100"},
      {[&](std::string_view) { loop.stop(); }, [&](const std::string&) { told = true; }});
  ASSERT_TRUE(child);
  pid = (*child)->pid();
  loop.run();
  (*child).reset();
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace bw
