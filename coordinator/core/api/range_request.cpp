// A metric over time: the question to the store, and the answer with the newest live value behind
// it.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/parameters.h"
#include "coordinator/core/api/range.h"
#include "coordinator/core/api/time_text.h"

namespace bw::coordinator::api {

namespace {

constexpr std::int64_t kMaxRangeMs = 400LL * 86400 * 1000;
constexpr std::int64_t kMaxPoints = 11000;           // of one series
constexpr std::int64_t kMaxPointsInAll = 1'000'000;  // of one answer
constexpr std::int64_t kMaxSeries = 1000;
constexpr std::int64_t kUsualPoints = 300;

constexpr std::string_view kAggregates[] = {"avg", "min", "max", "sum", "count", "last", "rate"};

// The step for about kUsualPoints points: one that people count in, and no shorter than a tick.
std::int64_t usual_step(std::int64_t range_ms) {
  constexpr std::int64_t kSteps[] = {1000,    2000,    5000,     10000,    15000,   30000,
                                     60000,   120000,  300000,   600000,   900000,  1800000,
                                     3600000, 7200000, 10800000, 21600000, 43200000};
  const std::int64_t wanted = range_ms / kUsualPoints;
  const auto step = std::lower_bound(std::begin(kSteps), std::end(kSteps), wanted);
  constexpr std::int64_t kDay = 86400000;
  return step != std::end(kSteps) ? *step : (wanted + kDay - 1) / kDay * kDay;
}

// A counter's values mean little by themselves: where a node knows the metric as one, rate.
Aggregate usual_aggregate(const FleetView& fleet, const RangeQuery& query) {
  Aggregate aggregate = Aggregate::avg;
  const std::vector<wire::SeriesInfo>* seen = nullptr;
  const auto look = [&](const NodeView& node) {
    if (node.series == nullptr || node.series == seen) return true;
    seen = node.series;
    for (const wire::SeriesInfo& series : *seen) {
      if (series.name != query.metric) continue;
      if (series.kind == wire::SeriesKind::counter) aggregate = Aggregate::rate;
      return false;
    }
    return true;
  };
  if (query.node.empty()) {
    fleet.each({}, look);
  } else if (const auto node = fleet.find(query.node)) {
    look(*node);
  }
  return aggregate;
}

void check_bounds(RangeQuery& query, std::optional<std::int64_t> step, Parameters& in) {
  const std::int64_t range = query.to_ms - query.from_ms;
  if (range <= 0) return in.fail("to", "'to' is not later than 'from'");
  if (range > kMaxRangeMs) return in.fail("from", "the range is longer than 400 days");
  query.step_ms = step.value_or(usual_step(range));
  if (query.step_ms < 1) return in.fail("step", "a step is 1 ms or longer");
  if (query.step_ms > kMaxRangeMs) return in.fail("step", "a step is 400 days or shorter");
  const std::int64_t points = (range + query.step_ms - 1) / query.step_ms;
  if (points > kMaxPoints) {
    return in.fail("step", "the range has " + std::to_string(points) + " steps, more than " +
                               std::to_string(kMaxPoints) + ": take a longer step");
  }
  query.max_series =
      static_cast<std::uint32_t>(std::clamp(kMaxPointsInAll / points, std::int64_t{1}, kMaxSeries));
}

// Whether a live value is such a point: live has gauges as they are, and counters as rates.
bool is_point_of(Aggregate aggregate, wire::SeriesKind kind) {
  if (kind == wire::SeriesKind::counter) return aggregate == Aggregate::rate;
  return aggregate == Aggregate::avg || aggregate == Aggregate::min ||
         aggregate == Aggregate::max || aggregate == Aggregate::last;
}

// Puts the newest live values behind what the store has: history comes up to a minute late.
class LiveEnd {
 public:
  LiveEnd(const RangeQuery& query, RangeResult& result) : query_(query), result_(result) {
    for (std::size_t i = 0; i < result.series.size(); ++i) {
      by_node_[result.series[i].node].push_back(i);
    }
  }

