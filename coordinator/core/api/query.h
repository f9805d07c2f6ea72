// What the API asks of the store, and what the store answers. Every question is bounded before it
// is put.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/core/models.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator::api {

// What a point is of the samples within its step. rate: the increase a second.
enum class Function : std::uint8_t {
  avg,
  min,
  max,
  sum,
  count,
  last,
  rate,
  increase,
  p50,
  p95,
  p99,
};
constexpr bool is_increase(Function function) {
  return function == Function::rate || function == Function::increase;
}
constexpr bool is_percentile(Function function) {
  return function == Function::p50 || function == Function::p95 || function == Function::p99;
}
// Between 0 and 1.
constexpr double quantile_of(Function function) {
  return function == Function::p50 ? 0.5 : function == Function::p95 ? 0.95 : 0.99;
}

// What a point of a group is of the points of its series.
enum class Across : std::uint8_t { avg, min, max, sum, count, p95 };

// What was measured, or its rollups: from the finest on.
enum class Resolution : std::uint8_t { raw, minute, hour };

// Samples of every series called `metric` whose labels contain `labels`, on `node` (empty: all
// nodes), with from_ms <= time < to_ms, put into buckets of step_ms that begin at multiples of
// step_ms.
struct RangeQuery {
  std::string node;
  std::string metric;
  std::vector<wire::Label> labels;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::int64_t step_ms = 1000;
  Function function = Function::avg;
  std::uint32_t max_series = 1000;  // more: the answer says truncated
  // Series with the same values of these labels ("node" and "site" are labels too) become one.
  // Without any but is_grouped: all become one.
  bool is_grouped = false;
  std::vector<std::string> group_by;
  Across across = Across::avg;
  // The sites of nodes by id, ascending, where something is to be grouped by them.
  std::vector<std::pair<std::string, std::string>> sites = {};
};

// Newest first, with from_ms <= time < to_ms; no more than `limit`.
struct EventQuery {
  std::string node;      // empty: all
  std::string kind;      // empty: all
  int min_severity = 0;  // wire::Severity
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::uint32_t limit = 100;
  // Instead of `kind`: those of anomalies alone.
  bool of_anomalies = false;
  std::optional<std::uint64_t> epoch = {};
  // Those of these kinds too, however light.
  std::vector<std::string> also_kinds = {};
};

// The payload of a model.
struct ModelQuery {
  ModelId model;
};

using StoreQuery = std::variant<RangeQuery, EventQuery, ModelQuery>;

struct Point {
  std::int64_t time_ms = 0;  // the bucket's begin
  double value = 0;
};
// Of a group: no node, and for labels those that it was grouped by.
struct RangeSeries {
  std::string node;
  wire::SeriesInfo series;
  std::vector<Point> points;
};
struct RangeResult {
  std::vector<RangeSeries> series;
  bool truncated = false;
  Resolution resolution = Resolution::raw;  // the coarsest that was read
};
struct EventRow {
  std::string node;
  wire::EventRecord event;
};
struct EventResult {
  std::vector<EventRow> events;
  bool truncated = false;  // by the limit, or by what may be looked at: there may be more
};
// Empty: there is no such model.
struct ModelPayload {
  std::vector<std::byte> bytes;
};
struct QueryError {
  std::string reason;
};

using QueryResult = std::variant<RangeResult, EventResult, QueryError, ModelPayload>;

}  // namespace bw::coordinator::api
