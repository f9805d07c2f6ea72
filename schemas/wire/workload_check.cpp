// What a specification, an assignment and a desired state may say.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "schemas/wire/limits.h"
#include "schemas/wire/workload.h"

namespace bw::wire {

namespace {

constexpr std::uint64_t kLeastBackoffMs = 100;   // less would be a loop
constexpr std::uint64_t kLeastIntervalMs = 100;  // of health checks
constexpr std::uint64_t kLeastTimeoutMs = 10;
constexpr std::uint64_t kLeastLogBytes = 64U << 10;
constexpr std::uint64_t kMostLogBytes = 1U << 30;
constexpr std::uint8_t kMostSignal = 31;
constexpr std::uint8_t kStopSignal = 19;  // SIGSTOP ends nothing
constexpr std::uint32_t kWholeGpu = 1000;
constexpr std::size_t kMaxGpuId = 128;

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

Error fault(std::string_view field, std::string_view why) {
  return Error{std::string(field) + " " + std::string(why)};
}

Result<void> check_text(std::string_view field, std::string_view text, std::size_t most) {
  if (text.size() > most) return fault(field, "is longer than " + std::to_string(most) + " bytes");
  if (has_nul(text)) return fault(field, "has a NUL byte in it");
  return {};
}

Result<void> check_argv(std::string_view field, const std::vector<std::string>& argv) {
  if (argv.empty() || argv.front().empty()) return fault(field, "names no program");
  if (argv.size() > kMaxArguments) {
    return fault(field, "has more than " + std::to_string(kMaxArguments) + " arguments");
  }
  for (const std::string& one : argv) {
    if (auto fine = check_text(field, one, kMaxArgument); !fine) return fine;
  }
  return {};
}

Result<void> check_span(std::string_view field, std::uint64_t ms, std::uint64_t least = 0) {
  if (ms < least) return fault(field, "is below " + std::to_string(least) + " ms");
  if (ms > kMaxWorkloadMs) return fault(field, "is over a year");
  return {};
}

Result<void> check_environment(const std::vector<EnvironmentVariable>& environment) {
  if (environment.size() > kMaxEnvironment) {
    return fault("environment", "has more than " + std::to_string(kMaxEnvironment) + " variables");
  }
  std::set<std::string_view> names;
  for (const EnvironmentVariable& one : environment) {
    if (auto fine = check_text("a variable's name", one.name, kMaxText); !fine) return fine;
    if (one.name.empty() || one.name.find('=') != std::string::npos) {
      return fault("environment", "has a variable whose name is empty or holds '='");
    }
    if (!names.insert(one.name).second) return fault(one.name, "is in the environment twice");
    if (auto fine = check_text(one.name, one.value, kMaxArgument); !fine) return fine;
    if (one.secret.empty()) continue;
    if (!one.value.empty()) return fault(one.name, "has both a value and a secret");
    if (!is_workload_name(one.secret)) return fault(one.name, "names a secret that can be none");
  }
  return {};
}

Result<void> check_restart(const RestartPolicy& policy) {
  if (policy.when > RestartWhen::never) return fault("restart", "is no policy known here");
  if (auto fine = check_span("restart backoff", policy.backoff_ms, kLeastBackoffMs); !fine) {
    return fine;
  }
  if (policy.backoff_most_ms < policy.backoff_ms) {
    return fault("restart backoff", "begins above its bound");
  }
  if (auto fine = check_span("restart backoff", policy.backoff_most_ms); !fine) return fine;
  return check_span("restart stable", policy.stable_ms, 1);
}

Result<void> check_health(const HealthCheck& health) {
  if (health.probe > HealthProbe::exec) return fault("health", "has a probe not known here");
  if (health.probe == HealthProbe::none) return {};
  if (health.probe == HealthProbe::exec) {
    if (auto fine = check_argv("health argv", health.argv); !fine) return fine;
  } else if (health.port == 0) {
    return fault("health", "has no port");
  }
  if (health.probe == HealthProbe::http) {
    if (auto fine = check_text("health path", health.path, kMaxText); !fine) return fine;
    const bool is_plain = std::all_of(health.path.begin(), health.path.end(),
                                      [](char c) { return c > ' ' && c < '\x7f'; });
    if (!health.path.starts_with('/') || !is_plain) {
      return fault("health path", "does not begin with '/', or has blanks");
    }
  }
  if (health.failures == 0) return fault("health failures", "is 0");
  if (auto fine = check_span("health interval", health.interval_ms, kLeastIntervalMs); !fine) {
    return fine;
  }
  if (auto fine = check_span("health timeout", health.timeout_ms, kLeastTimeoutMs); !fine) {
    return fine;
  }
  return check_span("health start grace", health.start_grace_ms);
}

Result<void> check_program(const WorkloadSpec& spec) {
  if (spec.kind > WorkloadKind::job) return fault("kind", "is none known here");
  if (spec.runtime > WorkloadRuntime::systemd) return fault("runtime", "is none known here");
  if (auto fine = check_text("image", spec.image, kMaxArgument); !fine) return fine;
  if (spec.runtime == WorkloadRuntime::container) {
    if (spec.image.empty()) return fault("image", "is missing");
    if (spec.argv.empty()) return {};
  } else if (!spec.image.empty()) {
    return fault("image", "belongs to the runtime container");
  }
  return check_argv("argv", spec.argv);
}

Result<void> check_resources(const Resources& resources) {
  const std::uint32_t gpus = resources.gpu_millis;
  if (gpus > kWholeGpu && gpus % kWholeGpu != 0) {
    return fault("gpus", "is neither a part of one nor a whole number");
  }
  if (gpus / kWholeGpu > kMaxAssignedGpus) {
    return fault("gpus", "is over " + std::to_string(kMaxAssignedGpus));
  }
  return {};
}

Result<void> check_gpus(const Assignment& assignment) {
  const std::uint32_t millis = assignment.spec.resources.gpu_millis;
  const std::size_t wanted = (millis + kWholeGpu - 1) / kWholeGpu;
  if (assignment.gpus.size() != wanted) {
    return fault("gpus", "asks for " + std::to_string(wanted) + ", is given " +
                             std::to_string(assignment.gpus.size()));
  }
  std::set<std::string_view> seen;
  for (const std::string& gpu : assignment.gpus) {
    const bool is_plain = std::all_of(gpu.begin(), gpu.end(),
                                      [](char c) { return c > ' ' && c < '\x7f' && c != ','; });
    if (gpu.empty() || gpu.size() > kMaxGpuId || !is_plain) {
      return fault("gpus", "has one whose id can be none");
    }
    if (!seen.insert(gpu).second) return fault("gpus", "has " + gpu + " twice");
  }
  return {};
}

}  // namespace

Result<void> check(const WorkloadSpec& spec) {
  if (auto fine = check_program(spec); !fine) return fine;
  if (auto fine = check_environment(spec.environment); !fine) return fine;
  if (auto fine = check_text("directory", spec.directory, kMaxArgument); !fine) return fine;
  if (!spec.directory.empty() && spec.directory.front() != '/') {
    return fault("directory", "is no absolute path");
  }
  if (auto fine = check_text("user", spec.user, kMaxText); !fine) return fine;
  if (auto fine = check_resources(spec.resources); !fine) return fine;
  if (auto fine = check_restart(spec.restart); !fine) return fine;
  if (auto fine = check_health(spec.health); !fine) return fine;
  if (spec.stop_signal == 0 || spec.stop_signal > kMostSignal || spec.stop_signal == kStopSignal) {
    return fault("stop signal", "is none that ends a process");
  }
  if (auto fine = check_span("stop grace", spec.stop_grace_ms); !fine) return fine;
  if (auto fine = check_span("max runtime", spec.max_runtime_ms); !fine) return fine;
  if (spec.failover > FailoverClass::at_least_one) return fault("failover", "is no class known");
  if (spec.log_bytes < kLeastLogBytes || spec.log_bytes > kMostLogBytes) {
    return fault("log", "is below 64 KiB or over 1 GiB");
  }
  return {};
}

Result<void> check(const Assignment& assignment) {
  if (!is_workload_name(assignment.workload)) return fault("name", "is no name of a workload");
  if (auto fine = check(assignment.spec); !fine) return fine;
  return check_gpus(assignment);
}

Result<void> check(const DesiredState& desired) {
  if (desired.lineage == 0 || desired.generation == 0) {
    return Error{"it has no lineage or no generation"};
  }
  if (desired.assignments.size() > kMaxAssignments) {
    return Error{"it has more than " + std::to_string(kMaxAssignments) + " assignments"};
  }
  std::set<std::string> seen;
  for (const Assignment& one : desired.assignments) {
    const std::string id = workload_id(one.workload, one.replica);
    if (auto fine = check(one); !fine) return fine.error().within(id);
    if (!seen.insert(id).second) return Error{id + " is there twice"};
  }
  return {};
}

}  // namespace bw::wire
