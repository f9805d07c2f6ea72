// What should run on a node (DesiredState, from the coordinator) and what does (WorkloadReport,
// from the agent), as plain structs: the tables of schemas/workload.fbs, field by field.
//
// Here stands what each may say, too; workload_codec.h makes payloads of them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bw::wire {

enum class WorkloadKind : std::uint8_t { service, job };
enum class WorkloadRuntime : std::uint8_t { process, container, systemd };
enum class RestartWhen : std::uint8_t { always, on_failure, never };
enum class HealthProbe : std::uint8_t { none, http, tcp, exec };
enum class FailoverClass : std::uint8_t { none, exclusive, at_least_one };

// Its value, or the name under which the node itself has it: one of the two is empty.
struct EnvironmentVariable {
  std::string name;
  std::string value;
  std::string secret;
  bool operator==(const EnvironmentVariable&) const = default;
};

// 0: not asked for, and not held to.
struct Resources {
  std::uint32_t cpu_millis = 0;
  std::uint64_t memory_bytes = 0;
  std::uint32_t gpu_millis = 0;        // 500: half of one; whole ones from 1000 on
  std::uint64_t gpu_memory_bytes = 0;  // of each GPU
  bool operator==(const Resources&) const = default;
};

inline constexpr std::uint32_t kRetryForEver = std::numeric_limits<std::uint32_t>::max();

struct RestartPolicy {
  RestartWhen when = RestartWhen::always;
  std::uint32_t retries = kRetryForEver;  // failures in a row that are tried again
  std::uint64_t backoff_ms = 1000;        // before the first of them, doubling
  std::uint64_t backoff_most_ms = 300'000;
  std::uint64_t stable_ms = 600'000;  // who ran this long begins anew with all of that
  bool operator==(const RestartPolicy&) const = default;
};

struct HealthCheck {
  HealthProbe probe = HealthProbe::none;
  std::uint16_t port = 0;         // http, tcp: on loopback
  std::string path;               // http: begins with '/'
  std::vector<std::string> argv;  // exec: 0 is well
  std::uint64_t interval_ms = 10'000;
  std::uint64_t timeout_ms = 2'000;
  std::uint32_t failures = 3;        // in a row, until it is restarted
  std::uint64_t start_grace_ms = 0;  // since its start, while none counts
  bool operator==(const HealthCheck&) const = default;
};

struct WorkloadSpec {
  WorkloadKind kind = WorkloadKind::service;
  WorkloadRuntime runtime = WorkloadRuntime::process;
  std::vector<std::string> argv;  // no shell sees it
  std::string image;              // container
  std::vector<EnvironmentVariable> environment;
  std::string directory;  // empty: /
  std::string user;       // empty: the agent's
  Resources resources;
  RestartPolicy restart;
  HealthCheck health;
  std::uint8_t stop_signal = 15;
  std::uint64_t stop_grace_ms = 10'000;
  std::uint64_t max_runtime_ms = 0;  // 0: no bound
  FailoverClass failover = FailoverClass::none;
  std::uint64_t log_bytes = 10U << 20;  // all files of its log together
  bool operator==(const WorkloadSpec&) const = default;
};

// One replica of a workload, on this node.
struct Assignment {
  std::string workload;
  std::uint32_t replica = 0;
  std::uint64_t spec_generation = 0;
  WorkloadSpec spec;
  std::vector<std::string> gpus;    // uuids
  std::uint64_t fencing_token = 0;  // 0: none
  bool operator==(const Assignment&) const = default;
};

// Everything that should run on a node. Generations compare within one lineage only, the store that
// counts them: with another lineage, what came last counts.
struct DesiredState {
  std::uint64_t lineage = 0;
  std::uint64_t generation = 0;
  std::vector<Assignment> assignments;
  bool operator==(const DesiredState&) const = default;
};

enum class WorkloadPhase : std::uint8_t {
  pending,
  starting,
  running,
  unhealthy,  // runs, and its last health check failed
  backing_off,
  stopping,
  succeeded,
  failed,
  lost,  // it ended, how is not known, and it is not tried again
};

enum class ExitKind : std::uint8_t { none, code, signal, unknown };

struct WorkloadExit {
  ExitKind kind = ExitKind::none;
  std::int32_t value = 0;
  bool operator==(const WorkloadExit&) const = default;
};

struct WorkloadState {
  std::string workload;
  std::uint32_t replica = 0;
  std::uint64_t spec_generation = 0;
  std::uint64_t fencing_token = 0;
  WorkloadPhase phase = WorkloadPhase::pending;
  std::int64_t since_ms = 0;
  std::string handle;  // "pid 4711", a container's id
  std::uint32_t restarts = 0;
  WorkloadExit exit;             // of the run before this one, or of the last
  std::string reason;            // of the phase, in words
  std::string limits;            // what of its resources it is not held to, and why
  std::vector<std::string> log;  // its last lines, where it failed
  bool operator==(const WorkloadState&) const = default;
};

struct WorkloadReport {
  std::uint64_t epoch = 0;
  std::uint64_t lineage = 0;
  std::uint64_t generation = 0;  // that is obeyed; 0: none is known
  std::string refused;           // why a newer one is not
  std::vector<WorkloadState> states;
  bool operator==(const WorkloadReport&) const = default;
};

std::string_view name_of(WorkloadPhase phase);

// "web/0"
std::string workload_id(std::string_view workload, std::uint32_t replica);

// "exited with code 3", "killed by signal 9 (SIGKILL)".
std::string describe(const WorkloadExit& exit);

// Names begin with a letter or digit, then A-Z a-z 0-9 . _ -, 64 at most: so one is a file's name.
bool is_workload_name(std::string_view name);

// Whether an agent may be asked to run it; the error says what is wrong, in words for who wrote it.
// Decoding holds to the same.
Result<void> check(const WorkloadSpec& spec);
Result<void> check(const Assignment& assignment);
// All of them, and that no replica is there twice.
Result<void> check(const DesiredState& desired);

// Tells assignments apart whose processes must differ (FNV-1a 64 over command, environment, user,
// limits, GPUs, token): where it stays the same, a new generation restarts nothing. Fields at their
// defaults are left out, so that it lasts when later versions have more of them.
std::uint64_t launch_id(const Assignment& assignment);

}  // namespace bw::wire
