// Any bytes as a payload on any topic, with a checksum that holds. The first byte of an input says
// which topic; the others are the payload. What is accepted comes back the same after it was
// encoded anew.
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/payload.h"
#include "schemas/wire/workload_codec.h"
#include "tests/fuzz/seeded.h"

namespace {

namespace wire = bw::wire;

constexpr std::int64_t kTime = 1'700'000'000'000;

wire::NodeBirth birth() {
  wire::NodeBirth birth;
  birth.epoch = 3;
  birth.store_id = 4;
  birth.site = "plant";
  birth.labels = {{"rack", "b2"}};
  birth.hardware.hostname = "box";
  birth.agent_version = "0.1.0";
  birth.started_ms = kTime;
  birth.capabilities = {"linux"};
  birth.series = {{"cpu", "s", wire::SeriesKind::counter, {{"core", "0"}}}, {"load", "", {}, {}}};
  birth.table_id = wire::series_table_id(birth.series);
  return birth;
}

wire::HistoryBlock history() {
  const std::vector<std::int64_t> times{kTime, kTime + 1000};
  const std::vector<double> values{1, 0.5, 2, 0.75};
  wire::ColumnEncoder encoder;
  const auto columns = encoder.encode(times, values, 2);
  wire::HistoryBlock block{3, 2, 1, 0, kTime, kTime + 1000, 2, {}, birth().series};
  block.table_id = wire::series_table_id(block.series);
  block.columns.assign(columns.begin(), columns.end());
  return block;
}

wire::DesiredState desired() {
  wire::Assignment web{"web", 2, 3, {}, {"GPU-1"}, 9};
  web.spec.argv = {"/usr/bin/serve", "--port", "80"};
  web.spec.environment = {{"MODE", "fast", ""}, {"TOKEN", "", "token"}};
  web.spec.resources = {500, 1U << 30, 1000, 1U << 30};
  web.spec.health.probe = wire::HealthProbe::http;
  web.spec.health.port = 80;
  web.spec.health.path = "/";
  web.spec.health.argv = {"/bin/true"};
  return {7, 4, {web}};
}

wire::WorkloadReport report() {
  wire::WorkloadState state{"web", 2, 3, 9, wire::WorkloadPhase::failed, kTime, "pid 7", 4};
  state.exit = {wire::ExitKind::code, 3};
  state.reason = "why";
  state.limits = "none";
  state.log = {"one", "two"};
  return {3, 7, 4, "", {state}};
}

// One payload a topic, behind the byte that names it.
bw::fuzz::Seeds make_seeds() {
  bw::fuzz::Seeds seeds;
  wire::Encoder encoder;
  const auto add = [&](wire::Topic topic, wire::Bytes payload) {
    seeds.emplace_back(payload.begin(), payload.end());
    seeds.back().insert(seeds.back().begin(), static_cast<std::byte>(topic));
  };
  using wire::Topic;
  add(Topic::birth, encoder.encode(birth()));
  add(Topic::state, encoder.encode(wire::NodeState{3, {}, kTime, "why"}));
  add(Topic::live, encoder.encode(wire::LiveSample{3, 1, 5, kTime, {1.0F, 2.0F}}));
  add(Topic::history, encoder.encode(history()));
  add(Topic::event, encoder.encode(wire::EventRecord{
                        3, 2, 1, kTime, "started", {}, "text", {{"name", "value"}}}));
  add(Topic::result, encoder.encode(wire::CommandResult{"id", 3, {}, "text"}));
  add(Topic::ack, encoder.encode(wire::Ack{{{3, 1}, {4, 2}}}));
  add(Topic::command, encoder.encode(wire::Command{"id", {}, 3, kTime, "reason"}));
  add(Topic::report, wire::encode_report(report()));
  add(Topic::desired, *wire::encode_desired(desired()));
  return seeds;
}

// Shared texts are written out, so a message may outgrow its topic: then there is no second
// reading.
template <typename Message, typename Decode>
void check_again(wire::Topic topic, const Message& message, Decode decode) {
  wire::Encoder encoder;
  const wire::Bytes bytes = encoder.encode(message);
  if (bytes.size() > wire::topic_info(topic).max_payload) return;
  const auto again = decode(bytes);
  BW_ASSERT(static_cast<bool>(again));
  if constexpr (!std::is_same_v<Message, wire::LiveSample>) BW_ASSERT(*again == message);
}

void check_report(wire::Bytes payload) {
  const auto report = wire::decode_report(payload);
  if (!report) return;
  const auto bytes = wire::encode_report(*report);
  BW_ASSERT(bytes.size() <= wire::kMaxReportPayload);
  const auto again = wire::decode_report(bytes);
  BW_ASSERT(static_cast<bool>(again) && *again == *report);
}

void check_desired(wire::Bytes payload) {
  const auto desired = wire::decode_desired(payload);
  if (!desired) return;
  const auto bytes = wire::encode_desired(*desired);
  if (!bytes) return;  // tables that were shared are written out, and may outgrow their topic
  const auto again = wire::decode_desired(*bytes);
  BW_ASSERT(static_cast<bool>(again) && *again == *desired);
}

void check(wire::Topic topic, wire::Bytes payload) {
  if (topic == wire::Topic::ack) {
    if (const auto ack = wire::decode_ack(payload)) check_again(topic, *ack, wire::decode_ack);
    return;
  }
  if (topic == wire::Topic::command) {
    const auto command = wire::decode_command(payload);
    if (command) check_again(topic, *command, wire::decode_command);
    return;
  }
  if (topic == wire::Topic::report) return check_report(payload);
  if (topic == wire::Topic::desired) return check_desired(payload);
  const auto decoded = wire::decode_up(topic, payload);
  if (!decoded) return;
  std::visit(
      [&](const auto& message) {
        using Message = std::decay_t<decltype(message)>;
        check_again(topic, message, [&](wire::Bytes bytes) {
          auto again = wire::decode_up(topic, bytes);
          BW_ASSERT(static_cast<bool>(again));
          return wire::Decoded<Message>(std::get<Message>(std::move(*again)));
        });
      },
      *decoded);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  static const bw::fuzz::Seeds seeds = make_seeds();
  return bw::fuzz::mutate(seeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  const auto topic = static_cast<wire::Topic>(data[0] % wire::kTopics);
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  std::vector<std::byte> payload(bytes.begin(), bytes.end());
  wire::store_checksum(payload);
  check(topic, payload);
  // In place, as the agent does with what lay on its disk.
  if (wire::set_oldest(payload, 0)) check(topic, payload);
  return 0;
}
