#include "tests/bench/record/trace.h"

#include <cmath>
#include <map>

#include "base/assert.h"
#include "base/rng.h"
#include "base/runtime/sqlite.h"
#include "coordinator/shell/store_tables.h"
#include "schemas/wire/column_format.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/varint.h"

namespace bw::bench {

namespace {

// Encodes anew: a trace may be older than today's format.
Result<TraceBlock> read_block(std::span<const std::byte> columns, std::size_t series) {
  const auto reader = wire::ColumnReader::open(columns);
  if (!reader) return Error{"a block can't be read"};
  if (reader->columns() != series) return TraceBlock{};
  TraceBlock block;
  block.times_ms.assign(reader->times_ms().begin(), reader->times_ms().end());
  block.values.resize(reader->rows() * series);
  std::vector<double> column(reader->rows());
  for (std::size_t alias = 0; alias < series; ++alias) {
    if (!reader->read(alias, column)) return Error{"a column that can't be read"};
    for (std::size_t row = 0; row < column.size(); ++row) {
      block.values[row * series + alias] = column[row];
    }
  }
  return block;
}

void encode(TraceBlock& block, std::size_t series, wire::ColumnEncoder& encoder) {
  const auto columns = encoder.encode(block.times_ms, block.values, series);
  block.columns.assign(columns.begin(), columns.end());
}

// The tables of the first node that has blocks, by width: one of those that most blocks have.
Result<void> load_table(Database& database, Trace& trace, std::int64_t& node) {
  auto tables = database.prepare(
      "SELECT tables.series, base.series, blocks.node, count(*)"
      " FROM blocks JOIN tables"
      " ON tables.node = blocks.node"
      " AND tables.table_id = blocks.table_id"
      " LEFT JOIN tables AS base ON base.id = tables.base"
      " WHERE blocks.node = (SELECT min(node) FROM blocks)"
      " GROUP BY blocks.table_id ORDER BY count(*) DESC");
  if (!tables) return tables.error();
  std::map<std::size_t, std::int64_t> blocks_of;  // by width
  std::map<std::size_t, coordinator::SeriesList> first_of;
  while (true) {
    const auto row = tables->step();
    if (!row) return row.error();
    if (!*row) break;
    node = tables->integer(2);
    auto series = coordinator::table_of(*tables);
    if (!series) return Error{"a series table can't be read"};
    const std::size_t width = series->size();
    blocks_of[width] += tables->integer(3);
    first_of.emplace(width, std::move(*series));
  }
  std::int64_t most = 0;
  for (const auto& [width, blocks] : blocks_of) {
    if (blocks <= most) continue;
    most = blocks;
    trace.series = first_of[width];
  }
  if (most == 0) return Error{"it holds no block"};
  trace.table_id = wire::series_table_id(trace.series);
  return {};
}

}  // namespace

std::size_t Trace::samples() const {
  std::size_t count = 0;
  for (const TraceBlock& block : blocks) {
    for (const double value : block.values) count += std::isnan(value) ? 0 : 1;
  }
  return count;
}

Result<Trace> load_trace(const std::string& path, std::size_t rows) {
  auto database = Database::open_read_only(path);
  if (!database) return database.error();
  Trace trace;
  std::int64_t node = 0;
  if (const auto loaded = load_table(*database, trace, node); !loaded) return loaded.error();
  auto blocks = database->prepare(
      "SELECT columns FROM blocks WHERE node = ? AND rows >= ? ORDER BY start_ms");
  if (!blocks) return blocks.error();
  blocks->bind(1, node).bind(2, static_cast<std::int64_t>(rows));
  wire::ColumnEncoder encoder;
  while (true) {
    const auto row = blocks->step();
    if (!row) return row.error();
    if (!*row) break;
    auto block = read_block(blocks->blob(0), trace.series.size());
    if (!block) return block.error();
    if (block->times_ms.empty()) continue;
    encode(*block, trace.series.size(), encoder);
    trace.blocks.push_back(std::move(*block));
  }
  if (trace.blocks.empty()) return Error{"it holds no full block"};
  return trace;
}

Trace narrowed(const Trace& trace, std::size_t series) {
  const std::size_t wide = trace.series.size();
  series = std::min(series, wide);
  Trace narrow;
  narrow.series.assign(trace.series.begin(),
                       trace.series.begin() + static_cast<std::ptrdiff_t>(series));
  narrow.table_id = wire::series_table_id(narrow.series);
  wire::ColumnEncoder encoder;
  for (const TraceBlock& block : trace.blocks) {
    TraceBlock part{block.times_ms, {}, {}};
    for (std::size_t row = 0; row < block.times_ms.size(); ++row) {
      const auto begin = block.values.begin() + static_cast<std::ptrdiff_t>(row * wide);
      part.values.insert(part.values.end(), begin, begin + static_cast<std::ptrdiff_t>(series));
    }
    encode(part, series, encoder);
    narrow.blocks.push_back(std::move(part));
  }
  return narrow;
}

Trace noisy_trace(std::size_t series, std::size_t minutes, std::int64_t first_ms) {
  Rng rng(20260101);
  Trace trace;
  for (std::size_t i = 0; i < series; ++i) {
    trace.series.push_back({"noise." + std::to_string(i),
                            "count",
                            i % 3 == 0 ? wire::SeriesKind::counter : wire::SeriesKind::gauge,
                            {}});
  }
  trace.table_id = wire::series_table_id(trace.series);
  std::vector<double> now(series);
  for (double& value : now) value = static_cast<double>(rng.below(1'000'000'000));
  wire::ColumnEncoder encoder;
  for (std::size_t minute = 0; minute < minutes; ++minute) {
    TraceBlock block;
    for (std::size_t row = 0; row < 60; ++row) {
      block.times_ms.push_back(first_ms + static_cast<std::int64_t>((minute * 60 + row) * 1000));
      for (std::size_t i = 0; i < series; ++i) {
        if (i % 3 == 0) now[i] += static_cast<double>(rng.below(100'000));
        if (i % 3 == 1) now[i] = static_cast<double>(rng.below(10'000)) / 100;
        if (i % 3 == 2) now[i] = 50 + 10 * (rng.unit() + rng.unit() + rng.unit());
        block.values.push_back(now[i]);
      }
    }
    encode(block, series, encoder);
    trace.blocks.push_back(std::move(block));
  }
  return trace;
}

std::vector<std::byte> moved(const std::vector<std::byte>& columns, std::int64_t by_ms) {
  BW_ASSERT(columns.front() == std::byte{wire::kColumnVersion});
  wire::ByteReader in(columns);
  (void)in.byte();
  (void)in.varint();
  (void)in.varint();
  const std::size_t at = columns.size() - in.size();
  const std::size_t size = *in.varint();
  wire::ByteReader times(*in.take(size));
  const auto head = *times.take(2);  // form and parameters
  const std::int64_t first = wire::unzigzag(*times.varint()) + by_ms;
  std::vector<std::byte> out(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(at));
  const std::uint64_t written = wire::zigzag(first);
  wire::put_varint(out, 2 + wire::varint_size(written) + times.size());
  out.insert(out.end(), head.begin(), head.end());
  wire::put_varint(out, written);
  const auto rest = *times.take(times.size());
  out.insert(out.end(), rest.begin(), rest.end());
  const auto body = *in.take(in.size());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

}  // namespace bw::bench
