#include "coordinator/shell/store_writer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/runtime/clock.h"
#include "coordinator/shell/store_schema.h"
#include "schemas/wire/columns.h"

namespace bw::coordinator {

namespace {

struct Span {
  std::int64_t start_ms;
  std::int64_t end_ms;
};

// The first and the last of the rows' times. A clock that jumped within the block makes them others
// than those of the first and the last row.
Span span_of(const PutBlock& block) {
  Span span{std::min(block.start_ms, block.end_ms), std::max(block.start_ms, block.end_ms)};
  if (const auto reader = wire::ColumnReader::open(block.columns)) {
    for (const std::int64_t time : reader->times_ms()) {
      span.start_ms = std::min(span.start_ms, time);
      span.end_ms = std::max(span.end_ms, time);
    }
  }
  return span;
}

}  // namespace

Result<StoreWriter> StoreWriter::open(Database database) {
  StoreWriter writer(std::move(database));
  const std::pair<Statement*, std::string_view> statements[] = {
      {&writer.find_node_, "SELECT id FROM nodes WHERE name = ?"},
      {&writer.add_node_, "INSERT INTO nodes (name, first_seen_ms) VALUES (?, ?)"},
      {&writer.set_birth_,
       "UPDATE nodes SET birth = ?, table_id = ?, first_seen_ms = iif(birth IS NULL, ?, "
       "first_seen_ms) WHERE id "
       "= ?"},
      {&writer.set_state_, "UPDATE nodes SET state = ? WHERE id = ?"},
      {&writer.add_block_,
       "INSERT INTO blocks (id, node, epoch, number, table_id, start_ms, end_ms, rows, columns)"
       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"},
      {&writer.add_event_,
       "INSERT INTO events (node, epoch, number, time_ms, kind, severity, record)"
       " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"},
      {&writer.add_gap_,
       "INSERT INTO gaps (node, epoch, first, last, seen_ms) VALUES (?, ?, ?, ?, ?)"
       " ON CONFLICT DO NOTHING"},
      {&writer.set_progress_,
       "INSERT INTO progress (node, epoch, contiguous, above, last_ms) VALUES (?, ?, ?, ?, ?)"
       " ON CONFLICT (node, epoch) DO UPDATE SET contiguous = excluded.contiguous,"
       " above = excluded.above, last_ms = excluded.last_ms"},
      {&writer.mark_stale_,
       "INSERT INTO stale (node, hour, block, first_ms, last_ms) VALUES (?1, ?2, ?3, ?4, ?4)"
       " ON CONFLICT (node, hour) DO UPDATE SET block = excluded.block,"
       " last_ms = excluded.last_ms"},
      {&writer.put_cursor_, "INSERT OR REPLACE INTO cursors (name, block) VALUES (?, ?)"},
      {&writer.raw_from_, "SELECT raw_from FROM nodes WHERE id = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = writer.database_->prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  auto facts = load_facts(*writer.database_);
  if (!facts) return facts.error();
  *writer.facts_ = *facts;
  auto tables = StoreTables::open(*writer.database_);
  if (!tables) return tables.error();
  writer.tables_ = std::make_unique<StoreTables>(std::move(*tables));
  auto upkeep = StoreUpkeep::open(*writer.database_, *writer.facts_, *writer.tables_);
  if (!upkeep) return upkeep.error();
  writer.upkeep_.emplace(std::move(*upkeep));
  auto models = StoreModels::open(*writer.database_);
  if (!models) return models.error();
  writer.models_.emplace(std::move(*models));
  auto last = writer.database_->prepare("SELECT coalesce(max(id), 0) FROM blocks");
  if (!last) return last.error();
  if (const auto row = last->step(); !row) return row.error();
  const std::int64_t floor = fact(*facts, StoreFact::block_floor);
  writer.next_block_ = std::max(last->integer(0), floor) + 1;
  return writer;
}

Result<void> StoreWriter::carry_out(const std::vector<Change>& changes) {
  const std::int64_t next_block = next_block_;
  const auto write_all = [&]() -> Result<void> {
    auto transaction = Transaction::begin(*database_);
    if (!transaction) return transaction.error();
    for (const Change& change : changes) {
      const auto put_one = std::visit([this](const auto& one) { return put(one); }, change);
      if (!put_one) return put_one;
    }
    return transaction->commit();
  };
  const auto written = write_all();
  if (!written) {
    keys_.clear();  // may name rows that were rolled back
    tables_->forget();
    next_block_ = next_block;
  }
  return written;
}

Result<std::int64_t> StoreWriter::key_of(const NodeId& node, std::int64_t seen_ms) {
  if (const auto known = keys_.find(node.str()); known != keys_.end()) return known->second;
  for (int tries = 0; tries < 2; ++tries) {
    const auto found = find_node_.bind(1, node.str()).step();
    if (!found) {
      find_node_.reset();
      return found.error();
    }
    const std::int64_t key = *found ? find_node_.integer(0) : 0;
    find_node_.reset();
    if (*found) {
      keys_.emplace(node.str(), key);
      return key;
    }
    if (const auto added = add_node_.bind(1, node.str()).bind(2, seen_ms).run(); !added) {
      return added.error();
    }
  }
  return Error{"the row of node " + node.str() + " was written but is not there"};
}

Result<void> StoreWriter::put(const PutNode& change) {
  const auto key = key_of(change.node, change.seen_ms);
  if (!key) return key.error();
  // Where they come with it. What stands for a table that is not there must not be taken for it.
  if (!change.birth.series.empty()) {
    const auto table = tables_->put(*key, to_stored(change.birth.table_id), change.birth.series,
                                    StoreTables::Origin::node);
    if (!table) return table;
  }
  wire::NodeBirth birth = change.birth;
  birth.series.clear();
  birth.table_id = wire::series_table_id(birth.series);
  return set_birth_.bind(1, encoder_.encode(birth))
      .bind(2, to_stored(change.birth.table_id))
      .bind(3, change.seen_ms)
      .bind(4, *key)
      .run();
}

Result<void> StoreWriter::put(const PutState& change) {
  const auto key = key_of(change.node, change.state.since_ms);
  if (!key) return key.error();
  return set_state_.bind(1, encoder_.encode(change.state)).bind(2, *key).run();
}

Result<void> StoreWriter::put(const PutTable& change) {
  const auto key = key_of(change.node, 0);
  if (!key) return key.error();
  return tables_->put(*key, to_stored(change.table_id), change.series, StoreTables::Origin::node);
}

Result<void> StoreWriter::put(const PutBlock& change) {
  const auto key = key_of(change.node, change.end_ms);
  if (!key) return key.error();
  const Span span = span_of(change);
  const std::int64_t id = next_block_;
  const auto added = add_block_.bind(1, id)
                         .bind(2, *key)
                         .bind(3, to_stored(change.epoch))
                         .bind(4, to_stored(change.number))
                         .bind(5, to_stored(change.table_id))
                         .bind(6, span.start_ms)
                         .bind(7, span.end_ms)
                         .bind(8, std::int64_t{change.rows})
                         .bind(9, std::span(change.columns))
                         .run();
  if (!added || database_->changes() == 0) return added;
  ++next_block_;
  const auto noted =
      tables_->note(StoreTables::Use::blocks, *key, to_stored(change.table_id), span.start_ms);
  if (!noted) return noted;
  return mark_stale(*key, id, change, span.start_ms, span.end_ms);
}

// What comes shortly after a block begins its increase with the block's last sample: its hour is
// changed too. A block within which the clock jumped marks its hours in any case, since nobody
// would look for it in another than that it begins in.
Result<void> StoreWriter::mark_stale(std::int64_t key, std::int64_t block, const PutBlock& change,
                                     std::int64_t start_ms, std::int64_t end_ms) {
  const std::int64_t marked_until = fact(*facts_, StoreFact::marked_until);
  const bool is_usual = end_ms - start_ms <= kUsualBlockSpanMs;
  if (is_usual && start_ms / api::kHourMs >= marked_until) return {};
  const auto row = raw_from_.bind(1, key).step();
  const std::int64_t raw_from = row && *row ? raw_from_.integer(0) : 0;
  raw_from_.reset();
  if (!row) return row.error();
  std::set<std::int64_t> hours;
  const auto add = [&](std::int64_t time_ms) {
    hours.insert(time_ms / api::kHourMs);
    hours.insert((time_ms + api::kMaxRateGapMs) / api::kHourMs);
  };
  add(start_ms);
  add(end_ms);
  if (const auto reader = wire::ColumnReader::open(change.columns); reader && !is_usual) {
    for (const std::int64_t time_ms : reader->times_ms()) add(time_ms);
  }
  std::size_t marks = 0;
  for (const std::int64_t hour : hours) {
    if (hour < raw_from || (is_usual && hour >= marked_until)) continue;
    if (++marks > kMostHoursOfBlock) {
      ++fact(*facts_, StoreFact::unmarked_hours);  // saved with the next that retention counts
      continue;
    }
    const auto marked =
        mark_stale_.bind(1, key).bind(2, hour).bind(3, block).bind(4, to_ms(wall_now())).run();
    if (!marked) return marked;
  }
  return {};
}

Result<void> StoreWriter::put(const PutEvent& change) {
  const auto key = key_of(change.node, change.event.time_ms);
  if (!key) return key.error();
  return add_event_.bind(1, *key)
      .bind(2, to_stored(change.event.epoch))
      .bind(3, to_stored(change.event.number))
      .bind(4, change.event.time_ms)
      .bind(5, change.event.kind)
      .bind(6, static_cast<std::int64_t>(change.event.severity))
      .bind(7, encoder_.encode(change.event))
      .run();
}

Result<void> StoreWriter::put(const PutGap& change) {
  const auto key = key_of(change.node, change.seen_ms);
  if (!key) return key.error();
  return add_gap_.bind(1, *key)
      .bind(2, to_stored(change.epoch))
      .bind(3, to_stored(change.first))
      .bind(4, to_stored(change.last))
      .bind(5, change.seen_ms)
      .run();
}

Result<void> StoreWriter::put(const PutExportCursor& change) {
  return put_cursor_.bind(1, change.name).bind(2, change.block).run();
}

Result<void> StoreWriter::put(const PutWish& change) {
  const auto key = key_of(change.node, change.wish.since_ms);
  if (!key) return key.error();
  return models_->put(change, *key);
}

Result<void> StoreWriter::put(const PutProgress& change) {
  const auto key = key_of(change.node, change.epoch.last_ms);
  if (!key) return key.error();
  const auto above = pack_numbers(change.epoch.above);
  return set_progress_.bind(1, *key)
      .bind(2, to_stored(change.epoch.epoch))
      .bind(3, to_stored(change.epoch.contiguous))
      .bind(4, std::span(above))
      .bind(5, change.epoch.last_ms)
      .run();
}

}  // namespace bw::coordinator
