#include "coordinator/shell/inbound.h"

#include <gtest/gtest.h>

namespace bw::coordinator {
namespace {

constexpr WallTime kNow = wall_from_ms(1'700'000'000'000);

MqttMessage message(const std::string& topic, wire::Bytes payload) {
  return {topic, {payload.begin(), payload.end()}, false};
}

std::vector<std::byte> state_payload() {
  wire::Encoder encoder;
  const auto bytes = encoder.encode(wire::NodeState{5, wire::NodeCondition::online, 6, "up"});
  return {bytes.begin(), bytes.end()};
}

void expect_refused(const std::string& topic, wire::Bytes payload, const std::string& node,
                    wire::Refusal reason) {
  const MqttMessage one = message(topic, payload);
  const Event event = inbound_event(one, kNow);
  ASSERT_TRUE(std::holds_alternative<PayloadRefused>(event)) << topic;
  EXPECT_EQ(std::get<PayloadRefused>(event).node, node) << topic;
  EXPECT_EQ(std::get<PayloadRefused>(event).reason, reason) << topic;
}

TEST(Inbound, AVerifiedMessageCarriesNodeTimeAndPayload) {
  const MqttMessage one = message("bw/v1/box-1/up/state", state_payload());
  const Event event = inbound_event(one, kNow);
  ASSERT_TRUE(std::holds_alternative<MessageReceived>(event));
  const auto& received = std::get<MessageReceived>(event);
  EXPECT_EQ(received.node.str(), "box-1");
  EXPECT_EQ(received.wall, kNow);
  EXPECT_EQ(received.payload.data(), one.payload.data());
  EXPECT_EQ(std::get<wire::NodeState>(received.message).reason, "up");
}

TEST(Inbound, AnOddNodeIdIsRefusedWhateverItSends) {
  const auto payload = state_payload();
  const std::string longest(300, 'a');
  for (const std::string& node : {std::string("a b"), std::string("-a"), std::string(), longest}) {
    expect_refused("bw/v1/" + node + "/up/state", payload, node, wire::Refusal::bad_node_id);
  }
}

TEST(Inbound, TopicsThatNoNodePublishesAreRefused) {
  const auto payload = state_payload();
  for (const char* path : {"up/nothing", "up/state/more", "up", "down/ack", "down/command"}) {
    expect_refused(std::string("bw/v1/box/") + path, payload, "box", wire::Refusal::unknown_topic);
  }
  expect_refused("other/box/up/state", payload, "", wire::Refusal::unknown_topic);
}

TEST(Inbound, APayloadOfAnotherMessageIsRefused) {
  expect_refused("bw/v1/box/up/birth", state_payload(), "box", wire::Refusal::wrong_schema);
}

TEST(Inbound, ADamagedOrEmptyPayloadIsRefused) {
  auto payload = state_payload();
  payload[payload.size() / 2] ^= std::byte{1};
  expect_refused("bw/v1/box/up/state", payload, "box", wire::Refusal::bad_checksum);
  expect_refused("bw/v1/box/up/state", {}, "box", wire::Refusal::bad_checksum);
}

TEST(Inbound, APayloadOverItsTopicsBoundIsRefusedAsSuch) {
  const std::vector<std::byte> payload(wire::topic_info(wire::Topic::state).max_payload + 1);
  expect_refused("bw/v1/box/up/state", payload, "box", wire::Refusal::too_large);
}

}  // namespace
}  // namespace bw::coordinator
