// What the store does of its own accord, on the writer's thread and connection: takes in finished
// rollups, and drops what is older or more than is to be kept. Every call is one transaction of
// bounded size, so that batches never wait long.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime/sqlite.h"
#include "coordinator/core/records.h"
#include "coordinator/shell/store_rollup.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_tables.h"

namespace bw::coordinator {

// For how long what is kept, and how much in all.
struct Retention {
  std::int64_t raw_ms = 30 * api::kDayMs;
  std::int64_t minutes_ms = 120 * api::kDayMs;
  std::int64_t hours_ms = 1095 * api::kDayMs;
  std::int64_t events_ms = 365 * api::kDayMs;
  std::int64_t most_bytes = std::int64_t{50} << 30;
};

class StoreUpkeep {
 public:
  static constexpr std::int64_t kMostBlocks = 256;  // dropped in one slice
  static constexpr std::int64_t kMostRows = 1024;   // of other kinds, as many

  // All must outlive it.
  static Result<StoreUpkeep> open(Database& database, StoreFacts& facts, StoreTables& tables);

  // Names of the exports that are configured. What is dropped before they came to it is counted.
  // The cursor of another, which may come back, is dropped where it would miss something. Until
  // this is called all that have a cursor count.
  void expect_exports(std::set<std::string> names) { exports_ = std::move(names); }

  Result<void> carry_out(const RollupJob& job);

  // Drops one slice of what is too old, or too much: the oldest blocks first, but for those of the
  // last hour, then rollups by minutes, by hours, events; and, once an hour and before another
  // kind goes for its size, tables that nothing uses any more. True: call again soon. False: a
  // round over all nodes is done.
  Result<bool> drop_some(const Retention& retention, std::int64_t now_ms);

  Result<StoreMeasures> measure();

 private:
  // How often the tables of all nodes are looked through.
  static constexpr std::int64_t kTablesPeriodMs = api::kHourMs;

  StoreUpkeep(Database& database, StoreFacts& facts, StoreTables& tables)
      : database_(&database), facts_(&facts), tables_(&tables) {}

  Result<void> write(const RollupJob& job);
  Result<void> write(const RollupJob::Stretch& stretch);
  // How many rows went.
  Result<std::int64_t> drop_old(const Retention& retention, std::int64_t now_ms);
  Result<std::int64_t> drop_excess(const Retention& retention, std::int64_t now_ms);
  Result<std::int64_t> drop_excess_tables(int step);
  Result<std::int64_t> drop_of_node(std::int64_t node, const Retention& retention,
                                    std::int64_t now_ms);
  Result<std::int64_t> drop_blocks(Statement& oldest, std::int64_t now_ms);
  Result<void> raise_raw_from(std::int64_t node, std::int64_t hour);
  struct Cursors {
    std::optional<std::int64_t> least;  // of those that count
    std::vector<std::pair<std::string, std::int64_t>> others;
  };
  Result<Cursors> cursors();
  Result<void> drop_cursors(const Cursors& cursors, std::int64_t newest_dropped);
  Result<std::int64_t> drop_rows(Statement& statement, StoreFact count);
  Result<std::int64_t> first_stale_ms(std::int64_t node);
  Result<std::int64_t> used_bytes();
  Result<std::int64_t> number(Statement& statement);

  Database* database_;
  StoreFacts* facts_;
  StoreTables* tables_;
  std::optional<std::set<std::string>> exports_;
  Statement clear_minutes_, clear_hours_, add_minutes_, add_hours_, clear_stale_, mark_day_,
      clear_day_, next_node_, old_blocks_, first_blocks_, drop_block_, first_stale_, drop_stale_,
      cursors_, drop_cursor_, raw_from_, set_raw_from_, drop_minutes_, drop_hours_, drop_events_,
      drop_gaps_, excess_minutes_, excess_hours_, excess_events_, page_count_, free_count_,
      page_size_;
  std::int64_t last_node_ = 0;  // looked at in this round
  bool looks_at_tables_ = false;
  int excess_step_ = -1;  // before which the tables were looked through
  std::int64_t last_excess_node_ = 0;
  std::int64_t next_tables_ms_ = 0;
};

}  // namespace bw::coordinator
