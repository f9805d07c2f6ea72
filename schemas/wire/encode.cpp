// Messages to payloads.
#include <algorithm>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/crc32c.h"
#include "schemas/command_generated.h"
#include "schemas/telemetry_generated.h"
#include "schemas/wire/clip.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/payload.h"

namespace bw::wire {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
template <typename T>
using VectorOf = Offset<flatbuffers::Vector<Offset<T>>>;

Offset<flatbuffers::String> put(FlatBufferBuilder& builder, std::string_view text) {
  const std::string_view clipped = clip_text(text);
  return builder.CreateString(clipped.data(), clipped.size());
}

// Fields of text and lists that say nothing are left out.
Offset<flatbuffers::String> put_some(FlatBufferBuilder& builder, std::string_view text) {
  return text.empty() ? Offset<flatbuffers::String>() : put(builder, text);
}

VectorOf<fbs::Label> put(FlatBufferBuilder& builder, const std::vector<Label>& labels) {
  if (labels.empty()) return {};
  Offset<fbs::Label> offsets[kMaxLabels];
  const std::size_t count = std::min(labels.size(), kMaxLabels);
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = put(builder, labels[i].name);
    const auto value = put(builder, labels[i].value);
    offsets[i] = fbs::CreateLabel(builder, name, value);
  }
  return builder.CreateVector(offsets, count);
}

Offset<flatbuffers::Vector<std::uint8_t>> put_model(FlatBufferBuilder& builder,
                                                    const std::vector<std::byte>& model) {
  BW_ASSERT(model.size() <= kMaxModelPayload);
  if (model.empty()) return {};
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(model.data()), model.size());
}

VectorOf<fbs::Series> put(FlatBufferBuilder& builder, const std::vector<SeriesInfo>& series) {
  BW_ASSERT(series.size() <= kMaxSeries);
  if (series.empty()) return {};
  std::vector<Offset<fbs::Series>> offsets;
  offsets.reserve(series.size());
  for (const SeriesInfo& one : series) {
    const auto name = put(builder, one.name);
    const auto unit = put(builder, one.unit);
    const auto labels = put(builder, one.labels);
    offsets.push_back(
        fbs::CreateSeries(builder, name, unit, static_cast<fbs::SeriesKind>(one.kind), labels));
  }
  return builder.CreateVector(offsets);
}

Offset<fbs::Hardware> put(FlatBufferBuilder& builder, const Hardware& hardware) {
  const auto hostname = put_some(builder, hardware.hostname);
  const auto machine_id = put_some(builder, hardware.machine_id);
  const auto boot_id = put_some(builder, hardware.boot_id);
  const auto kernel = put_some(builder, hardware.kernel);
  const auto os = put_some(builder, hardware.os);
  const auto arch = put_some(builder, hardware.arch);
  const auto cpu_model = put_some(builder, hardware.cpu_model);
  return fbs::CreateHardware(builder, hostname, machine_id, boot_id, kernel, os, arch, cpu_model,
                             hardware.cpus, hardware.memory_bytes);
}

VectorOf<flatbuffers::String> put(FlatBufferBuilder& builder,
                                  const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  Offset<flatbuffers::String> offsets[kMaxCapabilities];
  const std::size_t count = std::min(texts.size(), kMaxCapabilities);
  for (std::size_t i = 0; i < count; ++i) offsets[i] = put(builder, texts[i]);
  return builder.CreateVector(offsets, count);
}

// `oldest` is written although it may be its default, so that set_oldest() finds room for it.
template <typename TableBuilder>
void add_oldest(FlatBufferBuilder& builder, TableBuilder& table, std::uint64_t oldest) {
  builder.ForceDefaults(true);
  table.add_oldest(oldest);
  builder.ForceDefaults(false);
}

}  // namespace

struct Encoder::State {
  // FlatBuffers are built from their end, so the room for the checksum goes in first.
  FlatBufferBuilder& begin() {
    builder.Clear();
    builder.PushElement<std::uint32_t>(0);
    return builder;
  }

  template <typename T>
  Bytes finish(Offset<T> root, std::string_view identifier) {
    builder.Finish(root, identifier.data());
    const std::span<std::byte> payload = std::as_writable_bytes(
        std::span(builder.GetBufferPointer(), static_cast<std::size_t>(builder.GetSize())));
    store_checksum(payload);
    return payload;
  }

  FlatBufferBuilder builder;
};

Encoder::Encoder() : state_(std::make_unique<State>()) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

