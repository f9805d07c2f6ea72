// What should run, and what does, to payloads.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "schemas/wire/clip.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/payload.h"
#include "schemas/wire/workload_codec.h"
#include "schemas/workload_generated.h"

namespace bw::wire {

namespace {

using WorkloadBuilder = flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using TextOffset = Offset<flatbuffers::String>;

// As it is: what it may be was checked before. Empty ones are left out.
TextOffset put_whole(WorkloadBuilder& builder, std::string_view text) {
  return text.empty() ? TextOffset() : builder.CreateString(text.data(), text.size());
}

TextOffset put_cut(WorkloadBuilder& builder, std::string_view text) {
  return put_whole(builder, clip_text(text));
}

Offset<flatbuffers::Vector<TextOffset>> put_all(WorkloadBuilder& builder,
                                                const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  std::vector<TextOffset> offsets;
  offsets.reserve(texts.size());
  for (const std::string& text : texts) offsets.push_back(builder.CreateString(text));
  return builder.CreateVector(offsets);
}

Offset<fbs::HealthCheck> put(WorkloadBuilder& builder, const HealthCheck& health) {
  if (health == HealthCheck{}) return {};
  const auto path = put_whole(builder, health.path);
  const auto argv = put_all(builder, health.argv);
  return fbs::CreateHealthCheck(builder, static_cast<fbs::HealthProbe>(health.probe), health.port,
                                path, argv, health.interval_ms, health.timeout_ms, health.failures,
                                health.start_grace_ms);
}

Offset<fbs::WorkloadSpec> put(WorkloadBuilder& builder, const WorkloadSpec& spec) {
  const auto argv = put_all(builder, spec.argv);
  const auto image = put_whole(builder, spec.image);
  std::vector<Offset<fbs::EnvironmentVariable>> variables;
  variables.reserve(spec.environment.size());
  for (const EnvironmentVariable& one : spec.environment) {
    const auto name = builder.CreateString(one.name);
    const auto value = put_whole(builder, one.value);
    const auto secret = put_whole(builder, one.secret);
    variables.push_back(fbs::CreateEnvironmentVariable(builder, name, value, secret));
  }
  const auto environment = variables.empty()
                               ? Offset<flatbuffers::Vector<Offset<fbs::EnvironmentVariable>>>()
                               : builder.CreateVector(variables);
  const auto directory = put_whole(builder, spec.directory);
  const auto user = put_whole(builder, spec.user);
  const auto resources =
      fbs::CreateResources(builder, spec.resources.cpu_millis, spec.resources.memory_bytes,
                           spec.resources.gpu_millis, spec.resources.gpu_memory_bytes);
  const auto restart = fbs::CreateRestartPolicy(
      builder, static_cast<fbs::RestartWhen>(spec.restart.when), spec.restart.retries,
      spec.restart.backoff_ms, spec.restart.backoff_most_ms, spec.restart.stable_ms);
  const auto health = put(builder, spec.health);
  return fbs::CreateWorkloadSpec(builder, static_cast<fbs::WorkloadKind>(spec.kind),
                                 static_cast<fbs::WorkloadRuntime>(spec.runtime), argv, image,
                                 environment, directory, user, resources, restart, health,
                                 spec.stop_signal, spec.stop_grace_ms, spec.max_runtime_ms,
                                 static_cast<fbs::FailoverClass>(spec.failover), spec.log_bytes);
}

Offset<fbs::Assignment> put(WorkloadBuilder& builder, const Assignment& assignment) {
  const auto workload = builder.CreateString(assignment.workload);
  const auto spec = put(builder, assignment.spec);
  const auto gpus = put_all(builder, assignment.gpus);
  return fbs::CreateAssignment(builder, workload, assignment.replica, assignment.spec_generation,
                               spec, gpus, assignment.fencing_token);
}

Offset<fbs::WorkloadState> put(WorkloadBuilder& builder, const WorkloadState& state) {
  // CreateString also of an empty one: the field has to be there.
  const std::string_view name = std::string_view(state.workload).substr(0, kMaxWorkloadName);
  const auto workload = builder.CreateString(name.data(), name.size());
  const auto handle = put_cut(builder, state.handle);
  const auto reason = put_cut(builder, state.reason);
  const auto limits = put_cut(builder, state.limits);
  std::vector<TextOffset> lines;
  const std::size_t first = state.log.size() - std::min(state.log.size(), kMaxReportLines);
  for (std::size_t i = first; i < state.log.size(); ++i) {
    const auto line = clip_text(state.log[i], kMaxReportLine);
    lines.push_back(builder.CreateString(line.data(), line.size()));
  }
  const auto log =
      lines.empty() ? Offset<flatbuffers::Vector<TextOffset>>() : builder.CreateVector(lines);
  return fbs::CreateWorkloadState(builder, workload, state.replica, state.spec_generation,
                                  state.fencing_token, static_cast<fbs::WorkloadPhase>(state.phase),
                                  clip_time(state.since_ms), handle, state.restarts,
                                  static_cast<fbs::ExitKind>(state.exit.kind), state.exit.value,
                                  reason, limits, log);
}

std::vector<std::byte> framed(const WorkloadBuilder& builder) {
  std::vector<std::byte> payload(builder.GetSize() + kChecksumBytes);
  std::memcpy(payload.data(), builder.GetBufferPointer(), builder.GetSize());
  store_checksum(payload);
  return payload;
}

}  // namespace

Result<std::vector<std::byte>> encode_desired(const DesiredState& desired) {
  if (auto fine = check(desired); !fine) return fine.error().within("a desired state");
  WorkloadBuilder builder(1U << 14);
  std::vector<Offset<fbs::Assignment>> assignments;
  assignments.reserve(desired.assignments.size());
  for (const Assignment& one : desired.assignments) assignments.push_back(put(builder, one));
  const auto list = builder.CreateVector(assignments);
  builder.Finish(fbs::CreateDesiredState(builder, desired.lineage, desired.generation, list),
                 kDesiredIdentifier.data());
  if (builder.GetSize() + kChecksumBytes > kMaxDesiredPayload) {
    return Error{"a desired state of " + std::to_string(builder.GetSize()) +
                 " bytes is too large to send"};
  }
  return framed(builder);
}

std::vector<std::byte> encode_report(const WorkloadReport& report) {
  WorkloadBuilder builder(1U << 14);
  std::vector<Offset<fbs::WorkloadState>> states;
  const std::size_t count = std::min(report.states.size(), kMaxReported);
  states.reserve(count);
  for (std::size_t i = 0; i < count; ++i) states.push_back(put(builder, report.states[i]));
  const auto list = builder.CreateVector(states);
  const auto refused = put_cut(builder, report.refused);
  builder.Finish(fbs::CreateWorkloadReport(builder, report.epoch, report.lineage, report.generation,
                                           refused, list),
                 kReportIdentifier.data());
  return framed(builder);
}

}  // namespace bw::wire
