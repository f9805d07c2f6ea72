// What the agent's core asks its shell to do: verbs. Spans and pointers in them are valid until the
// next step().
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "agent/core/record/outbox.h"
#include "base/log_level.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/messages.h"
#include "schemas/wire/topics.h"

namespace bw::agent {

struct Publish {
  wire::Topic topic;
  wire::Bytes payload;
};
// Writes a record, and its series table where the outbox lacks it, then answers RecordPersisted or
// PersistFailed. Also forgets all records of `trims`: acknowledged ones ride along, so that the
// disk is written once a block. With `more`, the next PersistRecord of this step belongs to the
// same transaction; each is answered for itself, in order.
struct PersistRecord {
  StoredRecord record;
  wire::Bytes payload;
  std::uint64_t table_id = 0;                             // 0: not a history block
  const std::vector<wire::SeriesInfo>* series = nullptr;  // of table_id
  std::vector<wire::EpochAck> trims;
  std::vector<RecordKey> drops;  // the oldest, for want of room
  std::vector<Fact> facts;       // remembered in the same transaction
  bool more = false;
};
struct LoadRecord {
  RecordKey key;
};
// Writes what the detector has learnt over what was kept before, then answers ModelKept. Empty:
// nothing is to be kept any more.
struct KeepModel {
  wire::Bytes payload;
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

using Effect = std::variant<Publish, PersistRecord, LoadRecord, KeepModel, Log, Stop>;
using Effects = std::vector<Effect>;

}  // namespace bw::agent
