#include "agent/shell/runner.h"

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shell/spool_store.h"
#include "base/runtime/clock.h"
#include "base/runtime/sqlite.h"
#include "base/runtime/state_lock.h"
#include "tests/unit/agent/shell/fake_root.h"
#include "tests/unit/agent/shell/test_broker.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;

// An agent on this machine, whose broker is not there.
class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    settings_.node = "web3";
    settings_.broker_url = "mqtt://127.0.0.1:" + std::to_string(free_port());
    settings_.state_directory = root_.path();
    settings_.period_ms = 100;
    settings_.kernel_log = false;  // what this machine's holds is its own affair
  }

  std::vector<StoredRecord> on_disk() {
    return SpoolStore(root_.at("/outbox.db"), 64U << 20, 1).open(wall_now()).records;
  }

  FakeRoot root_;
  Settings settings_;
  ConfigSources sources_;
  EventLoop loop_;
};

TEST_F(RunnerTest, RunsTheFirstTickAtOnceAndTheOthersOnSchedule) {
  Runner runner(loop_, settings_, sources_, ServiceManager::from_environment());
  const Instant start = monotonic_now();
  runner.start();
  EXPECT_GT(runner.agent().collector().sample().series().size(), 50U);
  EXPECT_LT(monotonic_now() - start, seconds{1});
  EXPECT_FALSE(runner.agent().linked());
  Timer stop(loop_);
  stop.after(milliseconds{350}, [&] { runner.request_stop(); });
  loop_.run();
  EXPECT_EQ(runner.exit_code(), 0);
}

TEST_F(RunnerTest, StopsInTimeWithItsLastBlockInTheOutboxAndFindsItAgain) {
  {
    Runner runner(loop_, settings_, sources_, ServiceManager::from_environment());
    runner.start();
    Instant asked{};
    Timer stop(loop_);
    stop.after(milliseconds{250}, [&] {
      asked = monotonic_now();
      runner.request_stop();
      runner.request_stop();  // a second signal changes nothing
    });
    loop_.run();
    EXPECT_TRUE(runner.finish(milliseconds{400}));
    EXPECT_LT(monotonic_now() - asked, seconds{2});
  }
  EXPECT_THAT(on_disk(), SizeIs(1));

  EventLoop loop;
  Runner again(loop, settings_, sources_, ServiceManager::from_environment());
  again.start();
  EXPECT_EQ(again.agent().outbox().size(), 2U) << "and the event of the time in between";
}

TEST_F(RunnerTest, ReloadTakesOverWhatItCanAndSaysWhatNeedsARestart) {
  const auto configure = [&](const std::string& text) {
    root_.write("/agent.toml", "[state]\ndirectory = \"" + root_.path() + "\"\n" + text);
  };
  sources_.file = root_.at("/agent.toml");
  configure("[node]\nid = \"web3\"\n");
  const auto loaded = load_settings(sources_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  Runner runner(loop_, *loaded, sources_, ServiceManager::from_environment());
  runner.start();

  configure("[node]\nid = \"web4\"\nsite = \"plant\"\n[node.labels]\nrack = \"b\"\n");
  testing::internal::CaptureStderr();
  runner.reload();
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, HasSubstr("node.id has changed: it needs a restart"));
  EXPECT_EQ(runner.agent().options().site, "plant");
  EXPECT_THAT(runner.agent().options().labels, testing::ElementsAre(wire::Label{"rack", "b"}));
  EXPECT_EQ(runner.agent().options().node.str(), "web3");

  configure("[node]\nsite = 7\n");
  testing::internal::CaptureStderr();
  runner.reload();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("stays as it was"));
  EXPECT_EQ(runner.agent().options().site, "plant");
}

TEST_F(RunnerTest, LeavesInTimeWhateverTheDiskDoes) {
  Runner runner(loop_, settings_, sources_, ServiceManager::from_environment());
  runner.start();
  // Another process holds the database: writes wait for it, then fail.
  auto database = Database::open(root_.at("/outbox.db"), false);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("BEGIN IMMEDIATE"));
  const Instant asked = monotonic_now();
  runner.request_stop();
  loop_.run();
  runner.finish(milliseconds{400});
  EXPECT_LT(monotonic_now() - asked, seconds{2});
}

// The program without its flags, in a process of its own.
class RunAgentTest : public RunnerTest {
 protected:
  pid_t run() {
    const pid_t child = fork();
    if (child == 0) _exit(run_agent(settings_, sources_));
    return child;
  }
  static int exit_code(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
};

TEST_F(RunAgentTest, EndsOnSigtermWithinTwoSecondsAndKeepsItsHistory) {
  const pid_t child = run();
  const Instant give_up = monotonic_now() + seconds{30};
  while (!std::filesystem::exists(root_.at("/outbox.db-wal")) && monotonic_now() < give_up) {
    usleep(10'000);
  }
  usleep(200'000);  // the first tick
  const Instant asked = monotonic_now();
  kill(child, SIGTERM);
  EXPECT_EQ(exit_code(child), 0);
  EXPECT_LT(monotonic_now() - asked, seconds{2});
  EXPECT_THAT(on_disk(), SizeIs(1));
}

TEST_F(RunAgentTest, RefusesAStateDirectoryThatAnotherAgentHolds) {
  bool taken = false;
  const auto lock = StateLock::take(settings_.state_directory, "agent", taken);
  ASSERT_TRUE(lock);
  testing::internal::CaptureStderr();
  const int code = exit_code(run());
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("another agent that is running, process " + std::to_string(getpid())));
  EXPECT_EQ(code, 3);
}

TEST_F(RunAgentTest, FailsWhereTheStateDirectoryCantBeUsed) {
  root_.write("/file", "");
  settings_.state_directory = root_.at("/file/state");
  EXPECT_EQ(exit_code(run()), 1);
}

}  // namespace
}  // namespace bw::agent
