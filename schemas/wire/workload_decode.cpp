// Payloads to what should run, and to what does, after all of their checks.
#include <cstddef>
#include <string>
#include <utility>

#include "schemas/wire/limits.h"
#include "schemas/wire/opened.h"
#include "schemas/wire/payload.h"
#include "schemas/wire/workload_codec.h"
#include "schemas/workload_generated.h"

namespace bw::wire {

namespace {

using WorkloadText = flatbuffers::String;
template <typename T>
using WorkloadList = flatbuffers::Vector<flatbuffers::Offset<T>>;

constexpr flatbuffers::uoffset_t kMaxWorkloadDepth = 4;  // state, assignment, spec, variable
constexpr flatbuffers::uoffset_t kMaxWorkloadTables = 1 + kMaxAssignments * (5 + kMaxEnvironment);

template <typename Root>
Decoded<Opened<Root>> open_workloads(Topic topic, Bytes payload, std::string_view identifier) {
  if (payload.size() > topic_info(topic).max_payload) return Refusal::too_large;
  return open_payload<Root>(
      payload, identifier, [](const std::uint8_t* bytes, std::size_t size) -> const Root* {
        flatbuffers::Verifier verifier(bytes, size, kMaxWorkloadDepth, kMaxWorkloadTables);
        return verifier.VerifyBuffer<Root>(nullptr) ? flatbuffers::GetRoot<Root>(bytes) : nullptr;
      });
}

// Sizes of texts and lists, before any is copied. Texts that are shared within a payload count each
// time, as each is copied.
class WorkloadBounds {
 public:
  explicit WorkloadBounds(Topic topic) : room_(topic_info(topic).max_payload) {}

  bool text(const WorkloadText* text, std::size_t most = kMaxText) {
    constexpr std::size_t kLeastOverhead = 8;  // of any text: its offset and its length
    if (text == nullptr) return true;
    if (text->size() > most) return false;
    return take(text->size() + kLeastOverhead);
  }

  bool texts(const WorkloadList<WorkloadText>* list, std::size_t count, std::size_t most) {
    if (list == nullptr) return true;
    if (list->size() > count) return false;
    for (const WorkloadText* one : *list) {
      if (!text(one, most)) return false;
    }
    return true;
  }