Bytes Encoder::encode(const NodeBirth& message) {
  auto& builder = state_->begin();
  const auto site = put_some(builder, message.site);
  const auto labels = put(builder, message.labels);
  const auto hardware = put(builder, message.hardware);
  const auto version = put_some(builder, message.agent_version);
  const auto capabilities = put(builder, message.capabilities);
  const auto series = put(builder, message.series);
  const auto model = put_some(builder, message.model);
  const auto root =
      fbs::CreateNodeBirth(builder, message.epoch, message.store_id, site, labels, hardware,
                           version, clip_time(message.started_ms), message.period_ms, capabilities,
                           message.table_id, series, model);
  return state_->finish(root, kBirthIdentifier);
}

Bytes Encoder::encode(const NodeState& message) {
  auto& builder = state_->begin();
  const auto reason = put_some(builder, message.reason);
  const auto root = fbs::CreateNodeState(builder, message.epoch,
                                         static_cast<fbs::NodeCondition>(message.condition),
                                         clip_time(message.since_ms), reason);
  return state_->finish(root, kStateIdentifier);
}

Bytes Encoder::encode(const LiveSample& message) {
  BW_ASSERT(message.values.size() <= kMaxSeries);
  auto& builder = state_->begin();
  const auto values = builder.CreateVector(message.values.data(), message.values.size());
  const auto root = fbs::CreateLiveSample(builder, message.epoch, message.sequence,
                                          message.table_id, clip_time(message.time_ms), values);
  return state_->finish(root, kLiveIdentifier);
}

Bytes Encoder::encode(const HistoryBlock& message) {
  BW_ASSERT(message.columns.size() <= kMaxColumnBytes);
  auto& builder = state_->begin();
  const auto series = put(builder, message.series);
  const auto columns = builder.CreateVector(
      reinterpret_cast<const std::uint8_t*>(message.columns.data()), message.columns.size());
  fbs::HistoryBlockBuilder table(builder);
  add_oldest(builder, table, message.oldest);
  table.add_epoch(message.epoch);
  table.add_number(message.number);
  table.add_table_id(message.table_id);
  table.add_start_ms(clip_time(message.start_ms));
  table.add_end_ms(clip_time(message.end_ms));
  table.add_rows(message.rows);
  table.add_columns(columns);
  table.add_series(series);
  return state_->finish(table.Finish(), kHistoryIdentifier);
}

Bytes Encoder::encode(const EventRecord& message) {
  auto& builder = state_->begin();
  const auto kind = put(builder, message.kind);
  const auto text = put_some(builder, message.text);
  const auto details = put(builder, message.details);
  fbs::EventBuilder table(builder);
  add_oldest(builder, table, message.oldest);
  table.add_epoch(message.epoch);
  table.add_number(message.number);
  table.add_time_ms(clip_time(message.time_ms));
  table.add_kind(kind);
  table.add_severity(static_cast<fbs::Severity>(message.severity));
  table.add_text(text);
  table.add_details(details);
  return state_->finish(table.Finish(), kEventIdentifier);
}

Bytes Encoder::encode(const CommandResult& message) {
  auto& builder = state_->begin();
  const auto id = put(builder, message.id);
  const auto text = put_some(builder, message.text);
  const auto model = put_model(builder, message.model);
  const auto root = fbs::CreateCommandResult(
      builder, id, message.epoch, static_cast<fbs::CommandStatus>(message.status), text, model);
  return state_->finish(root, kResultIdentifier);
}

Bytes Encoder::encode(const Ack& message) {
  BW_ASSERT(message.epochs.size() <= kMaxAckEpochs);
  auto& builder = state_->begin();
  Offset<fbs::EpochAck> offsets[kMaxAckEpochs];
  std::size_t count = 0;
  for (const EpochAck& one : message.epochs) {
    offsets[count++] = fbs::CreateEpochAck(builder, one.epoch, one.number);
  }
  const auto epochs = builder.CreateVector(offsets, count);
  return state_->finish(fbs::CreateAck(builder, epochs), kAckIdentifier);
}

Bytes Encoder::encode(const Command& message) {
  auto& builder = state_->begin();
  const auto id = put(builder, message.id);
  const auto reason = put_some(builder, message.reason);
  const auto model = put_model(builder, message.model);
  const auto root =
      fbs::CreateCommand(builder, id, static_cast<fbs::CommandKind>(message.kind), message.epoch,
                         clip_time(message.expires_ms), reason,
                         std::min(message.for_ms, kMaxSilenceMs), message.fresh, model);
  return state_->finish(root, kCommandIdentifier);
}

}  // namespace bw::wire
