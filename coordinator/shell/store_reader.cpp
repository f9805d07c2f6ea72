#include "coordinator/shell/store_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/runtime/clock.h"
#include "coordinator/shell/store_schema.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"

namespace bw::coordinator {

namespace {

using Kind = StoreHistory::Kind;

constexpr std::string_view kEventsSql =
    "SELECT nodes.name, record FROM events JOIN nodes ON nodes.id = node"
    " WHERE time_ms >= ?1 AND time_ms < ?2 ORDER BY time_ms DESC, epoch DESC, number DESC";
constexpr std::string_view kNodeEventsSql =
    "SELECT ?4, record FROM events WHERE node = ?3 AND time_ms >= ?1 AND time_ms < ?2"
    " ORDER BY time_ms DESC, epoch DESC, number DESC";

// Word by word the condition of the index of these events, or SQLite would not use it.
constexpr std::string_view kAnomaliesSql =
    "SELECT nodes.name, record FROM events JOIN nodes ON nodes.id = node"
    " WHERE kind IN ('anomaly', 'anomaly_update', 'anomaly_end')"
    " AND time_ms >= ?1 AND time_ms < ?2 ORDER BY time_ms DESC, epoch DESC, number DESC";
constexpr std::string_view kNodeAnomaliesSql =
    "SELECT ?4, record FROM events WHERE kind IN ('anomaly', 'anomaly_update', 'anomaly_end')"
    " AND node = ?3 AND time_ms >= ?1 AND time_ms < ?2"
    " ORDER BY time_ms DESC, epoch DESC, number DESC";

// Whether a question asks for an event.
bool asks_for(const api::EventQuery& query, const wire::EventRecord& event) {
  if (query.epoch && event.epoch != *query.epoch) return false;
  if (!query.kind.empty() && event.kind != query.kind) return false;
  return static_cast<int>(event.severity) >= query.min_severity ||
         std::find(query.also_kinds.begin(), query.also_kinds.end(), event.kind) !=
             query.also_kinds.end();
}

std::size_t buckets_of(const api::RangeQuery& query) {
  const auto range =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, query.to_ms - query.from_ms));
  return static_cast<std::size_t>(
             range / static_cast<std::uint64_t>(std::max<std::int64_t>(1, query.step_ms))) +
         2;
}

std::int64_t floor_to(std::int64_t time_ms, std::int64_t unit_ms) {
  return api::bucket_begin(time_ms, unit_ms);
}
std::int64_t ceil_to(std::int64_t time_ms, std::int64_t unit_ms) {
  const std::int64_t floor = floor_to(time_ms, unit_ms);
  return floor == time_ms ? floor : floor + unit_ms;
}

// What one rollup spans, and each of its buckets.
std::int64_t stretch_ms(Kind kind) {
  return kind == Kind::minutes ? api::kHourMs : api::kDayMs;
}
std::int64_t bucket_ms(Kind kind) {
  return kind == Kind::minutes ? api::kMinuteMs : api::kHourMs;
}

api::Window within(api::Window window, std::int64_t begin_ms, std::int64_t end_ms) {
  return {std::max(window.from_ms, begin_ms), std::min(window.to_ms, end_ms)};
}

std::string site_of(const api::RangeQuery& query, const std::string& node) {
  const auto site =
      std::lower_bound(query.sites.begin(), query.sites.end(), node,
                       [](const auto& one, const auto& id) { return one.first < id; });
  return site == query.sites.end() || site->first != node ? std::string{} : site->second;
}

}  // namespace

