// What Paho's threads tell the event loop's thread, in order: they only copy and leave it here.
//
// Thread-safe. Outlives its link for as long as a callback may still come.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/runtime/mqtt_link.h"

namespace bw {

struct MqttEvent {
  enum class Kind : std::uint8_t {
    resolved,    // addresses
    connected,   // session_present, receive_maximum
    subscribed,  // all of them
    failed,      // reason: connecting or subscribing, or the connection ended
    completed,   // count QoS 1 messages are with the broker
    refused,     // reason: count QoS 1 messages were not taken by the broker
    message,
    closed,  // our goodbye is out, or was not to be said
  };

  Kind kind{};
  std::uint64_t connection =
      0;  // the number of the one that speaks; of a dead one only messages count
  bool session_present = false;
  std::uint32_t receive_maximum = 0;
  std::uint32_t count = 0;
  std::string reason = {};
  std::vector<std::string> addresses = {};
  MqttMessage message = {};
  int qos = 0;  // the message's
};

class MqttInbox {
 public:
  // Messages that wait unread, in bytes. Beyond it QoS 0 ones are dropped; a QoS 1 one ends the
  // connection, for it was acknowledged already and must not vanish unsaid.
  static constexpr std::size_t kMaxUnreadBytes = std::size_t{128} << 20U;

  // What a message counts against it.
  static std::size_t cost(const MqttMessage& message);

  // `wake` is called from any thread, when the first event comes into an empty box.
  explicit MqttInbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(MqttEvent event);
  void push_message(std::uint64_t connection, MqttMessage message, int qos);

  // All that is there, oldest first.
  std::deque<MqttEvent> take();

  // After it nothing is kept and nobody woken.
  void close();

  std::uint64_t dropped() const;  // QoS 0 messages, since the start

 private:
  void push_locked(MqttEvent event);

  mutable std::mutex mutex_;
  std::function<void()> wake_;
  std::deque<MqttEvent> events_;
  std::size_t unread_bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace bw
