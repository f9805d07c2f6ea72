// Samples of one series, or their rollups, into the points of a range query: what the store calls
// while it reads, kept here because it decides what a point means. And the points of several series
// into those of their groups.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coordinator/core/api/query.h"
#include "coordinator/core/api/range_rollup.h"

namespace bw::coordinator::api {

// The begin of the bucket that a time falls into: the greatest multiple of step_ms not above it.
std::int64_t bucket_begin(std::int64_t time_ms, std::int64_t step_ms);

// A part of a range, with from_ms <= time < to_ms.
struct Window {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
};

class RangeAccumulator {
 public:
  // `query` is used during the call only.
  RangeAccumulator(const RangeQuery& query, wire::SeriesKind kind);

  // Adds the samples of one block: as many values as times, NaN where there is no value. Samples
  // outside the window are left out, whatever block they lie in.
  //
  // Windows don't overlap. Those of rate, increase and last are added in the order of time, and the
  // blocks of all epochs of a node within one in the order of their start_ms. For rate and increase
  // the last block before a window may be added too: the first point then has something to start
  // from. A sample that is not newer than the one before it (the clock was set back) begins no
  // rate.
  void add(std::span<const std::int64_t> times_ms, std::span<const double> values, Window window);

  // Adds a rollup of the stretch that begins at begin_ms and lies within one step.
  void add(std::int64_t begin_ms, const RollupBucket& rollup);

  // No sample before `time_ms` will be added any more: what was only kept for the percentiles of
  // points before it is freed.
  void pass(std::int64_t time_ms);

  // How many samples are kept for percentiles.
  std::size_t kept() const { return kept_; }

  // Ascending, buckets without a value left out. Point::time_ms is the bucket's begin, a multiple
  // of step_ms, and so the first may lie before from_ms. Call once.
  std::vector<Point> finish();

 private:
  struct Bucket {
    double value = 0;   // sum, min, max, last or the increase, by function
    double weight = 0;  // samples; for an increase the seconds that it took
    std::int64_t newest_ms = 0;
  };
  void add_sample(std::int64_t time_ms, double value);
  void add_increase(std::int64_t time_ms, double value, Window window);
  void keep_sample(std::int64_t time_ms, double value);
  void conclude(std::int64_t place);
  Bucket& bucket_of(std::int64_t time_ms);
  std::int64_t place_of(std::int64_t time_ms) const;

  Function function_;
  wire::SeriesKind kind_;
  Window range_;
  std::int64_t step_ms_;
  std::int64_t first_bucket_;
  std::vector<Bucket> buckets_;  // allocated with the first sample
  IncreaseWalk walk_;
  // Samples of points that percentiles are not known of yet, by their place among the buckets.
  std::map<std::int64_t, std::vector<double>> samples_;
  std::size_t kept_ = 0;
};

// The points of groups of series. A group is told by the values of the labels it is grouped by.
class RangeGroups {
 public:
  // `query` must outlive it.
  explicit RangeGroups(const RangeQuery& query)
      : query_(query), first_bucket_(bucket_begin(query.from_ms, query.step_ms)) {}

  // `node` and `site` stand for labels of those names. False where a group more than
  // RangeQuery::max_series would be made: the series is left out then.
  bool add(const std::string& node, const std::string& site, const wire::SeriesInfo& series,
           const std::vector<Point>& points);

  // How many values are kept for percentiles.
  std::size_t kept() const { return kept_; }

  // By the values of their labels, ascending. Call once.
  std::vector<RangeSeries> finish();

 private:
  struct Cell {
    double value = 0;
    double weight = 0;
    std::vector<double> values;  // of a percentile
  };
  struct Group {
    wire::SeriesInfo series;
    std::vector<Cell> cells;
  };
  Group& group_of(std::vector<std::string> key, const wire::SeriesInfo& series);
  void add_point(Cell& cell, double value);

  const RangeQuery& query_;
  const std::int64_t first_bucket_;
  std::map<std::vector<std::string>, Group> groups_;
  std::size_t kept_ = 0;
};

// The value below which the share `quantile` of all values lies, between two of them by their
// distances (the method R-7 of Hyndman and Fan, 1996). `values` are reordered; at least one.
double percentile(std::vector<double>& values, double quantile);

// Whether a series is one that `query` asks for: its name, and every label asked for among its own.
bool matches(const RangeQuery& query, const wire::SeriesInfo& series);

// The coarsest resolution whose rollups answer `query` as the samples would; of a series of this
// kind.
Resolution coarsest(const RangeQuery& query, wire::SeriesKind kind);

}  // namespace bw::coordinator::api