Result<StoreReader> StoreReader::open(const std::string& path, ReadLimits limits,
                                      SqliteFault& fault) {
  auto database = Database::open_read_only(path, &fault);
  if (!database) return database.error();
  // What the hour of a hundred nodes takes: panels ask for the same again and again.
  const auto cached = database->execute("PRAGMA cache_size = -32768");
  fault = database->last_fault();
  if (!cached) return cached.error();
  fault = SqliteFault::other;
  auto history = StoreHistory::open(std::move(*database));
  if (!history) return history.error();
  StoreReader reader(std::move(*history), limits);
  const std::pair<Statement*, std::string_view> statements[] = {
      {&reader.model_, "SELECT payload FROM models WHERE name = ? AND version = ?"},
      {&reader.all_events_, kEventsSql},
      {&reader.node_events_, kNodeEventsSql},
      {&reader.anomalies_, kAnomaliesSql},
      {&reader.node_anomalies_, kNodeAnomaliesSql},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = reader.history_.database().prepare(sql);
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
  const auto* const model_query = std::get_if<api::ModelQuery>(&query);
  auto result = model_query != nullptr ? model(*model_query)
                : std::holds_alternative<api::RangeQuery>(query)
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

Result<void> StoreReader::count_block(Range& range) const {
  if (const auto in_time = check_time(); !in_time) return in_time;
  if (++range.blocks <= limits_.blocks) return {};
  return Error{"the query reads more than " + std::to_string(limits_.blocks) +
               " blocks: ask for a shorter range or fewer nodes, or a step of whole minutes"};
}

Result<api::QueryResult> StoreReader::range(const api::RangeQuery& query) {
  const auto snapshot = Snapshot::begin(history_.database());
  if (!snapshot) return snapshot.error();
  const auto facts = load_facts(history_.database());
  if (!facts) return facts.error();
  const std::size_t fitting = std::max<std::size_t>(1, limits_.points / buckets_of(query));
  api::RangeQuery bounded = query;
  bounded.max_series = static_cast<std::uint32_t>(std::min<std::size_t>(query.max_series, fitting));
  Range range{bounded,
              query.is_grouped ? fitting : bounded.max_series,
              fact(*facts, StoreFact::rolled_until),
              0,
              {},
              api::RangeGroups(bounded)};
  const auto nodes = history_.nodes(query.node);
  if (!nodes) return nodes.error();
  for (const StoreHistory::Node& node : *nodes) {
    if (range.result.truncated) break;  // no series of another node would find room
    if (const auto added = add_node(node, range); !added) return added.error();
  }
  if (query.is_grouped) range.result.series = range.groups.finish();
  return api::QueryResult{std::move(range.result)};
}

Result<void> StoreReader::add_node(const StoreHistory::Node& node, Range& range) {
  if (const auto in_time = check_time(); !in_time) return in_time;
  NodePart part{node};
  const Window window{range.query.from_ms, range.query.to_ms};
  // Of a counter's height rollups say nothing, which add_rollups() finds out.
  const auto resolution = api::coarsest(range.query, wire::SeriesKind::gauge);
  const auto added = resolution == api::Resolution::hour     ? add_days(part, window, range)
                     : resolution == api::Resolution::minute ? add_hours(part, window, range)
                                                             : add_raw(part, window, range);
  if (!added) return added;
  if (const auto read = read_raw(part, range); !read) return read;
  return finish_node(part, range);
}

Result<void> StoreReader::finish_node(NodePart& part, Range& range) {
  const std::string site = range.query.is_grouped ? site_of(range.query, part.node.name) : "";
  for (Found& found : part.found) {
    auto points = found.points.finish();
    if (points.empty()) continue;
    if (!range.query.is_grouped) {
      range.result.series.push_back({part.node.name, std::move(found.series), std::move(points)});
      continue;
    }
    if (!range.groups.add(part.node.name, site, found.series, points)) {
      range.result.truncated = true;
    }
    if (range.groups.kept() > limits_.values) {
      return Error{"the groups have more than " + std::to_string(limits_.values) +
                   " values, too many for a percentile: take a longer step"};
    }
  }
  return {};
}

// The hours of a window from the rollups of days, its ends by minutes.
Result<void> StoreReader::add_days(NodePart& part, Window window, Range& range) {
  const std::int64_t first = ceil_to(window.from_ms, api::kHourMs);
  const std::int64_t last = floor_to(window.to_ms, api::kHourMs);
  if (first >= last) return add_hours(part, window, range);
  const std::int64_t rolled_ms =
      floor_to(range.rolled_until * api::kHourMs, api::kDayMs);  // whole days
  const Window middle{first, std::clamp(rolled_ms, first, last)};
  if (const auto done = add_hours(part, {window.from_ms, first}, range); !done) return done;
  const auto stale = stale_days(part.node.key, middle);
  if (!stale) return stale.error();
  if (const auto done = add_stale(Kind::hours, part, middle, *stale, range); !done) return done;
  return add_hours(part, {middle.to_ms, window.to_ms}, range);
}

// With those of stale hours, which are made again after their hours.
Result<std::vector<std::int64_t>> StoreReader::stale_days(std::int64_t node, Window window) {
  const auto begin_of = [&](std::int64_t unit_ms) { return window.from_ms / unit_ms; };
  const auto end_of = [&](std::int64_t unit_ms) {
    return ceil_to(window.to_ms, unit_ms) / unit_ms;
  };
  auto days = history_.stale(Kind::hours, node, begin_of(api::kDayMs), end_of(api::kDayMs));
  if (!days) return days;
  const auto hours =
      history_.stale(Kind::minutes, node, begin_of(api::kHourMs), end_of(api::kHourMs));
  if (!hours) return hours;
  for (const std::int64_t hour : *hours) days->push_back(hour * api::kHourMs / api::kDayMs);
  std::sort(days->begin(), days->end());
  days->erase(std::unique(days->begin(), days->end()), days->end());
  return days;
}

// The minutes of a window from the rollups of hours, its ends from blocks.
Result<void> StoreReader::add_hours(NodePart& part, Window window, Range& range) {
  const std::int64_t first = ceil_to(window.from_ms, api::kMinuteMs);
  const std::int64_t last = floor_to(window.to_ms, api::kMinuteMs);
  if (first >= last) return add_raw(part, window, range);
  const Window middle{first, std::clamp(range.rolled_until * api::kHourMs, first, last)};
  if (middle.from_ms == middle.to_ms) return add_raw(part, window, range);
  if (const auto done = add_raw(part, {window.from_ms, first}, range); !done) return done;
  const auto stale = history_.stale(Kind::minutes, part.node.key, middle.from_ms / api::kHourMs,
                                    ceil_to(middle.to_ms, api::kHourMs) / api::kHourMs);
  if (!stale) return stale.error();
  if (const auto done = add_stale(Kind::minutes, part, middle, *stale, range); !done) return done;
  return add_raw(part, {middle.to_ms, window.to_ms}, range);
}

// A window that is rolled up, but for the stretches in `stale`; in the order of time.
Result<void> StoreReader::add_stale(Kind kind, NodePart& part, Window window,
                                    const std::vector<std::int64_t>& stale, Range& range) {
  const std::int64_t span = stretch_ms(kind);
  auto next = stale.begin();
  const auto add_until = [&](std::int64_t place) -> Result<void> {
    for (; next != stale.end() && *next < place; ++next) {
      const auto done =
          add_finer(kind, part, within(window, *next * span, (*next + 1) * span), range);
      if (!done) return done;
    }
    return {};
  };
  const auto done = history_.each_stretch(
      kind, part.node.key, window.from_ms / span, ceil_to(window.to_ms, span) / span,
      [&](const StoreHistory::Stretch& stretch) -> Result<void> {
        if (const auto before = add_until(stretch.place); !before) return before;
        if (next != stale.end() && *next == stretch.place) return {};
        return add_stretch(kind, part, stretch, window, range);
      });
  if (!done) return done;
  return add_until(ceil_to(window.to_ms, span) / span);
}

Result<void> StoreReader::add_stretch(Kind kind, NodePart& part,
                                      const StoreHistory::Stretch& stretch, Window window,
                                      Range& range) {
  const std::int64_t span = stretch_ms(kind);
  const Window inner = within(window, stretch.place * span, (stretch.place + 1) * span);
  const auto added = add_rollups(kind, part, stretch, inner, range);
  if (!added) return added.error();
  if (*added) return {};
  return add_finer(kind, part, inner, range);
}

Result<void> StoreReader::add_finer(Kind kind, NodePart& part, Window window, Range& range) {
  return kind == Kind::hours ? add_hours(part, window, range) : add_raw(part, window, range);
}

Result<bool> StoreReader::add_rollups(Kind kind, NodePart& part,
                                      const StoreHistory::Stretch& stretch, Window window,
                                      Range& range) {
  const bool by_order =
      api::is_increase(range.query.function) || range.query.function == api::Function::last;
  std::set<std::size_t> seen;
  for (const StoreHistory::Rollup& rollup : stretch.rollups) {
    if (rollup.is_ragged && by_order) return false;
    const auto wanted = wanted_of(part, rollup.table_id, range);
    if (!wanted) return wanted.error();
    for (const Wanted& one : **wanted) {
      const auto kind_of_series = part.found[one.series].series.kind;
      if (api::coarsest(range.query, kind_of_series) == api::Resolution::raw) return false;
      // Of a series that a table has twice, neither says which sample came after the other's.
      const bool is_alone = seen.insert(one.series).second;
      if (!is_alone && range.query.function == api::Function::last) return false;
    }
  }
  // What comes before is read first.
  if (const auto read = read_raw(part, range); !read) return read.error();
  const auto resolution = kind == Kind::minutes ? api::Resolution::minute : api::Resolution::hour;
  range.result.resolution = std::max(range.result.resolution, resolution);
  const std::int64_t begin_ms = stretch.place * stretch_ms(kind);
  for (const StoreHistory::Rollup& rollup : stretch.rollups) {
    if (const auto counted = count_block(range); !counted) return counted.error();
    const auto& wanted = part.wanted[rollup.table_id];
    if (wanted.empty()) continue;
    const auto reader = api::RollupReader::open(rollup.data);
    if (!reader) continue;
    for (const Wanted& one : wanted) {
      Found& found = part.found[one.series];
      if (!reader->read(one.alias, found.series.kind, rollup_)) continue;
      for (std::size_t i = 0; i < rollup_.buckets.size(); ++i) {
        const std::int64_t time_ms = begin_ms + static_cast<std::int64_t>(i) * bucket_ms(kind);
        if (time_ms < window.from_ms || time_ms >= window.to_ms) continue;
        found.points.add(time_ms, rollup_.buckets[i]);
      }
    }
  }
  return true;
}

Result<void> StoreReader::add_raw(NodePart& part, Window window, Range& range) {
  if (window.from_ms >= window.to_ms) return {};
  if (part.raw.to_ms != window.from_ms) {
    if (const auto read = read_raw(part, range); !read) return read;
    part.raw = {window.from_ms, window.from_ms};
  }
  part.raw.to_ms = window.to_ms;
  return {};
}

Result<void> StoreReader::read_raw(NodePart& part, Range& range) {
  const Window window = std::exchange(part.raw, {});
  if (window.from_ms >= window.to_ms) return {};
  // A rate's first point begins with a sample before the window.
  const std::int64_t before = api::is_increase(range.query.function) ? api::kMaxRateGapMs : 0;
  const auto keys =
      history_.blocks(part.node.key, window.from_ms - before, window.to_ms, limits_.blocks);
  if (!keys) return keys.error();
  for (const StoreHistory::BlockKey& key : *keys) {
    if (const auto added = add_block(part, key, window, range); !added) return added;
  }
  return {};
}

Result<void> StoreReader::add_block(NodePart& part, const StoreHistory::BlockKey& key,
                                    Window window, Range& range) {
  if (const auto counted = count_block(range); !counted) return counted;
  Result<void> added;
  const auto read = history_.with_block(key.id, [&](const StoreHistory::Block& block) {
    const auto wanted = wanted_of(part, block.table_id, range);
    if (!wanted) {
      added = wanted.error();
      return;
    }
    if ((*wanted)->empty()) return;
    // One that can't be opened came damaged from its node, which checksums exclude but for a bug.
    const auto reader = wire::ColumnReader::open(block.columns);
    if (!reader) return;
    values_.resize(reader->rows());
    for (const Wanted& one : **wanted) {
      api::RangeAccumulator& points = part.found[one.series].points;
      points.pass(key.start_ms);
      if (reader->read(one.alias, values_)) points.add(reader->times_ms(), values_, window);
    }
  });
  if (!read) return read;
  if (!added || !api::is_percentile(range.query.function)) return added;
  std::size_t kept = 0;
  for (const Found& found : part.found) kept += found.points.kept();
  if (kept <= limits_.values) return {};
  return Error{"a percentile over steps this long needs more than " +
               std::to_string(limits_.values) +
               " samples at once: take a shorter step, or one node or label"};
}

Result<const std::vector<StoreReader::Wanted>*> StoreReader::wanted_of(NodePart& part,
                                                                       std::int64_t table_id,
                                                                       Range& range) {
  if (const auto known = part.wanted.find(table_id); known != part.wanted.end()) {
    return &known->second;
  }
  const auto table = history_.table(part.node.key, table_id);
  if (!table) return table.error();
  std::vector<Wanted>& wanted = part.wanted[table_id];
  if (*table == nullptr) return &wanted;
  for (std::size_t alias = 0; alias < (*table)->size(); ++alias) {
    const wire::SeriesInfo& series = (**table)[alias];
    if (!api::matches(range.query, series)) continue;
    // The same series may stand in several tables of a node, under other aliases.
    auto known = std::find_if(part.found.begin(), part.found.end(),
                              [&](const Found& found) { return found.series == series; });
    if (known == part.found.end()) {
      const std::size_t others = range.query.is_grouped ? 0 : range.result.series.size();
      if (others + part.found.size() >= range.most_series) {
        range.result.truncated = true;
        continue;
      }
      part.found.push_back({series, api::RangeAccumulator(range.query, series.kind)});
      known = part.found.end() - 1;
    }
    wanted.push_back({alias, static_cast<std::size_t>(known - part.found.begin())});
  }
  return &wanted;
}

Result<api::QueryResult> StoreReader::model(const api::ModelQuery& query) {
  const InUse use(model_);
  model_.bind(1, query.model.name).bind(2, std::int64_t{query.model.version});
  const auto row = model_.step();
  if (!row) return row.error();
  api::ModelPayload payload;
  if (*row) {
    const auto bytes = model_.blob(0);
    payload.bytes.assign(bytes.begin(), bytes.end());
  }
  return api::QueryResult{std::move(payload)};
}

Result<api::QueryResult> StoreReader::events(const api::EventQuery& query) {
  std::vector<StoreHistory::Node> nodes;
  if (!query.node.empty()) {
    auto named = history_.nodes(query.node);
    if (!named) return named.error();
    nodes = std::move(*named);
    if (nodes.empty()) return api::QueryResult{api::EventResult{}};
  }
  Statement& rows = query.of_anomalies ? (nodes.empty() ? anomalies_ : node_anomalies_)
                                       : (nodes.empty() ? all_events_ : node_events_);
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
    if (!asks_for(query, *event)) continue;
    result.events.push_back({std::string(rows.text(0)), std::move(*event)});
  }
  result.truncated = result.events.size() == query.limit;
  return api::QueryResult{std::move(result)};
}

}  // namespace bw::coordinator
