// Samples of one series into the points of a range query: what the store calls while it reads
// blocks, kept here because it decides what a point means.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "coordinator/core/api/query.h"

namespace bw::coordinator::api {

class RangeAccumulator {
 public:
  // Two samples of a counter further apart than this say nothing of its rate between them.
  static constexpr std::int64_t kMaxRateGapMs = 5 * 60 * 1000;

  // `query` is used during the call only.
  RangeAccumulator(const RangeQuery& query, wire::SeriesKind kind);

  // Adds the samples of one block: as many values as times, NaN where there is no value. Samples
  // outside the query's range are left out, whatever block they lie in.
  //
  // The blocks of all epochs of a node are added in the order of their start_ms. For
  // Aggregate::rate the last block before from_ms may be added too: the first point then has
  // something to start from. A sample that is not newer than the one before it (the clock was set
  // back) begins no rate.
  void add(std::span<const std::int64_t> times_ms, std::span<const double> values);

  // Ascending, buckets without a value left out. Point::time_ms is the bucket's begin, a multiple
  // of step_ms, and so the first may lie before from_ms.
  std::vector<Point> finish() const;

 private:
  struct Bucket {
    double value = 0;   // sum, min, max, last or the increase, by aggregate
    double weight = 0;  // samples; for a rate the seconds that the increase took
    std::int64_t newest_ms = 0;
  };
  void add_sample(std::int64_t time_ms, double value);
  void add_rate(std::int64_t time_ms, double value);
  Bucket* bucket_of(std::int64_t time_ms);

  Aggregate aggregate_;
  wire::SeriesKind kind_;
  std::int64_t from_ms_;
  std::int64_t to_ms_;
  std::int64_t step_ms_;
  std::int64_t first_bucket_;
  std::vector<Bucket> buckets_;  // allocated with the first sample
  struct Previous {
    std::int64_t time_ms;
    double value;
  };
  std::optional<Previous> previous_;
};

// The begin of the bucket that a time falls into: the greatest multiple of step_ms not above it.
std::int64_t bucket_begin(std::int64_t time_ms, std::int64_t step_ms);

// Whether a series is one that `query` asks for: its name, and every label asked for among its own.
bool matches(const RangeQuery& query, const wire::SeriesInfo& series);

}  // namespace bw::coordinator::api
