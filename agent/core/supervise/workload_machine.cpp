#include "agent/core/supervise/workload_machine.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace bw::agent {

namespace {

using wire::Severity;
using wire::WorkloadPhase;

Duration span_of(std::uint64_t ms) {
  return std::chrono::milliseconds{ms};
}

}  // namespace

WorkloadMachine::WorkloadMachine(std::string workload, std::uint32_t replica, std::uint64_t seed)
    : workload_(std::move(workload)), replica_(replica), rng_(seed) {}

void WorkloadMachine::enter(State state, std::string reason, WallTime wall) {
  state_ = state;
  reason_ = std::move(reason);
  since_ms_ = to_ms(wall);
  changed_ = true;
}

void WorkloadMachine::adopt(const RunFound& found, Instant now, WallTime wall) {
  run_ = found.run;
  launch_ = found.launch;
  run_generation_ = found.spec_generation;
  run_token_ = found.fencing_token;
  gpus_ = found.gpus;
  grace_ = found.stop_grace;
  handle_ = found.handle;
  limits_ = found.limits;
  failures_ = found.failures;
  restarts_ = found.restarts;
  exit_ = found.exit;
  log_ = found.log;
  started_ = now - found.age;
  ran_ = true;
  is_heard_ = found.is_heard;
  rebooted_ = found.rebooted;
  ready_ = true;
  if (found.is_alive) {
    enter(State::running, "was running when the agent came", wall);
    since_ms_ -= std::chrono::duration_cast<std::chrono::milliseconds>(found.age).count();
  } else {
    unjudged_ = true;
    enter(State::done, wire::describe(exit_), wall);
    final_ = WorkloadPhase::lost;
  }
}

bool WorkloadMachine::is_live() const {
  return state_ == State::starting || state_ == State::running || state_ == State::stopping;
}

void WorkloadMachine::desire(const wire::Assignment& assignment, std::string_view unable,
                             Instant now, WallTime wall, SupervisorEffects& effects) {
  const bool is_new = !desired_.has_value();
  const bool is_changed = is_new || desired_->spec_generation != assignment.spec_generation ||
                          wire::launch_id(*desired_) != wire::launch_id(assignment);
  const bool is_same_run = run_ != 0 && wire::launch_id(assignment) == launch_;
  const bool was_unwanted = state_ == State::stopping && why_ == Why::unwanted;
  desired_ = assignment;
  unable_ = unable;
  changed_ = true;
  backoff_ = Backoff(span_of(spec().restart.backoff_ms), span_of(spec().restart.backoff_most_ms));
  if (is_live()) {
    if (!unable_.empty() || !is_same_run) {
      if (state_ != State::stopping) {
        stop(Why::replaced, "makes room for a new version of itself", now, wall, effects);
      }
    } else if (state_ != State::stopping) {
      run_generation_ = assignment.spec_generation;
      grace_ = span_of(spec().stop_grace_ms);
      ends_at_.reset();
      if (spec().max_runtime_ms != 0) ends_at_ = started_ + span_of(spec().max_runtime_ms);
      if (state_ == State::running && is_changed) {
        bad_ = 0;
        probing_ = false;
        probe_at_ = now;
        if (spec().health.probe == wire::HealthProbe::none) ready_ = true;
      }
    }
    // What is on its way out goes all the way, and begins anew then.
    if (state_ == State::stopping && (was_unwanted || is_changed)) why_ = Why::replaced;
    return;
  }
  if (!unable_.empty()) {
    if (is_changed) finish(WorkloadPhase::failed, unable_, Severity::critical, wall, effects);
    return;
  }
  if (std::exchange(unjudged_, false) && is_same_run &&
      run_generation_ == assignment.spec_generation) {
    const std::size_t before = effects.size();
    judge(exit_, wire::describe(exit_), rebooted_, now, wall, effects);
    if (is_heard_) effects.resize(before);  // judging only tells
    return;
  }
  if (is_changed) begin_anew("", wall);
}

