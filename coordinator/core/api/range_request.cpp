// A metric over time: the question to the store.
#include <algorithm>
#include <string>
#include <utility>

#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/parameters.h"
#include "coordinator/core/api/range_names.h"

namespace bw::coordinator::api {

namespace {

constexpr std::int64_t kMaxRangeMs = 400LL * 86400 * 1000;
constexpr std::int64_t kMaxPoints = 11000;           // of one series
constexpr std::int64_t kMaxPointsInAll = 1'000'000;  // of one answer
constexpr std::int64_t kMaxSeries = 1000;
constexpr std::int64_t kUsualPoints = 300;

constexpr std::size_t kMaxGroupLabels = 4;

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
Function usual_function(const FleetView& fleet, const RangeQuery& query) {
  Function function = Function::avg;
  const std::vector<wire::SeriesInfo>* seen = nullptr;
  const auto look = [&](const NodeView& node) {
    if (node.series == nullptr || node.series == seen) return true;
    seen = node.series;
    for (const wire::SeriesInfo& series : *seen) {
      if (series.name != query.metric) continue;
      if (series.kind == wire::SeriesKind::counter) function = Function::rate;
      return false;
    }
    return true;
  };
  if (query.node.empty()) {
    fleet.each({}, look);
  } else if (const auto node = fleet.find(query.node)) {
    look(*node);
  }
  return function;
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

// Labels to group by: each once, and few, since a series is looked through for each.
void read_groups(RangeQuery& query, Parameters& in) {
  query.group_by = in.names("group_by");
  const auto across = in.choice("across", kAcrossNames);
  for (auto name = query.group_by.begin(); name != query.group_by.end(); ++name) {
    if (std::find(query.group_by.begin(), name, *name) == name) continue;
    in.fail("group_by", "'" + *name + "' is named twice");
  }
  if (query.group_by.size() > kMaxGroupLabels) {
    in.fail("group_by", "there are more than " + std::to_string(kMaxGroupLabels) + " labels");
  }
  query.is_grouped = across || !query.group_by.empty();
  if (across) query.across = static_cast<Across>(*across);
}

void find_sites(RangeQuery& query, const FleetView& fleet) {
  const auto& labels = query.group_by;
  if (std::find(labels.begin(), labels.end(), "site") == labels.end()) return;
  fleet.each({}, [&](const NodeView& node) {
    if (node.birth != nullptr) query.sites.emplace_back(node.id, node.birth->site);
    return true;
  });
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
  auto function = in.choice("function", kFunctionNames);
  if (const auto former = in.choice("aggregate", kFunctionNames)) {
    if (function) in.fail("aggregate", "'aggregate' is another name of 'function': give one");
    function = former;
  }
  read_groups(query, in);
  if (!in.problem()) check_bounds(query, step, in);
  if (auto bad = in.problem()) return *std::move(bad);
  query.function = function ? static_cast<Function>(*function) : usual_function(call.fleet, query);
  find_sites(query, call.fleet);
  return StoreQuery(std::move(query));
}

}  // namespace bw::coordinator::api
