// The coordinator's own MQTT broker, where none is configured: a Mosquitto as a child process, on
// loopback, with a configuration written anew at each start. It ends with the coordinator, and is
// started again where it ends alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/runtime/event_loop.h"

namespace bw::coordinator {

struct BrokerOptions {
  std::string executable;  // empty: looked for
  std::uint16_t port = 1883;
  std::string directory;  // its configuration and what it keeps; made where it is missing
  Duration backoff_first = std::chrono::milliseconds{200};
  Duration backoff_most = std::chrono::seconds{10};
  // A port still taken by the broker of a coordinator that was killed a moment ago is waited for.
  Duration port_wait = std::chrono::seconds{1};
};

class EmbeddedBroker {
 public:
  // Between asking it to end and ending it.
  static constexpr Duration kGrace = std::chrono::seconds{1};

  // `ready` is called each time it can be expected to take connections. An error: there is no
  // Mosquitto, its port is taken, or its files can't be written.
  static Result<std::unique_ptr<EmbeddedBroker>> start(EventLoop& loop, BrokerOptions options,
                                                       std::function<void()> ready);
  ~EmbeddedBroker();  // kills it where stop() was not waited for

  // Then calls `done`, and no handler any more.
  void stop(std::function<void()> done);

  int pid() const;  // 0: it does not run just now

 private:
  struct State;
  explicit EmbeddedBroker(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace bw::coordinator
