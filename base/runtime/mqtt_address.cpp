#include "base/runtime/mqtt_address.h"

#include <charconv>
#include <thread>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

namespace bw {

namespace {

constexpr std::string_view kScheme = "mqtt://";

std::string numeric_url(const addrinfo& info) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(info.ai_addr, info.ai_addrlen, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  const std::string shown = info.ai_family == AF_INET6 ? "[" + std::string(host) + "]" : host;
  return "tcp://" + shown + ":" + port;
}

MqttEvent resolve(const MqttAddress& address, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  MqttEvent event{.kind = MqttEvent::Kind::resolved};
  const int code =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (code != 0) {
    event.kind = MqttEvent::Kind::failed;
    event.reason = "resolve " + address.host + ": " + ::gai_strerror(code);
    return event;
  }
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    auto url = numeric_url(*info);
    if (!url.empty()) event.addresses.push_back(std::move(url));
  }
  ::freeaddrinfo(found);
  return event;
}

}  // namespace

Result<MqttAddress> MqttAddress::parse(std::string_view url) {
  const auto bad = [&](const char* why) {
    return Error{"'" + std::string(url) + "' is not a broker's address: " + why +
                 " (mqtt://host:port is right)"};
  };
  if (!url.starts_with(kScheme)) return bad("it does not begin with mqtt://");
  std::string_view rest = url.substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);

  MqttAddress address;
  std::string_view port;
  if (rest.starts_with('[')) {  // an IPv6 address
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return bad("the bracket is not closed");
    address.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
    if (!port.empty() && port.front() != ':') return bad("after the bracket comes :port");
  } else {
    const auto colon = rest.find(':');
    address.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon);
  }
  if (address.host.empty()) return bad("the host is missing");
  if (address.host.find_first_of("/?#@ ") != std::string::npos) {
    return bad("only a host and a port belong into it");
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc{} || end != port.data() + port.size() || address.port == 0) {
      return bad("a port is a number from 1 to 65535");
    }
  }
  return address;
}

void resolve_in_background(const MqttAddress& address, std::uint64_t connection,
                           const std::shared_ptr<MqttInbox>& inbox) {
  // A numeric address asks nobody.
  MqttEvent numeric = resolve(address, AI_NUMERICHOST);
  if (numeric.kind == MqttEvent::Kind::resolved) {
    numeric.connection = connection;
    inbox->push(std::move(numeric));
    return;
  }
  // Detached: it can't be interrupted, and the program must be able to end meanwhile.
  std::thread([address, connection, inbox] {
    MqttEvent event = resolve(address, 0);
    event.connection = connection;
    inbox->push(std::move(event));
  }).detach();
}

}  // namespace bw
