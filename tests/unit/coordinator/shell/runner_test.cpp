#include "coordinator/shell/runner.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include "base/runtime/sqlite.h"
#include "base/runtime/state_lock.h"
#include "schemas/wire/codec.h"
#include "tests/unit/coordinator/shell/loop_thread.h"
#include "tests/unit/coordinator/shell/sockets.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;

// What the service manager is told.
class Notifications {
 public:
  explicit Notifications(const std::string& path) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    setenv("WATCHDOG_USEC", "100000", 1);
    unsetenv("WATCHDOG_PID");
  }
  ~Notifications() {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(fd_);
  }
  Notifications(const Notifications&) = delete;
  Notifications& operator=(const Notifications&) = delete;

  // All so far, one a line.
  const std::string& text() {
    char message[4096];
    ssize_t length = 0;
    while ((length = recv(fd_, message, sizeof message, MSG_DONTWAIT)) > 0) {
      text_.append(message, static_cast<std::size_t>(length));
      text_ += '\n';
    }
    return text_;
  }

 private:
  int fd_;
  std::string text_;
};

class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (access("/usr/sbin/mosquitto", X_OK) != 0) GTEST_SKIP() << "mosquitto is not installed";
    settings_.broker_port = free_port();
    settings_.api_listen = "127.0.0.1:" + std::to_string(api_port_);
    settings_.state_directory = folder_.path();
    settings_.log_level = "error";
  }
  ~RunnerTest() override {
    if (thread_ && !is_left_) thread_->call([&] { runner_.reset(); });
  }

  // Asks it to stop, and waits until it has.
  void stop() {
    thread_->call([&] { runner_->request_stop(); });
    thread_->join();
    is_left_ = true;
  }

  Result<void> start(ConfigSources sources = {}) {
    thread_.emplace();
    return thread_->call([&] {
      runner_.emplace(thread_->loop(), settings_, std::move(sources),
                      ServiceManager::from_environment());
      return runner_->start();
    });
  }
  std::string reason() {
    const auto started = start();
    return started ? "started" : started.error().message;
  }
  std::string get(const std::string& target) { return http_get(api_port_, target); }
  bool is_ready() {
    return eventually([&] { return get("/readyz").find(" 200 OK") != std::string::npos; });
  }

  TemporaryFolder folder_;
  std::uint16_t api_port_ = free_port();
  Settings settings_;
  std::optional<LoopThread> thread_;
  bool is_left_ = false;  // the loop
  std::optional<Runner> runner_;
};

// A node of no more than what the test says.
class Node {
 public:
  explicit Node(std::int64_t broker_port) {
    MqttOptions options;
    options.url = "mqtt://127.0.0.1:" + std::to_string(broker_port);
    options.client_id = "box";
    options.subscriptions = {"bw/v1/box/down/#"};
    MqttHandlers handlers;
    handlers.will = [] { return std::optional<MqttWill>(); };
    handlers.up = [](bool) {};
    handlers.down = [](const std::string&) {};
    handlers.message = [this](const MqttMessage& message) { heard_.push_back(message); };
    thread_.call([&] {
      link_ = std::make_unique<MqttLink>(thread_.loop(), options, handlers);
      link_->start();
    });
    eventually([&] { return thread_.call([&] { return link_->is_up(); }); });
  }
  ~Node() {
    thread_.call([&] { link_.reset(); });
  }

  void publish(const std::string& topic, wire::Bytes payload) {
    EXPECT_TRUE(thread_.call([&] { return link_->publish(topic, payload, 1, false, 0); }));
  }
  // The newest acknowledgement.
  std::optional<wire::Ack> ack() {
    return thread_.call([&]() -> std::optional<wire::Ack> {
      std::optional<wire::Ack> newest;
      for (const MqttMessage& message : heard_) {
        if (auto ack = wire::decode_ack(message.payload)) newest = *ack;
      }
      return newest;
    });
  }

 private:
  LoopThread thread_;
  std::unique_ptr<MqttLink> link_;
  std::vector<MqttMessage> heard_;  // the loop's
};

TEST_F(RunnerTest, BecomesReadyAndAnswersTheApi) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(is_ready());
  EXPECT_THAT(get("/healthz"), HasSubstr(" 200 OK"));
  EXPECT_THAT(get("/api/v1/nodes"), HasSubstr("\"nodes\":[]"));
  EXPECT_THAT(get("/nothing"), HasSubstr(" 404 "));
}

TEST_F(RunnerTest, ABlockIsStoredAcknowledgedAndAnswered) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(is_ready());
  Node node(settings_.broker_port);
  wire::Encoder encoder;
  const PutNode put = put_node("box", series_table());
  node.publish("bw/v1/box/up/birth", encoder.encode(put.birth));
  const PutBlock stored = put_block("box", put.birth.epoch, 1,
                                    {1'700'000'000'000, 1'700'000'001'000}, {1, 2, 3, 4, 5, 6});
  wire::HistoryBlock block;
  block.epoch = stored.epoch;
  block.number = 1;
  block.oldest = 1;
  block.table_id = stored.table_id;
  block.start_ms = stored.start_ms;
  block.end_ms = stored.end_ms;
  block.rows = stored.rows;
  block.columns = stored.columns;
  node.publish("bw/v1/box/up/history", encoder.encode(block));
  ASSERT_TRUE(eventually([&] { return node.ack().has_value(); }));
  EXPECT_EQ(node.ack()->epochs, (std::vector<wire::EpochAck>{{put.birth.epoch, 1}}));
  EXPECT_THAT(get("/api/v1/query?metric=cpu_busy&node=box&label=cpu=1&from=1700000000&to=1700000010"
                  "&step=1s"),
              HasSubstr("[1700000001000,5"));
}

