// The agent's decisions: everything a node does, as one state machine. Read this first.
//
// The shell feeds it events (past facts) with the time and carries out the effects (verbs) it asks
// for; the simulator does the same with a virtual world. step() never fails and never blocks.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "agent/core/collect/collector.h"
#include "agent/core/collect/readings.h"
#include "agent/core/record/block_builder.h"
#include "agent/core/record/outbox.h"
#include "base/ids.h"
#include "base/log_level.h"
#include "base/time.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

struct AgentOptions {
  NodeId node;
  std::string site;
  std::vector<wire::Label> labels;
  wire::Hardware hardware;
  std::string version;
  std::uint64_t epoch = 0;     // drawn by the shell at start, never 0
  std::uint64_t store_id = 0;  // of the outbox database, never 0
  std::int64_t started_ms = 0;
  std::uint64_t seed = 0;
  Duration period = std::chrono::seconds{1};  // between ticks
  Duration block = std::chrono::minutes{1};   // a history block's length
  Duration first_block = std::chrono::seconds{10};
  OutboxLimits outbox;
};

// Events: past facts.

// What the outbox held at start, oldest first; the first event of all.
struct OutboxOpened {
  std::vector<StoredRecord> records;
};
// A tick: all that was read. Spans are valid during step() only.
struct Ticked {
  Readings readings;
};
struct LinkUp {};
struct LinkDown {};
struct AckReceived {
  wire::Ack ack;
};
struct CommandReceived {
  wire::Command command;
};
// The record is on disk, or could not be written.
struct RecordPersisted {
  RecordKey key;
};
struct PersistFailed {
  RecordKey key;
  std::string reason;
};
// Answer to LoadRecord; empty bytes: it is not there, or damaged.
struct RecordLoaded {
  RecordKey key;
  std::vector<std::byte> payload;
  std::vector<wire::SeriesInfo> series;  // of its table, for a history block
};
struct SettingsReloaded {
  std::string site;
  std::vector<wire::Label> labels;
};
struct StopRequested {};

using Event =
    std::variant<OutboxOpened, Ticked, LinkUp, LinkDown, AckReceived, CommandReceived,
                 RecordPersisted, PersistFailed, RecordLoaded, SettingsReloaded, StopRequested>;

// Effects: verbs. Spans are valid until the next step().

struct Publish {
  wire::Topic topic;
  wire::Bytes payload;
};
// Writes a record, and its series table where the outbox lacks it, then answers RecordPersisted or
// PersistFailed. Also forgets all records of `trims`: acknowledged ones ride along, so that the
// disk is written once a block.
struct PersistRecord {
  StoredRecord record;
  wire::Bytes payload;
  std::uint64_t table_id = 0;                             // 0: not a history block
  const std::vector<wire::SeriesInfo>* series = nullptr;  // of table_id
  std::vector<wire::EpochAck> trims;
  std::vector<RecordKey> drops;  // the oldest, for want of room
};
struct LoadRecord {
  RecordKey key;
};
struct Log {
  LogLevel level;
  std::string text;
};
// Stop the program: everything is handed over. `exit_code` 0, or 3 where the node id is taken.
struct Stop {
  int exit_code = 0;
  std::string reason;
};

using Effect = std::variant<Publish, PersistRecord, LoadRecord, Log, Stop>;
using Effects = std::vector<Effect>;

class Agent {
 public:
  explicit Agent(AgentOptions options);

  // Appends to `effects`.
  void step(const Event& event, Instant now, Effects& effects);

  const AgentOptions& options() const { return options_; }
  const Collector& collector() const { return collector_; }
  const Outbox& outbox() const { return outbox_; }
  bool linked() const { return linked_; }
  bool stopping() const { return stopping_; }

  // The state to leave as Last Will when connecting. Valid until the next step().
  wire::Bytes last_will();

 private:
  void on(const OutboxOpened& event, Instant now, Effects& effects);
  void on(const Ticked& event, Instant now, Effects& effects);
  void on(const LinkUp& event, Instant now, Effects& effects);
  void on(const LinkDown& event, Instant now, Effects& effects);
  void on(const AckReceived& event, Instant now, Effects& effects);
  void on(const CommandReceived& event, Instant now, Effects& effects);
  void on(const RecordPersisted& event, Instant now, Effects& effects);
  void on(const PersistFailed& event, Instant now, Effects& effects);
  void on(const RecordLoaded& event, Instant now, Effects& effects);
  void on(const SettingsReloaded& event, Instant now, Effects& effects);
  void on(const StopRequested& event, Instant now, Effects& effects);
};

}  // namespace bw::agent
