// A metric over time: the answer, with the newest live value behind what the store has.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/problem.h"
#include "coordinator/core/api/range.h"
#include "coordinator/core/api/range_names.h"
#include "coordinator/core/api/time_text.h"
#include "schemas/metrics/metric_table.h"

namespace bw::coordinator::api {

namespace {

constexpr std::size_t kNearNames = 3;      // offered where a metric is not known
constexpr std::size_t kMaxTables = 200;    // of different nodes, looked through for names
constexpr std::size_t kMaxAtOnce = 10000;  // points that are written as one text

// Whether a live value is such a point: live has gauges as they are, and counters as rates.
bool is_point_of(Function function, wire::SeriesKind kind) {
  if (kind == wire::SeriesKind::counter) return function == Function::rate;
  return function == Function::avg || function == Function::min || function == Function::max ||
         function == Function::last;
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
      if (!std::isfinite(value) || !is_point_of(query_.function, series.kind)) continue;
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

// The unit of what a query makes of a series' values.
std::string unit_of(const RangeQuery& query, const std::string& unit) {
  if (query.is_grouped && query.across == Across::count) return "count";
  if (query.function == Function::rate) return unit + "/s";
  return query.function == Function::count ? "count" : unit;
}

std::string write_series(const RangeQuery& query, const RangeSeries& one) {
  JsonWriter json;
  json.begin_object();
  json.member("node", one.node);
  json.member("name", one.series.name);
  json.member("unit", unit_of(query, one.series.unit));
  write_labels(json, "labels", one.series.labels);
  json.key("points").begin_array();
  for (const Point& point : one.points) {
    json.begin_array().value(point.time_ms).value(point.value).end_array();
  }
  json.end_array().end_object();
  return json.take();
}

// What comes before the series.
std::string write_head(const RangeQuery& query, Resolution resolution) {
  JsonWriter json;
  json.begin_object();
  json.member("metric", query.metric);
  json.member("function", kFunctionNames[static_cast<std::size_t>(query.function)]);
  if (query.is_grouped) {
    json.key("group_by").begin_array();
    for (const std::string& label : query.group_by) json.value(label);
    json.end_array();
    json.member("across", kAcrossNames[static_cast<std::size_t>(query.across)]);
  } else {
    json.key("group_by").null().key("across").null();
  }
  json.member("resolution", kResolutionNames[static_cast<std::size_t>(resolution)]);
  json.member("from", format_time(query.from_ms));
  json.member("to", format_time(query.to_ms));
  json.member("step_ms", query.step_ms);
  json.key("series").begin_array();
  return json.take();
}

// Gives the answer's text a series at a time.
class AnswerText {
 public:
  AnswerText(RangeQuery query, RangeResult result)
      : query_(std::move(query)), result_(std::move(result)) {}

  // Empty once all was given.
  std::string next() {
    if (is_done_) return {};
    std::string text;
    if (next_ == 0) text = write_head(query_, result_.resolution);
    if (next_ < result_.series.size()) {
      if (next_ > 0) text += ',';
      text += write_series(query_, result_.series[next_]);
      result_.series[next_].points = {};
      ++next_;
    }
    if (next_ < result_.series.size()) return text;
    is_done_ = true;
    text += "],\"truncated\":";
    text += result_.truncated ? "true}" : "false}";
    return text;
  }

 private:
  RangeQuery query_;
  RangeResult result_;
  std::size_t next_ = 0;
  bool is_done_ = false;
};

std::set<std::string_view> known_names(const FleetView& fleet) {
  std::set<std::string_view> names;
  for (const metrics::MetricInfo* metric : metrics::all_metrics()) names.insert(metric->name);
  std::vector<const std::vector<wire::SeriesInfo>*> seen;
  fleet.each({}, [&](const NodeView& node) {
    const bool is_seen = std::find(seen.begin(), seen.end(), node.series) != seen.end();
    if (node.series == nullptr || is_seen) return true;
    seen.push_back(node.series);
    for (const wire::SeriesInfo& series : *node.series) names.insert(series.name);
    return seen.size() < kMaxTables;
  });
  return names;
}

// The problem of a name that nothing has; nothing where it is a metric's.
std::optional<Response> unknown_metric(const std::string& name, const FleetView& fleet,
                                       std::string_view instance) {
  const auto known = known_names(fleet);
  if (known.contains(name)) return std::nullopt;
  std::vector<std::string_view> names(known.begin(), known.end());
  std::string near;
  for (std::size_t i = 0; i < kNearNames; ++i) {
    const std::string_view found = nearest(name, names);
    if (found.empty()) break;
    near += (near.empty() ? "" : ", ") + std::string(found);
    std::erase(names, found);
  }
  return problem(404,
                 "there is no metric '" + name + "'" +
                     (near.empty() ? std::string{} : ", near to it: " + near),
                 instance, "metric");
}

}  // namespace

Response finish_range(const RangeQuery& query, RangeResult result, const FleetView& fleet,
                      std::string_view instance) {
  LiveEnd end(query, result);
  if (query.is_grouped) {
    // A group's newest point would be that of the few nodes whose live value came first.
  } else if (!query.node.empty()) {
    if (const auto node = fleet.find(query.node)) end.add(*node);
  } else {
    fleet.each({}, [&](const NodeView& node) {
      end.add(node);
      return true;
    });
  }
  if (result.series.empty()) {
    if (auto unknown = unknown_metric(query.metric, fleet, instance)) return *std::move(unknown);
  }
  std::size_t points = 0;
  for (const RangeSeries& one : result.series) points += one.points.size();
  const auto text = std::make_shared<AnswerText>(query, std::move(result));
  Response response;
  response.body = text->next();
  if (points > kMaxAtOnce) {
    response.more = [text] { return text->next(); };
    response.more_bytes = points * sizeof(Point);
    return response;
  }
  for (std::string piece = text->next(); !piece.empty(); piece = text->next()) {
    response.body += piece;
  }
  return response;
}

}  // namespace bw::coordinator::api
