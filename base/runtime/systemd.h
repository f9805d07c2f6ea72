// Speaks to the service manager (sd_notify protocol, documented in sd_notify(3)): READY=1, STATUS=,
// WATCHDOG=1, STOPPING=1, RELOADING=1. Does nothing where NOTIFY_SOCKET is not set.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace bw {

class ServiceManager {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  static ServiceManager from_environment();

  void ready();
  void stopping();
  void reloading(Instant now);         // follow with ready()
  void status(std::string_view text);  // sent only where it changed
  void watchdog();

  // How often watchdog() is due: half of what the manager allows. Nothing where there is no
  // watchdog.
  std::optional<Duration> watchdog_interval() const { return watchdog_interval_; }

 private:
  void send(std::string_view message);

  std::string socket_;
  std::string last_status_;
  std::optional<Duration> watchdog_interval_;
};

}  // namespace bw
