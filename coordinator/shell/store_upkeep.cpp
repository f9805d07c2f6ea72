#include "coordinator/shell/store_upkeep.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace bw::coordinator {

namespace {

using Kind = StoreHistory::Kind;

}  // namespace

Result<StoreUpkeep> StoreUpkeep::open(Database& database, StoreFacts& facts, StoreTables& tables) {
  StoreUpkeep upkeep(database, facts, tables);
  const std::pair<Statement*, std::string_view> statements[] = {
      {&upkeep.clear_minutes_, "DELETE FROM minutes WHERE node = ? AND hour = ?"},
      {&upkeep.clear_hours_, "DELETE FROM hours WHERE node = ? AND day = ?"},
      {&upkeep.add_minutes_,
       "INSERT INTO minutes (node, hour, table_id, end_ms, is_ragged, data)"
       " VALUES (?, ?, ?, ?, ?, ?)"},
      {&upkeep.add_hours_,
       "INSERT INTO hours (node, day, table_id, end_ms, is_ragged, data)"
       " VALUES (?, ?, ?, ?, ?, ?)"},
      {&upkeep.clear_stale_, "DELETE FROM stale WHERE node = ? AND hour = ? AND block <= ?"},
      {&upkeep.mark_day_, "INSERT OR IGNORE INTO stale_days (node, day) VALUES (?, ?)"},
      {&upkeep.clear_day_, "DELETE FROM stale_days WHERE node = ? AND day = ?"},
      {&upkeep.next_node_, "SELECT id FROM nodes WHERE id > ? ORDER BY id LIMIT 1"},
      {&upkeep.old_blocks_,
       "SELECT id, end_ms, node FROM blocks WHERE node = ?1 AND start_ms < ?2 AND end_ms < ?2"
       " ORDER BY start_ms LIMIT ?3"},
      {&upkeep.first_blocks_,
       "SELECT id, end_ms, node FROM blocks WHERE end_ms < ?2 - ?4 OR end_ms > ?2 + ?4 OR ?1 < 0"
       " ORDER BY id LIMIT ?3"},
      {&upkeep.drop_block_, "DELETE FROM blocks WHERE id = ?"},
      {&upkeep.first_stale_, "SELECT min(hour) FROM stale WHERE node = ?"},
      {&upkeep.drop_stale_, "DELETE FROM stale WHERE node = ? AND hour < ?"},
      {&upkeep.cursors_, "SELECT name, block FROM cursors"},
      {&upkeep.drop_cursor_, "DELETE FROM cursors WHERE name = ?"},
      {&upkeep.raw_from_, "SELECT raw_from FROM nodes WHERE id = ?"},
      {&upkeep.set_raw_from_, "UPDATE nodes SET raw_from = ?2 WHERE id = ?1 AND raw_from < ?2"},
      {&upkeep.drop_minutes_,
       "DELETE FROM minutes WHERE node = ?1 AND hour < ?2 AND hour <= coalesce("
       "(SELECT hour FROM minutes WHERE node = ?1 ORDER BY hour LIMIT 1 OFFSET ?3), ?2)"},
      {&upkeep.drop_hours_,
       "DELETE FROM hours WHERE node = ?1 AND day < ?2 AND day <= coalesce("
       "(SELECT day FROM hours WHERE node = ?1 ORDER BY day LIMIT 1 OFFSET ?3), ?2)"},
      {&upkeep.drop_events_,
       "DELETE FROM events WHERE id IN"
       " (SELECT id FROM events WHERE time_ms < ? ORDER BY time_ms LIMIT ?)"},
      {&upkeep.drop_gaps_, "DELETE FROM gaps WHERE node = ? AND seen_ms < ?"},
      {&upkeep.excess_minutes_,
       "DELETE FROM minutes WHERE node IN (SELECT id FROM nodes) AND hour <= (SELECT min(oldest)"
       " FROM (SELECT (SELECT min(hour) FROM minutes WHERE node = nodes.id) AS oldest FROM "
       "nodes))"},
      {&upkeep.excess_hours_,
       "DELETE FROM hours WHERE node IN (SELECT id FROM nodes) AND day <= (SELECT min(oldest)"
       " FROM (SELECT (SELECT min(day) FROM hours WHERE node = nodes.id) AS oldest FROM nodes))"},
      {&upkeep.excess_events_,
       "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY time_ms LIMIT ?)"},
      {&upkeep.page_count_, "PRAGMA page_count"},
      {&upkeep.free_count_, "PRAGMA freelist_count"},
      {&upkeep.page_size_, "PRAGMA page_size"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return upkeep;
}

// Rollups.

Result<void> StoreUpkeep::carry_out(const RollupJob& job) {
  const StoreFacts before = *facts_;
  const auto written = write(job);
  if (written) return written;
  *facts_ = before;
  tables_->forget();
  return written;
}

Result<void> StoreUpkeep::write(const RollupJob& job) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return transaction.error();
  for (const RollupJob::Stretch& stretch : job.stretches) {
    if (const auto written = write(stretch); !written) return written;
  }
  StoreFacts facts = *facts_;
  if (job.marked_until) fact(facts, StoreFact::marked_until) = *job.marked_until;
  if (job.rolled_until) fact(facts, StoreFact::rolled_until) = *job.rolled_until;
  if (const auto saved = save_facts(*database_, facts); !saved) return saved;
  const auto committed = transaction->commit();
  if (committed) *facts_ = facts;
  return committed;
}

Result<void> StoreUpkeep::write(const RollupJob::Stretch& stretch) {
  const bool is_hour = stretch.kind == Kind::minutes;
  // Some of its blocks were dropped since: what was made of them before is whole.
  const bool was_made = stretch.place < fact(*facts_, StoreFact::rolled_until);
  if (is_hour && was_made) {
    const auto raw_from = number(raw_from_.bind(1, stretch.node));
    if (!raw_from) return raw_from.error();
    if (stretch.place < *raw_from) return {};
  }
  Statement& clear = is_hour ? clear_minutes_ : clear_hours_;
  Statement& add = is_hour ? add_minutes_ : add_hours_;
  if (stretch.is_skipped || stretch.lacks_something) {
    ++fact(*facts_, StoreFact::skipped_hours);
  }
  if (stretch.is_skipped) {
    return clear_stale_.bind(1, stretch.node).bind(2, stretch.place).bind(3, stretch.block).run();
  }
  const auto cleared = clear.bind(1, stretch.node).bind(2, stretch.place).run();
  if (!cleared) return cleared;
  for (const RollupJob::Made& made : stretch.made) {
    if (made.series != nullptr) {
      const auto put =
          tables_->put(stretch.node, made.table_id, *made.series, StoreTables::Origin::rollup);
      if (!put) return put;
    }
    const auto noted = tables_->note(is_hour ? StoreTables::Use::minutes : StoreTables::Use::hours,
                                     stretch.node, made.table_id, stretch.place);
    if (!noted) return noted;
    const auto added = add.bind(1, stretch.node)
                           .bind(2, stretch.place)
                           .bind(3, made.table_id)
                           .bind(4, made.end_ms)
                           .bind(5, std::int64_t{made.is_ragged})
                           .bind(6, std::span(made.data))
                           .run();
    if (!added) return added;
  }
  if (!is_hour) return clear_day_.bind(1, stretch.node).bind(2, stretch.place).run();
  const std::int64_t day = stretch.place * api::kHourMs / api::kDayMs;
  if (const auto marked = mark_day_.bind(1, stretch.node).bind(2, day).run(); !marked) {
    return marked;
  }
  return clear_stale_.bind(1, stretch.node).bind(2, stretch.place).bind(3, stretch.block).run();
}

// Retention.

Result<bool> StoreUpkeep::drop_some(const Retention& retention, std::int64_t now_ms) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return transaction.error();
  const StoreFacts before = *facts_;
  const std::int64_t last_node = last_node_;
  const auto drop = [&]() -> Result<bool> {
    const auto excess = drop_excess(retention, now_ms);
    if (!excess) return excess.error();
    if (*excess > 0) return true;
    const auto old = drop_old(retention, now_ms);
    if (!old) return old.error();
    return *old > 0 || last_node_ != 0;
  };
  auto more = drop();
  Result<void> saved;
  if (more && *facts_ != before) saved = save_facts(*database_, *facts_);
  if (more && saved) saved = transaction->commit();
  if (more && saved) return more;
  *facts_ = before;
  last_node_ = last_node;
  tables_->forget();
  if (!more) return more;
  return saved.error();
}

