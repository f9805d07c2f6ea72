// One valid message of each kind, and payloads to damage.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/messages.h"
#include "schemas/wire/topics.h"
#include "schemas/wire/workload_codec.h"

namespace bw::wire::examples {

using Payload = std::vector<std::byte>;

inline constexpr std::array kAllTopics{Topic::birth,  Topic::state,  Topic::live, Topic::history,
                                       Topic::event,  Topic::result, Topic::ack,  Topic::command,
                                       Topic::report, Topic::desired};
inline constexpr std::array kUpTopics{Topic::birth,   Topic::state, Topic::live,
                                      Topic::history, Topic::event, Topic::result};

inline Payload copy(Bytes bytes) {
  return Payload(bytes.begin(), bytes.end());
}

// Renews the checksum, as someone would who means harm.
inline void sign(Payload& payload) {
  const std::uint32_t checksum = crc32c(Bytes(payload).first(payload.size() - 4));
  for (std::size_t i = 0; i < 4; ++i) {
    payload[payload.size() - 4 + i] = static_cast<std::byte>(checksum >> (8 * i));
  }
}

inline std::vector<SeriesInfo> series() {
  return {{"cpu_seconds_total", "s", SeriesKind::counter, {{"mode", "user"}, {"core", "0"}}},
          {"memory_free", "By", SeriesKind::gauge, {}},
          {"load_1m", "", SeriesKind::gauge, {}}};
}

inline NodeBirth birth() {
  NodeBirth birth;
  birth.epoch = 0xfedcba9876543210U;
  birth.store_id = 77;
  birth.site = "plant-7";
  birth.labels = {{"rack", "b2"}};
  birth.hardware = {"box", "m-id", "b-id", "6.1.0", "Debian 12", "x86_64", "A CPU", 16, 1U << 30};
  birth.agent_version = "0.1.0";
  birth.started_ms = 1'700'000'000'000;
  birth.period_ms = 1000;
  birth.capabilities = {"linux", "gpu"};
  birth.series = series();
  birth.table_id = series_table_id(birth.series);
  birth.model = "edge@3";
  return birth;
}

inline NodeState state() {
  return {4, NodeCondition::draining, 1'700'000'000'001, "asked to"};
}

inline LiveSample live() {
  return {4, 9, 0xabcd, 1'700'000'000'002, {1.5F, -0.0F, 3e30F}};
}

inline HistoryBlock history() {
  ColumnEncoder encoder;
  const std::vector<std::int64_t> times{1'700'000'000'000, 1'700'000'001'000};
  const std::vector<double> values{1, 2.5, 0.01, 2, 2.5, 0.02};
  HistoryBlock block;
  block.epoch = 4;
  block.number = 12;
  block.start_ms = times.front();
  block.end_ms = times.back();
  block.rows = 2;
  block.columns = copy(encoder.encode(times, values, 3));
  block.series = series();
  block.table_id = series_table_id(block.series);
  return block;
}

inline EventRecord event() {
  EventRecord event;
  event.epoch = 4;
  event.number = 13;
  event.time_ms = 1'700'000'000'003;
  event.kind = "clock_step";
  event.severity = Severity::warning;
  event.text = "the clock went back by an hour";
  event.details = {{"by_ms", "-3600000"}};
  return event;
}

inline CommandResult result() {
  return {"c-1", 4, CommandStatus::refused, "not now", {std::byte{7}, std::byte{0}}};
}

inline Ack ack() {
  return {{{4, 12}, {5, 0}}};
}

inline Command command() {
  return {
      "c-1",         CommandKind::deploy_model, 4, 1'700'000'060'000, "for its class", 90'000, true,
      {std::byte{1}}};
}

inline DesiredState desired() {
  Assignment web{"web", 2, 3, {}, {"GPU-1"}, 9};
  WorkloadSpec& spec = web.spec;
  spec.argv = {"/usr/bin/serve", "--port", "80", ""};
  spec.environment = {{"MODE", "fast", ""}, {"TOKEN", "", "api-token"}, {"EMPTY", "", ""}};
  spec.directory = "/srv";
  spec.user = "web";
  spec.resources = {500, 1U << 30, 1000, 1U << 29};
  spec.restart = {RestartWhen::on_failure, 4, 200, 60'000, 5'000};
  spec.health = {HealthProbe::http, 80, "/healthz", {}, 1'000, 500, 2, 9'000};
  spec.stop_signal = 2;
  spec.stop_grace_ms = 3'000;
  spec.max_runtime_ms = 86'400'000;
  spec.failover = FailoverClass::exclusive;
  spec.log_bytes = 1U << 20;
  Assignment train{"train", 0, 1, {}, {}, 0};
  train.spec.kind = WorkloadKind::job;
  train.spec.runtime = WorkloadRuntime::container;
  train.spec.image = "registry.local/train:3";
  return {7, 4, {web, train}};
}

inline WorkloadReport report() {
  WorkloadState state{"web", 2, 3, 9, WorkloadPhase::failed, 1'700'000'000'004, "pid 7", 4};
  state.exit = {ExitKind::code, 3};
  state.reason = "exited with code 3, five times in a row";
  state.limits = "memory is not limited: no cgroup v2 here";
  state.log = {"one", "two"};
  return {3, 7, 4, "generation 5 has web/2 twice", {state, {"train"}}};
}

inline Payload payload(Topic topic) {
  Encoder encoder;
  switch (topic) {
    case Topic::birth:
      return copy(encoder.encode(birth()));
    case Topic::state:
      return copy(encoder.encode(state()));
    case Topic::live:
      return copy(encoder.encode(live()));
    case Topic::history:
      return copy(encoder.encode(history()));
    case Topic::event:
      return copy(encoder.encode(event()));
    case Topic::result:
      return copy(encoder.encode(result()));
    case Topic::ack:
      return copy(encoder.encode(ack()));
    case Topic::command:
      return copy(encoder.encode(command()));
    case Topic::report:
      return encode_report(report());
    case Topic::desired:
      return encode_desired(desired()).value();
  }
  return {};
}

// Decodes as the reader of the topic does. Nothing: it was accepted.
inline std::optional<Refusal> refusal_of(Topic topic, Bytes payload) {
  const auto of = [](auto decoded) -> std::optional<Refusal> {
    if (decoded) return std::nullopt;
    return decoded.refusal();
  };
  if (topic == Topic::ack) return of(decode_ack(payload));
  if (topic == Topic::command) return of(decode_command(payload));
  if (topic == Topic::report) return of(decode_report(payload));
  if (topic == Topic::desired) return of(decode_desired(payload));
  return of(decode_up(topic, payload));
}

}  // namespace bw::wire::examples
