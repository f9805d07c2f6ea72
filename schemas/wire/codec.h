// Messages to payloads and back. A payload is a FlatBuffer with its file identifier, then the
// CRC-32C of all before it (4 bytes, little-endian): FORMAT.md beside this file.
//
// Decoding verifies size, checksum, identifier, the FlatBuffer, and then the bounds of limits.h, in
// this order, and allocates nothing from what a payload says before it has. Encoders reuse their
// buffer: a span they return is valid until the next call of the same encoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "schemas/wire/messages.h"
#include "schemas/wire/topics.h"

namespace bw::wire {

using Bytes = std::span<const std::byte>;

// Why a payload was refused; the name goes into metrics and logs.
enum class Refusal : std::uint8_t {
  too_large,      // over the topic's bound
  bad_checksum,   // truncated or damaged on its way
  wrong_schema,   // another message than the topic carries
  malformed,      // not a FlatBuffer that its schema allows
  out_of_bounds,  // a count, length or value beyond limits.h
  unknown_topic,  // no such leaf
  bad_node_id,    // the topic names a node that NodeId refuses
  unknown_table,  // a block or sample whose series table is not known (yet)
  wrong_epoch,    // of an agent that is not the one this node id belongs to
};
inline constexpr std::size_t kRefusals = 9;
std::string_view name_of(Refusal refusal);

template <typename T>
class [[nodiscard]] Decoded {
 public:
  Decoded(T message) : state_(std::in_place_index<0>, std::move(message)) {}
  Decoded(Refusal refusal) : state_(std::in_place_index<1>, refusal) {}
  explicit operator bool() const { return state_.index() == 0; }

  // The message; asking for it where there is none is a bug, and so the other way round.
  T& operator*() {
    BW_ASSERT(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const {
    BW_ASSERT(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  Refusal refusal() const {
    BW_ASSERT(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Refusal> state_;
};

// Texts, labels and capabilities beyond limits.h are cut and times beyond it moved to its edge, so
// that odd hardware or an odd clock cannot make a record that would be refused for ever. A list of
// series, values, columns or epochs beyond it is a bug.
class Encoder {
 public:
  Encoder();
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  Bytes encode(const NodeBirth& message);
  Bytes encode(const NodeState& message);
  Bytes encode(const LiveSample& message);
  Bytes encode(const HistoryBlock& message);
  Bytes encode(const EventRecord& message);
  Bytes encode(const CommandResult& message);
  Bytes encode(const Ack& message);
  Bytes encode(const Command& message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Decoded<NodeBirth> decode_birth(Bytes payload);
Decoded<NodeState> decode_state(Bytes payload);
Decoded<LiveSample> decode_live(Bytes payload);
Decoded<HistoryBlock> decode_history(Bytes payload);
Decoded<EventRecord> decode_event(Bytes payload);
Decoded<CommandResult> decode_result(Bytes payload);
Decoded<Ack> decode_ack(Bytes payload);
Decoded<Command> decode_command(Bytes payload);

// What a coordinator may find on an up topic.
using UpMessage =
    std::variant<NodeBirth, NodeState, LiveSample, HistoryBlock, EventRecord, CommandResult>;
Decoded<UpMessage> decode_up(Topic topic, Bytes payload);

// Writes `oldest` into an encoded HistoryBlock or EventRecord in place and renews its checksum: it
// is known only when the record is sent. False where `payload` is neither.
bool set_oldest(std::span<std::byte> payload, std::uint64_t oldest);

}  // namespace bw::wire