Result<std::int64_t> StoreUpkeep::number(Statement& statement) {
  const auto row = statement.step();
  const std::int64_t value = row && *row ? statement.integer(0) : 0;
  statement.reset();
  if (!row) return row.error();
  return value;
}

Result<std::int64_t> StoreUpkeep::drop_rows(Statement& statement, StoreFact count) {
  if (const auto done = statement.run(); !done) return done.error();
  const std::int64_t rows = database_->changes();
  fact(*facts_, count) += rows;
  return rows;
}

Result<std::int64_t> StoreUpkeep::first_stale_ms(std::int64_t node) {
  const auto row = first_stale_.bind(1, node).step();
  const bool is_any = row && *row && !first_stale_.is_null(0);
  // A rollup also reads what comes shortly before its hour.
  const std::int64_t first_ms = is_any ? first_stale_.integer(0) * api::kHourMs - api::kMaxRateGapMs
                                       : std::numeric_limits<std::int64_t>::max();
  first_stale_.reset();
  if (!row) return row.error();
  return first_ms;
}

// The nodes one after the other, until one has something to drop or many had nothing.
Result<std::int64_t> StoreUpkeep::drop_old(const Retention& retention, std::int64_t now_ms) {
  constexpr int kMostNodes = 500;
  if (last_node_ == 0) {
    looks_at_tables_ = now_ms >= next_tables_ms_ || now_ms + kTablesPeriodMs < next_tables_ms_;
    drop_events_.bind(1, now_ms - retention.events_ms).bind(2, kMostRows);
    const auto events = drop_rows(drop_events_, StoreFact::dropped_events);
    if (!events || *events > 0) return events;
  }
  for (int looked_at = 0; looked_at < kMostNodes; ++looked_at) {
    next_node_.bind(1, last_node_);
    const auto node = number(next_node_);
    if (!node) return node;
    if (*node == 0) {
      last_node_ = 0;
      if (looks_at_tables_) next_tables_ms_ = now_ms + kTablesPeriodMs;
      return 0;
    }
    const auto dropped = drop_of_node(*node, retention, now_ms);
    if (!dropped || *dropped > 0) return dropped;
    last_node_ = *node;
    // All tables of a node may be read for that: one node is enough for a slice.
    if (!looks_at_tables_) continue;
    return 0;
  }
  return 0;
}

