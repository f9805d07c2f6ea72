// Makes rollups out of blocks, in the background: reads on a connection of its own, and hands over
// jobs of bounded size for the writer to carry out. Belongs to one thread.
//
// An hour is rolled up once it is over and its last blocks had time to come. Whatever comes later
// makes its hour stale, and stale hours are rolled up again once nothing more came for a while; so
// are the days that hours belong to. All of it can be made again from the blocks: a crash between
// any two jobs loses nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/api/range_rollup.h"
#include "coordinator/shell/store_history.h"
#include "coordinator/shell/store_schema.h"
#include "schemas/wire/limits.h"

namespace bw::coordinator {

// What to write in one transaction.
struct RollupJob {
  using Kind = StoreHistory::Kind;
  struct Made {
    std::int64_t table_id = 0;
    std::int64_t end_ms = 0;
    bool is_ragged = false;
    std::vector<std::byte> data;
    // The table's, which may be made for this. Null: it is there.
    std::shared_ptr<const std::vector<wire::SeriesInfo>> series = {};
  };
  // All that there is of one node in one hour or day, in place of what there was. `block`: the
  // newest that made it stale; newer ones leave it so.
  struct Stretch {
    Kind kind = Kind::minutes;
    std::int64_t node = 0;
    std::int64_t place = 0;
    std::int64_t block = 0;
    std::vector<Made> made;
    bool lacks_something = false;  // more than is read at once
    bool is_skipped = false;       // nothing was made: what there was stays
  };
  std::vector<Stretch> stretches;
  std::optional<std::int64_t> marked_until;
  std::optional<std::int64_t> rolled_until;
};

class RollupMaker {
 public:
  static constexpr std::int64_t kGraceMs = 2 * 60 * 1000;  // after the end of an hour
  static constexpr std::int64_t kQuietMs = 30 * 1000;      // a stale hour's, before it is redone
  static constexpr std::int64_t kMostStaleMs = 10 * 60 * 1000;  // or so long in all
  static constexpr std::size_t kMostStretches = 64;             // of a job
  static constexpr std::size_t kMostBytes = 1U << 20;           // about, of a job
  static constexpr std::int64_t kMostHours = 24;                // on the way at once

  // Of the series of one table that is made; with more there is another.
  static constexpr std::size_t kMostTextBytes = wire::kMaxTablePayload;

  // Of a node and hour: with more the hour is not rolled up.
  static constexpr std::size_t kMostBlocksOfHour = 50'000;
  // Of a node and hour, or day, over all of its tables: about 3 kB each. Tables with more are left
  // out.
  static constexpr std::size_t kMostSeriesOfStretch = 4 * wire::kMaxSeries;

  // `database` is read-only.
  static Result<RollupMaker> open(Database database);

  // What to do next; the job before must have been carried out. Nothing: all is done for now.
  Result<std::optional<RollupJob>> next(std::int64_t now_ms) { return next(now_ms, now_ms); }
  // No hour is begun that is not over at until_ms.
  Result<std::optional<RollupJob>> next(std::int64_t now_ms, std::int64_t until_ms);
  Result<std::int64_t> trusted_now(std::int64_t wall_ms) {
    return coordinator::trusted_now(history_.database(), wall_ms);
  }

  SqliteFault last_fault() const { return history_.last_fault(); }

 private:
  explicit RollupMaker(StoreHistory history) : history_(std::move(history)) {}

  // Of the series of all tables that a node had in one hour or day, each once, as far as they find
  // room in one table.
  struct Union {
    std::vector<wire::SeriesInfo> table;
    std::size_t text_bytes = 0;  // of it
    std::vector<api::RollupSeries> series;
    std::vector<api::IncreaseWalk> walks;
    std::vector<bool> has_begun;
    std::int64_t end_ms = 0;
    bool has_samples = false;
    bool is_ragged = false;
  };
  struct Place {
    std::size_t part = 0;  // into unions_
    std::size_t at = 0;
  };
  using Places = std::vector<Place>;  // of a table's series

  Result<void> redo_stale(RollupJob& job, std::int64_t now_ms);
  Result<void> make_days(RollupJob& job, const StoreFacts& facts);
  Result<void> go_on(RollupJob& job, const StoreFacts& facts);
  Result<void> begin_hours(RollupJob& job, const StoreFacts& facts, std::int64_t now_ms);
  Result<std::int64_t> next_hour(std::int64_t node, std::int64_t from);
  Result<bool> make_hour(RollupJob::Stretch& stretch);
  Result<void> make_day(RollupJob::Stretch& stretch);
  void begin_stretch();
  Result<const Places*> places_of(std::int64_t node, std::int64_t table_id, std::size_t buckets);
  Place place_of(const wire::SeriesInfo& series, std::string key, std::size_t buckets);
  void add_block(const StoreHistory::Block& block, std::int64_t begin_ms, const Places& places);
  Result<void> add_hour(const StoreHistory::Stretch& hour, std::size_t bucket,
                        RollupJob::Stretch& day);
  void add_rollup(const StoreHistory::Rollup& rollup, std::size_t bucket, const Places& places);
  void finish(RollupJob::Stretch& stretch);
  bool is_full(const RollupJob& job) const;

  StoreHistory history_;
  Statement stale_, days_, next_node_;
  api::RollupEncoder encoder_;
  // Of the stretch in hand.
  std::vector<Union> unions_;
  std::map<std::string, Place> place_of_;  // by series
  std::map<std::int64_t, Places> places_;  // by table
  std::vector<double> values_;
  std::int64_t last_node_ = 0;  // whose hours on the way are made
  std::int64_t next_hour_ = 0;  // of the node after it; 0: not known yet
  bool is_next_certain_ = false;
};

}  // namespace bw::coordinator
