#include "coordinator/shell/embedded_broker.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/unit/coordinator/shell/loop_thread.h"
#include "tests/unit/coordinator/shell/sockets.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;

bool is_alive(int pid) {
  return kill(pid, 0) == 0;
}

class EmbeddedBrokerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (access("/usr/sbin/mosquitto", X_OK) != 0) GTEST_SKIP() << "mosquitto is not installed";
  }
  ~EmbeddedBrokerTest() override {
    thread_.call([&] { broker_.reset(); });
  }

  BrokerOptions options() {
    BrokerOptions result;
    result.port = port_;
    result.directory = folder_ / "broker";
    result.backoff_first = std::chrono::milliseconds{20};
    result.port_wait = std::chrono::milliseconds{200};
    return result;
  }

  Result<void> start(BrokerOptions options) {
    return thread_.call([&]() -> Result<void> {
      auto broker = EmbeddedBroker::start(thread_.loop(), std::move(options), [this] { ++ready_; });
      if (!broker) return broker.error();
      broker_ = std::move(*broker);
      return {};
    });
  }
  std::string reason(BrokerOptions options) {
    const auto started = start(std::move(options));
    return started ? "started" : started.error().message;
  }
  int pid() {
    return thread_.call([&] { return broker_->pid(); });
  }
  // In milliseconds.
  std::int64_t stop() {
    const auto begin = std::chrono::steady_clock::now();
    std::atomic<bool> stopped = false;
    thread_.call([&] { broker_->stop([&] { stopped = true; }); });
    EXPECT_TRUE(eventually([&] { return stopped.load(); }));
    return (std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds{1};
  }
  std::string script(const std::string& text) {
    const std::string path = folder_ / "fake";
    std::ofstream(path) << "#!/bin/sh\n" << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  TemporaryFolder folder_;
  LoopThread thread_;
  std::unique_ptr<EmbeddedBroker> broker_;
  std::atomic<int> ready_ = 0;
  std::uint16_t port_ = free_port();
};

TEST_F(EmbeddedBrokerTest, TakesConnectionsOnceItIsReady) {
  ASSERT_TRUE(start(options()));
  ASSERT_TRUE(eventually([&] { return ready_ == 1; }));
  EXPECT_TRUE(eventually([&] { return is_listening(port_); }));
}

TEST_F(EmbeddedBrokerTest, IsGoneAfterStopAndKeepsWhatItHad) {
  ASSERT_TRUE(start(options()));
  ASSERT_TRUE(eventually([&] { return ready_ == 1; }));
  const int child = pid();
  stop();
  EXPECT_FALSE(is_alive(child));
  EXPECT_EQ(pid(), 0);
  EXPECT_FALSE(is_listening(port_));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "broker/mosquitto.db"));
}

TEST_F(EmbeddedBrokerTest, IsStartedAgainAfterItsDeath) {
  ASSERT_TRUE(start(options()));
  ASSERT_TRUE(eventually([&] { return ready_ == 1; }));
  const int first = pid();
  kill(first, SIGKILL);
  ASSERT_TRUE(eventually([&] { return ready_ == 2; }));
  EXPECT_NE(pid(), first);
  EXPECT_TRUE(eventually([&] { return is_listening(port_); }));
}

TEST_F(EmbeddedBrokerTest, StoppingWhileItWaitsToBeStartedAgainEndsAtOnce) {
  auto slow = options();
  slow.backoff_first = std::chrono::hours{1};
  ASSERT_TRUE(start(std::move(slow)));
  ASSERT_TRUE(eventually([&] { return ready_ == 1; }));
  kill(pid(), SIGKILL);
  ASSERT_TRUE(eventually([&] { return pid() == 0; }));
  stop();
  EXPECT_EQ(ready_, 1);
}

TEST_F(EmbeddedBrokerTest, OneThatDoesNotEndIsKilledAfterItsGrace) {
  auto deaf = options();
  deaf.executable = script("trap '' TERM\necho deaf >&2\nwhile :; do sleep 0.05; done\n");
  ASSERT_TRUE(start(std::move(deaf)));
  ASSERT_TRUE(eventually([&] { return ready_ == 1; }));
  const int child = pid();
  const std::int64_t took_ms = stop();
  EXPECT_GE(took_ms, 900);
  EXPECT_LT(took_ms, 1900);
  EXPECT_FALSE(is_alive(child));
}

TEST_F(EmbeddedBrokerTest, GoesDownWhereThisProcessIsKilled) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    // Only this thread is here: the loop of the test's thread does not run in the child.
    EventLoop loop;
    auto broker = EmbeddedBroker::start(loop, options(), [] {});
    const int broker_pid = broker ? (*broker)->pid() : -1;
    [[maybe_unused]] const ssize_t written = write(pipe_ends[1], &broker_pid, sizeof broker_pid);
    loop.run();
    _exit(0);
  }
  int broker_pid = 0;
  ASSERT_EQ(read(pipe_ends[0], &broker_pid, sizeof broker_pid),
            static_cast<ssize_t>(sizeof broker_pid));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  ASSERT_GT(broker_pid, 0);
  ASSERT_TRUE(eventually([&] { return is_listening(port_); }));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !is_listening(port_); }));
}

