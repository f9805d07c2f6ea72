// One replica of a workload on this node: what is wanted of it, what runs, and what to do about the
// difference. SUPERVISE.md has its states as a table.
//
// There is one machine an id, and a machine has at most one run: a next one begins only when the
// one before has ended, with all that it had begun. When it may begin is the supervisor's to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/supervise/words.h"
#include "base/backoff.h"
#include "base/rng.h"
#include "base/time.h"
#include "schemas/wire/workload.h"

namespace bw::agent {

class WorkloadMachine {
 public:
  // A start that is not answered for this long is taken for hung, and killed.
  static constexpr Duration kStartPatience = std::chrono::minutes{1};
  // What doesn't end though it was killed is killed again, this often.
  static constexpr Duration kKillAgain = std::chrono::seconds{10};
  // While it was never well its health is asked at least this often.
  static constexpr Duration kFirstProbes = std::chrono::seconds{1};
  // A check without an answer counts as failed, this long after its timeout.
  static constexpr Duration kProbePatience = std::chrono::seconds{5};

  WorkloadMachine(std::string workload, std::uint32_t replica, std::uint64_t seed);

  // What a host found, before anything else.
  void adopt(const RunFound& found, Instant now, WallTime wall);

  // Wanted, as `assignment` says; `unable` says why this node can't at all, or is empty.
  void desire(const wire::Assignment& assignment, std::string_view unable, Instant now,
              WallTime wall, SupervisorEffects& effects);
  void undesire(Instant now, WallTime wall, SupervisorEffects& effects);

  void started(const RunStarted& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void ended(const RunEnded& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void probed(const RunProbed& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void time_came(Instant now, WallTime wall, SupervisorEffects& effects);

  // Only where wants_start().
  void start(std::uint64_t run, Instant now, WallTime wall, SupervisorEffects& effects);
  // Why it is not started yet, though it wants to be.
  void wait(std::string reason);

  bool wants_start() const { return state_ == State::pending && desired_.has_value(); }
  bool is_starting() const { return state_ == State::starting; }
  bool is_stopping() const { return state_ == State::stopping; }
  bool is_desired() const { return desired_.has_value(); }
  // A run of it is alive, or may be.
  bool is_live() const;
  // Neither wanted nor alive.
  bool is_over() const { return !is_desired() && !is_live(); }
  std::uint64_t run() const { return run_; }
  const std::vector<std::string>& gpus_held() const { return gpus_; }  // while it is live
  const wire::Assignment& assignment() const { return *desired_; }

  std::optional<Instant> due() const;
  wire::WorkloadState report() const;
  // Whether report() says something else than at the last call.
  bool take_changed();

 private:
  enum class State : std::uint8_t { pending, starting, running, stopping, backing_off, done };
  // Why a run is being stopped.
  enum class Why : std::uint8_t { unwanted, replaced, unhealthy, too_long, hung };

  void enter(State state, std::string reason, WallTime wall);
  void begin_anew(std::string reason, WallTime wall);
  void judge(const wire::WorkloadExit& exit, const std::string& reason, bool rebooted, Instant now,
             WallTime wall, SupervisorEffects& effects);
  void fail(const std::string& reason, Instant now, WallTime wall, SupervisorEffects& effects);
  void finish(wire::WorkloadPhase phase, std::string reason, wire::Severity severity, WallTime wall,
              SupervisorEffects& effects);
  void stop(Why why, std::string reason, Instant now, WallTime wall, SupervisorEffects& effects);
  void stopped(Instant now, WallTime wall, SupervisorEffects& effects);
  void count_bad(const std::string& text, Instant now, WallTime wall, SupervisorEffects& effects);
  void probe(Instant now, SupervisorEffects& effects);
  void kill_again(Instant now, SupervisorEffects& effects);
  Duration probe_interval() const;
  wire::WorkloadPhase phase() const;
  std::string id() const { return wire::workload_id(workload_, replica_); }
  const wire::WorkloadSpec& spec() const { return desired_->spec; }

  std::string workload_;
  std::uint32_t replica_ = 0;
  Rng rng_;

  std::optional<wire::Assignment> desired_;
  State state_ = State::pending;
  std::string reason_;
  std::int64_t since_ms_ = 0;
  bool changed_ = true;

  // The run: the newest one, alive or not.
  std::uint64_t run_ = 0;
  std::uint64_t launch_ = 0;
  std::uint64_t run_generation_ = 0;  // of its specification
  std::uint64_t run_token_ = 0;
  std::vector<std::string> gpus_;
  Duration grace_{};
  std::string handle_;
  std::string limits_;
  Instant started_{};
  bool ran_ = false;

  // Of those before it.
  std::uint32_t failures_ = 0;  // in a row
  std::uint32_t restarts_ = 0;
  Backoff backoff_{std::chrono::seconds{1}, std::chrono::seconds{1}};
  wire::WorkloadExit exit_;
  std::vector<std::string> log_;
  wire::WorkloadPhase final_ = wire::WorkloadPhase::failed;  // where it is done
  bool unjudged_ = false;  // it ended while nobody knew what it should have done
  bool rebooted_ = false;
  bool is_heard_ = false;  // of its end was told before
  std::string unable_;     // why this node can't run it at all

  Why why_ = Why::unwanted;
  std::uint32_t kills_ = 0;
  Instant at_{};  // starting: patience; stopping: kill; backing off: retry

  std::optional<Instant> ends_at_;  // max runtime
  Instant probe_at_{};              // of the next check, or until when the one under way has time
  std::uint64_t probe_ = 0;
  bool probing_ = false;
  bool ready_ = true;  // well once, or never asked
  std::uint32_t bad_ = 0;
};

}  // namespace bw::agent