void WorkloadMachine::begin_anew(std::string reason, WallTime wall) {
  failures_ = 0;
  restarts_ = 0;
  exit_ = {};
  log_.clear();
  handle_.clear();
  limits_.clear();
  enter(State::pending, std::move(reason), wall);
}

void WorkloadMachine::undesire(Instant now, WallTime wall, SupervisorEffects& effects) {
  if (state_ == State::stopping) {
    why_ = Why::unwanted;
  } else if (is_live()) {
    stop(Why::unwanted, "is not wanted here any more", now, wall, effects);
  }
  desired_.reset();
  changed_ = true;
}

void WorkloadMachine::wait(std::string reason) {
  BW_ASSERT(wants_start());
  if (reason == reason_) return;
  reason_ = std::move(reason);
  changed_ = true;
}

void WorkloadMachine::start(std::uint64_t run, Instant now, WallTime wall,
                            SupervisorEffects& effects) {
  BW_ASSERT(wants_start());
  run_ = run;
  launch_ = wire::launch_id(*desired_);
  run_generation_ = desired_->spec_generation;
  run_token_ = desired_->fencing_token;
  gpus_ = desired_->gpus;
  grace_ = span_of(spec().stop_grace_ms);
  handle_.clear();
  limits_.clear();
  rebooted_ = false;
  started_ = now;
  ran_ = false;
  at_ = now + kStartPatience;
  ends_at_.reset();
  ready_ = spec().health.probe == wire::HealthProbe::none;
  probing_ = false;
  bad_ = 0;
  enter(State::starting, "", wall);
  effects.emplace_back(StartRun{{id(), run_}, &*desired_, launch_, failures_, restarts_});
}

void WorkloadMachine::started(const RunStarted& event, Instant now, WallTime wall,
                              SupervisorEffects& effects) {
  handle_ = event.handle;
  limits_ = event.limits;
  changed_ = true;
  if (state_ != State::starting) return;  // it is being stopped already
  started_ = now;
  ran_ = true;
  if (spec().max_runtime_ms != 0) ends_at_ = now + span_of(spec().max_runtime_ms);
  probe_at_ = now + probe_interval();
  enter(State::running, "", wall);
  effects.emplace_back(TellWorkload{Severity::info, id(), "started, " + handle_});
}

void WorkloadMachine::ended(const RunEnded& event, Instant now, WallTime wall,
                            SupervisorEffects& effects) {
  if (!is_live()) return;
  exit_ = event.exit;
  log_ = event.log;
  probing_ = false;
  const std::string how =
      event.exit.kind == wire::ExitKind::none ? event.reason : wire::describe(event.exit);
  handle_.clear();
  if (state_ == State::stopping) return stopped(now, wall, effects);
  if (!desired_) {
    unjudged_ = true;
    enter(State::done, how, wall);
    final_ = WorkloadPhase::lost;
    return;
  }
  judge(event.exit, how, false, now, wall, effects);
}

void WorkloadMachine::stopped(Instant now, WallTime wall, SupervisorEffects& effects) {
  effects.emplace_back(
      TellWorkload{Severity::info, id(), "stopped (" + reason_ + "): " + wire::describe(exit_)});
  const std::string reason = reason_;
  if (why_ == Why::unwanted || !desired_) return enter(State::done, reason, wall);
  if (!unable_.empty()) {
    return finish(WorkloadPhase::failed, unable_, Severity::critical, wall, effects);
  }
  if (why_ == Why::replaced) return begin_anew("", wall);
  if (why_ == Why::too_long && spec().kind == wire::WorkloadKind::job) {
    return finish(WorkloadPhase::failed, reason, Severity::critical, wall, effects);
  }
  fail(reason, now, wall, effects);
}

