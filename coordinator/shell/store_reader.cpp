#include "coordinator/shell/store_reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/runtime/clock.h"
#include "coordinator/shell/store_schema.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"

namespace bw::coordinator {

namespace {

// The first half searches a narrow range of start times, the second the few blocks within which a
// clock jumped. The conditions on the span are those of the two indexes.
constexpr std::string_view kBlocksSql =
    "SELECT id, table_id, start_ms FROM blocks WHERE end_ms - start_ms <= 600000 AND node = ?1"
    " AND start_ms >= ?2 - 600000 AND start_ms < ?3 AND end_ms >= ?2"
    " UNION ALL "
    "SELECT id, table_id, start_ms FROM blocks WHERE end_ms - start_ms > 600000 AND node = ?1"
    " AND start_ms < ?3 AND end_ms >= ?2";
static_assert(kUsualBlockSpanMs == 600000);

constexpr std::string_view kEventsSql =
    "SELECT nodes.name, record FROM events JOIN nodes ON nodes.id = node"
    " WHERE time_ms >= ?1 AND time_ms < ?2 ORDER BY time_ms DESC, epoch DESC, number DESC";
constexpr std::string_view kNodeEventsSql =
    "SELECT ?4, record FROM events WHERE node = ?3 AND time_ms >= ?1 AND time_ms < ?2"
    " ORDER BY time_ms DESC, epoch DESC, number DESC";

// Resets a statement at the end of its use, on every way out.
class InUse {
 public:
  explicit InUse(Statement& statement) : statement_(statement) {}
  ~InUse() { statement_.reset(); }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  Statement& statement_;
};

std::size_t buckets_of(const api::RangeQuery& query) {
  const auto range =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, query.to_ms - query.from_ms));
  return static_cast<std::size_t>(
             range / static_cast<std::uint64_t>(std::max<std::int64_t>(1, query.step_ms))) +
         2;
}

}  // namespace

Result<StoreReader> StoreReader::open(const std::string& path, ReadLimits limits,
                                      SqliteFault& fault) {
  auto database = Database::open_read_only(path, &fault);
  if (!database) return database.error();
  StoreReader reader(std::move(*database), limits);
  const std::pair<Statement*, std::string_view> statements[] = {
      {&reader.all_nodes_, "SELECT id, name FROM nodes ORDER BY name"},
      {&reader.one_node_, "SELECT id, name FROM nodes WHERE name = ?"},
      {&reader.blocks_, kBlocksSql},
      {&reader.table_, "SELECT series FROM tables WHERE node = ? AND table_id = ?"},
      {&reader.columns_, "SELECT columns FROM blocks WHERE id = ?"},
      {&reader.all_events_, kEventsSql},
      {&reader.node_events_, kNodeEventsSql},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = reader.database_.prepare(sql);
    fault = reader.last_fault();
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return reader;
}

api::QueryResult StoreReader::run(const api::StoreQuery& query, Instant start,
                                  const std::atomic<bool>& stop) {
  stop_ = &stop;
  deadline_ = start + limits_.time;
  auto result = std::holds_alternative<api::RangeQuery>(query)
                    ? range(std::get<api::RangeQuery>(query))
                    : events(std::get<api::EventQuery>(query));
  if (!result) return api::QueryError{result.error().message};
  return std::move(*result);
}

Result<void> StoreReader::check_time() const {
  if (*stop_) return Error{"the coordinator stops"};
  if (monotonic_now() < deadline_) return {};
  return Error{
      "the query took longer than " +
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limits_.time).count()) +
      " ms: ask for a shorter range or fewer nodes"};
}

Result<api::QueryResult> StoreReader::range(const api::RangeQuery& query) {
  const std::size_t fitting = std::max<std::size_t>(1, limits_.points / buckets_of(query));
  Range range{query, std::min<std::size_t>(query.max_series, fitting)};
  const auto nodes = nodes_named(query.node);
  if (!nodes) return nodes.error();
  for (const NodeRow& node : *nodes) {
    if (range.truncated) break;  // no series of another node would find room
    if (const auto added = add_node(node, range); !added) return added.error();
  }
  api::RangeResult result;
  result.truncated = range.truncated;
  for (Found& found : range.found) {
    auto points = found.points.finish();
    if (points.empty()) continue;
    result.series.push_back({std::move(found.node), std::move(found.series), std::move(points)});
  }
  return api::QueryResult{std::move(result)};
}

Result<std::vector<StoreReader::NodeRow>> StoreReader::nodes_named(const std::string& name) {
  Statement& statement = name.empty() ? all_nodes_ : one_node_.bind(1, name);
  const InUse use(statement);
  std::vector<NodeRow> nodes;
  while (true) {
    const auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return nodes;
    nodes.push_back({statement.integer(0), std::string(statement.text(1))});
  }
}

