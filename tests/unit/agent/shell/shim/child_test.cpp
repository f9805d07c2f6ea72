// What a whole run needs of it is tested with the shim itself (process_host_test.cpp); here what it
// says where it can't become the program, and what it ends.
#include "agent/shell/shim/child.h"

#include <array>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bw::agent {
namespace {

using testing::HasSubstr;

// In a child, which tells what it came back with.
std::string why_not(const Launch& launch, bool has_parent = true) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t parent = has_parent ? getpid() : 1 << 22;
  const pid_t pid = fork();
  if (pid == 0) {
    const std::string why = become(launch, STDOUT_FILENO, STDERR_FILENO, parent);
    [[maybe_unused]] const ssize_t written = write(ends[1], why.data(), why.size());
    _exit(0);
  }
  close(ends[1]);
  std::array<char, 1024> text{};
  const ssize_t length = read(ends[0], text.data(), text.size());
  close(ends[0]);
  waitpid(pid, nullptr, 0);
  return {text.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

Launch launch_of_true() {
  Launch launch;
  launch.argv = {"true"};
  return launch;
}

TEST(Child, becomes_the_program_or_says_why_not) {
  EXPECT_EQ(why_not(launch_of_true()), "");
  Launch launch = launch_of_true();
  launch.environment = {"PATH=/nowhere:/neither"};
  EXPECT_THAT(why_not(launch), HasSubstr("execute true: No such file"));
  launch = launch_of_true();
  launch.cgroup = "/nowhere/cgroup.procs";
  EXPECT_THAT(why_not(launch), HasSubstr("join /nowhere/cgroup.procs: No such file"));
  launch = launch_of_true();
  launch.directory = "/dev/null";
  EXPECT_THAT(why_not(launch), HasSubstr("directory /dev/null: Not a directory"));
  EXPECT_EQ(why_not(launch_of_true(), false), "its shim ended");
}

TEST(Child, looks_further_in_the_path_past_what_may_not_be_executed) {
  Launch launch = launch_of_true();
  launch.environment = {"PATH=/nowhere:/etc:/bin:/usr/bin"};
  EXPECT_EQ(why_not(launch), "");
  launch.argv = {"passwd"};
  launch.environment = {"PATH=/etc"};
  EXPECT_THAT(why_not(launch), HasSubstr("Permission denied"));
}

TEST(Child, kills_every_child_and_none_of_others) {
  const pid_t other = getppid();
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    while (true) pause();
  }
  kill_children();
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(kill(other, 0), 0);
}

}  // namespace
}  // namespace bw::agent
