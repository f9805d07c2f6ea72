#include "agent/shell/agent_link.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/test_broker.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

constexpr std::uint64_t kEpoch = 0xfedcba9876543210U;

NodeId node(const char* id = "web3") {
  return NodeId::parse(id).value();
}

std::vector<std::byte> bytes(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}

wire::Refusal refusal(std::string_view topic, wire::Bytes payload) {
  const auto decoded = decode_down(node(), topic, payload);
  return std::get<wire::Refusal>(decoded);
}

TEST(AgentLink, UnderstandsAcknowledgementsAndCommandsForItsNode) {
  wire::Encoder encoder;
  const wire::Ack ack{.epochs = {{.epoch = kEpoch, .number = 7}}};
  auto decoded = decode_down(node(), "bw/v1/web3/down/ack", encoder.encode(ack));
  EXPECT_EQ(std::get<AckReceived>(std::get<Event>(decoded)).ack, ack);

  wire::Command command;
  command.id = "c1";
  command.kind = wire::CommandKind::refuse;
  command.epoch = kEpoch;
  decoded = decode_down(node(), "bw/v1/web3/down/command", encoder.encode(command));
  EXPECT_EQ(std::get<CommandReceived>(std::get<Event>(decoded)).command, command);
}

TEST(AgentLink, RefusesWhatIsNotForItOrNotWhole) {
  wire::Encoder encoder;
  const auto view = encoder.encode(wire::Ack{.epochs = {{.epoch = 1, .number = 7}}});
  std::vector<std::byte> ack(view.begin(), view.end());
  EXPECT_EQ(refusal("bw/v1/web3/down/command", ack), wire::Refusal::wrong_schema);
  EXPECT_EQ(refusal("bw/v1/web4/down/ack", ack), wire::Refusal::bad_node_id);
  EXPECT_EQ(refusal("bw/v1/web3/down/other", ack), wire::Refusal::unknown_topic);
  EXPECT_EQ(refusal("bw/v1/web3/up/live", ack), wire::Refusal::unknown_topic);
  EXPECT_EQ(refusal("somewhere else", ack), wire::Refusal::unknown_topic);
  EXPECT_EQ(refusal("bw/v1/web3/down/ack", {}), wire::Refusal::bad_checksum);
  ack[9] ^= std::byte{1};
  EXPECT_EQ(refusal("bw/v1/web3/down/ack", ack), wire::Refusal::bad_checksum);
}

// An agent's link and the coordinator's at one broker; the loop runs until `until` holds.
class AgentLinkTest : public testing::Test {
 protected:
  AgentLinkTest() {
    settings_.broker_url = broker_.url();
    link_.emplace(loop_, settings_, node(), kEpoch,
                  AgentLink::Handlers{.last_will = [this] { return wire::Bytes(will_); },
                                      .happened = [this](const Event& event) { note(event); }});
    MqttOptions options;
    options.url = broker_.url();
    options.client_id = "coordinator";
    options.subscriptions = {std::string(wire::kAllUpTopics)};
    MqttHandlers handlers;
    handlers.message = [this](const MqttMessage& message) {
      got_[message.topic] = message.payload;
    };
    coordinator_.emplace(loop_, options, handlers);
    coordinator_->start();
    link_->start();
    run_until([this] { return link_->is_up() && coordinator_->is_up(); });
  }

  void note(const Event& event) {
    ups_ += std::holds_alternative<LinkUp>(event);
    downs_ += std::holds_alternative<LinkDown>(event);
    if (const auto* ack = std::get_if<AckReceived>(&event)) ack_ = ack->ack;
  }
  template <typename Condition>
  void run_until(Condition condition) {
    const Instant deadline = monotonic_now() + seconds{30};
    while (!condition() && monotonic_now() < deadline) {
      loop_.context().run_one_for(std::chrono::milliseconds{50});
      loop_.context().restart();
    }
    ASSERT_TRUE(condition());
  }

  TestBroker broker_;
  EventLoop loop_;
  Settings settings_;
  std::vector<std::byte> will_ = bytes("last words");
  std::optional<AgentLink> link_;
  std::optional<MqttLink> coordinator_;
  std::map<std::string, std::vector<std::byte>> got_;
  int ups_ = 0;
  int downs_ = 0;
  std::optional<wire::Ack> ack_;
};

