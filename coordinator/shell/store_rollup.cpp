#include "coordinator/shell/store_rollup.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "schemas/wire/columns.h"

namespace bw::coordinator {

namespace {

using Kind = StoreHistory::Kind;

constexpr std::size_t kMinutesOfHour = 60;
constexpr std::size_t kHoursOfDay = 24;

// The same for the same series of another table.
std::string key_of(const wire::SeriesInfo& series) {
  std::string key = series.name + '\0' + series.unit;
  key += series.kind == wire::SeriesKind::counter ? '\1' : '\2';
  for (const wire::Label& label : series.labels) key += label.name + '\0' + label.value + '\0';
  return key;
}

}  // namespace

Result<RollupMaker> RollupMaker::open(Database database) {
  auto history = StoreHistory::open(std::move(database));
  if (!history) return history.error();
  RollupMaker maker(std::move(*history));
  const std::pair<Statement*, std::string_view> statements[] = {
      {&maker.stale_,
       "SELECT node, hour, block FROM stale WHERE last_ms <= ? OR first_ms <= ? LIMIT ?"},
      {&maker.days_, "SELECT node, day FROM stale_days WHERE day < ? LIMIT ?"},
      {&maker.next_node_, "SELECT id FROM nodes WHERE id > ? ORDER BY id LIMIT 1"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = maker.history_.database().prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return maker;
}

bool RollupMaker::is_full(const RollupJob& job) const {
  std::size_t bytes = 0;
  for (const RollupJob::Stretch& stretch : job.stretches) {
    for (const RollupJob::Made& made : stretch.made) bytes += made.data.size();
  }
  return job.stretches.size() >= kMostStretches || bytes >= kMostBytes;
}

Result<std::optional<RollupJob>> RollupMaker::next(std::int64_t now_ms, std::int64_t until_ms) {
  const auto snapshot = Snapshot::begin(history_.database());
  if (!snapshot) return snapshot.error();
  const auto facts = load_facts(history_.database());
  if (!facts) return facts.error();
  RollupJob job;
  const auto is_something = [&] {
    return !job.stretches.empty() || job.marked_until || job.rolled_until;
  };
  // What is on the way goes first: until it is done, queries read its hours from blocks.
  const bool is_on_the_way =
      fact(*facts, StoreFact::rolled_until) < fact(*facts, StoreFact::marked_until);
  Result<void> done = is_on_the_way ? go_on(job, *facts) : begin_hours(job, *facts, until_ms);
  if (done && !is_something()) done = redo_stale(job, now_ms);
  if (done && !is_something()) done = make_days(job, *facts);
  if (!done) return done.error();
  if (!is_something()) return std::optional<RollupJob>{};
  return std::optional<RollupJob>(std::move(job));
}

// First every block of the hours to come is made to mark them, and only then are they read: none
// that is written meanwhile is missed.
Result<void> RollupMaker::begin_hours(RollupJob& job, const StoreFacts& facts,
                                      std::int64_t now_ms) {
  const std::int64_t over = (now_ms - kGraceMs) / api::kHourMs;
  const std::int64_t until = fact(facts, StoreFact::rolled_until);
  if (over <= until) return {};
  const auto nodes = history_.nodes("");
  if (!nodes) return nodes.error();
  std::int64_t first = over;
  for (const StoreHistory::Node& node : *nodes) {
    std::int64_t start_ms = 0;
    const auto found = history_.first_start(node.key, until * api::kHourMs, start_ms);
    if (!found) return found.error();
    if (*found) first = std::min(first, start_ms / api::kHourMs);
  }
  if (first == over) return {};  // no hour that is over has anything
  job.marked_until = std::min(over, first + kMostHours);
  last_node_ = 0;
  next_hour_ = 0;
  return {};
}

Result<void> RollupMaker::go_on(RollupJob& job, const StoreFacts& facts) {
  const std::int64_t from = fact(facts, StoreFact::rolled_until);
  const std::int64_t until = fact(facts, StoreFact::marked_until);
  while (!is_full(job)) {
    const auto row = next_node_.bind(1, last_node_).step();
    const bool found_node = row && *row;
    const std::int64_t node = found_node ? next_node_.integer(0) : 0;
    next_node_.reset();
    if (!row) return row.error();
    if (!found_node) {
      job.rolled_until = until;
      last_node_ = 0;
      return {};
    }
    const auto hour = next_hour(node, from);
    if (!hour) return hour.error();
    if (*hour >= until) {
      last_node_ = node;
      next_hour_ = 0;
      continue;
    }
    job.stretches.push_back({Kind::minutes, node, *hour, 0, {}});
    const auto reaches_on = make_hour(job.stretches.back());
    if (!reaches_on) return reaches_on.error();
    next_hour_ = *hour + 1;
    is_next_certain_ = *reaches_on;
  }
  return {};
}

// The first hour from next_hour_ on that a node has samples in. A block may reach from the hour it
// begins in into the next, where there may be no other.
Result<std::int64_t> RollupMaker::next_hour(std::int64_t node, std::int64_t from) {
  if (next_hour_ == 0) {
    const std::int64_t from_ms = from * api::kHourMs;
    bool is_too_many = false;
    const auto keys = history_.blocks(node, from_ms, from_ms + 1, kMostBlocksOfHour, &is_too_many);
    if (!keys) return keys.error();
    next_hour_ = from;
    is_next_certain_ = is_too_many || !keys->empty();
  }
  if (is_next_certain_) return next_hour_;
  std::int64_t start_ms = 0;
  const auto found = history_.first_start(node, next_hour_ * api::kHourMs, start_ms);
  if (!found) return found.error();
  return *found ? start_ms / api::kHourMs : std::numeric_limits<std::int64_t>::max();
}

Result<void> RollupMaker::redo_stale(RollupJob& job, std::int64_t now_ms) {
  stale_.bind(1, now_ms - kQuietMs)
      .bind(2, now_ms - kMostStaleMs)
      .bind(3, static_cast<std::int64_t>(kMostStretches));
  const InUse use(stale_);
  while (!is_full(job)) {
    const auto row = stale_.step();
    if (!row) return row.error();
    if (!*row) break;
    job.stretches.push_back(
        {Kind::minutes, stale_.integer(0), stale_.integer(1), stale_.integer(2), {}});
    if (const auto made = make_hour(job.stretches.back()); !made) return made.error();
  }
  return {};
}

Result<void> RollupMaker::make_days(RollupJob& job, const StoreFacts& facts) {
  const std::int64_t until =
      fact(facts, StoreFact::rolled_until) / static_cast<std::int64_t>(kHoursOfDay);
  days_.bind(1, until).bind(2, static_cast<std::int64_t>(kMostStretches));
  const InUse use(days_);
  while (!is_full(job)) {
    const auto row = days_.step();
    if (!row) return row.error();
    if (!*row) break;
    job.stretches.push_back({Kind::hours, days_.integer(0), days_.integer(1), 0, {}});
    if (const auto made = make_day(job.stretches.back()); !made) return made;
  }
  return {};
}

void RollupMaker::begin_stretch() {
  unions_.clear();
  place_of_.clear();
  places_.clear();
}

// Where the series of a table go; null where there is no room for them.
Result<const RollupMaker::Places*> RollupMaker::places_of(std::int64_t node, std::int64_t table_id,
                                                          std::size_t buckets) {
  if (const auto known = places_.find(table_id); known != places_.end()) return &known->second;
  const auto series = history_.table(node, table_id);
  if (!series) return series.error();
  std::vector<std::string> keys;
  std::map<std::string, std::size_t> seen;
  std::size_t more = 0;
  if (*series != nullptr) {
    for (const wire::SeriesInfo& one : **series) {
      std::string key = key_of(one);
      // The same series twice in one table: the second is another, whatever it is.
      const std::size_t before = seen[key]++;
      if (before > 0) key += '\3' + std::to_string(before);
      more += place_of_.contains(key) ? 0U : 1U;
      keys.emplace_back(std::move(key));
    }
  }
  if (place_of_.size() + more > kMostSeriesOfStretch) return static_cast<const Places*>(nullptr);
  Places& places = places_[table_id];
  for (std::size_t alias = 0; alias < keys.size(); ++alias) {
    places.push_back(place_of((**series)[alias], std::move(keys[alias]), buckets));
  }
  return static_cast<const Places*>(&places);
}

RollupMaker::Place RollupMaker::place_of(const wire::SeriesInfo& series, std::string key,
                                         std::size_t buckets) {
  if (const auto known = place_of_.find(key); known != place_of_.end()) return known->second;
  if (unions_.empty() || unions_.back().table.size() >= wire::kMaxSeries ||
      unions_.back().text_bytes + key.size() > kMostTextBytes) {
    unions_.emplace_back();
  }
  Union& into = unions_.back();
  into.text_bytes += key.size();
  const Place place{unions_.size() - 1, into.table.size()};
  into.table.push_back(series);
  into.series.emplace_back();
  into.series.back().kind = series.kind;
  into.series.back().buckets.resize(buckets);
  into.walks.emplace_back();
  into.has_begun.push_back(false);
  place_of_.emplace(std::move(key), place);
  return place;
}

void RollupMaker::add_block(const StoreHistory::Block& block, std::int64_t begin_ms,
                            const Places& places) {
  const auto reader = wire::ColumnReader::open(block.columns);
  if (!reader || places.empty()) return;
  values_.resize(reader->rows());
  bool has_samples = false;
  std::int64_t end_ms = 0;
  for (const std::int64_t time_ms : reader->times_ms()) {
    if (time_ms < begin_ms || time_ms >= begin_ms + api::kHourMs) continue;
    has_samples = true;
    end_ms = std::max(end_ms, time_ms);
  }
  for (std::size_t alias = 0; alias < places.size(); ++alias) {
    Union& into = unions_[places[alias].part];
    const std::size_t at = places[alias].at;
    if (has_samples) {
      into.has_samples = true;
      into.end_ms = std::max(into.end_ms, end_ms);
    }
    if (!reader->read(alias, values_)) continue;
    api::IncreaseWalk& walk = into.walks[at];
    api::add_samples(reader->times_ms(), values_, begin_ms, api::kMinuteMs, walk, into.series[at]);
    into.is_ragged = into.is_ragged || walk.went_back();
  }
}

// Whether one of its usual blocks reaches into the hour after it.
Result<bool> RollupMaker::make_hour(RollupJob::Stretch& stretch) {
  const std::int64_t begin_ms = stretch.place * api::kHourMs;
  begin_stretch();
  bool reaches_on = false;
  const auto keys =
      history_.blocks(stretch.node, begin_ms - api::kMaxRateGapMs, begin_ms + api::kHourMs,
                      kMostBlocksOfHour, &stretch.is_skipped);
  if (!keys) return keys.error();
  // Whether one reaches on is not known; an hour without any costs a look.
  if (stretch.is_skipped) return true;
  for (const StoreHistory::BlockKey& key : *keys) {
    Result<void> added;
    const auto read = history_.with_block(key.id, [&](const StoreHistory::Block& block) {
      reaches_on = reaches_on || (block.end_ms >= begin_ms + api::kHourMs &&
                                  block.end_ms - key.start_ms <= kUsualBlockSpanMs);
      const auto places = places_of(stretch.node, block.table_id, kMinutesOfHour);
      if (!places) {
        added = places.error();
      } else if (*places != nullptr) {
        add_block(block, begin_ms, **places);
      } else {
        stretch.lacks_something = true;
      }
    });
    if (!read) return read.error();
    if (!added) return added.error();
  }
  finish(stretch);
  return reaches_on;
}

Result<void> RollupMaker::make_day(RollupJob::Stretch& stretch) {
  begin_stretch();
  const std::int64_t first = stretch.place * static_cast<std::int64_t>(kHoursOfDay);
  const auto added = history_.each_stretch(
      Kind::minutes, stretch.node, first, first + static_cast<std::int64_t>(kHoursOfDay),
      [&](const StoreHistory::Stretch& hour) {
        return add_hour(hour, static_cast<std::size_t>(hour.place - first), stretch);
      });
  if (!added) return added;
  finish(stretch);
  return {};
}

Result<void> RollupMaker::add_hour(const StoreHistory::Stretch& hour, std::size_t bucket,
                                   RollupJob::Stretch& day) {
  for (const StoreHistory::Rollup& rollup : hour.rollups) {
    const auto places = places_of(day.node, rollup.table_id, kHoursOfDay);
    if (!places) return places.error();
    if (*places != nullptr) {
      add_rollup(rollup, bucket, **places);
    } else {
      day.lacks_something = true;
    }
  }
  return {};
}

void RollupMaker::add_rollup(const StoreHistory::Rollup& rollup, std::size_t bucket,
                             const Places& places) {
  const auto reader = api::RollupReader::open(rollup.data);
  if (!reader) return;
  api::RollupSeries minutes;
  for (std::size_t alias = 0; alias < places.size(); ++alias) {
    Union& day = unions_[places[alias].part];
    const std::size_t at = places[alias].at;
    day.has_samples = true;
    day.is_ragged = day.is_ragged || rollup.is_ragged;
    day.end_ms = std::max(day.end_ms, rollup.end_ms);
    api::RollupSeries& series = day.series[at];
    if (!reader->read(alias, series.kind, minutes)) continue;
    if (!day.has_begun[at]) series.before = minutes.before;
    day.has_begun[at] = true;
    for (const api::RollupBucket& minute : minutes.buckets) merge(series.buckets[bucket], minute);
  }
}

void RollupMaker::finish(RollupJob::Stretch& stretch) {
  for (Union& one : unions_) {
    if (!one.has_samples) continue;
    const auto data = encoder_.encode(one.series);
    const auto table_id = to_stored(wire::series_table_id(one.table));
    stretch.made.push_back(
        {table_id,
         one.end_ms,
         one.is_ragged,
         {data.begin(), data.end()},
         std::make_shared<const std::vector<wire::SeriesInfo>>(std::move(one.table))});
  }
}

}  // namespace bw::coordinator
