#include "coordinator/shell/inbound.h"

#include <utility>

namespace bw::coordinator {

Event inbound_event(const MqttMessage& message, WallTime now) {
  const auto parsed = wire::parse_topic(message.topic);
  if (!parsed) return PayloadRefused{"", wire::Refusal::unknown_topic};
  auto node = NodeId::parse(parsed->node);
  if (!node) return PayloadRefused{parsed->node, wire::Refusal::bad_node_id};
  if (!parsed->topic || !wire::topic_info(*parsed->topic).path.starts_with("up/")) {
    return PayloadRefused{parsed->node, wire::Refusal::unknown_topic};
  }
  auto decoded = wire::decode_up(*parsed->topic, message.payload);
  if (!decoded) return PayloadRefused{parsed->node, decoded.refusal()};
  return MessageReceived{std::move(*node), std::move(*decoded), message.payload, now};
}

}  // namespace bw::coordinator