// What a run that ended by itself means.
void WorkloadMachine::judge(const wire::WorkloadExit& exit, const std::string& reason,
                            bool rebooted, Instant now, WallTime wall, SupervisorEffects& effects) {
  const bool is_job = spec().kind == wire::WorkloadKind::job;
  const wire::RestartWhen when = spec().restart.when;
  const bool is_good = exit == wire::WorkloadExit{wire::ExitKind::code, 0};
  if (is_good && (is_job || when != wire::RestartWhen::always)) {
    return finish(WorkloadPhase::succeeded, reason, Severity::info, wall, effects);
  }
  // That the node was started anew is no fault of a service.
  if (rebooted && !is_job && when != wire::RestartWhen::never) {
    return enter(State::pending, "the node was started anew", wall);
  }
  fail(reason, now, wall, effects);
}

void WorkloadMachine::fail(const std::string& reason, Instant now, WallTime wall,
                           SupervisorEffects& effects) {
  const wire::RestartPolicy& policy = spec().restart;
  if (ran_ && now - started_ >= span_of(policy.stable_ms)) {
    failures_ = 0;
    backoff_.reset();
  }
  if (failures_ < wire::kRetryForEver) ++failures_;
  const bool is_unseen = exit_.kind == wire::ExitKind::unknown;
  if (policy.when == wire::RestartWhen::never || failures_ > policy.retries) {
    std::string why = reason;
    if (failures_ > 1) why += ", " + std::to_string(failures_) + " times in a row";
    return finish(is_unseen ? WorkloadPhase::lost : WorkloadPhase::failed, std::move(why),
                  Severity::critical, wall, effects);
  }
  at_ = now + backoff_.next(rng_);
  ++restarts_;
  enter(State::backing_off, reason, wall);
  effects.emplace_back(TellWorkload{Severity::warning, id(), reason + "; will be started again"});
}

void WorkloadMachine::finish(WorkloadPhase phase, std::string reason, Severity severity,
                             WallTime wall, SupervisorEffects& effects) {
  final_ = phase;
  effects.emplace_back(
      TellWorkload{severity, id(), std::string(wire::name_of(phase)) + ": " + reason});
  enter(State::done, std::move(reason), wall);
}

void WorkloadMachine::stop(Why why, std::string reason, Instant now, WallTime wall,
                           SupervisorEffects& effects) {
  BW_ASSERT(is_live());
  why_ = why;
  kills_ = 0;
  probing_ = false;
  at_ = now + grace_;
  enter(State::stopping, std::move(reason), wall);
  effects.emplace_back(StopRun{{id(), run_}});
}

void WorkloadMachine::kill_again(Instant now, SupervisorEffects& effects) {
  effects.emplace_back(KillRun{{id(), run_}});
  at_ = now + kKillAgain;
  if (++kills_ == 2) {
    reason_ += "; does not end though it was killed, so the kernel holds it";
    changed_ = true;
    effects.emplace_back(TellWorkload{Severity::critical, id(), reason_});
  }
}

Duration WorkloadMachine::probe_interval() const {
  const Duration interval = span_of(spec().health.interval_ms);
  return ready_ ? interval : std::min(interval, kFirstProbes);
}

void WorkloadMachine::probe(Instant now, SupervisorEffects& effects) {
  probing_ = true;
  ++probe_;
  probe_at_ = now + span_of(spec().health.timeout_ms) + kProbePatience;
  effects.emplace_back(ProbeRun{{id(), run_}, probe_, &*desired_});
}

void WorkloadMachine::probed(const RunProbed& event, Instant now, WallTime wall,
                             SupervisorEffects& effects) {
  if (state_ != State::running || !desired_ || !probing_ || event.probe != probe_) return;
  probing_ = false;
  if (!event.is_well) return count_bad(event.text, now, wall, effects);
  const bool was_bad = bad_ != 0 || !ready_;
  bad_ = 0;
  ready_ = true;
  probe_at_ = now + probe_interval();
  if (was_bad) enter(State::running, "", wall);
}

