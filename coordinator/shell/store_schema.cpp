#include "coordinator/shell/store_schema.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "coordinator/shell/store_tables.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/limits.h"

namespace bw::coordinator {

namespace {

// kUsualBlockSpanMs stands in the conditions of both block indexes and in the reader's query:
// SQLite uses a partial index only where the query repeats its condition word by word.
static_assert(kUsualBlockSpanMs == 600000);

// The same number of an epoch says the same time, so that one index both finds blocks by time and
// keeps each once: a second would be written at a random place for every block.
constexpr const char* kSchema = R"sql(
CREATE TABLE nodes (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  first_seen_ms INTEGER NOT NULL,
  birth BLOB,
  table_id INTEGER,
  state BLOB,
  raw_from INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE tables (
  id INTEGER PRIMARY KEY,
  node INTEGER NOT NULL REFERENCES nodes (id),
  table_id INTEGER NOT NULL,
  seen INTEGER,
  base INTEGER,
  blocks_until INTEGER,
  minutes_until INTEGER,
  hours_until INTEGER,
  series BLOB NOT NULL,
  UNIQUE (node, table_id)
) STRICT;
CREATE INDEX tables_as_seen ON tables (node, seen) WHERE seen IS NOT NULL;
CREATE INDEX whole_tables ON tables (node) WHERE base IS NULL;
CREATE INDEX tables_by_base ON tables (base) WHERE base IS NOT NULL;
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY,
  node INTEGER NOT NULL REFERENCES nodes (id),
  epoch INTEGER NOT NULL,
  number INTEGER NOT NULL,
  table_id INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  columns BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX blocks_by_time ON blocks (node, start_ms, epoch, number);
CREATE INDEX long_blocks ON blocks (node, start_ms) WHERE end_ms - start_ms > 600000;
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  node INTEGER NOT NULL REFERENCES nodes (id),
  epoch INTEGER NOT NULL,
  number INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  severity INTEGER NOT NULL,
  record BLOB NOT NULL,
  UNIQUE (node, epoch, number)
) STRICT;
CREATE INDEX events_by_time ON events (time_ms, epoch, number);
CREATE INDEX events_of_node ON events (node, time_ms, epoch, number);
CREATE INDEX anomalies_by_time ON events (time_ms, epoch, number)
  WHERE kind IN ('anomaly', 'anomaly_update', 'anomaly_end');
CREATE INDEX anomalies_of_node ON events (node, time_ms, epoch, number)
  WHERE kind IN ('anomaly', 'anomaly_update', 'anomaly_end');
CREATE TABLE gaps (
  node INTEGER NOT NULL REFERENCES nodes (id),
  epoch INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  PRIMARY KEY (node, epoch, first, last)
) STRICT, WITHOUT ROWID;
CREATE TABLE progress (
  node INTEGER NOT NULL REFERENCES nodes (id),
  epoch INTEGER NOT NULL,
  contiguous INTEGER NOT NULL,
  above BLOB NOT NULL,
  last_ms INTEGER NOT NULL,
  PRIMARY KEY (node, epoch)
) STRICT, WITHOUT ROWID;
CREATE TABLE minutes (
  node INTEGER NOT NULL REFERENCES nodes (id),
  hour INTEGER NOT NULL,
  table_id INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  is_ragged INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (node, hour, table_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE hours (
  node INTEGER NOT NULL REFERENCES nodes (id),
  day INTEGER NOT NULL,
  table_id INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  is_ragged INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (node, day, table_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE stale (
  node INTEGER NOT NULL REFERENCES nodes (id),
  hour INTEGER NOT NULL,
  block INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  PRIMARY KEY (node, hour)
) STRICT, WITHOUT ROWID;
CREATE TABLE stale_days (
  node INTEGER NOT NULL REFERENCES nodes (id),
  day INTEGER NOT NULL,
  PRIMARY KEY (node, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE cursors (
  name TEXT PRIMARY KEY,
  block INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE models (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  class TEXT NOT NULL,
  source TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  metrics TEXT NOT NULL,
  threshold REAL NOT NULL,
  bytes INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  note TEXT NOT NULL,
  payload BLOB NOT NULL,
  UNIQUE (name, version)
) STRICT;
CREATE TABLE model_names (
  name TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE model_wishes (
  node INTEGER PRIMARY KEY REFERENCES nodes (id),
  model TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  reason TEXT NOT NULL,
  before TEXT NOT NULL
) STRICT;
CREATE TABLE class_models (
  class TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  reason TEXT NOT NULL,
  before TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE facts (
  id INTEGER PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;
PRAGMA user_version = 2;
)sql";

static_assert(kStoreVersion == 2);

Result<std::int64_t> read_version(Database& database) {
  auto statement = database.prepare("PRAGMA user_version");
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return statement->integer(0);
}

// Calls `each(statement)` for every row.
template <typename Each>
Result<void> for_each_row(Statement& statement, Each each) {
  const InUse use(statement);
  while (true) {
    const auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return {};
    each(statement);
  }
}
template <typename Each>
Result<void> for_each_row(Database& database, std::string_view sql, Each each) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  return for_each_row(*statement, each);
}

using NodesByKey = std::map<std::int64_t, StoredNode>;

Result<void> load_tables(Database& database, NodesByKey& nodes) {
  // By an index that has them in this order: a sort of all nodes' takes seconds.
  auto newest = database.prepare(
      "SELECT table_id FROM tables WHERE node = ? AND seen IS NOT NULL"
      " ORDER BY seen DESC LIMIT ?");
  if (!newest) return newest.error();
  for (auto& [key, node] : nodes) {
    newest->bind(1, key).bind(2, StoreTables::kMostLoaded);
    const auto loaded = for_each_row(*newest, [&nodes_tables = node.tables](const Statement& row) {
      nodes_tables.push_back(from_stored(row.integer(0)));
    });
    if (!loaded) return loaded;
    std::reverse(node.tables.begin(), node.tables.end());
  }
  // The series of the newest birth: of other tables the core needs no more than the ids.
  return for_each_row(database,
                      "SELECT one.series, base.series, nodes.id, nodes.table_id"
                      " FROM nodes JOIN tables AS one"
                      " ON one.node = nodes.id AND one.table_id = nodes.table_id"
                      " LEFT JOIN tables AS base ON base.id = one.base",
                      [&](const Statement& row) {
                        const auto found = nodes.find(row.integer(2));
                        auto series = table_of(row);
                        if (found == nodes.end() || !series) return;
                        found->second.birth.table_id = from_stored(row.integer(3));
                        found->second.birth.series = std::move(*series);
                      });
}

Result<void> load_progress(Database& database, NodesByKey& nodes) {
  auto newest = database.prepare(
      "SELECT epoch, contiguous, above, last_ms FROM progress WHERE node = ?"
      " ORDER BY last_ms DESC, epoch LIMIT ?");
  if (!newest) return newest.error();
  for (auto& [key, node] : nodes) {
    newest->bind(1, key).bind(2, static_cast<std::int64_t>(kMaxStoredEpochs));
    const auto loaded = for_each_row(*newest, [&epochs = node.epochs](const Statement& row) {
      StoredEpoch epoch;
      epoch.epoch = from_stored(row.integer(0));
      epoch.contiguous = from_stored(row.integer(1));
      epoch.above = unpack_numbers(row.blob(2));
      epoch.last_ms = row.integer(3);
      epochs.emplace_back(std::move(epoch));
    });
    if (!loaded) return loaded;
    std::reverse(node.epochs.begin(), node.epochs.end());
  }
  return {};
}

}  // namespace

Result<void> prepare_schema(Database& database) {
  const auto version = read_version(database);
  if (!version) return version.error();
  if (*version == kStoreVersion) return {};
  if (*version != 0) {
    return Error{"the store was written by another version of the coordinator (form " +
                 std::to_string(*version) + ", this one knows " + std::to_string(kStoreVersion) +
                 "): install that version, or name another state.directory"};
  }
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  if (const auto done = database.execute(kSchema); !done) return done;
  return transaction->commit();
}

Result<StoreFacts> load_facts(Database& database) {
  StoreFacts facts{};
  const auto loaded =
      for_each_row(database, "SELECT id, value FROM facts", [&](const Statement& row) {
        const auto id = static_cast<std::size_t>(row.integer(0));
        if (id < facts.size()) facts[id] = row.integer(1);
      });
  if (!loaded) return loaded.error();
  return facts;
}

Result<void> save_facts(Database& database, const StoreFacts& facts) {
  auto statement = database.prepare("INSERT OR REPLACE INTO facts (id, value) VALUES (?, ?)");
  if (!statement) return statement.error();
  for (std::size_t id = 0; id < facts.size(); ++id) {
    const auto saved = statement->bind(1, static_cast<std::int64_t>(id)).bind(2, facts[id]).run();
    if (!saved) return saved;
  }
  return {};
}

Result<std::int64_t> trusted_now(Database& database, std::int64_t wall_ms) {
  static_assert(kNewestBlocks == 255, "stands in the query");
  std::vector<std::int64_t> ends;
  const auto read = for_each_row(database, "SELECT end_ms FROM blocks ORDER BY id DESC LIMIT 255",
                                 [&](const Statement& row) { ends.push_back(row.integer(0)); });
  if (!read) return read.error();
  if (ends.empty()) return wall_ms;
  const auto middle = ends.begin() + static_cast<std::ptrdiff_t>(ends.size() / 2);
  std::nth_element(ends.begin(), middle, ends.end());
  return std::min(wall_ms, *middle + kMostAheadMs);
}

Result<std::vector<StoredNode>> load_nodes(Database& database) {
  NodesByKey nodes;
  const auto loaded =
      for_each_row(database, "SELECT id, name, first_seen_ms, birth, state FROM nodes",
                   [&](const Statement& row) {
                     auto id = NodeId::parse(row.text(1));
                     if (!id) return;
                     StoredNode node{std::move(*id), row.integer(2), {}, {}, {}, {}};
                     if (auto birth = wire::decode_birth(row.blob(3)))
                       node.birth = std::move(*birth);
                     if (auto state = wire::decode_state(row.blob(4)))
                       node.state = std::move(*state);
                     nodes.emplace(row.integer(0), std::move(node));
                   });
  if (!loaded) return loaded.error();
  if (const auto tables = load_tables(database, nodes); !tables) return tables.error();
  if (const auto progress = load_progress(database, nodes); !progress) return progress.error();
  std::map<std::string, StoredNode> by_name;
  for (auto& [key, node] : nodes) by_name.emplace(node.node.str(), std::move(node));
  std::vector<StoredNode> result;
  for (auto& [name, node] : by_name) result.emplace_back(std::move(node));
  return result;
}

std::vector<std::byte> pack_numbers(const std::vector<std::uint64_t>& numbers) {
  std::vector<std::byte> bytes;
  bytes.reserve(numbers.size() * 8);
  for (const std::uint64_t number : numbers) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes.push_back(static_cast<std::byte>(number >> shift));
    }
  }
  return bytes;
}

std::vector<std::uint64_t> unpack_numbers(std::span<const std::byte> bytes) {
  std::vector<std::uint64_t> numbers(bytes.size() / 8);
  for (std::size_t i = 0; i < numbers.size() * 8; ++i) {
    numbers[i / 8] |= static_cast<std::uint64_t>(bytes[i]) << (i % 8 * 8);
  }
  return numbers;
}

}  // namespace bw::coordinator
