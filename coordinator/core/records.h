// What the coordinator keeps at rest, as the core and the store speak of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "coordinator/core/models.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator {

// Epochs that are remembered of one node. A limit: of an agent that was started more often while
// its history waited, numbers that are stored are counted as gaps once the rest of their epoch
// comes. A node that restarts daily has as many in memory, about 130 bytes each.
inline constexpr std::size_t kMaxStoredEpochs = 64;

// The records of one epoch of a node that are committed: all up to `contiguous`, and `above`
// (ascending).
struct StoredEpoch {
  std::uint64_t epoch = 0;
  std::uint64_t contiguous = 0;
  std::vector<std::uint64_t> above;
  std::int64_t last_ms = 0;  // coordinator's clock at the last commit of this epoch
};

struct StoredNode {
  NodeId node;
  std::int64_t first_seen_ms = 0;
  wire::NodeBirth birth;  // the newest accepted; its series are in `tables` too
  wire::NodeState state;
  std::vector<std::uint64_t> tables;  // ids of the series tables known for this node
  std::vector<StoredEpoch> epochs;    // most recently active last; kMaxStoredEpochs at most
};

// What the store says of itself now and then. The counts are those since the file was made.
struct StoreMeasures {
  std::uint64_t bytes = 0;       // of the file
  std::uint64_t used_bytes = 0;  // of it, without pages that wait to be used again
  std::uint64_t dropped_blocks = 0;
  std::uint64_t dropped_rollups = 0;
  std::uint64_t dropped_events = 0;
  std::uint64_t missed_blocks = 0;   // dropped before they were exported
  std::int64_t rolled_until_ms = 0;  // all before it is rolled up
  std::uint64_t skipped_hours = 0;   // makings of rollups that lack something
  std::uint64_t unmarked_hours = 0;  // changed by late blocks, but not rolled up again
  bool operator==(const StoreMeasures&) const = default;
};

// Changes to the store. Each is idempotent: carried out twice it leaves what once leaves.

// The birth comes without its series: they are a PutTable of this batch or an earlier one.
struct PutNode {
  NodeId node;
  std::int64_t seen_ms = 0;
  wire::NodeBirth birth;
};
struct PutState {
  NodeId node;
  wire::NodeState state;
};
struct PutTable {
  NodeId node;
  std::uint64_t table_id = 0;
  std::vector<wire::SeriesInfo> series;
};
// The block as it came: `columns` is not decoded.
struct PutBlock {
  NodeId node;
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  std::uint64_t table_id = 0;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::uint32_t rows = 0;
  std::vector<std::byte> columns;
};
struct PutEvent {
  NodeId node;
  wire::EventRecord event;
};
// Numbers first..last of an epoch will never come: the node gave them up, or another store had
// acknowledged them.
struct PutGap {
  NodeId node;
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::int64_t seen_ms = 0;
};
// How far an epoch's records are in the store once this batch is committed.
struct PutProgress {
  NodeId node;
  StoredEpoch epoch;
};

// Up to which block an export has delivered the history, by the export's name.
struct PutExportCursor {
  std::string name;
  std::int64_t block = 0;
};

// A model with its payload; its version is the highest of its name from then on.
struct PutModel {
  ModelRecord model;
  std::vector<std::byte> payload;
};
struct DropModel {
  ModelId id;
};
struct PutWish {
  NodeId node;
  Wish wish;
};
struct PutClassWish {
  std::string node_class;
  Wish wish;
};

using Change = std::variant<PutNode, PutState, PutTable, PutBlock, PutEvent, PutGap, PutProgress,
                            PutExportCursor, PutModel, DropModel, PutWish, PutClassWish>;

}  // namespace bw::coordinator