  void add(const NodeView& node) {
    if (node.series == nullptr || node.live.empty()) return;
    if (node.live_ms < query_.from_ms || node.live_ms >= query_.to_ms) return;
    for (const std::size_t alias : aliases_of(*node.series)) {
      const wire::SeriesInfo& series = (*node.series)[alias];
      const float value = live_value(node, alias);
      if (!std::isfinite(value) || !is_point_of(query_.aggregate, series.kind)) continue;
      RangeSeries* const target = find_or_add(node, series);
      if (target == nullptr) continue;
      const std::int64_t begin = bucket_begin(node.live_ms, query_.step_ms);
      const bool is_newer = target->points.empty() || target->points.back().time_ms < begin;
      if (is_newer) target->points.push_back({begin, static_cast<double>(value)});
    }
  }

 private:
  const std::vector<std::size_t>& aliases_of(const std::vector<wire::SeriesInfo>& table) {
    const auto [entry, is_new] = aliases_.try_emplace(&table);
    for (std::size_t alias = 0; is_new && alias < table.size(); ++alias) {
      if (matches(query_, table[alias])) entry->second.push_back(alias);
    }
    return entry->second;
  }

  RangeSeries* find_or_add(const NodeView& node, const wire::SeriesInfo& series) {
    auto& indices = by_node_[std::string(node.id)];
    for (const std::size_t i : indices) {
      if (result_.series[i].series == series) return &result_.series[i];
    }
    if (result_.series.size() >= query_.max_series) {
      result_.truncated = true;
      return nullptr;
    }
    indices.push_back(result_.series.size());
    result_.series.push_back({std::string(node.id), series, {}});
    return &result_.series.back();
  }

  const RangeQuery& query_;
  RangeResult& result_;
  std::map<std::string, std::vector<std::size_t>> by_node_;
  std::map<const std::vector<wire::SeriesInfo>*, std::vector<std::size_t>> aliases_;
};

void write_series(JsonWriter& json, const RangeSeries& one, Aggregate aggregate) {
  json.begin_object();
  json.member("node", one.node);
  json.member("name", one.series.name);
  json.member("unit", aggregate == Aggregate::rate    ? one.series.unit + "/s"
                      : aggregate == Aggregate::count ? std::string("count")
                                                      : one.series.unit);
  write_labels(json, "labels", one.series.labels);
  json.key("points").begin_array();
  for (const Point& point : one.points) {
    json.begin_array().value(point.time_ms).value(point.value).end_array();
  }
  json.end_array().end_object();
}

}  // namespace

Answer query_range(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  RangeQuery query;
  query.metric = in.metric("metric");
  query.node = in.node("node");
  query.labels = in.labels("label");
  query.from_ms = in.time("from", "-15m");
  query.to_ms = in.time("to", "now");
  const auto step = in.duration("step");
  const auto aggregate = in.choice("aggregate", kAggregates);
  if (!in.problem()) check_bounds(query, step, in);
  if (auto bad = in.problem()) return *std::move(bad);
  query.aggregate =
      aggregate ? static_cast<Aggregate>(*aggregate) : usual_aggregate(call.fleet, query);
  return StoreQuery(std::move(query));
}

Response finish_range(const RangeQuery& query, RangeResult result, const FleetView& fleet) {
  LiveEnd end(query, result);
  if (!query.node.empty()) {
    if (const auto node = fleet.find(query.node)) end.add(*node);
  } else {
    fleet.each({}, [&](const NodeView& node) {
      end.add(node);
      return true;
    });
  }
  JsonWriter json;
  json.begin_object();
  json.member("metric", query.metric);
  json.member("aggregate", kAggregates[static_cast<std::size_t>(query.aggregate)]);
  json.member("from", format_time(query.from_ms));
  json.member("to", format_time(query.to_ms));
  json.member("step_ms", query.step_ms);
  json.key("series").begin_array();
  for (const RangeSeries& one : result.series) write_series(json, one, query.aggregate);
  json.end_array();
  json.member("truncated", result.truncated);
  json.end_object();
  return json_response(std::move(json));
}

}  // namespace bw::coordinator::api
