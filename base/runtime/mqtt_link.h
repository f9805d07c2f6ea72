// One connection to an MQTT v5 broker at a time, made anew after each loss, with jittered backoff;
// Eclipse Paho stays in mqtt_connection.cpp.
//
// A connection is disposable: Paho's own reconnect and offline buffer are not used, and what was
// handed to a connection that ended is gone (durability is the outbox's). Handlers run on the event
// loop's thread and may call anything here, or destroy the link. Not more than min(the broker's
// receive maximum, 50) QoS 1 messages are in flight; kMaxWaiting more wait in a queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime/event_loop.h"
#include "base/time.h"

namespace bw {

struct MqttMessage {
  std::string topic;
  std::vector<std::byte> payload;
  bool retained = false;
};

struct MqttWill {
  std::string topic;
  std::vector<std::byte> payload;
  int qos = 1;
  bool retained = true;
};

struct MqttOptions {
  std::string url;  // mqtt://host:port, see check_mqtt_url
  std::string client_id;
  std::chrono::seconds keep_alive{15};
  bool clean_start = true;
  std::uint32_t session_expiry_s = 0;
  Duration connect_timeout = std::chrono::seconds{5};
  Duration backoff_first = std::chrono::milliseconds{200};
  Duration backoff_most = std::chrono::seconds{30};
  std::vector<std::string> subscriptions;  // QoS 1; renewed on each connection without a session
  std::uint64_t seed = 0;
};

struct MqttHandlers {
  std::function<std::optional<MqttWill>()> will;  // asked before each connection
  std::function<void(bool session_present)> up;   // connected and subscribed; no message before it
  std::function<void(const std::string& reason)>
      down;  // lost, or a try failed (`up` may never have been called)
  std::function<void(MqttMessage)> message;
  // So many of the oldest QoS 1 messages are with the broker, or were refused by it.
  std::function<void(std::size_t count)> taken = {};
};

// What is wrong with a broker's address, in words for the operator.
Result<void> check_mqtt_url(std::string_view url);

class MqttLink {
 public:
  static constexpr std::size_t kMaxInFlight = 50;    // QoS 1
  static constexpr std::size_t kMaxWaiting = 10000;  // QoS 1; one that comes on top is refused

  MqttLink(EventLoop& loop, MqttOptions options, MqttHandlers handlers);
  ~MqttLink();

  void start();
  // Sends what waits for at most `grace`, says goodbye (no will is published), then calls `done`;
  // no other handler is called after that. publish() is refused from here on.
  void stop(Duration grace, std::function<void()> done);

  bool is_up() const;
  // False where there is no connection, or too much waits. QoS 0 is not queued: it overtakes what
  // waits, and is refused while 128 before it are not yet written.
  bool publish(const std::string& topic, std::span<const std::byte> payload, int qos, bool retained,
               std::uint32_t expiry_s);

  std::uint64_t bytes_sent() const;  // payloads, since start
  std::size_t waiting() const;       // QoS 1 messages queued or in flight

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bw
