// One health check over the network: whether a port on loopback takes a connection, or answers an
// HTTP request with a status below 400. Nothing it meets makes it wait longer than its timeout.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/runtime/event_loop.h"
#include "schemas/wire/workload.h"

namespace bw::agent {

class HealthProbe {
 public:
  using Done = std::function<void(bool is_well, std::string text)>;

  // Of an answer no more than its first line is looked at.
  static constexpr std::size_t kMaxStatusLine = 512;

  // `done` is called once, from the loop, and may destroy this.
  HealthProbe(EventLoop& loop, const wire::HealthCheck& check, Done done);
  ~HealthProbe();
  HealthProbe(const HealthProbe&) = delete;
  HealthProbe& operator=(const HealthProbe&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bw::agent
