#include "schemas/wire/workload.h"

#include <array>
#include <cstddef>

#include "base/assert.h"
#include "schemas/wire/limits.h"

namespace bw::wire {

namespace {

constexpr std::array<std::string_view, 9> kPhaseNames{"pending",   "starting",    "running",
                                                      "unhealthy", "backing_off", "stopping",
                                                      "succeeded", "failed",      "lost"};

// By number, as Linux has them on x86 and ARM.
constexpr std::array<std::string_view, 32> kSignalNames{
    "",        "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",  "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
    "",        "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};

// FNV-1a, 64 bits, of fields with a number each. Source: Fowler, Noll, Vo; draft-eastlake-fnv.
class FieldHash {
 public:
  void number(std::uint8_t field, std::uint64_t value, std::uint64_t unless = 0) {
    if (value == unless) return;
    byte(field);
    for (int shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
  }
  void text(std::uint8_t field, std::string_view value) {
    if (!value.empty()) always(field, value);
  }
  void always(std::uint8_t field, std::string_view value) {
    byte(field);
    for (int shift = 0; shift < 32; shift += 8) {
      byte(static_cast<std::uint8_t>(value.size() >> shift));
    }
    for (const char c : value) byte(static_cast<std::uint8_t>(c));
  }
  std::uint64_t hash() const { return hash_; }

 private:
  void byte(std::uint8_t value) { hash_ = (hash_ ^ value) * 0x100000001b3U; }

  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace

std::string_view name_of(WorkloadPhase phase) {
  const auto index = static_cast<std::size_t>(phase);
  BW_ASSERT(index < kPhaseNames.size());
  return kPhaseNames[index];
}

std::string workload_id(std::string_view workload, std::uint32_t replica) {
  return std::string(workload) + "/" + std::to_string(replica);
}

std::string describe(const WorkloadExit& exit) {
  switch (exit.kind) {
    case ExitKind::none:
      return "did not end";
    case ExitKind::code:
      return "exited with code " + std::to_string(exit.value);
    case ExitKind::signal: {
      std::string text = "killed by signal " + std::to_string(exit.value);
      const auto index = static_cast<std::size_t>(exit.value);
      if (exit.value > 0 && index < kSignalNames.size() && !kSignalNames[index].empty()) {
        text.append(" (").append(kSignalNames[index]).append(")");
      }
      return text;
    }
    case ExitKind::unknown:
      break;
  }
  return "ended, nobody saw how";
}

bool is_workload_name(std::string_view name) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (name.empty() || name.size() > kMaxWorkloadName || !alphanumeric(name.front())) return false;
  for (const char c : name) {
    if (!alphanumeric(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

std::uint64_t launch_id(const Assignment& assignment) {
  const WorkloadSpec& spec = assignment.spec;
  const WorkloadSpec plain;
  FieldHash hash;
  hash.text(1, assignment.workload);
  hash.number(2, assignment.replica);
  hash.number(3, static_cast<std::uint64_t>(spec.kind));
  hash.number(4, static_cast<std::uint64_t>(spec.runtime));
  for (const std::string& argument : spec.argv) hash.always(5, argument);
  hash.text(6, spec.image);
  for (const EnvironmentVariable& one : spec.environment) {
    hash.always(7, one.name);
    hash.text(8, one.value);
    hash.text(9, one.secret);
  }
  hash.text(10, spec.directory);
  hash.text(11, spec.user);
  hash.number(12, spec.resources.cpu_millis);
  hash.number(13, spec.resources.memory_bytes);
  hash.number(14, spec.resources.gpu_millis);
  hash.number(15, spec.resources.gpu_memory_bytes);
  hash.number(16, spec.stop_signal, plain.stop_signal);
  hash.number(17, spec.log_bytes, plain.log_bytes);
  for (const std::string& gpu : assignment.gpus) hash.always(18, gpu);
  hash.number(19, assignment.fencing_token);
  return hash.hash();
}

}  // namespace bw::wire