void WorkloadMachine::count_bad(const std::string& text, Instant now, WallTime wall,
                                SupervisorEffects& effects) {
  probe_at_ = now + probe_interval();
  const wire::HealthCheck& health = spec().health;
  if (!ready_ && now < started_ + span_of(health.start_grace_ms)) {
    if (reason_ != text) changed_ = true;
    reason_ = text;
    return;
  }
  if (bad_ < health.failures) ++bad_;
  const std::string reason = "unhealthy: " + text;
  if (bad_ == 1) {
    enter(State::running, reason, wall);
    effects.emplace_back(TellWorkload{Severity::warning, id(), reason});
  }
  // Who shall never be restarted is left alone, and shown.
  if (bad_ < health.failures || spec().restart.when == wire::RestartWhen::never) return;
  stop(Why::unhealthy, reason, now, wall, effects);
}

void WorkloadMachine::time_came(Instant now, WallTime wall, SupervisorEffects& effects) {
  switch (state_) {
    case State::backing_off:
      if (now >= at_) enter(State::pending, reason_, wall);
      return;
    case State::starting:
      if (now < at_) return;
      stop(Why::hung, "did not start within a minute", now, wall, effects);
      return kill_again(now, effects);
    case State::stopping:
      if (now >= at_) kill_again(now, effects);
      return;
    case State::running:
      break;
    case State::pending:
    case State::done:
      return;
  }
  if (!desired_) return;
  if (ends_at_ && now >= *ends_at_) {
    return stop(Why::too_long, "ran longer than its max runtime", now, wall, effects);
  }
  if (spec().health.probe == wire::HealthProbe::none || now < probe_at_) return;
  if (!probing_) return probe(now, effects);
  probing_ = false;
  count_bad("its health check was never answered", now, wall, effects);
}

std::optional<Instant> WorkloadMachine::due() const {
  switch (state_) {
    case State::backing_off:
    case State::starting:
    case State::stopping:
      return at_;
    case State::running: {
      if (!desired_) return std::nullopt;
      std::optional<Instant> first = ends_at_;
      if (spec().health.probe != wire::HealthProbe::none && (!first || probe_at_ < *first)) {
        first = probe_at_;
      }
      return first;
    }
    case State::pending:
    case State::done:
      break;
  }
  return std::nullopt;
}

WorkloadPhase WorkloadMachine::phase() const {
  switch (state_) {
    case State::pending:
      return WorkloadPhase::pending;
    case State::starting:
      return WorkloadPhase::starting;
    case State::running:
      if (bad_ != 0) return WorkloadPhase::unhealthy;
      return ready_ ? WorkloadPhase::running : WorkloadPhase::starting;
    case State::stopping:
      return WorkloadPhase::stopping;
    case State::backing_off:
      return WorkloadPhase::backing_off;
    case State::done:
      break;
  }
  return final_;
}

wire::WorkloadState WorkloadMachine::report() const {
  wire::WorkloadState state;
  state.workload = workload_;
  state.replica = replica_;
  const bool is_of_run = is_live() || !desired_;
  state.spec_generation = is_of_run ? run_generation_ : desired_->spec_generation;
  state.fencing_token = is_of_run ? run_token_ : desired_->fencing_token;
  state.phase = phase();
  state.since_ms = since_ms_;
  state.handle = handle_;
  state.restarts = restarts_;
  state.exit = exit_;
  state.reason = reason_;
  state.limits = limits_;
  // Lines are for those who ask why: what runs well, or ended well, has none.
  if (state.phase == WorkloadPhase::backing_off || state.phase == WorkloadPhase::failed ||
      state.phase == WorkloadPhase::lost || state.phase == WorkloadPhase::pending) {
    state.log = log_;
  }
  return state;
}

bool WorkloadMachine::take_changed() {
  return std::exchange(changed_, false);
}

}  // namespace bw::agent
