#include "agent/shell/service_report.h"

#include <utility>

#include "base/runtime/clock.h"

namespace bw::agent {

std::string status_text(const AgentStatus& status, const std::string& broker_url) {
  return (status.linked ? "connected to " : "not connected to ") + broker_url + ", " +
         std::to_string(status.series) + " series, " + std::to_string(status.waiting) +
         (status.waiting == 1 ? " record waiting" : " records waiting");
}

ServiceReport::ServiceReport(EventLoop& loop, ServiceManager manager, std::string broker_url,
                             Duration period)
    : manager_(std::move(manager)),
      broker_url_(std::move(broker_url)),
      period_(period),
      timer_(loop) {}

void ServiceReport::ticked(const AgentStatus& status, Instant now) {
  ticked_ = now;
  if (told_ != status) {
    manager_.status(status_text(status, broker_url_));
    told_ = status;
  }
  if (!std::exchange(ready_, true)) {
    manager_.ready();
    watch();
  }
  feed(now);
}

void ServiceReport::reloaded(Instant now) {
  manager_.reloading(now);
  manager_.ready();
}

void ServiceReport::stopping() {
  timer_.cancel();
  manager_.stopping();
}

// Not at each tick, but before the next one would be too late.
void ServiceReport::feed(Instant now) {
  const auto interval = manager_.watchdog_interval();
  if (!interval || (fed_ && now - *fed_ + period_ <= *interval)) return;
  fed_ = now;
  manager_.watchdog();
}

void ServiceReport::watch() {
  const auto interval = manager_.watchdog_interval();
  if (!interval || period_ <= *interval) return;
  timer_.after(*interval, [this] {
    const Instant now = monotonic_now();
    if (now - ticked_ <= period_ + period_ / 2) manager_.watchdog();
    watch();
  });
}

}  // namespace bw::agent
