// A supervisor with a host, a disk and a clock of the test's own. What the host holds outlasts the
// supervisor, as processes outlast an agent.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/core/supervise/supervisor.h"
#include "base/assert.h"

namespace bw::agent {

inline wire::Assignment assignment(std::string workload, std::uint32_t replica = 0,
                                   std::uint64_t generation = 1) {
  wire::Assignment one;
  one.workload = std::move(workload);
  one.replica = replica;
  one.spec_generation = generation;
  one.spec.argv = {"/bin/program"};
  one.spec.restart.backoff_ms = 1000;
  one.spec.restart.backoff_most_ms = 8000;
  one.spec.restart.stable_ms = 60'000;
  one.spec.stop_grace_ms = 5000;
  return one;
}

inline wire::Assignment job(std::string workload, std::uint32_t retries = 0) {
  wire::Assignment one = assignment(std::move(workload));
  one.spec.kind = wire::WorkloadKind::job;
  one.spec.restart.when = wire::RestartWhen::on_failure;
  one.spec.restart.retries = retries;
  return one;
}

class SupervisedNode {
 public:
  explicit SupervisedNode(std::uint64_t seed = 1) : seed_(seed) { begin(); }

  // Another agent takes over: runs go on, what was asked for and not answered is lost.
  void restart_agent() {
    std::vector<RunFound> found;
    for (const auto& [id, one] : runs) found.push_back(found_of(one));
    begin();
    step(HostScanned{found});
    step(DesiredRestored{disk});
  }
  // The node itself: no run survives, and nobody saw how they ended.
  void reboot() {
    for (auto& [id, one] : runs) {
      if (!one.is_alive) continue;
      one.is_alive = false;
      one.exit = {wire::ExitKind::unknown, 0};
      one.rebooted = true;
    }
    restart_agent();
  }
  void start_empty() {
    step(HostScanned{});
    step(DesiredRestored{});
  }

  void step(const SupervisorEvent& event) {
    effects.clear();
    supervisor->step(event, now, wall(), effects);
    for (const SupervisorEffect& effect : effects) {
      all.emplace_back(effect);
      std::visit([&](const auto& one) { carry_out(one); }, effect);
    }
  }
  void desire(std::vector<wire::Assignment> assignments, std::uint64_t lineage = 1) {
    step(DesiredReceived{{lineage, ++generation, std::move(assignments)}});
    if (keeps) kept();
  }
  void kept(std::string failure = "") {
    BW_ASSERT(keeping.has_value());
    const DesiredKept event{keeping->lineage, keeping->generation, std::move(failure)};
    if (event.failure.empty()) disk = keeping;
    keeping.reset();
    step(event);
  }
  void started(const std::string& id) {
    runs.at(id).is_started = true;
    step(RunStarted{{id, runs.at(id).start.key.run}, "pid 7", ""});
  }
  void ended(const std::string& id, wire::WorkloadExit exit, std::string reason = "") {
    Run& run = runs.at(id);
    run.is_alive = false;
    run.exit = exit;
    run.is_heard = true;
    step(RunEnded{run.start.key, exit, std::move(reason), {"last line"}});
  }
  void exits(const std::string& id, int code) { ended(id, {wire::ExitKind::code, code}); }
  void probed(const std::string& id, bool is_well, std::string text = "refused") {
    step(RunProbed{{id, runs.at(id).start.key.run}, probe, is_well, std::move(text)});
  }
  // To the next deadlines, one after the other.
  void pass(Duration time) {
    const Instant until = now + time;
    while (true) {
      const auto due = supervisor->due();
      if (!due || *due > until) break;
      now = std::max(now, *due);
      step(TimeCame{});
    }
    now = until;
    step(TimeCame{});
  }

  wire::WorkloadState state(const std::string& id) {
    pass(Supervisor::kReportEvery);
    for (const wire::WorkloadState& one : supervisor->report().states) {
      if (wire::workload_id(one.workload, one.replica) == id) return one;
    }
    return {};
  }
  wire::WorkloadPhase phase(const std::string& id) { return state(id).phase; }
  bool is_reported(const std::string& id) { return !state(id).workload.empty(); }
  bool is_alive(const std::string& id) const {
    const auto found = runs.find(id);
    return found != runs.end() && found->second.is_alive;
  }
  template <typename Effect>
  std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(),
        [](const SupervisorEffect& one) { return std::holds_alternative<Effect>(one); }));
  }

  struct Run {
    StartRun start;
    wire::Assignment assignment;
    bool is_alive = false;
    bool is_started = false;
    bool is_heard = false;
    bool rebooted = false;
    bool stop_asked = false;
    bool kill_asked = false;
    wire::WorkloadExit exit{wire::ExitKind::unknown, 0};
    Instant at{};
  };

  std::uint64_t seed_;
  std::optional<Supervisor> supervisor;
  SupervisorEffects effects;  // of the last step
  std::vector<SupervisorEffect> all;
  std::map<std::string, Run> runs;  // by id: the newest
  std::optional<wire::DesiredState> disk;
  std::optional<wire::DesiredState> keeping;
  std::uint64_t probe = 0;
  std::size_t probes = 0;
  std::uint64_t generation = 0;
  bool keeps = true;
  Instant now{std::chrono::hours{1}};

 private:
  WallTime wall() const {
    return wall_from_ms(
        1'700'000'000'000 +
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  }
  void begin() {
    SupervisorOptions options;
    options.epoch = 3;
    options.seed = seed_;
    supervisor.emplace(options);
    keeping.reset();
  }
  RunFound found_of(const Run& run) const {
    RunFound found;
    found.workload = run.assignment.workload;
    found.replica = run.assignment.replica;
    found.run = run.start.key.run;
    found.launch = run.start.launch;
    found.spec_generation = run.assignment.spec_generation;
    found.fencing_token = run.assignment.fencing_token;
    found.failures = run.start.failures;
    found.restarts = run.start.restarts;
    found.stop_grace = std::chrono::milliseconds{run.assignment.spec.stop_grace_ms};
    found.gpus = run.assignment.gpus;
    found.is_alive = run.is_alive;
    found.age = now - run.at;
    found.rebooted = run.rebooted;
    found.exit = run.is_alive ? wire::WorkloadExit{} : run.exit;
    found.is_heard = run.is_heard;
    return found;
  }

  void carry_out(const StartRun& effect) {
    // The promise of all: no second copy while one may be alive.
    BW_ASSERT(!is_alive(effect.key.id));
    Run run;
    run.start = effect;
    run.assignment = *effect.assignment;
    run.is_alive = true;
    run.at = now;
    runs.insert_or_assign(effect.key.id, run);
  }
  void carry_out(const StopRun& effect) { runs.at(effect.key.id).stop_asked = true; }
  void carry_out(const KillRun& effect) { runs.at(effect.key.id).kill_asked = true; }
  void carry_out(const ProbeRun& effect) {
    probe = effect.probe;
    ++probes;
  }
  void carry_out(const ForgetRun& effect) {
    BW_ASSERT(!is_alive(effect.id));
    runs.erase(effect.id);
  }
  void carry_out(const KeepDesired& effect) { keeping = *effect.desired; }
  void carry_out(const PublishReport&) {}
  void carry_out(const TellWorkload&) {}
};

}  // namespace bw::agent
