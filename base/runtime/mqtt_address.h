// Where a broker is: its address as the operator writes it, and the numbers behind its name.
//
// The numbers are asked for apart from the connection, which takes only those.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime/mqtt_inbox.h"

namespace bw {

// Host and port of mqtt://host[:port].
struct MqttAddress {
  std::string host;  // a name, or a numeric address without brackets
  std::uint16_t port = 1883;

  static Result<MqttAddress> parse(std::string_view url);
};

// Asks the resolver on a thread of its own, since that may take half a minute, and pushes
// `resolved` or `failed`. Paho would ask while it holds the lock that publishing needs.
void resolve_in_background(const MqttAddress& address, std::uint64_t connection,
                           const std::shared_ptr<MqttInbox>& inbox);

}  // namespace bw
