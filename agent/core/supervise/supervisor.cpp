#include "agent/core/supervise/supervisor.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/rng.h"

namespace bw::agent {

namespace {

constexpr std::size_t kMaxFound = wire::kMaxReported;

std::uint64_t replica_seed(std::uint64_t seed, std::string_view id) {
  for (const char c : id) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return Rng(seed).next();
}

std::string_view runtime_name(wire::WorkloadRuntime runtime) {
  switch (runtime) {
    case wire::WorkloadRuntime::process:
      return "process";
    case wire::WorkloadRuntime::container:
      return "container";
    case wire::WorkloadRuntime::systemd:
      break;
  }
  return "systemd";
}

bool shares_one(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& one) {
    return std::find(b.begin(), b.end(), one) != b.end();
  });
}

}  // namespace

Supervisor::Supervisor(SupervisorOptions options) : options_(std::move(options)) {
  report_.epoch = options_.epoch;
}

void Supervisor::step(const SupervisorEvent& event, Instant now, WallTime wall,
                      SupervisorEffects& effects) {
  std::visit([&](const auto& one) { on(one, now, wall, effects); }, event);
  if (scanned_) {
    for (auto& [id, one] : machines_) {
      const auto due = one.due();
      if (due && now >= *due) one.time_came(now, wall, effects);
    }
    forget_what_is_over(effects);
    start_what_may(now, wall, effects);
  }
  publish_if_changed(now, effects);
}

WorkloadMachine& Supervisor::machine(const std::string& workload, std::uint32_t replica) {
  const std::string id = wire::workload_id(workload, replica);
  const auto found = machines_.find(id);
  if (found != machines_.end()) return found->second;
  changed_ = true;
  return machines_.emplace(id, WorkloadMachine(workload, replica, replica_seed(options_.seed, id)))
      .first->second;
}

// Nothing where the key is of a run before the newest one.
WorkloadMachine* Supervisor::machine_of(const RunKey& key) {
  const auto found = machines_.find(key.id);
  if (found == machines_.end() || found->second.run() != key.run) return nullptr;
  return &found->second;
}

void Supervisor::on(const HostScanned& event, Instant now, WallTime wall,
                    SupervisorEffects& effects) {
  if (std::exchange(scanned_, true)) return;
  std::set<std::string> seen;
  for (const RunFound& found : event.found) {
    const std::string id = wire::workload_id(found.workload, found.replica);
    last_run_ = std::max(last_run_, found.run);
    // Of a replica the host has one run; more than twice what may be desired no agent ever began.
    if (seen.size() >= kMaxFound || !seen.insert(id).second) {
      effects.emplace_back(TellWorkload{wire::Severity::critical, id,
                                        "was found once more, or beyond all bounds: left alone"});
      continue;
    }
    machine(found.workload, found.replica).adopt(found, now, wall);
  }
}

void Supervisor::on(const DesiredRestored& event, Instant now, WallTime wall,
                    SupervisorEffects& effects) {
  if (std::exchange(restored_, true)) return;
  if (event.desired && wire::check(*event.desired)) {
    obeyed_ = event.desired;
    obey(now, wall, effects);
  }
  // What came meanwhile may be older than that.
  if (next_ && obeyed_ && is_stale(*next_, *obeyed_)) {
    ++stale_;
    next_.reset();
  }
  keep_next(effects);
}

bool Supervisor::is_stale(const wire::DesiredState& desired,
                          const wire::DesiredState& known) const {
  return desired.lineage == known.lineage && desired.generation <= known.generation;
}

void Supervisor::on(const DesiredReceived& event, Instant, WallTime, SupervisorEffects& effects) {
  const wire::DesiredState& desired = event.desired;
  // The newest that is known, on disk or on its way there.
  const auto& known = next_ ? next_ : keeping_ ? keeping_ : obeyed_;
  if (known && is_stale(desired, *known)) {
    ++stale_;
    return;
  }
  if (auto fine = wire::check(desired); !fine) {
    ++stale_;
    refused_ = "generation " + std::to_string(desired.generation) + ": " + fine.error().message;
    changed_ = true;
    effects.emplace_back(
        TellWorkload{wire::Severity::warning, "", "a desired state is refused, " + refused_});
    return;
  }
  next_ = desired;
  keep_next(effects);
}

void Supervisor::keep_next(SupervisorEffects& effects) {
  if (!restored_ || !scanned_ || keeping_ || !next_) return;
  keeping_ = std::exchange(next_, std::nullopt);
  effects.emplace_back(KeepDesired{&*keeping_});
}

