// What the API asks of the store, and what the store answers. Every question is bounded before it
// is put.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "schemas/wire/messages.h"

namespace bw::coordinator::api {

enum class Aggregate : std::uint8_t { avg, min, max, sum, count, last, rate };

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
  Aggregate aggregate = Aggregate::avg;
  std::uint32_t max_series = 1000;  // more: the answer says truncated
};

// Newest first, with from_ms <= time < to_ms; no more than `limit`.
struct EventQuery {
  std::string node;      // empty: all
  std::string kind;      // empty: all
  int min_severity = 0;  // wire::Severity
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::uint32_t limit = 100;
};

using StoreQuery = std::variant<RangeQuery, EventQuery>;

struct Point {
  std::int64_t time_ms = 0;  // the bucket's begin
  double value = 0;
};
struct RangeSeries {
  std::string node;
  wire::SeriesInfo series;
  std::vector<Point> points;
};
struct RangeResult {
  std::vector<RangeSeries> series;
  bool truncated = false;
};
struct EventRow {
  std::string node;
  wire::EventRecord event;
};
struct EventResult {
  std::vector<EventRow> events;
};
struct QueryError {
  std::string reason;
};

using QueryResult = std::variant<RangeResult, EventResult, QueryError>;

}  // namespace bw::coordinator::api
