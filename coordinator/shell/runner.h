// Runs the coordinator's core: broker, store, HTTP, clock and signals become its events, and its
// effects are carried out.
//
// Everything here happens on the event loop's thread; the store's answers come from others, posted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/runtime/config.h"
#include "base/runtime/event_loop.h"
#include "base/runtime/mqtt_link.h"
#include "base/runtime/systemd.h"
#include "coordinator/core/coordinator.h"
#include "coordinator/shell/embedded_broker.h"
#include "coordinator/shell/exporter.h"
#include "coordinator/shell/http_server.h"
#include "coordinator/shell/settings.h"
#include "coordinator/shell/store.h"

namespace bw::coordinator {

class Runner {
 public:
  // A stop in order: the store gets this long to finish what it was given, the link to say goodbye.
  // With the broker's own grace it is below two seconds.
  static constexpr Duration kDrain = std::chrono::milliseconds{500};
  static constexpr Duration kExportGoodbye = std::chrono::milliseconds{200};
  static constexpr Duration kGoodbye = std::chrono::milliseconds{200};
  static constexpr Duration kStopDeadline = std::chrono::milliseconds{1900};
  static constexpr Duration kLeastToFinish = std::chrono::milliseconds{50};
  // A writer that is longer at one batch hangs, and the watchdog is no longer fed.
  static constexpr Duration kStuckAfter = std::chrono::seconds{30};

  Runner(EventLoop& loop, Settings settings, ConfigSources sources, ServiceManager manager);
  ~Runner();

  // Opens the store, listens, starts the broker and calls it. On error nothing is left running.
  Result<void> start();

  // When the loop has been left. False where the store's threads did not end within what is left of
  // the time to stop.
  bool finish();
  // False where a thread of an export still waits for something.
  bool exports_are_over() const { return exports_are_over_; }

  // As SIGTERM and SIGHUP ask for.
  void request_stop();
  void reload();

 private:
  Result<void> open_store();
  void start_exports();
  void stop_exports();
  Result<void> listen();
  Result<void> start_broker();
  void make_link(const std::string& url, bool is_own);

  void step(const Event& event);
  void carry_out(Effect& effect);
  void publish(const PublishDown& effect);

  void tick();
  void link_up();
  void link_down(const std::string& reason);
  void become_ready();
  void tell_status();
  void feed_watchdog();

  EventLoop& loop_;
  Settings settings_;
  ConfigSources sources_;
  ServiceManager manager_;
  Coordinator core_;
  Effects effects_;
  std::optional<Instant> stopping_since_;
  bool stepping_ = false;

  std::unique_ptr<Store> store_;
  std::unique_ptr<Exporter> exporter_;
  bool exports_are_over_ = true;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<EmbeddedBroker> broker_;
  std::unique_ptr<MqttLink> link_;
  bool link_started_ = false;
  std::string broker_url_;
  std::string down_reason_;

  Timer tick_timer_;
  Instant next_tick_{};
  Instant ticked_{};
  Timer watchdog_timer_;
  Timer stop_timer_;
  bool is_ready_ = false;
};

// The program but for its flags: its exit code.
int run_coordinator(const Settings& settings, const ConfigSources& sources);

}  // namespace bw::coordinator
