#include "agent/shell/agent_link.h"

#include <cstdio>
#include <utility>

#include "base/runtime/clock.h"
#include "base/runtime/log.h"

namespace bw::agent {

namespace {

constexpr std::string_view kAgentLinkPart = "broker";

std::string client_id(const NodeId& node, std::uint64_t epoch) {
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(epoch));
  return "bw-agent-" + node.str() + "-" + hex;
}

}  // namespace

AgentLink::AgentLink(EventLoop& loop, const Settings& settings, const NodeId& node,
                     std::uint64_t epoch, Handlers handlers)
    : url_(settings.broker_url),
      node_(node),
      handlers_(std::move(handlers)),
      link_(loop, options(settings, node, epoch), this->handlers()) {
  for (std::size_t i = 0; i < topics_.size(); ++i) {
    topics_[i] = wire::topic_name(node, static_cast<wire::Topic>(i));
  }
}

MqttOptions AgentLink::options(const Settings& settings, const NodeId& node,
                               std::uint64_t epoch) const {
  MqttOptions options;
  options.url = settings.broker_url;
  options.client_id = client_id(node, epoch);
  options.keep_alive = std::chrono::seconds{settings.keep_alive_s};
  options.subscriptions = {wire::down_topics(node)};
  options.seed = epoch;
  return options;
}

MqttHandlers AgentLink::handlers() {
  MqttHandlers handlers;
  handlers.will = [this]() -> std::optional<MqttWill> {
    const wire::Bytes will = handlers_.last_will();
    const wire::TopicInfo& info = wire::topic_info(wire::Topic::state);
    return MqttWill{.topic = topics_[static_cast<std::size_t>(wire::Topic::state)],
                    .payload = {will.begin(), will.end()},
                    .qos = info.qos,
                    .retained = info.retained};
  };
  handlers.up = [this](bool) { went_up(); };
  handlers.down = [this](const std::string& reason) { went_down(reason); };
  handlers.taken = [this](std::size_t count) { taken(count); };
  handlers.message = [this](const MqttMessage& message) { receive(message); };
  return handlers;
}

void AgentLink::publish(const Publish& effect) {
  const wire::TopicInfo& info = wire::topic_info(effect.topic);
  // What finds no connection is either out of date soon or kept by the core until acknowledged.
  const bool is_sent = link_.publish(topics_[static_cast<std::size_t>(effect.topic)],
                                     effect.payload, info.qos, info.retained, info.expiry_s);
  if (is_sent && info.qos == 1) {
    under_way_.push_back(effect.topic == wire::Topic::history ||
                         effect.topic == wire::Topic::event);
    sent_at_.push_back(monotonic_now());
  }
}

void AgentLink::taken(std::size_t count) {
  for (; count > 0 && !under_way_.empty(); --count) {
    const bool is_record = under_way_.front();
    under_way_.pop_front();
    publish_latency_ = monotonic_now() - sent_at_.front();
    sent_at_.pop_front();
    if (is_record) handlers_.happened(PublishTaken{});
  }
}

void AgentLink::went_up() {
  was_up_ = true;
  under_way_.clear();
  sent_at_.clear();
  ++ups_;
  down_reason_.clear();
  log(LogLevel::info, kAgentLinkPart, "connected to " + url_);
  handlers_.happened(LinkUp{});
}

// The same failure again and again is told once.
void AgentLink::went_down(const std::string& reason) {
  if (was_up_) {
    log(LogLevel::warning, kAgentLinkPart, "lost the connection to " + url_ + ": " + reason);
  } else if (reason != down_reason_) {
    log(LogLevel::warning, kAgentLinkPart,
        "can't connect to " + url_ + ", and goes on trying: " + reason);
  }
  down_reason_ = reason;
  if (std::exchange(was_up_, false)) handlers_.happened(LinkDown{});
}

void AgentLink::receive(const MqttMessage& message) {
  auto decoded = decode_down(node_, message.topic, message.payload);
  if (const auto* refusal = std::get_if<wire::Refusal>(&decoded)) {
    ++refused_[static_cast<std::size_t>(*refusal)];
    return;
  }
  handlers_.happened(std::get<Event>(decoded));
}

void AgentLink::tell_refused(Instant now) {
  if (told_refused_ && now - *told_refused_ < kTellRefusedEvery) return;
  std::string text;
  for (std::size_t i = 0; i < refused_.size(); ++i) {
    if (refused_[i] == 0) continue;
    text.append(text.empty() ? "" : ", ").append(std::to_string(refused_[i])).append(" ");
    text.append(wire::name_of(static_cast<wire::Refusal>(i)));
    refused_[i] = 0;
  }
  if (text.empty()) return;
  told_refused_ = now;
  log(LogLevel::warning, kAgentLinkPart, "refused what came from " + url_ + ": " + text);
}

std::variant<Event, wire::Refusal> decode_down(const NodeId& node, std::string_view topic,
                                               wire::Bytes payload) {
  const auto parsed = wire::parse_topic(topic);
  if (!parsed || !parsed->topic) return wire::Refusal::unknown_topic;
  if (parsed->node != node.str()) return wire::Refusal::bad_node_id;
  if (parsed->topic == wire::Topic::ack) {
    auto ack = wire::decode_ack(payload);
    if (!ack) return ack.refusal();
    return Event{AckReceived{std::move(*ack)}};
  }
  if (parsed->topic == wire::Topic::command) {
    auto command = wire::decode_command(payload);
    if (!command) return command.refusal();
    return Event{CommandReceived{std::move(*command)}};
  }
  return wire::Refusal::unknown_topic;
}

}  // namespace bw::agent
