// The messages between agents and coordinator, as plain structs: what codec.h encodes and decodes.
//
// Field by field they are the tables of schemas/*.fbs. Times are the sender's wall clock in
// milliseconds since 1970 UTC. An epoch is a number drawn anew at each start of an agent: it names
// that run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bw::wire {

struct Label {
  std::string name;
  std::string value;
  auto operator<=>(const Label&) const = default;
};

// counter: never falls but by a reset. In history its cumulative value, in live samples its rate a
// second.
enum class SeriesKind : std::uint8_t { gauge, counter };

// A series' alias is its index in the series table. `unit` is that of the history value.
struct SeriesInfo {
  std::string name;
  std::string unit;
  SeriesKind kind = SeriesKind::gauge;
  std::vector<Label> labels;
  bool operator==(const SeriesInfo&) const = default;
};

struct Hardware {
  std::string hostname;
  std::string machine_id;
  std::string boot_id;
  std::string kernel;
  std::string os;
  std::string arch;
  std::string cpu_model;
  std::uint32_t cpus = 0;
  std::uint64_t memory_bytes = 0;
  bool operator==(const Hardware&) const = default;
};

struct NodeBirth {
  std::uint64_t epoch = 0;
  std::uint64_t store_id =
      0;  // names the outbox database: the same after a restart on the same box
  std::string site;
  std::vector<Label> labels;
  Hardware hardware;
  std::string agent_version;
  std::int64_t started_ms = 0;
  std::uint32_t period_ms = 0;
  std::vector<std::string> capabilities;
  std::uint64_t table_id = 0;  // series_table_id(series)
  std::vector<SeriesInfo> series;
  std::string model = {};  // id of the anomaly model that was deployed here last; empty: none
  bool operator==(const NodeBirth&) const = default;
};

enum class NodeCondition : std::uint8_t { online, draining, offline };

struct NodeState {
  std::uint64_t epoch = 0;
  NodeCondition condition = NodeCondition::offline;
  std::int64_t since_ms = 0;  // 0 in a Last Will: its sender could not know
  std::string reason;
  bool operator==(const NodeState&) const = default;
};

struct LiveSample {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;  // counts ticks of this epoch, missed ones too
  std::uint64_t table_id = 0;
  std::int64_t time_ms = 0;
  std::vector<float> values;  // by alias; NaN: no value now
};

// A record is a HistoryBlock or an Event: one sequence of numbers an epoch, beginning with 1.
// `oldest`: no record of this epoch below it will be sent (again): acknowledged, or dropped and
// told.
struct HistoryBlock {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  std::uint64_t oldest = 0;
  std::uint64_t table_id = 0;
  std::int64_t start_ms = 0;  // of the first row
  std::int64_t end_ms = 0;    // of the last row
  std::uint32_t rows = 0;
  std::vector<std::byte> columns;  // see columns.h
  std::vector<SeriesInfo>
      series;  // the table of table_id, where the reader may not have it; else empty
  bool operator==(const HistoryBlock&) const = default;
};

enum class Severity : std::uint8_t { info, warning, critical };

struct EventRecord {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  std::uint64_t oldest = 0;
  std::int64_t time_ms = 0;
  std::string kind;  // snake_case noun: "outbox_gap", "clock_step"
  Severity severity = Severity::info;
  std::string text;
  std::vector<Label> details;
  bool operator==(const EventRecord&) const = default;
};

struct EpochAck {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  bool operator==(const EpochAck&) const = default;
};

// For the node's most recently active epochs (kMaxAckEpochs at most): all records up to and
// including `number` are safe in the coordinator's store.
struct Ack {
  std::vector<EpochAck> epochs;
  bool operator==(const Ack&) const = default;
};

enum class CommandKind : std::uint8_t { announce, refuse, silence, train, deploy_model };

struct Command {
  std::string id;
  CommandKind kind = CommandKind::announce;
  std::uint64_t epoch = 0;  // of the agent it is for
  std::int64_t expires_ms = 0;
  std::string reason;
  std::uint64_t for_ms = 0;           // silence: from its arrival on; 0 ends one
  bool fresh = false;                 // train: forget what was learnt, and begin anew
  std::vector<std::byte> model = {};  // deploy_model: see model.h
  bool operator==(const Command&) const = default;
};

enum class CommandStatus : std::uint8_t { done, failed, refused, expired };

struct CommandResult {
  std::string id;
  std::uint64_t epoch = 0;
  CommandStatus status = CommandStatus::done;
  std::string text;
  std::vector<std::byte> model = {};  // of train: see model.h
  bool operator==(const CommandResult&) const = default;
};

// Names a series table by its content (FNV-1a 64 over every field, in order), never 0: the same
// table has the same id after a restart, and tables of different content have different ids.
std::uint64_t series_table_id(const std::vector<SeriesInfo>& series);

}  // namespace bw::wire