Result<std::int64_t> StoreUpkeep::drop_of_node(std::int64_t node, const Retention& retention,
                                               std::int64_t now_ms) {
  // What is not rolled up yet, or must be again, is not dropped for its age.
  const std::int64_t rolled_ms = fact(*facts_, StoreFact::rolled_until) * api::kHourMs;
  const auto stale_ms = first_stale_ms(node);
  if (!stale_ms) return stale_ms;
  old_blocks_.bind(1, node)
      .bind(2, std::min({now_ms - retention.raw_ms, rolled_ms, *stale_ms}))
      .bind(3, kMostBlocks);
  const auto blocks = drop_blocks(old_blocks_, now_ms);
  if (!blocks || *blocks > 0) return blocks;
  drop_minutes_.bind(1, node)
      .bind(2, (now_ms - retention.minutes_ms) / api::kHourMs)
      .bind(3, kMostBlocks);
  const auto minutes = drop_rows(drop_minutes_, StoreFact::dropped_rollups);
  if (!minutes || *minutes > 0) return minutes;
  drop_hours_.bind(1, node)
      .bind(2, (now_ms - retention.hours_ms) / api::kDayMs)
      .bind(3, kMostBlocks);
  const auto hours = drop_rows(drop_hours_, StoreFact::dropped_rollups);
  if (!hours || *hours > 0) return hours;
  const auto gaps = drop_gaps_.bind(1, node).bind(2, now_ms - retention.events_ms).run();
  if (!gaps) return gaps.error();
  if (!looks_at_tables_) return 0;
  return tables_->drop_unused(node, kMostBlocks);
}

Result<std::int64_t> StoreUpkeep::used_bytes() {
  const auto pages = number(page_count_);
  if (!pages) return pages;
  const auto free = number(free_count_);
  if (!free) return free;
  const auto size = number(page_size_);
  if (!size) return size;
  return (*pages - *free) * *size;
}

Result<std::int64_t> StoreUpkeep::drop_excess(const Retention& retention, std::int64_t now_ms) {
  const auto used = used_bytes();
  if (!used) return used;
  if (*used <= retention.most_bytes) {
    excess_step_ = -1;
    return 0;
  }
  int step = 0;
  // 0: but for the last hour's; -1: whatever there is. A block from beyond the next hour is of no
  // clock that is right: it must not outlast everybody's rollups.
  for (const std::int64_t what : {0, -1}) {
    first_blocks_.bind(1, what).bind(2, now_ms).bind(3, kMostBlocks).bind(4, api::kHourMs);
    const auto blocks = drop_blocks(first_blocks_, now_ms);
    if (!blocks || *blocks > 0) return blocks;
    for (Statement* const next :
         {&excess_minutes_, &excess_hours_, &excess_events_.bind(1, kMostRows)}) {
      const auto tables = drop_excess_tables(step++);
      if (!tables || *tables > 0) return tables;
      const auto rows = drop_rows(
          *next, next == &excess_events_ ? StoreFact::dropped_events : StoreFact::dropped_rollups);
      if (!rows || *rows > 0) return rows;
    }
  }
  return 0;
}