TEST_F(RunnerTest, APayloadThatIsNoneIsCountedAndNothingElse) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(is_ready());
  Node node(settings_.broker_port);
  const std::vector<std::byte> rubbish(100, std::byte{7});
  node.publish("bw/v1/box/up/history", rubbish);
  EXPECT_TRUE(
      eventually([&] { return get("/metrics").find("bad_checksum") != std::string::npos; }));
  EXPECT_THAT(get("/healthz"), HasSubstr(" 200 OK"));
}

TEST_F(RunnerTest, StopsWithinTwoSecondsAndTakesTheBrokerAlong) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(is_ready());
  const auto begin = std::chrono::steady_clock::now();
  stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{2});
  EXPECT_FALSE(is_listening(static_cast<std::uint16_t>(settings_.broker_port)));
  EXPECT_FALSE(is_listening(api_port_));
  EXPECT_TRUE(runner_->finish());
}

TEST_F(RunnerTest, TellsTheServiceManagerHowItFares) {
  Notifications told(folder_ / "notify");
  ASSERT_TRUE(start());
  ASSERT_TRUE(eventually([&] { return told.text().find("READY=1") != std::string::npos; }));
  EXPECT_TRUE(eventually([&] {
    return told.text().find("STATUS=connected to mqtt://127.0.0.1:") != std::string::npos;
  }));
  EXPECT_TRUE(eventually([&] { return told.text().find("WATCHDOG=1") != std::string::npos; }));
  EXPECT_THAT(get("/readyz"), HasSubstr(" 200 OK"));
  stop();
  EXPECT_THAT(told.text(), HasSubstr("STOPPING=1"));
}

TEST_F(RunnerTest, IsReadyAtOnceWithABrokerOfItsUsersEvenWhereItIsAway) {
  Notifications told(folder_ / "notify");
  settings_.broker_url = "mqtt://127.0.0.1:" + std::to_string(free_port());
  ASSERT_TRUE(start());
  EXPECT_THAT(told.text(), HasSubstr("READY=1"));
  EXPECT_TRUE(eventually([&] {
    return told.text().find("STATUS=not connected to " + settings_.broker_url) != std::string::npos;
  }));
  EXPECT_THAT(get("/readyz"), HasSubstr(" 503 "));
}

TEST_F(RunnerTest, AnApiPortThatIsTakenIsAnErrorThatNamesAddressAndKey) {
  const TakenPort taken;
  settings_.api_listen = "127.0.0.1:" + std::to_string(taken.port());
  const std::string text = reason();
  EXPECT_THAT(text, HasSubstr("api.listen"));
  EXPECT_THAT(text, HasSubstr(settings_.api_listen));
  EXPECT_THAT(text, HasSubstr("Address already in use"));
}

TEST_F(RunnerTest, ABrokerPortThatIsTakenIsAnErrorThatNamesTheKey) {
  const TakenPort taken;
  settings_.broker_port = taken.port();
  EXPECT_THAT(reason(), HasSubstr("broker.port"));
}

TEST_F(RunnerTest, AStoreOfAnotherVersionIsAnError) {
  {
    auto database = Database::open(folder_ / "bellwether.db", true).value();
    ASSERT_TRUE(database.execute("PRAGMA user_version = 99"));
  }
  EXPECT_THAT(reason(), HasSubstr("another version"));
}

TEST_F(RunnerTest, ReloadingKeepsWhatNeedsARestartAndWhatIsWrong) {
  ConfigSources sources;
  sources.file = folder_ / "c.toml";
  ASSERT_TRUE(start(sources));
  ASSERT_TRUE(is_ready());
  std::ofstream(sources.file) << "[log]\nlevel = \"debug\"\n";
  testing::internal::CaptureStderr();
  thread_->call([&] { runner_->reload(); });
  std::ofstream(sources.file) << "[log]\nlevel = \"loud\"\n";
  thread_->call([&] { runner_->reload(); });
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("broker.port has changed: it needs a restart"));
  EXPECT_THAT(text, HasSubstr("read the configuration again"));
  EXPECT_THAT(text, HasSubstr("the configuration stays as it was"));
  EXPECT_THAT(get("/healthz"), HasSubstr(" 200 OK"));
}

TEST_F(RunnerTest, ASecondCoordinatorOnADirectoryEndsWithOne) {
  bool taken = false;
  const auto lock = StateLock::take(settings_.state_directory, "coordinator", taken);
  ASSERT_TRUE(lock);
  EXPECT_EQ(run_coordinator(settings_, {}), 1);
}

TEST_F(RunnerTest, TheProgramEndsWithNoughtWhereItIsAskedToStop) {
  int code = -1;
  std::thread program([&] { code = run_coordinator(settings_, {}); });
  EXPECT_TRUE(is_ready());
  kill(getpid(), SIGTERM);
  program.join();
  EXPECT_EQ(code, 0);
}

TEST_F(RunnerTest, TheProgramEndsWithOneWhereItCannotStart) {
  const TakenPort taken;
  settings_.broker_port = taken.port();
  EXPECT_EQ(run_coordinator(settings_, {}), 1);
}

}  // namespace
}  // namespace bw::coordinator