void Supervisor::on(const DesiredKept& event, Instant now, WallTime wall,
                    SupervisorEffects& effects) {
  if (!keeping_ || keeping_->lineage != event.lineage || keeping_->generation != event.generation) {
    return;
  }
  // A disk that is full is no reason not to run what should run; a reboot would be forgetful.
  if (!event.failure.empty()) {
    effects.emplace_back(
        TellWorkload{wire::Severity::warning, "",
                     "what should run here could not be kept on disk: " + event.failure});
  }
  obeyed_ = std::exchange(keeping_, std::nullopt);
  refused_.clear();
  obey(now, wall, effects);
  keep_next(effects);
}

std::string Supervisor::unable(const wire::Assignment& assignment) const {
  const auto& have = options_.runtimes;
  if (std::find(have.begin(), have.end(), assignment.spec.runtime) != have.end()) return {};
  return "this node has no runtime '" + std::string(runtime_name(assignment.spec.runtime)) + "'";
}

void Supervisor::obey(Instant now, WallTime wall, SupervisorEffects& effects) {
  std::set<std::string> wanted;
  for (const wire::Assignment& one : obeyed_->assignments) {
    wanted.insert(wire::workload_id(one.workload, one.replica));
  }
  for (auto& [id, one] : machines_) {
    if (!wanted.contains(id)) one.undesire(now, wall, effects);
  }
  for (const wire::Assignment& one : obeyed_->assignments) {
    machine(one.workload, one.replica).desire(one, unable(one), now, wall, effects);
  }
  changed_ = true;
}

void Supervisor::on(const RunStarted& event, Instant now, WallTime wall,
                    SupervisorEffects& effects) {
  if (auto* one = machine_of(event.key)) one->started(event, now, wall, effects);
}

void Supervisor::on(const RunEnded& event, Instant now, WallTime wall, SupervisorEffects& effects) {
  if (auto* one = machine_of(event.key)) one->ended(event, now, wall, effects);
}

void Supervisor::on(const RunProbed& event, Instant now, WallTime wall,
                    SupervisorEffects& effects) {
  if (auto* one = machine_of(event.key)) one->probed(event, now, wall, effects);
}

// Only what is known not to be wanted is forgotten: before the first desired state nothing is.
void Supervisor::forget_what_is_over(SupervisorEffects& effects) {
  if (!obeyed_) return;
  for (auto it = machines_.begin(); it != machines_.end();) {
    if (!it->second.is_over()) {
      ++it;
      continue;
    }
    effects.emplace_back(ForgetRun{it->first});
    it = machines_.erase(it);
    changed_ = true;
  }
}

// A GPU that someone else is still to give back: two on it would fail for want of its memory.
std::string Supervisor::what_holds_up(const std::string& id, const WorkloadMachine& one) const {
  const auto& wanted = one.assignment().gpus;
  if (wanted.empty()) return {};
  for (const auto& [other_id, other] : machines_) {
    if (other_id != id && other.is_stopping() && shares_one(wanted, other.gpus_held())) {
      return "waits for " + other_id + " to give back a GPU";
    }
  }
  return {};
}

void Supervisor::start_what_may(Instant now, WallTime wall, SupervisorEffects& effects) {
  if (!obeyed_) return;
  std::size_t alive = live();
  auto starting = static_cast<std::size_t>(
      std::count_if(machines_.begin(), machines_.end(),
                    [](const auto& entry) { return entry.second.is_starting(); }));
  for (auto& [id, one] : machines_) {
    if (!one.wants_start()) continue;
    if (std::string held_up = what_holds_up(id, one); !held_up.empty()) {
      one.wait(std::move(held_up));
    } else if (alive >= kMaxLive) {
      one.wait("waits for others to end");
    } else if (starting < kMaxStarting) {
      ++alive;
      ++starting;
      one.start(++last_run_, now, wall, effects);
    }
  }
}

std::size_t Supervisor::live() const {
  return static_cast<std::size_t>(
      std::count_if(machines_.begin(), machines_.end(),
                    [](const auto& entry) { return entry.second.is_live(); }));
}

void Supervisor::publish_if_changed(Instant now, SupervisorEffects& effects) {
  for (auto& [id, one] : machines_) {
    if (one.take_changed()) changed_ = true;
  }
  if (!changed_ || !restored_ || (published_ && now < *published_ + kReportEvery)) return;
  changed_ = false;
  published_ = now;
  report_.lineage = lineage();
  report_.generation = generation();
  report_.refused = refused_;
  report_.states.clear();
  for (const auto& [id, one] : machines_) report_.states.push_back(one.report());
  effects.emplace_back(PublishReport{&report_});
}

std::optional<Instant> Supervisor::due() const {
  std::optional<Instant> first;
  const auto consider = [&](Instant at) {
    if (!first || at < *first) first = at;
  };
  if (scanned_) {
    for (const auto& [id, one] : machines_) {
      if (const auto at = one.due()) consider(*at);
    }
  }
  if (changed_ && restored_ && published_) consider(*published_ + kReportEvery);
  return first;
}

}  // namespace bw::agent
