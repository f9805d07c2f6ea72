// The agent's end of MQTT: topics, the Last Will and what arrives, on one MqttLink.
//
// Payloads that are refused are counted by reason and told in the log once a minute.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "agent/core/agent.h"
#include "agent/shell/settings.h"
#include "base/runtime/event_loop.h"
#include "base/runtime/mqtt_link.h"

namespace bw::agent {

class AgentLink {
 public:
  static constexpr Duration kTellRefusedEvery = std::chrono::minutes{1};

  struct Handlers {
    std::function<wire::Bytes()> last_will;
    // LinkUp, LinkDown, AckReceived, CommandReceived, PublishTaken
    std::function<void(const Event&)> happened;
  };

  // Two agents with one node id must both be able to connect, so that the coordinator can tell and
  // refuse one: the client id names the epoch as well.
  AgentLink(EventLoop& loop, const Settings& settings, const NodeId& node, std::uint64_t epoch,
            Handlers handlers);

  void start() { link_.start(); }
  // As MqttLink::stop().
  void stop(Duration grace, std::function<void()> done) { link_.stop(grace, std::move(done)); }

  void publish(const Publish& effect);
  // Once a tick.
  void tell_refused(Instant now);

  bool is_up() const { return link_.is_up(); }
  const std::string& down_reason() const { return down_reason_; }
  std::uint64_t bytes_sent() const { return link_.bytes_sent(); }
  // Of the newest message that the broker confirmed: from sending it until then.
  Duration publish_latency() const { return publish_latency_; }
  std::size_t in_flight() const { return link_.waiting(); }
  std::uint64_t reconnects() const { return ups_ > 0 ? ups_ - 1 : 0; }

 private:
  void went_up();
  void went_down(const std::string& reason);
  void receive(const MqttMessage& message);
  void taken(std::size_t count);
  MqttOptions options(const Settings& settings, const NodeId& node, std::uint64_t epoch) const;
  MqttHandlers handlers();

  std::string url_;
  NodeId node_;
  Handlers handlers_;
  std::array<std::string, wire::kTopics> topics_;  // by Topic
  bool was_up_ = false;
  std::string down_reason_;
  std::array<std::uint64_t, wire::kRefusals> refused_{};  // since last told
  std::optional<Instant> told_refused_;
  // QoS 1 publishes that the broker has not taken yet, oldest first: whether each is a record. The
  // broker answers in order (MQTT v5, 4.6), and the link bounds their number.
  std::deque<bool> under_way_;
  std::deque<Instant> sent_at_;  // of the same
  Duration publish_latency_{};
  std::uint64_t ups_ = 0;
  MqttLink link_;
};

// What a payload from the coordinator says, or why it is refused. `topic` is the message's.
std::variant<Event, wire::Refusal> decode_down(const NodeId& node, std::string_view topic,
                                               wire::Bytes payload);

}  // namespace bw::agent
