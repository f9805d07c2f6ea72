#include "coordinator/shell/store_tables.h"

#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "coordinator/core/api/range.h"
#include "coordinator/core/api/range_rollup.h"
#include "coordinator/shell/store_schema.h"

namespace bw::coordinator {

namespace {

constexpr std::int64_t kHoursOfDay = api::kDayMs / api::kHourMs;

// The last of its day, so that a table in use is written once a day.
std::int64_t end_of_day(StoreTables::Use use, std::int64_t at) {
  const auto rounded = [at](std::int64_t day) { return api::bucket_begin(at, day) + day - 1; };
  switch (use) {
    case StoreTables::Use::blocks:
      return rounded(api::kDayMs);
    case StoreTables::Use::minutes:
      return rounded(kHoursOfDay);
    case StoreTables::Use::hours:
      return at;
  }
  return at;
}

constexpr std::string_view kNewestWholeSql =
    "SELECT id, series FROM tables WHERE id ="
    " (SELECT max(id) FROM tables WHERE node = ? AND base IS NULL)";

constexpr std::string_view kSeeSql =
    "UPDATE tables SET seen = (SELECT coalesce(max(seen), 0) + 1 FROM tables WHERE node = ?1 AND "
    "seen > 0)"
    " WHERE node = ?1 AND table_id = ?2";

constexpr std::string_view kAddSql =
    "INSERT INTO tables (node, table_id, seen, base, series) VALUES (?1, ?2, iif(?3,"
    " (SELECT coalesce(max(seen), 0) + 1 FROM tables WHERE node = ?1 AND seen > 0), NULL), ?4, ?5)";

constexpr std::string_view kDropSql =
    "DELETE FROM tables WHERE id IN (SELECT id FROM tables AS one WHERE node = ?1"
    " AND coalesce(blocks_until, ?2 - 1) < ?2 AND coalesce(minutes_until, ?3 - 1) < ?3"
    " AND coalesce(hours_until, ?4 - 1) < ?4"
    " AND table_id IS NOT (SELECT table_id FROM nodes WHERE nodes.id = ?1)"
    " AND coalesce(seen, 0) <= coalesce((SELECT seen FROM tables WHERE node = ?1"
    " AND seen IS NOT NULL ORDER BY seen DESC LIMIT 1 OFFSET ?5), 0)"
    " AND NOT EXISTS (SELECT 1 FROM tables AS other WHERE other.base = one.id) LIMIT ?6)";

constexpr std::string_view kNoteBlocksSql =
    "UPDATE tables SET blocks_until = ?1 WHERE node = ?2 AND table_id = ?3"
    " AND coalesce(blocks_until, ?1 - 1) < ?1";
constexpr std::string_view kNoteMinutesSql =
    "UPDATE tables SET minutes_until = ?1 WHERE node = ?2 AND table_id = ?3"
    " AND coalesce(minutes_until, ?1 - 1) < ?1";
constexpr std::string_view kNoteHoursSql =
    "UPDATE tables SET hours_until = ?1 WHERE node = ?2 AND table_id = ?3"
    " AND coalesce(hours_until, ?1 - 1) < ?1";

}  // namespace

Result<StoreTables> StoreTables::open(Database& database) {
  StoreTables tables(database);
  const std::pair<Statement*, std::string_view> statements[] = {
      {&tables.find_, "SELECT id FROM tables WHERE node = ? AND table_id = ?"},
      {&tables.see_, kSeeSql},
      {&tables.newest_whole_, kNewestWholeSql},
      {&tables.add_, kAddSql},
      {&tables.note_blocks_, kNoteBlocksSql},
      {&tables.note_minutes_, kNoteMinutesSql},
      {&tables.note_hours_, kNoteHoursSql},
      {&tables.first_block_, "SELECT min(start_ms) FROM blocks WHERE node = ?"},
      {&tables.first_minute_, "SELECT min(hour) FROM minutes WHERE node = ?"},
      {&tables.first_hour_, "SELECT min(day) FROM hours WHERE node = ?"},
      {&tables.drop_, kDropSql},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return tables;
}

Result<std::optional<std::int64_t>> StoreTables::one(Statement& statement) {
  const auto row = statement.step();
  std::optional<std::int64_t> value;
  if (row && *row && !statement.is_null(0)) value = statement.integer(0);
  statement.reset();
  if (!row) return row.error();
  return value;
}

// Whether it is there.
Result<bool> StoreTables::touch(std::int64_t node, std::int64_t table_id, Origin origin) {
  const auto known = one(find_.bind(1, node).bind(2, table_id));
  if (!known) return known.error();
  if (!*known || origin == Origin::rollup) return known->has_value();
  const auto seen = see_.bind(1, node).bind(2, table_id).run();
  if (!seen) return seen.error();
  return true;
}

Result<void> StoreTables::put(std::int64_t node, std::int64_t table_id, const SeriesList& series,
                              Origin origin) {
  const auto known = touch(node, table_id, origin);
  if (!known) return known.error();
  if (*known) return {};
  auto bytes = encode_table(series, nullptr);
  std::optional<std::int64_t> base;
  const auto row = newest_whole_.bind(1, node).step();
  if (row && *row) {
    if (const auto whole = decode_table(newest_whole_.blob(1), {})) {
      auto difference = encode_table(series, &*whole);
      if (difference.size() * 100 <= bytes.size() * kMostDifference) {
        base = newest_whole_.integer(0);
        bytes = std::move(difference);
      }
    }
  }
  newest_whole_.reset();
  if (!row) return row.error();
  add_.bind(1, node).bind(2, table_id).bind(3, std::int64_t{origin == Origin::node});
  if (base) add_.bind(4, *base);
  return add_.bind(5, std::span<const std::byte>(bytes)).run();
}

Result<void> StoreTables::note(Use use, std::int64_t node, std::int64_t table_id, std::int64_t at) {
  const auto known = noted_.find({use, node, table_id});
  if (known != noted_.end() && at <= known->second) return {};
  const std::int64_t until = end_of_day(use, at);
  Statement& statement = use == Use::blocks    ? note_blocks_
                         : use == Use::minutes ? note_minutes_
                                               : note_hours_;
  const auto written = statement.bind(1, until).bind(2, node).bind(3, table_id).run();
  if (!written) return written;
  if (noted_.size() >= kMostNoted) noted_.clear();
  noted_[{use, node, table_id}] = until;
  return {};
}

Result<std::int64_t> StoreTables::drop_unused(std::int64_t node, std::int64_t most) {
  drop_.bind(1, node).bind(5, kMostKnown).bind(6, most);
  int parameter = 2;
  for (Statement* const first : {&first_block_, &first_minute_, &first_hour_}) {
    const auto from = one(first->bind(1, node));
    if (!from) {
      drop_.reset();
      return from.error();
    }
    drop_.bind(parameter++, from->value_or(std::numeric_limits<std::int64_t>::max()));
  }
  if (const auto dropped = drop_.run(); !dropped) return dropped.error();
  const std::int64_t rows = database_->changes();
  if (rows > 0) forget();  // what is gone may come again
  return rows;
}

Table KnownTables::find(std::int64_t node, std::int64_t table_id) const {
  const auto known = tables_.find({node, table_id});
  return known == tables_.end() ? nullptr : known->second;
}

Table KnownTables::keep(std::int64_t node, std::int64_t table_id, const SeriesList& series) {
  Table table = pool_.share(from_stored(table_id), series);
  const bool is_new = !contents_.contains(table);
  if (tables_.size() >= kMostTables || (is_new && kept_series_ + table->size() > most_series_)) {
    tables_.clear();
    contents_.clear();
    kept_series_ = 0;
  }
  if (contents_.insert(table).second) kept_series_ += table->size();
  tables_[{node, table_id}] = table;
  return table;
}

Result<Table> KnownTables::read(Statement& statement, std::int64_t node, std::int64_t table_id) {
  if (auto known = find(node, table_id)) return known;
  statement.bind(1, node).bind(2, table_id);
  const InUse use(statement);
  const auto row = statement.step();
  if (!row) return row.error();
  const Table table = *row ? decode(statement, node) : nullptr;
  return table == nullptr ? table : keep(node, table_id, *table);
}

Table KnownTables::decode(const Statement& row, std::int64_t node) {
  Table base;
  if (!row.is_null(2)) {
    base = find(node, row.integer(2));
    if (base == nullptr) {
      const auto series = decode_table(row.blob(1), {});
      if (!series) return nullptr;
      base = keep(node, row.integer(2), *series);
    }
  }
  auto series = decode_difference(row.blob(0), base == nullptr ? SeriesList{} : *base);
  return series ? std::make_shared<const SeriesList>(std::move(*series)) : nullptr;
}

}  // namespace bw::coordinator
