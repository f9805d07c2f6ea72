#include "tests/bench/record/stores.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "agent/shell/spool_store.h"
#include "base/runtime/clock.h"
#include "coordinator/shell/store_rollup.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_tables.h"
#include "coordinator/shell/store_writer.h"

namespace bw::bench {

namespace {

using coordinator::Change;
using coordinator::StoreWriter;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;

std::string store_file(const std::string& directory) {
  return directory + "/bellwether.db";
}

NodeId node_id(std::size_t node) {
  return *NodeId::parse("n" + std::to_string(node));
}

Result<StoreWriter> open_store(const std::string& directory) {
  auto database =
      Database::open(store_file(directory), false, nullptr, coordinator::kStorePageBytes);
  if (!database) return database.error();
  if (const auto made = coordinator::prepare_schema(*database); !made) return made.error();
  return StoreWriter::open(std::move(*database));
}

Result<void> add_nodes(StoreWriter& store, const Trace& trace, std::size_t nodes,
                       std::int64_t seen_ms) {
  std::vector<Change> changes;
  for (std::size_t i = 0; i < nodes; ++i) {
    wire::NodeBirth birth;
    birth.epoch = i + 1;
    birth.store_id = i + 1;
    birth.site = "bench";
    birth.started_ms = seen_ms;
    birth.period_ms = 1000;
    birth.table_id = trace.table_id;
    changes.emplace_back(coordinator::PutTable{node_id(i), trace.table_id, trace.series});
    changes.emplace_back(coordinator::PutNode{node_id(i), seen_ms, std::move(birth)});
  }
  return store.carry_out(changes);
}

// Which a busy node's table does every ten minutes: a few of its names are other ones.
constexpr std::int64_t kTableMinutes = 10;
constexpr int kChangedSeries = 3;

coordinator::PutTable changed_table(const Trace& trace, std::size_t node, std::int64_t change) {
  coordinator::PutTable table{node_id(node), trace.table_id, trace.series};
  if (change == 0) return table;
  int changed = 0;
  for (auto one = table.series.rbegin(); one != table.series.rend(); ++one) {
    if (one->labels.empty()) continue;
    one->labels.back().value += " " + std::to_string(node) + "." + std::to_string(change);
    if (++changed == kChangedSeries) break;
  }
  table.table_id = wire::series_table_id(table.series);
  return table;
}

coordinator::PutBlock block_of(const Trace& trace, const TraceBlock& from, std::size_t node,
                               std::uint64_t number, std::int64_t by_ms) {
  coordinator::PutBlock block{node_id(node), node + 1, number, trace.table_id, 0, 0, 0, {}};
  block.start_ms = from.times_ms.front() + by_ms;
  block.end_ms = from.times_ms.back() + by_ms;
  block.rows = static_cast<std::uint32_t>(from.times_ms.size());
  block.columns = moved(from.columns, by_ms);
  return block;
}

double seconds_since(Instant begin) {
  return std::chrono::duration<double>(monotonic_now() - begin).count();
}

Result<void> roll_up(const std::string& directory, StoreWriter& store, std::int64_t now_ms) {
  auto database = Database::open_read_only(store_file(directory));
  if (!database) return database.error();
  auto maker = coordinator::RollupMaker::open(std::move(*database));
  if (!maker) return maker.error();
  while (true) {
    auto job = maker->next(now_ms);
    if (!job) return job.error();
    if (!*job) return {};
    if (const auto done = store.upkeep().carry_out(**job); !done) return done;
  }
}

// Of the first nodes to the others, hour by hour, so that blocks lie in the file in their order.
Result<void> copy_history(Database& database, std::size_t made, std::int64_t first_ms,
                          std::int64_t last_ms) {
  // Each page is written once; who is stopped in between begins anew.
  const auto unjournaled = database.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  if (!unjournaled) return unjournaled;
  const std::string number = std::to_string(made);
  const auto from = [&](const std::string& table) {
    return " FROM nodes AS copy CROSS JOIN " + table + " AS one WHERE copy.id > " + number +
           " AND one.node = (copy.id - 1) % " + number + " + 1";
  };
  auto blocks = database.prepare(
      "INSERT INTO blocks (node, epoch, number, table_id, start_ms, end_ms, rows, columns)"
      " SELECT copy.id, epoch, number, one.table_id, start_ms, end_ms, rows, columns" +
      from("blocks") + " AND start_ms >= ?1 AND start_ms < ?2 ORDER BY start_ms");
  if (!blocks) return blocks.error();
  for (std::int64_t hour_ms = first_ms; hour_ms < last_ms; hour_ms += kHourMs) {
    const auto done = blocks->bind(1, hour_ms).bind(2, hour_ms + kHourMs).run();
    if (!done) return done;
  }
  // The whole ones first, which others differ from.
  const std::string base =
      "(SELECT own.id FROM tables AS own JOIN tables AS theirs ON theirs.id = one.base"
      " WHERE own.node = copy.id AND own.table_id = theirs.table_id)";
  for (const char* const is_whole : {" AND one.base IS NULL", " AND one.base IS NOT NULL"}) {
    const std::string sql =
        "INSERT OR IGNORE INTO tables (node, table_id, seen, base, blocks_until, minutes_until,"
        " hours_until, series) SELECT copy.id, one.table_id, one.seen, " +
        base + ", one.blocks_until, one.minutes_until, one.hours_until, one.series" +
        from("tables") + is_whole;
    if (const auto done = database.execute(sql.c_str()); !done) return done;
  }
  const std::string rest = ", one.table_id, end_ms, is_ragged, data";
  for (const std::string& sql :
       {"INSERT INTO minutes SELECT copy.id, hour" + rest + from("minutes"),
        "INSERT INTO hours SELECT copy.id, day" + rest + from("hours")}) {
    if (const auto done = database.execute(sql.c_str()); !done) return done;
  }
  return {};
}

Result<void> replay_tables(Database& from, StoreWriter& store, ReplayResult& result) {
  auto tables = from.prepare(
      "SELECT one.series, base.series, one.table_id FROM tables AS one"
      " LEFT JOIN tables AS base ON base.id = one.base"
      " WHERE one.node = (SELECT min(node) FROM blocks)"
      " AND one.table_id IN (SELECT table_id FROM blocks) ORDER BY one.id");
  if (!tables) return tables.error();
  wire::Encoder encoder;
  while (true) {
    const auto row = tables->step();
    if (!row) return row.error();
    if (!*row) return {};
    auto series = coordinator::table_of(*tables);
    if (!series) return Error{"a series table can't be read"};
    wire::NodeBirth birth;
    birth.epoch = 1;
    birth.series = *series;
    birth.table_id = coordinator::from_stored(tables->integer(2));
    if (result.tables++ > 0) result.table_bytes += encoder.encode(birth).size();
    const auto put =
        store.carry_out({coordinator::PutTable{node_id(0), birth.table_id, std::move(*series)}});
    if (!put) return put;
  }
}

// When the last of them ended.
Result<std::int64_t> replay_blocks(Database& from, StoreWriter& store, ReplayResult& result) {
  auto blocks = from.prepare(
      "SELECT epoch, number, table_id, start_ms, end_ms, rows, columns FROM blocks"
      " WHERE node = (SELECT min(node) FROM blocks) ORDER BY id");
  if (!blocks) return blocks.error();
  std::int64_t last_ms = 0;
  std::vector<double> column;
  while (true) {
    const auto row = blocks->step();
    if (!row) return row.error();
    if (!*row) return last_ms;
    const auto columns = blocks->blob(6);
    coordinator::PutBlock block{node_id(0),
                                coordinator::from_stored(blocks->integer(0)),
                                coordinator::from_stored(blocks->integer(1)),
                                coordinator::from_stored(blocks->integer(2)),
                                blocks->integer(3),
                                blocks->integer(4),
                                static_cast<std::uint32_t>(blocks->integer(5)),
                                {columns.begin(), columns.end()}};
    last_ms = std::max(last_ms, block.end_ms);
    const auto reader = wire::ColumnReader::open(block.columns);
    if (!reader) return Error{"a block can't be read"};
    column.resize(reader->rows());
    for (std::size_t alias = 0; alias < reader->columns(); ++alias) {
      if (!reader->read(alias, column)) return Error{"a column that can't be read"};
      for (const double value : column) result.samples += std::isnan(value) ? 0 : 1;
    }
    if (const auto put = store.carry_out({std::move(block)}); !put) return put.error();
  }
}

}  // namespace

Result<void> fill_with_trace(const std::string& directory, const Trace& trace, std::size_t nodes) {
  auto store = open_store(directory);
  if (!store) return store.error();
  const std::int64_t first_ms = trace.blocks.front().times_ms.front();
  if (const auto added = add_nodes(*store, trace, nodes, first_ms); !added) return added;
  std::uint64_t number = 0;
  for (const TraceBlock& block : trace.blocks) {
    ++number;
    std::vector<Change> changes;
    for (std::size_t node = 0; node < nodes; ++node) {
      changes.emplace_back(block_of(trace, block, node, number, 0));
    }
    if (const auto done = store->carry_out(changes); !done) return done;
  }
  return store->database().execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<MonthResult> fill_with_days(const std::string& directory, const Trace& trace,
                                   std::size_t nodes, std::size_t days) {
  auto store = open_store(directory);
  if (!store) return store.error();
  const std::int64_t now_ms = to_ms(wall_now());
  const auto minutes = static_cast<std::int64_t>(days) * 24 * 60;
  const std::int64_t first_ms = now_ms - minutes * kMinuteMs;
  // All pages of the indexes stay at hand.
  const auto cached = store->database().execute("PRAGMA cache_size = -524288");
  if (!cached) return cached.error();
  if (const auto added = add_nodes(*store, trace, nodes, first_ms); !added) return added.error();
  const std::size_t made = std::min(nodes, kMadeNodes);
  MonthResult result;
  Instant begin = monotonic_now();
  std::vector<std::uint64_t> table_ids(made);
  for (std::int64_t minute = 0; minute < minutes; ++minute) {
    std::vector<Change> changes;
    for (std::size_t node = 0; node < made; ++node) {
      if (minute % kTableMinutes == 0) {
        auto table = changed_table(trace, node, minute / kTableMinutes);
        table_ids[node] = table.table_id;
        changes.emplace_back(std::move(table));
      }
      const auto number = static_cast<std::uint64_t>(minute + 1);
      const TraceBlock& from = trace.blocks[(node + number) % trace.blocks.size()];
      const std::int64_t by_ms = first_ms + minute * kMinuteMs - from.times_ms.front();
      auto block = block_of(trace, from, node, number, by_ms);
      block.table_id = table_ids[node];
      changes.emplace_back(std::move(block));
      // Of each copy too.
      const std::uint64_t copies = (nodes - node - 1) / made + 1;
      result.samples += from.values.size() * copies;
      result.blocks += copies;
    }
    if (const auto done = store->carry_out(changes); !done) return done.error();
  }
  result.fill_s = seconds_since(begin);
  begin = monotonic_now();
  if (const auto rolled = roll_up(directory, *store, now_ms); !rolled) return rolled.error();
  result.roll_up_s = seconds_since(begin);
  result.rolled_share = static_cast<double>(made) / static_cast<double>(nodes);
  begin = monotonic_now();
  if (nodes > made) {
    const auto copied = copy_history(store->database(), made, first_ms, now_ms);
    if (!copied) return copied.error();
  }
  const auto ended = store->database().execute("PRAGMA journal_mode = WAL");
  if (!ended) return ended.error();
  result.fill_s += seconds_since(begin);
  return result;
}

Result<ReplayResult> replay(const std::string& path, const std::string& directory) {
  auto from = Database::open_read_only(path);
  if (!from) return from.error();
  auto store = open_store(directory);
  if (!store) return store.error();
  ReplayResult result;
  if (const auto done = replay_tables(*from, *store, result); !done) return done.error();
  const auto last_ms = replay_blocks(*from, *store, result);
  if (!last_ms) return last_ms.error();
  const auto rolled = roll_up(directory, *store, *last_ms + 2 * kHourMs);
  if (!rolled) return rolled.error();
  const auto ended = store->database().execute("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!ended) return ended.error();
  return result;
}

Result<void> fill_outbox(const std::string& directory, const Trace& trace, std::size_t minutes) {
  constexpr std::uint64_t kEpoch = 0x0ff1;
  agent::SpoolStore spool(directory + "/outbox.db", std::uint64_t{256} << 20, 0x0ff2);
  const WallTime now = wall_now();
  (void)spool.open(now);
  const auto table = agent::encode_table(trace.table_id, trace.series);
  const std::int64_t first_ms = to_ms(now) - static_cast<std::int64_t>(minutes) * kMinuteMs;
  wire::Encoder encoder;
  for (std::size_t minute = 0; minute < minutes; ++minute) {
    const TraceBlock& from = trace.blocks[minute % trace.blocks.size()];
    const std::int64_t by_ms =
        first_ms + static_cast<std::int64_t>(minute) * kMinuteMs - from.times_ms.front();
    wire::HistoryBlock block;
    block.epoch = kEpoch;
    block.number = minute + 1;
    block.table_id = trace.table_id;
    block.start_ms = from.times_ms.front() + by_ms;
    block.end_ms = from.times_ms.back() + by_ms;
    block.rows = static_cast<std::uint32_t>(from.times_ms.size());
    block.columns = moved(from.columns, by_ms);
    const auto payload = encoder.encode(block);
    agent::SpoolWrite write;
    write.record = {
        {kEpoch, block.number}, wire::Topic::history, payload.size(), block.end_ms, block.start_ms};
    write.payload.assign(payload.begin(), payload.end());
    write.table_id = trace.table_id;
    write.table = table;
    if (const auto done = spool.write(write, now); !done) return done;
  }
  return {};
}

}  // namespace bw::bench
