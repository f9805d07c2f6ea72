#include "base/runtime/mqtt_connection.h"

#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/base/runtime/test_broker.h"

namespace bw {
namespace {

using Kind = MqttEvent::Kind;

// The link's tests drive connections through their good days. Here stand the calls that come at a
// wrong time, each of which must answer without waiting for anybody.
class MqttConnectionTest : public testing::Test {
 protected:
  std::unique_ptr<MqttConnection> make() {
    auto made = MqttConnection::make(1, inbox_, "test");
    EXPECT_TRUE(made);
    return *std::move(made);
  }

  // The next event, within five seconds.
  MqttEvent next() {
    const Instant deadline = monotonic_now() + std::chrono::seconds{5};
    while (events_.empty() && monotonic_now() < deadline) {
      events_ = inbox_->take();
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    if (events_.empty()) {
      ADD_FAILURE() << "nothing happened";
      return {};
    }
    MqttEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  std::shared_ptr<MqttInbox> inbox_ = std::make_shared<MqttInbox>([] {});
  std::deque<MqttEvent> events_;
};

TEST_F(MqttConnectionTest, RefusesToPublishBeforeItIsConnected) {
  auto connection = make();
  const auto lossy = connection->publish("t", {}, 0, false, 0);
  ASSERT_FALSE(lossy);
  EXPECT_EQ(lossy.error().message.rfind("publish: ", 0), 0U) << lossy.error().message;
  EXPECT_EQ(connection->unsent(), 0) << "what was refused does not wait";
  EXPECT_FALSE(connection->publish("t", {}, 1, false, 0));
  EXPECT_FALSE(connection->subscribe({"t"}));
  MqttConnection::retire(std::move(connection));
}

TEST_F(MqttConnectionTest, IsClosedWhereItNeverWasOpen) {
  auto connection = make();
  connection->disconnect();
  EXPECT_EQ(next().kind, Kind::closed);
  MqttConnection::retire(std::move(connection));
}

TEST_F(MqttConnectionTest, TriesOneAddressAfterTheOther) {
  if (!TestBroker::is_installed()) GTEST_SKIP() << TestBroker::kProgram << " is missing";
  const TestBroker broker;
  auto connection = make();
  const std::string dead = "tcp://127.0.0.1:" + std::to_string(free_port());
  const auto asked = connection->connect({}, {dead, "tcp" + broker.url().substr(4)}, std::nullopt);
  ASSERT_TRUE(asked) << asked.error().message;
  const auto event = next();
  EXPECT_EQ(event.kind, Kind::connected) << event.reason;
  EXPECT_EQ(event.receive_maximum, 20U);
  EXPECT_FALSE(connection->publish("not\xff a topic", {}, 0, false, 0));
  EXPECT_EQ(connection->unsent(), 0);
  MqttConnection::retire(std::move(connection));
}

TEST_F(MqttConnectionTest, FailsWhereNoAddressAnswers) {
  auto connection = make();
  const std::string dead = "tcp://127.0.0.1:" + std::to_string(free_port());
  ASSERT_TRUE(connection->connect({}, {dead, dead}, std::nullopt));
  const auto event = next();
  EXPECT_EQ(event.kind, Kind::failed);
  EXPECT_EQ(event.reason, "no connection (refused, or no answer)");
  MqttConnection::retire(std::move(connection));
}

}  // namespace
}  // namespace bw