// What nothing uses any more goes before another kind does: all nodes once before each `step`, in
// slices. 0: that is done.
Result<std::int64_t> StoreUpkeep::drop_excess_tables(int step) {
  constexpr int kMostNodes = 16;
  if (excess_step_ >= step) return 0;
  for (int looked_at = 0; looked_at < kMostNodes; ++looked_at) {
    const auto node = number(next_node_.bind(1, last_excess_node_));
    if (!node) return node;
    if (*node == 0) {
      last_excess_node_ = 0;
      excess_step_ = step;
      return 0;
    }
    const auto dropped = tables_->drop_unused(*node, kMostBlocks);
    if (!dropped || *dropped > 0) return dropped;
    last_excess_node_ = *node;
  }
  return 1;
}

Result<std::int64_t> StoreUpkeep::drop_blocks(Statement& oldest, std::int64_t now_ms) {
  struct Row {
    std::int64_t id;
    std::int64_t end_ms;
    std::int64_t node;
  };
  std::vector<Row> rows;
  while (true) {
    const auto row = oldest.step();
    if (!row) {
      oldest.reset();
      return row.error();
    }
    if (!*row) break;
    rows.push_back({oldest.integer(0), oldest.integer(1), oldest.integer(2)});
  }
  oldest.reset();
  if (rows.empty()) return 0;
  const auto known = cursors();
  if (!known) return known.error();
  StoreFacts& facts = *facts_;
  std::map<std::int64_t, std::int64_t> from;  // hours, by node
  std::int64_t newest = 0;
  for (const Row& one : rows) {
    if (const auto dropped = drop_block_.bind(1, one.id).run(); !dropped) return dropped.error();
    newest = std::max(newest, one.id);
    if (known->least && one.id > *known->least) ++fact(facts, StoreFact::missed_blocks);
    // A clock that runs ahead must not end the rollups of what comes once it is right.
    if (one.end_ms > now_ms) continue;
    std::int64_t& hour = from[one.node];
    hour = std::max(hour, one.end_ms / api::kHourMs + 1);
  }
  std::int64_t& floor = fact(facts, StoreFact::block_floor);
  floor = std::max(floor, newest);
  fact(facts, StoreFact::dropped_blocks) += static_cast<std::int64_t>(rows.size());
  if (const auto dropped = drop_cursors(*known, newest); !dropped) return dropped.error();
  for (const auto& [node, hour] : from) {
    if (const auto raised = raise_raw_from(node, hour); !raised) return raised.error();
  }
  return static_cast<std::int64_t>(rows.size());
}

Result<void> StoreUpkeep::raise_raw_from(std::int64_t node, std::int64_t hour) {
  const auto raised = set_raw_from_.bind(1, node).bind(2, hour).run();
  if (!raised) return raised;
  return drop_stale_.bind(1, node).bind(2, hour).run();
}

Result<StoreUpkeep::Cursors> StoreUpkeep::cursors() {
  Cursors found;
  const InUse use(cursors_);
  while (true) {
    const auto row = cursors_.step();
    if (!row) return row.error();
    if (!*row) return found;
    std::string name(cursors_.text(0));
    const std::int64_t block = cursors_.integer(1);
    if (exports_ && !exports_->contains(name)) {
      found.others.emplace_back(std::move(name), block);
    } else {
      found.least = std::min(found.least.value_or(block), block);
    }
  }
}

Result<void> StoreUpkeep::drop_cursors(const Cursors& cursors, std::int64_t newest_dropped) {
  for (const auto& [name, block] : cursors.others) {
    if (block >= newest_dropped) continue;
    if (const auto dropped = drop_cursor_.bind(1, name).run(); !dropped) return dropped;
  }
  return {};
}

Result<StoreMeasures> StoreUpkeep::measure() {
  const auto used = used_bytes();
  if (!used) return used.error();
  const auto pages = number(page_count_);
  if (!pages) return pages.error();
  const auto size = number(page_size_);
  if (!size) return size.error();
  StoreMeasures measures;
  measures.bytes = static_cast<std::uint64_t>(*pages * *size);
  measures.used_bytes = static_cast<std::uint64_t>(*used);
  const auto count = [&](StoreFact which) {
    return static_cast<std::uint64_t>(fact(*facts_, which));
  };
  measures.dropped_blocks = count(StoreFact::dropped_blocks);
  measures.dropped_rollups = count(StoreFact::dropped_rollups);
  measures.dropped_events = count(StoreFact::dropped_events);
  measures.missed_blocks = count(StoreFact::missed_blocks);
  measures.skipped_hours = count(StoreFact::skipped_hours);
  measures.unmarked_hours = count(StoreFact::unmarked_hours);
  measures.rolled_until_ms = fact(*facts_, StoreFact::rolled_until) * api::kHourMs;
  return measures;
}

}  // namespace bw::coordinator
