#include "coordinator/shell/store_history.h"

#include <algorithm>
#include <utility>

namespace bw::coordinator {

namespace {

// Blocks that start within the range, those that reach into it from shortly before, and the few
// within which a clock jumped, by the index that has only them. The first are found without a look
// at their rows.
constexpr std::string_view kBlocksSql =
    "SELECT start_ms, id FROM blocks WHERE node = ?1 AND start_ms >= ?2 AND start_ms < ?3"
    " UNION ALL "
    "SELECT start_ms, id FROM blocks WHERE node = ?1 AND start_ms >= ?2 - 600000"
    " AND start_ms < ?2 AND end_ms >= ?2 AND end_ms - start_ms <= 600000"
    " UNION ALL "
    "SELECT start_ms, id FROM blocks WHERE end_ms - start_ms > 600000 AND node = ?1"
    " AND start_ms < ?2 AND end_ms >= ?2";
static_assert(kUsualBlockSpanMs == 600000);

}  // namespace

Result<StoreHistory> StoreHistory::open(Database database) {
  StoreHistory history(std::move(database));
  const std::pair<Statement*, std::string_view> statements[] = {
      {&history.all_nodes_, "SELECT id, name FROM nodes ORDER BY name"},
      {&history.one_node_, "SELECT id, name FROM nodes WHERE name = ?"},
      {&history.table_, kTableSql},
      {&history.blocks_, kBlocksSql},
      {&history.block_, "SELECT table_id, end_ms, columns FROM blocks WHERE id = ?"},
      {&history.first_start_,
       "SELECT start_ms FROM blocks WHERE node = ? AND start_ms >= ? ORDER BY start_ms LIMIT 1"},
      {&history.minutes_,
       "SELECT hour, table_id, end_ms, is_ragged, data FROM minutes"
       " WHERE node = ? AND hour >= ? AND hour < ? ORDER BY hour"},
      {&history.hours_,
       "SELECT day, table_id, end_ms, is_ragged, data FROM hours"
       " WHERE node = ? AND day >= ? AND day < ? ORDER BY day"},
      {&history.stale_hours_,
       "SELECT hour FROM stale WHERE node = ? AND hour >= ? AND hour < ? ORDER BY hour"},
      {&history.stale_days_,
       "SELECT day FROM stale_days WHERE node = ? AND day >= ? AND day < ? ORDER BY day"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = history.database_.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return history;
}

Result<std::vector<StoreHistory::Node>> StoreHistory::nodes(const std::string& name) {
  Statement& statement = name.empty() ? all_nodes_ : one_node_.bind(1, name);
  const InUse use(statement);
  std::vector<Node> nodes;
  while (true) {
    const auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return nodes;
    nodes.push_back({statement.integer(0), std::string(statement.text(1))});
  }
}

Result<StoreHistory::Series> StoreHistory::table(std::int64_t node, std::int64_t table_id) {
  return tables_.read(table_, node, table_id);
}

Result<std::vector<StoreHistory::BlockKey>> StoreHistory::blocks(std::int64_t node,
                                                                 std::int64_t from_ms,
                                                                 std::int64_t to_ms,
                                                                 std::size_t most,
                                                                 bool* is_too_many) {
  std::vector<BlockKey> keys;
  blocks_.bind(1, node).bind(2, from_ms).bind(3, to_ms);
  const InUse use(blocks_);
  while (true) {
    const auto row = blocks_.step();
    if (!row) return row.error();
    if (!*row) break;
    keys.push_back({blocks_.integer(0), blocks_.integer(1)});
    if (keys.size() > most && is_too_many != nullptr) {
      *is_too_many = true;
      return std::vector<BlockKey>{};
    }
    if (keys.size() > most) {
      return Error{"the range holds more than " + std::to_string(most) +
                   " blocks: ask for a shorter one"};
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

Result<bool> StoreHistory::first_start(std::int64_t node, std::int64_t from_ms,
                                       std::int64_t& start_ms) {
  const auto row = first_start_.bind(1, node).bind(2, from_ms).step();
  const bool found = row && *row;
  if (found) start_ms = first_start_.integer(0);
  first_start_.reset();
  if (!row) return row.error();
  return found;
}

Result<bool> StoreHistory::next_stretch(Statement& rows, Stretch& stretch) {
  if (stretch.is_last) return false;
  if (!std::exchange(stretch.has_begun, true)) {
    const auto row = rows.step();
    if (!row) return row.error();
    if (!*row) return false;
  }
  stretch.rollups.clear();
  stretch.place = rows.integer(0);
  while (!stretch.is_last && rows.integer(0) == stretch.place) {
    const auto data = rows.blob(4);
    stretch.rollups.push_back(
        {rows.integer(1), rows.integer(2), rows.integer(3) != 0, {data.begin(), data.end()}});
    const auto row = rows.step();
    if (!row) return row.error();
    stretch.is_last = !*row;
  }
  std::sort(stretch.rollups.begin(), stretch.rollups.end(),
            [](const Rollup& a, const Rollup& b) { return a.end_ms < b.end_ms; });
  return true;
}

Result<std::vector<std::int64_t>> StoreHistory::stale(Kind kind, std::int64_t node,
                                                      std::int64_t first, std::int64_t last) {
  Statement& rows = kind == Kind::minutes ? stale_hours_ : stale_days_;
  rows.bind(1, node).bind(2, first).bind(3, last);
  const InUse use(rows);
  std::vector<std::int64_t> places;
  while (true) {
    const auto row = rows.step();
    if (!row) return row.error();
    if (!*row) return places;
    places.push_back(rows.integer(0));
  }
}

}  // namespace bw::coordinator
