// Reads nodes, series tables, blocks and rollups out of the store: what queries and the making of
// rollups have in common. Belongs to one thread, and to a read-only connection.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/runtime/sqlite.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_tables.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator {

class StoreHistory {
 public:
  using Series = std::shared_ptr<const std::vector<wire::SeriesInfo>>;

  // Of tables that were read, for the next time.
  static constexpr std::size_t kMostKeptSeries = 100'000;

  static Result<StoreHistory> open(Database database);

  SqliteFault last_fault() const { return database_.last_fault(); }
  Database& database() { return database_; }

  struct Node {
    std::int64_t key = 0;
    std::string name;
  };
  // Empty: all, by name.
  Result<std::vector<Node>> nodes(const std::string& name);

  // Null where there is none that can be read: the core stores no block before its table.
  Result<Series> table(std::int64_t node, std::int64_t table_id);

  struct BlockKey {
    std::int64_t start_ms = 0;
    std::int64_t id = 0;
    auto operator<=>(const BlockKey&) const = default;
  };
  // Those with samples in from_ms <= time < to_ms, in the order of their start. An error beyond
  // `most`; or, where `is_too_many` is given, that is set and there are none.
  Result<std::vector<BlockKey>> blocks(std::int64_t node, std::int64_t from_ms, std::int64_t to_ms,
                                       std::size_t most, bool* is_too_many = nullptr);
  struct Block {
    std::int64_t table_id = 0;
    std::int64_t end_ms = 0;
    std::span<const std::byte> columns;
  };
  // Calls use(block), whose columns are valid during the call; not where the block is gone.
  template <typename Use>
  Result<void> with_block(std::int64_t id, Use use) {
    const auto row = block_.bind(1, id).step();
    if (row && *row) use(Block{block_.integer(0), block_.integer(1), block_.blob(2)});
    block_.reset();
    if (!row) return row.error();
    return {};
  }
  // Of the first block of a node that starts at or after from_ms; none: false.
  Result<bool> first_start(std::int64_t node, std::int64_t from_ms, std::int64_t& start_ms);

  // Of one stretch of time and one series table.
  struct Rollup {
    std::int64_t table_id = 0;
    std::int64_t end_ms = 0;  // of the newest sample
    bool is_ragged = false;   // the clock was set back within it
    std::vector<std::byte> data;
  };
  // All rollups of one hour by its minutes, or of one day by its hours; `place` is its number since
  // 1970. In the order of end_ms.
  struct Stretch {
    std::int64_t place = 0;
    std::vector<Rollup> rollups;
    bool has_begun = false;  // of the walk over all of them
    bool is_last = false;
  };
  enum class Kind : std::uint8_t { minutes, hours };
  // Calls each(stretch) for those with first <= place < last, ascending, until it returns an error.
  template <typename Each>
  Result<void> each_stretch(Kind kind, std::int64_t node, std::int64_t first, std::int64_t last,
                            Each each) {
    Statement& rows = kind == Kind::minutes ? minutes_ : hours_;
    rows.bind(1, node).bind(2, first).bind(3, last);
    Stretch stretch;
    const auto walk = [&]() -> Result<void> {
      while (true) {
        const auto more = next_stretch(rows, stretch);
        if (!more) return more.error();
        if (!*more) return {};
        if (const auto done = each(stretch); !done) return done;
      }
    };
    const auto done = walk();
    rows.reset();
    return done;
  }

  // Ascending: the hours, or days, that must be rolled up again.
  Result<std::vector<std::int64_t>> stale(Kind kind, std::int64_t node, std::int64_t first,
                                          std::int64_t last);

 private:
  explicit StoreHistory(Database database) : database_(std::move(database)) {}

  // The next rows of one place. `rows` stands on the first row not taken, or before all; false:
  // there was none left.
  Result<bool> next_stretch(Statement& rows, Stretch& stretch);

  Database database_;  // outlives its statements: declared first
  Statement all_nodes_, one_node_, table_, blocks_, block_, first_start_, minutes_, hours_,
      stale_hours_, stale_days_;
  KnownTables tables_{kMostKeptSeries};
};

}  // namespace bw::coordinator
