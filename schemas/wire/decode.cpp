// Payloads to messages, after all of their checks.
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "schemas/command_generated.h"
#include "schemas/telemetry_generated.h"
#include "schemas/wire/bounds.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/opened.h"
#include "schemas/wire/payload.h"

namespace bw::wire {

namespace {

using FbText = flatbuffers::String;
template <typename T>
using FbVector = flatbuffers::Vector<flatbuffers::Offset<T>>;

constexpr flatbuffers::uoffset_t kMaxDepth = 3;  // birth, series, label
constexpr flatbuffers::uoffset_t kMaxTables =
    2 + kMaxLabels + kMaxSeries * (1 + kMaxLabels);  // of the birth, the largest

template <typename Root>
Decoded<Opened<Root>> open(Bytes payload, std::string_view identifier) {
  return open_payload<Root>(
      payload, identifier, [](const std::uint8_t* bytes, std::size_t size) -> const Root* {
        flatbuffers::Verifier verifier(bytes, size, kMaxDepth, kMaxTables);
        return verifier.VerifyBuffer<Root>(nullptr) ? flatbuffers::GetRoot<Root>(bytes) : nullptr;
      });
}

template <typename Root>
Decoded<Opened<Root>> open(Topic topic, Bytes payload, std::string_view identifier) {
  if (payload.size() > topic_info(topic).max_payload) return Refusal::too_large;
  return open<Root>(payload, identifier);
}

std::string take(const FbText* text) {
  return text == nullptr ? std::string() : text->str();
}

std::vector<std::byte> take_bytes(const flatbuffers::Vector<std::uint8_t>* list) {
  if (list == nullptr) return {};
  const auto* bytes = reinterpret_cast<const std::byte*>(list->data());
  return {bytes, bytes + list->size()};
}

std::vector<std::string> take(const FbVector<FbText>* list) {
  std::vector<std::string> out;
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const FbText* one : *list) out.push_back(one->str());
  return out;
}

std::vector<Label> take(const FbVector<fbs::Label>* list) {
  std::vector<Label> out;
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const fbs::Label* one : *list) out.push_back({one->name()->str(), one->value()->str()});
  return out;
}

std::vector<SeriesInfo> take(const FbVector<fbs::Series>* list) {
  std::vector<SeriesInfo> out;
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const fbs::Series* one : *list) {
    out.push_back({one->name()->str(), one->unit()->str(), static_cast<SeriesKind>(one->kind()),
                   take(one->labels())});
  }
  return out;
}

Hardware take(const fbs::Hardware* in) {
  Hardware out;
  if (in == nullptr) return out;
  out.hostname = take(in->hostname());
  out.machine_id = take(in->machine_id());
  out.boot_id = take(in->boot_id());
  out.kernel = take(in->kernel());
  out.os = take(in->os());
  out.arch = take(in->arch());
  out.cpu_model = take(in->cpu_model());
  out.cpus = in->cpus();
  out.memory_bytes = in->memory_bytes();
  return out;
}

template <typename Message>
Decoded<UpMessage> widen(Decoded<Message> decoded) {
  if (!decoded) return decoded.refusal();
  return UpMessage(std::in_place_type<Message>, std::move(*decoded));
}

// Where the field lies that set_oldest() writes; nothing where the table came without it.
template <typename Root>
std::optional<std::size_t> place_of_oldest(Bytes payload, std::string_view identifier) {
  auto opened = open<Root>(payload, identifier);
  if (!opened) return std::nullopt;
  const auto* table = reinterpret_cast<const flatbuffers::Table*>(opened->root);
  const std::uint8_t* field = table->GetAddressOf(Root::VT_OLDEST);
  if (field == nullptr) return std::nullopt;
  const void* begin =
      opened->aligned.empty() ? static_cast<const void*>(payload.data()) : opened->aligned.data();
  return static_cast<std::size_t>(field - static_cast<const std::uint8_t*>(begin));
}

}  // namespace

std::string_view name_of(Refusal refusal) {
  static constexpr std::array<std::string_view, kRefusals> kNames{
      "too_large",     "bad_checksum", "wrong_schema",  "malformed",  "out_of_bounds",
      "unknown_topic", "bad_node_id",  "unknown_table", "wrong_epoch"};
  const auto index = static_cast<std::size_t>(refusal);
  BW_ASSERT(index < kNames.size());
  return kNames[index];
}

Decoded<NodeBirth> decode_birth(Bytes payload) {
  auto opened = open<fbs::NodeBirth>(Topic::birth, payload, kBirthIdentifier);
  if (!opened) return opened.refusal();
  const fbs::NodeBirth& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  NodeBirth out;
  out.epoch = in.epoch();
  out.store_id = in.store_id();
  out.site = take(in.site());
  out.labels = take(in.labels());
  out.hardware = take(in.hardware());
  out.agent_version = take(in.agent_version());
  out.started_ms = in.started_ms();
  out.period_ms = in.period_ms();
  out.capabilities = take(in.capabilities());
  out.table_id = in.table_id();
  out.series = take(in.series());
  out.model = take(in.model());
  if (series_table_id(out.series) != out.table_id) return Refusal::out_of_bounds;
  return out;
}

