// The series tables in the store, on the writer's connection: puts them, notes what they are used
// for, and drops those that nothing uses any more. Every call belongs into a transaction of the
// caller's.
//
// A table comes from a node, or is made for rollups that span several tables of a node. It is used
// by blocks, by rollups by minutes and by those by hours, and it is known how late the latest of
// each begins: where there is none left from so early on, the table is not used.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/runtime/sqlite.h"
#include "coordinator/core/table.h"
#include "coordinator/shell/store_table_codec.h"

namespace bw::coordinator {

class StoreTables {
 public:
  // The core believes to be in the store what the store loads of a node at start, or what came
  // since, and forgets what is older. In the order in which tables came, what it knows is among
  // twice as many: tables of one batch have no order of their own.
  static constexpr std::int64_t kMostLoaded = 64;  // of a node: Ingest::kMaxTables
  static constexpr std::int64_t kMostKnown = 2 * kMostLoaded;

  // A difference must be so much smaller than the table itself, in percent.
  static constexpr std::size_t kMostDifference = 40;

  static constexpr std::size_t kMostNoted = 100'000;  // uses kept in mind

  // `database` must outlive it.
  static Result<StoreTables> open(Database& database);

  enum class Origin : std::uint8_t { node, rollup };
  // A table that is there already is as if it came now.
  Result<void> put(std::int64_t node, std::int64_t table_id, const SeriesList& series,
                   Origin origin);

  enum class Use : std::uint8_t { blocks, minutes, hours };
  // `at`: the start of a block in milliseconds, the hour or the day of a rollup. Written once a
  // day of use.
  Result<void> note(Use use, std::int64_t node, std::int64_t table_id, std::int64_t at);

  // After a rollback: what was noted may not have been.
  void forget() { noted_.clear(); }

  // Drops tables of a node that nothing uses, `most` at most. How many there were.
  Result<std::int64_t> drop_unused(std::int64_t node, std::int64_t most);

 private:
  struct Noted {
    Use use;
    std::int64_t node;
    std::int64_t table_id;
    auto operator<=>(const Noted&) const = default;
  };

  explicit StoreTables(Database& database) : database_(&database) {}
  Result<bool> touch(std::int64_t node, std::int64_t table_id, Origin origin);
  Result<std::optional<std::int64_t>> one(Statement& statement);

  Database* database_;
  Statement find_, see_, newest_whole_, add_, note_blocks_, note_minutes_, note_hours_,
      first_block_, first_minute_, first_hour_, drop_;
  std::map<Noted, std::int64_t> noted_;
};

// Tables that were read, for the next time; those of one content, as machines of one make have,
// once. An id is a hash of the content, which the decoder of the wire checks; but two contents of
// one id can be made, so that it names a table of its node only.
class KnownTables {
 public:
  static constexpr std::size_t kMostTables = 20'000;

  // most_series: of different tables.
  explicit KnownTables(std::size_t most_series) : most_series_(most_series) {}

  // Null where it is not known.
  Table find(std::int64_t node, std::int64_t table_id) const;
  Table keep(std::int64_t node, std::int64_t table_id, const SeriesList& series);
  // The same from the store, where it is not known; null where there is none that can be read.
  // `statement`: of kTableSql. What others differ from is decoded once for all of them.
  Result<Table> read(Statement& statement, std::int64_t node, std::int64_t table_id);

 private:
  Table decode(const Statement& row, std::int64_t node);

  std::size_t most_series_;
  std::map<std::pair<std::int64_t, std::int64_t>, Table> tables_;
  std::set<Table> contents_;  // of tables_
  TablePool pool_;
  std::size_t kept_series_ = 0;
};

// A table as stored, with its base, and that one's id. table_of(): `row` has the first two.
inline constexpr const char* kTableSql =
    "SELECT one.series, base.series, base.table_id FROM tables AS one LEFT JOIN tables AS base"
    " ON base.id = one.base WHERE one.node = ? AND one.table_id = ?";
inline std::optional<SeriesList> table_of(const Statement& row) {
  return decode_table(row.blob(0), row.blob(1));
}

}  // namespace bw::coordinator
