// What the supervisor hears (past facts) and asks for (verbs). Pointers in effects are valid until
// the next step().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "schemas/wire/messages.h"
#include "schemas/wire/workload.h"

namespace bw::agent {

// One start of one replica. Runs are counted over all replicas of a node, so that what is told late
// of one is never taken for another.
struct RunKey {
  std::string id;  // "web/0"
  std::uint64_t run = 0;
  auto operator<=>(const RunKey&) const = default;
};

// What a host finds at its start: a replica's newest run, alive or not.
struct RunFound {
  std::string workload;
  std::uint32_t replica = 0;
  std::uint64_t run = 0;
  std::uint64_t launch = 0;  // wire::launch_id() of what was started
  std::uint64_t spec_generation = 0;
  std::uint64_t fencing_token = 0;
  std::uint32_t failures = 0;
  std::uint32_t restarts = 0;
  Duration stop_grace{};
  std::vector<std::string> gpus;
  bool is_alive = false;
  Duration age{};         // since it was started, where it is alive
  bool rebooted = false;  // the node was started since
  std::string handle;
  std::string limits;
  wire::WorkloadExit exit;  // where it is not alive; unknown: nobody saw it
  bool is_heard = false;    // its end was told by an agent before this one
  std::vector<std::string> log;
};

// Events. The first two come first, in this order, once.
struct HostScanned {
  std::vector<RunFound> found;
};
// As it was kept; nothing where there is none, or it can't be read.
struct DesiredRestored {
  std::optional<wire::DesiredState> desired;
};
struct DesiredReceived {
  wire::DesiredState desired;
};
// The answer to KeepDesired; `failure` says why it is not on disk.
struct DesiredKept {
  std::uint64_t lineage = 0;
  std::uint64_t generation = 0;
  std::string failure;
};
struct RunStarted {
  RunKey key;
  std::string handle;
  std::string limits;
};
// With all that it had begun: nothing of it is left. `exit` is none where it could not be started,
// and then `reason` says why.
struct RunEnded {
  RunKey key;
  wire::WorkloadExit exit;
  std::string reason;
  std::vector<std::string> log;
};
struct RunProbed {
  RunKey key;
  std::uint64_t probe = 0;
  bool is_well = false;
  std::string text;
};
struct TimeCame {};

using SupervisorEvent = std::variant<HostScanned, DesiredRestored, DesiredReceived, DesiredKept,
                                     RunStarted, RunEnded, RunProbed, TimeCame>;

// Effects. Each StartRun is answered by RunStarted and later RunEnded, or by RunEnded alone.
struct StartRun {
  RunKey key;
  const wire::Assignment* assignment = nullptr;
  std::uint64_t launch = 0;
  std::uint32_t failures = 0;  // kept with it, for RunFound
  std::uint32_t restarts = 0;
};
// Its stop signal, to all of it.
struct StopRun {
  RunKey key;
};
struct KillRun {
  RunKey key;
};
// Answered by RunProbed, at the latest when the check's timeout is over.
struct ProbeRun {
  RunKey key;
  std::uint64_t probe = 0;
  const wire::Assignment* assignment = nullptr;
};
// Nothing of it runs, nor is it wanted: its files may go.
struct ForgetRun {
  std::string id;
};
// Onto the disk, so that it outlasts a reboot; then it is obeyed.
struct KeepDesired {
  const wire::DesiredState* desired = nullptr;
};
struct PublishReport {
  const wire::WorkloadReport* report = nullptr;
};
// For the record and the log.
struct TellWorkload {
  wire::Severity severity = wire::Severity::info;
  std::string id;  // empty: of none
  std::string text;
};

using SupervisorEffect = std::variant<StartRun, StopRun, KillRun, ProbeRun, ForgetRun, KeepDesired,
                                      PublishReport, TellWorkload>;
using SupervisorEffects = std::vector<SupervisorEffect>;

}  // namespace bw::agent