Decoded<NodeState> decode_state(Bytes payload) {
  auto opened = open<fbs::NodeState>(Topic::state, payload, kStateIdentifier);
  if (!opened) return opened.refusal();
  const fbs::NodeState& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  return NodeState{in.epoch(), static_cast<NodeCondition>(in.condition()), in.since_ms(),
                   take(in.reason())};
}

Decoded<LiveSample> decode_live(Bytes payload) {
  auto opened = open<fbs::LiveSample>(Topic::live, payload, kLiveIdentifier);
  if (!opened) return opened.refusal();
  const fbs::LiveSample& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  LiveSample out{in.epoch(), in.sequence(), in.table_id(), in.time_ms(), {}};
  if (in.values() != nullptr) out.values.assign(in.values()->begin(), in.values()->end());
  return out;
}

Decoded<HistoryBlock> decode_history(Bytes payload) {
  auto opened = open<fbs::HistoryBlock>(Topic::history, payload, kHistoryIdentifier);
  if (!opened) return opened.refusal();
  const fbs::HistoryBlock& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  if (in.columns() == nullptr) return Refusal::malformed;
  const auto columns = std::as_bytes(std::span(in.columns()->data(), in.columns()->size()));
  const auto reader = ColumnReader::open(columns);
  if (!reader || reader->rows() != in.rows()) return Refusal::malformed;
  HistoryBlock out{in.epoch(), in.number(), in.oldest(), in.table_id(), in.start_ms(), in.end_ms(),
                   in.rows(),  {},          {}};
  out.columns.assign(columns.begin(), columns.end());
  out.series = take(in.series());
  if (!out.series.empty()) {
    if (reader->columns() != out.series.size()) return Refusal::malformed;
    if (series_table_id(out.series) != out.table_id) return Refusal::out_of_bounds;
  }
  return out;
}

Decoded<EventRecord> decode_event(Bytes payload) {
  auto opened = open<fbs::Event>(Topic::event, payload, kEventIdentifier);
  if (!opened) return opened.refusal();
  const fbs::Event& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  return EventRecord{in.epoch(),      in.number(),       in.oldest(),
                     in.time_ms(),    take(in.kind()),   static_cast<Severity>(in.severity()),
                     take(in.text()), take(in.details())};
}

Decoded<CommandResult> decode_result(Bytes payload) {
  auto opened = open<fbs::CommandResult>(Topic::result, payload, kResultIdentifier);
  if (!opened) return opened.refusal();
  const fbs::CommandResult& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  return CommandResult{take(in.id()), in.epoch(), static_cast<CommandStatus>(in.status()),
                       take(in.text()), take_bytes(in.model())};
}

Decoded<Ack> decode_ack(Bytes payload) {
  auto opened = open<fbs::Ack>(Topic::ack, payload, kAckIdentifier);
  if (!opened) return opened.refusal();
  const fbs::Ack& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  Ack out;
  if (in.epochs() == nullptr) return out;
  for (const fbs::EpochAck* one : *in.epochs()) out.epochs.push_back({one->epoch(), one->number()});
  return out;
}

Decoded<Command> decode_command(Bytes payload) {
  auto opened = open<fbs::Command>(Topic::command, payload, kCommandIdentifier);
  if (!opened) return opened.refusal();
  const fbs::Command& in = *opened->root;
  if (!in_bounds(in)) return Refusal::out_of_bounds;
  return Command{take(in.id()),     static_cast<CommandKind>(in.kind()),
                 in.epoch(),        in.expires_ms(),
                 take(in.reason()), in.for_ms(),
                 in.fresh(),        take_bytes(in.model())};
}

Decoded<UpMessage> decode_up(Topic topic, Bytes payload) {
  switch (topic) {
    case Topic::birth:
      return widen(decode_birth(payload));
    case Topic::state:
      return widen(decode_state(payload));
    case Topic::live:
      return widen(decode_live(payload));
    case Topic::history:
      return widen(decode_history(payload));
    case Topic::event:
      return widen(decode_event(payload));
    case Topic::result:
      return widen(decode_result(payload));
    case Topic::ack:
    case Topic::command:
    case Topic::report:  // of workloads: decode_report() of workload_codec.h
    case Topic::desired:
      break;
  }
  return Refusal::unknown_topic;
}

bool set_oldest(std::span<std::byte> payload, std::uint64_t oldest) {
  auto at = place_of_oldest<fbs::HistoryBlock>(payload, kHistoryIdentifier);
  if (!at) at = place_of_oldest<fbs::Event>(payload, kEventIdentifier);
  if (!at) return false;
  for (std::size_t i = 0; i < sizeof(oldest); ++i) {
    payload[*at + i] = static_cast<std::byte>(oldest >> (8 * i));
  }
  store_checksum(payload);
  return true;
}

}  // namespace bw::wire