Result<void> StoreReader::add_node(const NodeRow& node, Range& range) {
  if (const auto in_time = check_time(); !in_time) return in_time;
  const auto blocks = blocks_of(node, range.query);
  if (!blocks) return blocks.error();
  std::map<std::int64_t, std::vector<Wanted>> wanted_by_table;
  for (const Block& block : *blocks) {
    auto known = wanted_by_table.find(block.table_id);
    if (known == wanted_by_table.end()) {
      auto wanted = wanted_of(node, block.table_id, range);
      if (!wanted) return wanted.error();
      known = wanted_by_table.emplace(block.table_id, std::move(*wanted)).first;
    }
    if (known->second.empty()) continue;
    if (const auto added = add_block(block, known->second, range); !added) return added;
  }
  return {};
}

// In the order of their start, as the accumulator wants them.
Result<std::vector<StoreReader::Block>> StoreReader::blocks_of(const NodeRow& node,
                                                               const api::RangeQuery& query) {
  // A rate's first point begins with a sample before the range.
  const std::int64_t before =
      query.aggregate == api::Aggregate::rate ? api::RangeAccumulator::kMaxRateGapMs : 0;
  blocks_.bind(1, node.key).bind(2, query.from_ms - before).bind(3, query.to_ms);
  const InUse use(blocks_);
  std::vector<Block> blocks;
  while (true) {
    const auto row = blocks_.step();
    if (!row) return row.error();
    if (!*row) break;
    blocks.push_back({blocks_.integer(0), blocks_.integer(1), blocks_.integer(2)});
    if (blocks.size() > limits_.blocks) {
      return Error{"the range holds more than " + std::to_string(limits_.blocks) +
                   " blocks: ask for a shorter one"};
    }
  }
  std::sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) {
    return std::pair(a.start_ms, a.id) < std::pair(b.start_ms, b.id);
  });
  return blocks;
}

Result<std::vector<StoreReader::Wanted>> StoreReader::wanted_of(const NodeRow& node,
                                                                std::int64_t table_id,
                                                                Range& range) {
  std::vector<Wanted> wanted;
  table_.bind(1, node.key).bind(2, table_id);
  const InUse use(table_);
  const auto row = table_.step();
  if (!row) return row.error();
  if (!*row) return wanted;  // the core stores no block before its table
  auto table = wire::decode_birth(table_.blob(0));
  if (!table) return wanted;
  for (std::size_t alias = 0; alias < table->series.size(); ++alias) {
    wire::SeriesInfo& series = table->series[alias];
    if (!api::matches(range.query, series)) continue;
    // The same series may stand in several tables of a node, under other aliases.
    auto known = std::find_if(range.found.begin(), range.found.end(), [&](const Found& found) {
      return found.node == node.name && found.series == series;
    });
    if (known == range.found.end()) {
      if (range.found.size() >= range.most_series) {
        range.truncated = true;
        continue;
      }
      api::RangeAccumulator points(range.query, series.kind);
      range.found.push_back({node.name, std::move(series), std::move(points)});
      known = range.found.end() - 1;
    }
    wanted.push_back({alias, static_cast<std::size_t>(known - range.found.begin())});
  }
  return wanted;
}

Result<void> StoreReader::add_block(const Block& block, const std::vector<Wanted>& wanted,
                                    Range& range) {
  if (const auto in_time = check_time(); !in_time) return in_time;
  if (++range.blocks > limits_.blocks) {
    return Error{"the query reads more than " + std::to_string(limits_.blocks) +
                 " blocks: ask for a shorter range or fewer nodes"};
  }
  columns_.bind(1, block.id);
  const InUse use(columns_);
  const auto row = columns_.step();
  if (!row) return row.error();
  if (!*row) return {};
  const auto reader = wire::ColumnReader::open(columns_.blob(0));
  if (!reader) return {};  // came damaged from its node, which the checksum excludes but for a bug
  values_.resize(reader->rows());
  for (const Wanted& one : wanted) {
    if (reader->read(one.alias, values_)) {
      range.found[one.series].points.add(reader->times_ms(), values_);
    }
  }
  return {};
}

Result<api::QueryResult> StoreReader::events(const api::EventQuery& query) {
  std::vector<NodeRow> nodes;
  if (!query.node.empty()) {
    auto named = nodes_named(query.node);
    if (!named) return named.error();
    nodes = std::move(*named);
    if (nodes.empty()) return api::QueryResult{api::EventResult{}};
  }
  Statement& rows = nodes.empty() ? all_events_ : node_events_;
  rows.bind(1, query.from_ms).bind(2, query.to_ms);
  if (!nodes.empty()) rows.bind(3, nodes[0].key).bind(4, nodes[0].name);
  const InUse use(rows);
  api::EventResult result;
  for (std::size_t seen = 0; result.events.size() < query.limit; ++seen) {
    const auto row = rows.step();
    if (!row) return row.error();
    if (!*row) break;
    if (const auto in_time = check_time(); !in_time) return in_time.error();
    if (seen == limits_.events) {
      return Error{"more than " + std::to_string(limits_.events) +
                   " events would have to be looked at: ask for a shorter range"};
    }
    auto event = wire::decode_event(rows.blob(1));
    if (!event) continue;
    if (!query.kind.empty() && event->kind != query.kind) continue;
    if (static_cast<int>(event->severity) < query.min_severity) continue;
    result.events.push_back({std::string(rows.text(0)), std::move(*event)});
  }
  return api::QueryResult{std::move(result)};
}

}  // namespace bw::coordinator
