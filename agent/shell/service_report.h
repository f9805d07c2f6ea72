// What the service manager hears of the agent: ready, status, and the watchdog, which only ticks
// that completed feed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/runtime/event_loop.h"
#include "base/runtime/systemd.h"
#include "base/time.h"

namespace bw::agent {

struct AgentStatus {
  bool linked = false;
  std::size_t series = 0;
  std::size_t waiting = 0;  // records in the outbox
  bool operator==(const AgentStatus&) const = default;
};

std::string status_text(const AgentStatus& status, const std::string& broker_url);

class ServiceReport {
 public:
  ServiceReport(EventLoop& loop, ServiceManager manager, std::string broker_url, Duration period);

  // A tick has completed. Allocates nothing where the status is what it was.
  void ticked(const AgentStatus& status, Instant now);
  void reloaded(Instant now);
  void stopping();

 private:
  void feed(Instant now);
  void watch();

  ServiceManager manager_;
  std::string broker_url_;
  Duration period_;
  bool ready_ = false;
  std::optional<AgentStatus> told_;
  std::optional<Instant> fed_;
  Instant ticked_{};
  Timer timer_;  // set only where ticks come more rarely than the watchdog wants to hear
};

}  // namespace bw::agent
