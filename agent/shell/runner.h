// Runs the agent's core: clock, readers, outbox, broker and signals become its events, and its
// effects are carried out.
//
// Everything here happens on the event loop's thread; only the spool's answers come from another,
// posted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "agent/core/agent.h"
#include "agent/shell/agent_link.h"
#include "agent/shell/box_reader.h"
#include "agent/shell/service_report.h"
#include "agent/shell/settings.h"
#include "agent/shell/spool.h"
#include "agent/shell/tick_schedule.h"
#include "base/runtime/config.h"
#include "base/runtime/event_loop.h"
#include "base/runtime/systemd.h"

namespace bw::agent {

class Runner {
 public:
  // From a stop being asked for until the loop is left, whatever the disk and the broker do.
  static constexpr Duration kStopDeadline = std::chrono::milliseconds{1500};
  // What waits for the broker at the end may still be sent for this long.
  static constexpr Duration kGoodbye = std::chrono::milliseconds{500};

  // `sources` are what `settings` were loaded from, for reload().
  Runner(EventLoop& loop, Settings settings, ConfigSources sources, ServiceManager manager);
  ~Runner();

  // Opens the outbox, calls the broker and runs the first tick; the loop does the rest.
  void start();

  // What SIGTERM and SIGHUP ask for.
  void request_stop();
  void reload();

  // To be called when the loop has been left: what is on its way to disk gets `most`. False where
  // that was not enough.
  bool finish(Duration most);

  // Likewise: what asks the GPUs gets `most` to come to an end. False where it hangs: then the
  // process is to be left by _exit().
  bool end_readers(Duration most);

  int exit_code() const { return exit_code_; }
  const Agent& agent() const { return *agent_; }
  const Settings& settings() const { return settings_; }

 private:
  void step(const Event& event, Instant now);
  void carry_out(const Effect& effect);
  void leave(const Stop& effect);
  void tick();
  void set_tick_timer();

  EventLoop& loop_;
  Settings settings_;
  ConfigSources sources_;
  BoxReader box_;
  ServiceReport report_;
  std::optional<Agent> agent_;
  Effects effects_;
  bool stepping_ = false;
  std::optional<AgentLink> link_;

  std::optional<TickSchedule> schedule_;
  Timer tick_timer_;
  std::size_t left_out_told_ = 0;  // files

  Timer stop_timer_;
  bool stop_requested_ = false;
  bool leaving_ = false;
  int exit_code_ = 0;

  std::optional<Spool> spool_;  // last: its thread ends before what its answers need goes
};

// The agent, until it is asked to stop. Its exit code.
int run_agent(const Settings& settings, const ConfigSources& sources);

}  // namespace bw::agent
