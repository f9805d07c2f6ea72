// One connection to a broker, from its making to its end; the one place that knows Eclipse Paho.
//
// Disposable: connect() is called once, and after its end nothing can be asked of it. What happens
// arrives in the inbox under the connection's number, from Paho's threads. None of these calls
// waits for the network.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime/mqtt_inbox.h"
#include "base/runtime/mqtt_link.h"

namespace bw {

class MqttConnection {
 public:
  // QoS 0 messages that may wait to be written; one that comes on top is refused.
  static constexpr int kMaxUnsent = 128;

  static Result<std::unique_ptr<MqttConnection>> make(std::uint64_t number,
                                                      std::shared_ptr<MqttInbox> inbox,
                                                      const std::string& client_id);
  ~MqttConnection();

  // Tries the addresses in turn; `connected` or `failed` follows.
  Result<void> connect(const MqttOptions& options, const std::vector<std::string>& addresses,
                       const std::optional<MqttWill>& will);
  // `subscribed` or `failed` follows.
  Result<void> subscribe(const std::vector<std::string>& topics);
  // QoS 1: `completed` or `refused` follows.
  Result<void> publish(const std::string& topic, std::span<const std::byte> payload, int qos,
                       bool retained, std::uint32_t expiry_s);
  // Says goodbye after what was published before; `closed` follows.
  void disconnect();

  int unsent() const;  // QoS 0 messages not yet written
  std::uint64_t number() const { return number_; }

  // Ends it. Paho's threads may be on their way out of a callback, and freeing it would pull the
  // ground from under them: so it rests for a tenth of a second and is freed by a later call, which
  // each new connection makes, with nothing, before it begins.
  static void retire(std::unique_ptr<MqttConnection> connection);

 private:
  struct Paho;
  MqttConnection(std::uint64_t number, std::unique_ptr<Paho> paho);

  std::uint64_t number_;
  std::unique_ptr<Paho> paho_;
};

}  // namespace bw
