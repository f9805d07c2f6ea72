// What the store does of its own accord, on the writer's thread and connection: takes in finished
// rollups, and drops what is older or more than is to be kept. Every call is one transaction of
// bounded size, so that batches never wait long.
#pragma once

#include <cstdint>

#include "base/runtime/sqlite.h"
#include "coordinator/core/records.h"
#include "coordinator/shell/store_rollup.h"
#include "coordinator/shell/store_schema.h"

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

  // Both must outlive it.
  static Result<StoreUpkeep> open(Database& database, StoreFacts& facts);

  Result<void> carry_out(const RollupJob& job);

  // Drops one slice of what is too old, or too much: the oldest blocks first, but for those of the
  // last hour, then rollups by minutes, by hours, events. True: call again soon. False: a round
  // over all nodes is done.
  Result<bool> drop_some(const Retention& retention, std::int64_t now_ms);

  Result<StoreMeasures> measure();

 private:
  StoreUpkeep(Database& database, StoreFacts& facts) : database_(&database), facts_(&facts) {}

  Result<void> write(const RollupJob::Stretch& stretch);
  // How many rows went.
  Result<std::int64_t> drop_old(const Retention& retention, std::int64_t now_ms);
  Result<std::int64_t> drop_excess(const Retention& retention, std::int64_t now_ms);
  Result<std::int64_t> drop_blocks(Statement& oldest, std::int64_t now_ms);
  Result<std::int64_t> drop_rows(Statement& statement, StoreFact count);
  Result<void> find_first_stale();
  Result<std::int64_t> used_bytes();
  Result<std::int64_t> number(Statement& statement);

  Database* database_;
  StoreFacts* facts_;
  Statement clear_minutes_, clear_hours_, add_minutes_, add_hours_, clear_stale_, mark_day_,
      clear_day_, next_node_, old_blocks_, first_blocks_, drop_block_, first_stale_, drop_stale_,
      least_cursor_, drop_minutes_, drop_hours_, drop_events_, drop_gaps_, excess_minutes_,
      excess_hours_, excess_events_, page_count_, free_count_, page_size_;
  std::int64_t last_node_ = 0;       // looked at in this round
  std::int64_t first_stale_ms_ = 0;  // of this round
};

}  // namespace bw::coordinator