TEST_F(AgentLinkTest, PublishesUnderItsNodeAndHearsWhatIsSentToIt) {
  EXPECT_EQ(ups_, 1);
  const auto live = bytes("a sample");
  link_->publish(Publish{wire::Topic::live, live});
  run_until([this] { return got_.contains("bw/v1/web3/up/live"); });
  EXPECT_THAT(got_, Contains(Pair("bw/v1/web3/up/live", live)));
  EXPECT_EQ(link_->bytes_sent(), live.size());

  wire::Encoder encoder;
  const wire::Ack ack{.epochs = {{.epoch = kEpoch, .number = 7}}};
  coordinator_->publish("bw/v1/web3/down/ack", encoder.encode(ack), 1, true, 0);
  run_until([this] { return ack_.has_value(); });
  EXPECT_EQ(*ack_, ack);
}

TEST_F(AgentLinkTest, KnowsHowLongTheBrokerTookToConfirm) {
  EXPECT_EQ(link_->publish_latency(), Duration{0});
  EXPECT_EQ(link_->reconnects(), 0U);
  link_->publish(Publish{wire::Topic::history, bytes("a block")});
  EXPECT_EQ(link_->in_flight(), 1U);
  run_until([this] { return link_->in_flight() == 0; });
  EXPECT_GT(link_->publish_latency(), Duration{0});
  EXPECT_LT(link_->publish_latency(), seconds{30});
}

TEST_F(AgentLinkTest, CountsWhatItRefusesAndTellsItOnceAMinute) {
  wire::Encoder encoder;
  coordinator_->publish("bw/v1/web3/down/ack", bytes("rubbish"), 1, false, 0);
  coordinator_->publish("bw/v1/web3/down/ack", bytes("more rubbish"), 1, false, 0);
  coordinator_->publish("bw/v1/web3/down/other", bytes("?"), 1, false, 0);
  coordinator_->publish("bw/v1/web3/down/ack", encoder.encode(wire::Ack{}), 1, false, 0);
  run_until([this] { return ack_.has_value(); });

  const Instant start = monotonic_now();
  testing::internal::CaptureStderr();
  link_->tell_refused(start);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::AllOf(HasSubstr("2 bad_checksum"), HasSubstr("1 unknown_topic")));

  ack_.reset();
  coordinator_->publish("bw/v1/web3/down/ack", bytes("rubbish"), 1, false, 0);
  coordinator_->publish("bw/v1/web3/down/ack", encoder.encode(wire::Ack{}), 1, false, 0);
  run_until([this] { return ack_.has_value(); });
  testing::internal::CaptureStderr();
  link_->tell_refused(start + seconds{59});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  link_->tell_refused(start + seconds{60});
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("1 bad_checksum"));
  testing::internal::CaptureStderr();
  link_->tell_refused(start + seconds{180});  // nothing new
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(AgentLinkTest, LeavesNoWillBehindWhenItSaysGoodbye) {
  bool done = false;
  link_->stop(seconds{5}, [&] { done = true; });
  run_until([&] { return done; });
  // What came before a message of the same sender would have arrived before it.
  coordinator_->publish("bw/v1/web3/up/event", bytes("end"), 1, false, 0);
  run_until([this] { return got_.contains("bw/v1/web3/up/event"); });
  EXPECT_THAT(got_, testing::Not(Contains(Pair("bw/v1/web3/up/state", will_))));
}

TEST(AgentLinkWithoutBroker, TellsTheSameFailureOnceAndIsNeverUp) {
  EventLoop loop;
  Settings settings;
  settings.broker_url = "mqtt://127.0.0.1:" + std::to_string(free_port());
  int events = 0;
  testing::internal::CaptureStderr();
  {
    AgentLink link(loop, settings, node(), kEpoch,
                   AgentLink::Handlers{.last_will = [] { return wire::Bytes{}; },
                                       .happened = [&](const Event&) { ++events; }});
    link.start();
    loop.context().run_for(std::chrono::milliseconds{1500});  // several tries
    EXPECT_FALSE(link.is_up());
    EXPECT_THAT(link.down_reason(), testing::Not(""));
  }
  const std::string told = testing::internal::GetCapturedStderr();
  const std::string line = "can't connect to " + settings.broker_url;
  EXPECT_THAT(told, HasSubstr(line));
  EXPECT_EQ(told.find(line, told.find(line) + 1), std::string::npos) << told;
  EXPECT_EQ(events, 0);
}

}  // namespace
}  // namespace bw::agent
