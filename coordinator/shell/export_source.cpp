#include "coordinator/shell/export_source.h"

#include <algorithm>
#include <utility>

#include "coordinator/shell/store_schema.h"
#include "schemas/wire/codec.h"

namespace bw::coordinator {

namespace {

constexpr std::string_view kBlocksSql =
    "SELECT blocks.id, nodes.id, nodes.name, nodes.birth, epoch, blocks.table_id, start_ms, end_ms,"
    " rows, columns FROM blocks JOIN nodes ON nodes.id = blocks.node"
    " WHERE blocks.id > ? ORDER BY blocks.id LIMIT ?";
// Where retention emptied the table, the floor has the highest id.
constexpr std::string_view kNewestSql =
    "SELECT max(ifnull((SELECT max(id) FROM blocks), 0),"
    " ifnull((SELECT value FROM facts WHERE id = ?), 0))";

exporting::Block block_of(const Statement& row) {
  exporting::Block block;
  block.id = row.integer(0);
  block.node = std::string(row.text(2));
  block.epoch = from_stored(row.integer(4));
  block.start_ms = row.integer(6);
  block.end_ms = row.integer(7);
  const auto columns = row.blob(9);
  block.columns.assign(columns.begin(), columns.end());
  if (const auto birth = wire::decode_birth(row.blob(3))) {
    block.site = birth->site;
    block.hostname = birth->hardware.hostname;
    if (birth->epoch == block.epoch) block.epoch_started_ms = birth->started_ms;
  }
  return block;
}

}  // namespace

Result<ExportSource> ExportSource::open(const std::string& path) {
  auto database = Database::open_read_only(path);
  if (!database) return database.error();
  ExportSource source(std::move(*database));
  const std::pair<Statement*, std::string_view> statements[] = {
      {&source.blocks_, kBlocksSql},
      {&source.table_, kTableSql},
      {&source.newest_, kNewestSql},
      {&source.cursor_, "SELECT block FROM cursors WHERE name = ?"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = source.database_.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return source;
}

Result<ExportSource::Blocks> ExportSource::read(std::int64_t after) {
  // Else upkeep could drop a block and its table before the table is looked up.
  const auto snapshot = Snapshot::begin(database_);
  if (!snapshot) return snapshot.error();
  Blocks found;
  std::vector<std::pair<std::int64_t, std::int64_t>> tables;
  {
    blocks_.bind(1, after).bind(2, std::int64_t{exporting::Delivery::kMaxBlocks});
    const InUse use(blocks_);
    std::size_t bytes = 0;
    while (true) {
      const auto row = blocks_.step();
      if (!row) return row.error();
      if (!*row) break;
      bytes += blocks_.blob(9).size();
      if (bytes > exporting::Delivery::kMaxBytes && !found.blocks.empty()) break;
      found.blocks.push_back(block_of(blocks_));
      found.rows.push_back(static_cast<std::size_t>(blocks_.integer(8)));
      tables.emplace_back(blocks_.integer(1), blocks_.integer(5));
    }
  }
  for (std::size_t i = 0; i < found.blocks.size(); ++i) {
    auto series = tables_.read(table_, tables[i].first, tables[i].second);
    if (!series) return series.error();
    found.blocks[i].series = std::move(*series);
  }
  return found;
}

Result<std::int64_t> ExportSource::newest() {
  newest_.bind(1, static_cast<std::int64_t>(StoreFact::block_floor));
  const InUse use(newest_);
  const auto row = newest_.step();
  if (!row) return row.error();
  return newest_.integer(0);
}

Result<std::optional<std::int64_t>> ExportSource::cursor(const std::string& name) {
  cursor_.bind(1, name);
  const InUse use(cursor_);
  const auto row = cursor_.step();
  if (!row) return row.error();
  if (!*row) return std::optional<std::int64_t>{};
  return std::optional<std::int64_t>{cursor_.integer(0)};
}

}  // namespace bw::coordinator
