// What should run on this node against what does: one machine a replica, and what they share.
//
// Nothing is started or stopped before it is known what runs already (HostScanned), and nothing is
// stopped before it is known what should (a desired state, from disk or from the coordinator). A
// new desired state is obeyed when it is on disk. Losing the link or this process stops nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/supervise/words.h"
#include "agent/core/supervise/workload_machine.h"
#include "base/time.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/workload.h"

namespace bw::agent {

struct SupervisorOptions {
  std::uint64_t epoch = 0;
  std::uint64_t seed = 0;
  // Runtimes that this node has.
  std::vector<wire::WorkloadRuntime> runtimes{wire::WorkloadRuntime::process};
};

class Supervisor {
 public:
  // Runs alive at a time: as many as may be desired. A start beyond it waits for one to end.
  static constexpr std::size_t kMaxLive = wire::kMaxAssignments;
  // Starts that are under way at a time: a node that boots does not fork two hundred at once.
  static constexpr std::size_t kMaxStarting = 8;
  // Between two reports; what changed in between goes together.
  static constexpr Duration kReportEvery = std::chrono::milliseconds{500};

  explicit Supervisor(SupervisorOptions options);

  // Appends to `effects`.
  void step(const SupervisorEvent& event, Instant now, WallTime wall, SupervisorEffects& effects);

  // When TimeCame is to come, at the latest; nothing: not before something else happens.
  std::optional<Instant> due() const;

  std::uint64_t lineage() const { return obeyed_ ? obeyed_->lineage : 0; }
  std::uint64_t generation() const { return obeyed_ ? obeyed_->generation : 0; }
  // Of what was refused or came too late, since start.
  std::uint64_t stale() const { return stale_; }
  std::size_t live() const;
  std::size_t size() const { return machines_.size(); }
  const wire::WorkloadReport& report() const { return report_; }

 private:
  using Machines = std::map<std::string, WorkloadMachine, std::less<>>;

  void on(const HostScanned& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void on(const DesiredRestored& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void on(const DesiredReceived& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void on(const DesiredKept& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void on(const RunStarted& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void on(const RunEnded& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void on(const RunProbed& event, Instant now, WallTime wall, SupervisorEffects& effects);
  void on(const TimeCame&, Instant, WallTime, SupervisorEffects&) {}

  bool is_stale(const wire::DesiredState& desired, const wire::DesiredState& known) const;
  void keep_next(SupervisorEffects& effects);
  void obey(Instant now, WallTime wall, SupervisorEffects& effects);
  WorkloadMachine& machine(const std::string& workload, std::uint32_t replica);
  WorkloadMachine* machine_of(const RunKey& key);
  std::string unable(const wire::Assignment& assignment) const;
  std::string what_holds_up(const std::string& id, const WorkloadMachine& one) const;
  void start_what_may(Instant now, WallTime wall, SupervisorEffects& effects);
  void forget_what_is_over(SupervisorEffects& effects);
  void publish_if_changed(Instant now, SupervisorEffects& effects);

  SupervisorOptions options_;
  Machines machines_;
  std::uint64_t last_run_ = 0;
  bool scanned_ = false;
  bool restored_ = false;

  std::optional<wire::DesiredState> obeyed_;
  std::optional<wire::DesiredState> keeping_;  // on its way to disk
  std::optional<wire::DesiredState> next_;     // the newest one, behind it
  std::string refused_;
  std::uint64_t stale_ = 0;

  wire::WorkloadReport report_;
  bool changed_ = false;
  std::optional<Instant> published_;
};

}  // namespace bw::agent