TEST_F(EmbeddedBrokerTest, APortThatIsTakenIsAnErrorThatNamesTheKey) {
  const TakenPort taken;
  auto unlucky = options();
  unlucky.port = taken.port();
  const std::string text = reason(std::move(unlucky));
  EXPECT_THAT(text, HasSubstr("broker.port"));
  EXPECT_THAT(text, HasSubstr("127.0.0.1:" + std::to_string(taken.port())));
  EXPECT_THAT(text, HasSubstr("Address already in use"));
}

TEST_F(EmbeddedBrokerTest, APortThatIsFreeASecondLaterIsWaitedFor) {
  auto taken = std::make_unique<TakenPort>();
  auto patient = options();
  patient.port = taken->port();
  patient.port_wait = kPatience;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    taken.reset();
  });
  EXPECT_EQ(reason(std::move(patient)), "started");
  other.join();
}

TEST_F(EmbeddedBrokerTest, AnExecutableThatIsNotThereIsAnErrorThatNamesTheKey) {
  auto missing = options();
  missing.executable = folder_ / "none";
  EXPECT_THAT(reason(std::move(missing)), HasSubstr("broker.executable: " + (folder_ / "none")));
}

TEST_F(EmbeddedBrokerTest, ADirectoryThatCannotBeMadeIsAnErrorWithItsName) {
  std::ofstream(folder_ / "file") << "x";
  auto nowhere = options();
  nowhere.directory = folder_ / "file/broker";
  EXPECT_THAT(reason(std::move(nowhere)), HasSubstr("create " + (folder_ / "file/broker")));
}

TEST_F(EmbeddedBrokerTest, AConfigurationThatCannotBeWrittenIsAnErrorWithItsName) {
  std::filesystem::create_directories(folder_ / "broker/mosquitto.conf");
  EXPECT_THAT(reason(options()), HasSubstr("write " + (folder_ / "broker/mosquitto.conf")));
}

TEST_F(EmbeddedBrokerTest, ItsDamagedFileIsSetAsideAndItGoesOn) {
  std::filesystem::create_directories(folder_ / "broker");
  std::ofstream(folder_ / "broker/mosquitto.db") << "this is no database of Mosquitto's";
  ASSERT_TRUE(start(options()));
  EXPECT_TRUE(eventually([&] { return is_listening(port_); }));
  std::size_t set_aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "broker")) {
    if (entry.path().filename().string().starts_with("mosquitto.db.damaged-")) ++set_aside;
  }
  EXPECT_EQ(set_aside, 1U);
}

TEST_F(EmbeddedBrokerTest, OnlyWhatItSaysWhenItLoadsItsFileIsHeldAgainstTheFile) {
  const std::string save =
      "Error saving in-memory database, unable to open /x/mosquitto.db.new for writing.";
  const std::string load = "Error: Couldn't open database.";
  const std::string version = "Error: Unsupported persistent database format version 9 (need 6)";
  const std::string running = "mosquitto version 2.0.11 running";
  const auto set_aside = [&](const std::vector<std::string>& lines) {
    TemporaryFolder folder;
    std::filesystem::create_directories(folder / "broker");
    std::ofstream(folder / "broker/mosquitto.db") << "kept";
    std::string text;
    for (const std::string& line : lines) text += "echo \"" + line + "\" >&2\n";
    auto failing = options();
    failing.directory = folder / "broker";
    failing.executable = script(text + "echo >> " + (folder / "runs") + "\nexit 1\n");
    EXPECT_TRUE(start(std::move(failing)));
    EXPECT_TRUE(eventually([&] {
      std::error_code none;
      const auto runs = std::filesystem::file_size(folder / "runs", none);
      return !none && runs >= 3;
    }));
    stop();
    thread_.call([&] { broker_.reset(); });
    return !std::filesystem::exists(folder / "broker/mosquitto.db");
  };
  EXPECT_TRUE(set_aside({load}));
  EXPECT_TRUE(set_aside({version}));
  EXPECT_FALSE(set_aside({save}));
  EXPECT_FALSE(set_aside({running, save}));
  EXPECT_FALSE(set_aside({running, load}));
}

TEST_F(EmbeddedBrokerTest, OnlyThisBoxCanReachItAndLargeBlocksPass) {
  ASSERT_TRUE(start(options()));
  std::ifstream file(folder_ / "broker/mosquitto.conf");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("listener " + std::to_string(port_) + " 127.0.0.1\n"));
  EXPECT_THAT(text.str(), HasSubstr("max_packet_size 12587008\n"));
  EXPECT_THAT(text.str(), HasSubstr("persistence_location " + (folder_ / "broker/") + "\n"));
}

}  // namespace
}  // namespace bw::coordinator
