#include "coordinator/shell/store_upkeep.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace bw::coordinator {

namespace {

using Kind = StoreHistory::Kind;

}  // namespace

Result<StoreUpkeep> StoreUpkeep::open(Database& database, StoreFacts& facts) {
  StoreUpkeep upkeep(database, facts);
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
       "SELECT id, end_ms FROM blocks WHERE node = ?1 AND start_ms < ?2 AND end_ms < ?2"
       " ORDER BY start_ms LIMIT ?3"},
      {&upkeep.first_blocks_,
       "SELECT id, end_ms FROM blocks WHERE end_ms < ?2 - ?4 OR end_ms > ?2 + ?4 OR ?1 < 0"
       " ORDER BY id LIMIT ?3"},
      {&upkeep.drop_block_, "DELETE FROM blocks WHERE id = ?"},
      {&upkeep.first_stale_, "SELECT min(hour) FROM stale"},
      {&upkeep.drop_stale_, "DELETE FROM stale WHERE hour < ?"},
      {&upkeep.least_cursor_, "SELECT min(block) FROM cursors"},
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
  if (is_hour && was_made && stretch.place < fact(*facts_, StoreFact::raw_from)) return {};
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

// Once a round: what is marked meanwhile is seen by the next.
Result<void> StoreUpkeep::find_first_stale() {
  const auto row = first_stale_.step();
  const bool is_any = row && *row && !first_stale_.is_null(0);
  // A rollup also reads what comes shortly before its hour.
  first_stale_ms_ = is_any ? first_stale_.integer(0) * api::kHourMs - api::kMaxRateGapMs
                           : std::numeric_limits<std::int64_t>::max();
  first_stale_.reset();
  if (!row) return row.error();
  return {};
}

// The nodes one after the other, until one has something to drop or many had nothing.
Result<std::int64_t> StoreUpkeep::drop_old(const Retention& retention, std::int64_t now_ms) {
  constexpr int kMostNodes = 500;
  if (last_node_ == 0) {
    const auto kept = find_first_stale();
    if (!kept) return kept.error();
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
      return 0;
    }
    // What is not rolled up yet, or must be again, is not dropped for its age.
    const std::int64_t rolled_ms = fact(*facts_, StoreFact::rolled_until) * api::kHourMs;
    old_blocks_.bind(1, *node)
        .bind(2, std::min({now_ms - retention.raw_ms, rolled_ms, first_stale_ms_}))
        .bind(3, kMostBlocks);
    const auto blocks = drop_blocks(old_blocks_, now_ms);
    if (!blocks || *blocks > 0) return blocks;
    drop_minutes_.bind(1, *node)
        .bind(2, (now_ms - retention.minutes_ms) / api::kHourMs)
        .bind(3, kMostBlocks);
    const auto minutes = drop_rows(drop_minutes_, StoreFact::dropped_rollups);
    if (!minutes || *minutes > 0) return minutes;
    drop_hours_.bind(1, *node)
        .bind(2, (now_ms - retention.hours_ms) / api::kDayMs)
        .bind(3, kMostBlocks);
    const auto hours = drop_rows(drop_hours_, StoreFact::dropped_rollups);
    if (!hours || *hours > 0) return hours;
    const auto gaps = drop_gaps_.bind(1, *node).bind(2, now_ms - retention.events_ms).run();
    if (!gaps) return gaps.error();
    last_node_ = *node;
  }
  return 0;
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
  if (*used <= retention.most_bytes) return 0;
  // 0: but for the last hour's; -1: whatever there is. A block from beyond the next hour is of no
  // clock that is right: it must not outlast everybody's rollups.
  for (const std::int64_t what : {0, -1}) {
    first_blocks_.bind(1, what).bind(2, now_ms).bind(3, kMostBlocks).bind(4, api::kHourMs);
    const auto blocks = drop_blocks(first_blocks_, now_ms);
    if (!blocks || *blocks > 0) return blocks;
    const auto minutes = drop_rows(excess_minutes_, StoreFact::dropped_rollups);
    if (!minutes || *minutes > 0) return minutes;
    const auto hours = drop_rows(excess_hours_, StoreFact::dropped_rollups);
    if (!hours || *hours > 0) return hours;
    const auto events = drop_rows(excess_events_.bind(1, kMostRows), StoreFact::dropped_events);
    if (!events || *events > 0) return events;
  }
  return 0;
}

Result<std::int64_t> StoreUpkeep::drop_blocks(Statement& oldest, std::int64_t now_ms) {
  struct Row {
    std::int64_t id;
    std::int64_t end_ms;
  };
  std::vector<Row> rows;
  while (true) {
    const auto row = oldest.step();
    if (!row) {
      oldest.reset();
      return row.error();
    }
    if (!*row) break;
    rows.push_back({oldest.integer(0), oldest.integer(1)});
  }
  oldest.reset();
  if (rows.empty()) return 0;
  const auto row = least_cursor_.step();
  const bool has_cursor = row && *row && !least_cursor_.is_null(0);
  const std::int64_t cursor = has_cursor ? least_cursor_.integer(0) : 0;
  least_cursor_.reset();
  if (!row) return row.error();
  StoreFacts& facts = *facts_;
  for (const Row& one : rows) {
    if (const auto dropped = drop_block_.bind(1, one.id).run(); !dropped) return dropped.error();
    std::int64_t& floor = fact(facts, StoreFact::block_floor);
    floor = std::max(floor, one.id);
    if (has_cursor && one.id > cursor) ++fact(facts, StoreFact::missed_blocks);
    // A node whose clock runs ahead must not end the rollups of all others.
    if (one.end_ms > now_ms) continue;
    const std::int64_t hour = one.end_ms / api::kHourMs;
    std::int64_t& from = fact(facts, StoreFact::raw_from);
    from = std::max(from, hour + 1);
  }
  fact(facts, StoreFact::dropped_blocks) += static_cast<std::int64_t>(rows.size());
  const auto unmarked = drop_stale_.bind(1, fact(facts, StoreFact::raw_from)).run();
  if (!unmarked) return unmarked.error();
  return static_cast<std::int64_t>(rows.size());
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
  measures.rolled_until_ms = fact(*facts_, StoreFact::rolled_until) * api::kHourMs;
  return measures;
}

}  // namespace bw::coordinator