  bool spec(const fbs::WorkloadSpec& in) {
    // Tables may be shared like texts, and are copied just as often.
    if (!take(kLeastTable) || !texts(in.argv(), kMaxArguments, kMaxArgument) ||
        !text(in.image(), kMaxArgument) || !text(in.directory(), kMaxArgument) ||
        !text(in.user())) {
      return false;
    }
    if (in.health() != nullptr &&
        (!text(in.health()->path()) || !texts(in.health()->argv(), kMaxArguments, kMaxArgument))) {
      return false;
    }
    if (in.environment() == nullptr) return true;
    if (in.environment()->size() > kMaxEnvironment) return false;
    for (const fbs::EnvironmentVariable* one : *in.environment()) {
      if (!text(one->name()) || !text(one->value(), kMaxArgument) || !text(one->secret())) {
        return false;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kLeastTable = 4;

  bool take(std::size_t bytes) {
    if (bytes > room_) return false;
    room_ -= bytes;
    return true;
  }

  std::size_t room_;
};

bool in_bounds(const fbs::DesiredState& in) {
  WorkloadBounds bounds(Topic::desired);
  if (in.assignments() == nullptr) return true;
  if (in.assignments()->size() > kMaxAssignments) return false;
  for (const fbs::Assignment* one : *in.assignments()) {
    if (!bounds.text(one->workload()) || !bounds.spec(*one->spec()) ||
        !bounds.texts(one->gpus(), kMaxAssignedGpus, kMaxText)) {
      return false;
    }
  }
  return true;
}

bool in_bounds(const fbs::WorkloadReport& in) {
  WorkloadBounds bounds(Topic::report);
  if (in.epoch() == 0 || !bounds.text(in.refused())) return false;
  if (in.states() == nullptr) return true;
  if (in.states()->size() > kMaxReported) return false;
  for (const fbs::WorkloadState* one : *in.states()) {
    if (!bounds.text(one->workload()) || !bounds.text(one->handle()) ||
        !bounds.text(one->reason()) || !bounds.text(one->limits()) ||
        !bounds.texts(one->log(), kMaxReportLines, kMaxReportLine) ||
        one->phase() > fbs::WorkloadPhase::MAX || one->exit() > fbs::ExitKind::MAX ||
        one->since_ms() < kMinTimeMs || one->since_ms() > kMaxTimeMs ||
        !is_workload_name(one->workload()->string_view())) {
      return false;
    }
  }
  return true;
}

std::string take_text(const WorkloadText* text) {
  return text == nullptr ? std::string() : text->str();
}

std::vector<std::string> take_texts(const WorkloadList<WorkloadText>* list) {
  std::vector<std::string> out;
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const WorkloadText* one : *list) out.push_back(one->str());
  return out;
}

HealthCheck take_health(const fbs::HealthCheck* in) {
  HealthCheck out;
  if (in == nullptr) return out;
  out.probe = static_cast<HealthProbe>(in->probe());
  out.port = in->port();
  out.path = take_text(in->path());
  out.argv = take_texts(in->argv());
  out.interval_ms = in->interval_ms();
  out.timeout_ms = in->timeout_ms();
  out.failures = in->failures();
  out.start_grace_ms = in->start_grace_ms();
  return out;
}

WorkloadSpec take_spec(const fbs::WorkloadSpec& in) {
  WorkloadSpec out;
  out.kind = static_cast<WorkloadKind>(in.kind());
  out.runtime = static_cast<WorkloadRuntime>(in.runtime());
  out.argv = take_texts(in.argv());
  out.image = take_text(in.image());
  if (in.environment() != nullptr) {
    out.environment.reserve(in.environment()->size());
    for (const fbs::EnvironmentVariable* one : *in.environment()) {
      out.environment.push_back(
          {take_text(one->name()), take_text(one->value()), take_text(one->secret())});
    }
  }
  out.directory = take_text(in.directory());
  out.user = take_text(in.user());
  if (const fbs::Resources* resources = in.resources(); resources != nullptr) {
    out.resources = {resources->cpu_millis(), resources->memory_bytes(), resources->gpu_millis(),
                     resources->gpu_memory_bytes()};
  }
  if (const fbs::RestartPolicy* restart = in.restart(); restart != nullptr) {
    out.restart = {static_cast<RestartWhen>(restart->restart_when()), restart->retries(),
                   restart->backoff_ms(), restart->backoff_most_ms(), restart->stable_ms()};
  }
  out.health = take_health(in.health());
  out.stop_signal = in.stop_signal();
  out.stop_grace_ms = in.stop_grace_ms();
  out.max_runtime_ms = in.max_runtime_ms();
  out.failover = static_cast<FailoverClass>(in.failover());
  out.log_bytes = in.log_bytes();
  return out;
}

}  // namespace

Decoded<DesiredState> decode_desired(Bytes payload) {
  auto opened = open_workloads<fbs::DesiredState>(Topic::desired, payload, kDesiredIdentifier);
  if (!opened) return opened.refusal();
  const fbs::DesiredState& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  DesiredState out{in.lineage(), in.generation(), {}};
  if (in.assignments() != nullptr) {
    out.assignments.reserve(in.assignments()->size());
    for (const fbs::Assignment* one : *in.assignments()) {
      out.assignments.push_back({take_text(one->workload()), one->replica(), one->spec_generation(),
                                 take_spec(*one->spec()), take_texts(one->gpus()),
                                 one->fencing_token()});
    }
  }
  if (!check(out)) return Refusal::out_of_bounds;
  return out;
}

Decoded<WorkloadReport> decode_report(Bytes payload) {
  auto opened = open_workloads<fbs::WorkloadReport>(Topic::report, payload, kReportIdentifier);
  if (!opened) return opened.refusal();
  const fbs::WorkloadReport& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  WorkloadReport out{in.epoch(), in.lineage(), in.generation(), take_text(in.refused()), {}};
  if (in.states() == nullptr) return out;
  out.states.reserve(in.states()->size());
  for (const fbs::WorkloadState* one : *in.states()) {
    out.states.push_back({take_text(one->workload()),
                          one->replica(),
                          one->spec_generation(),
                          one->fencing_token(),
                          static_cast<WorkloadPhase>(one->phase()),
                          one->since_ms(),
                          take_text(one->handle()),
                          one->restarts(),
                          {static_cast<ExitKind>(one->exit()), one->exit_value()},
                          take_text(one->reason()),
                          take_text(one->limits()),
                          take_texts(one->log())});
  }
  return out;
}

}  // namespace bw::wire
