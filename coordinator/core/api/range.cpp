#include "coordinator/core/api/range.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace bw::coordinator::api {

std::int64_t bucket_begin(std::int64_t time_ms, std::int64_t step_ms) {
  const std::int64_t rest = time_ms % step_ms;
  return time_ms - (rest < 0 ? rest + step_ms : rest);
}

bool matches(const RangeQuery& query, const wire::SeriesInfo& series) {
  if (series.name != query.metric) return false;
  return std::all_of(query.labels.begin(), query.labels.end(), [&](const wire::Label& label) {
    return std::find(series.labels.begin(), series.labels.end(), label) != series.labels.end();
  });
}

RangeAccumulator::RangeAccumulator(const RangeQuery& query, wire::SeriesKind kind)
    : aggregate_(query.aggregate),
      kind_(kind),
      from_ms_(query.from_ms),
      to_ms_(query.to_ms),
      step_ms_(query.step_ms),
      first_bucket_(bucket_begin(query.from_ms, query.step_ms)) {
  BW_ASSERT(query.step_ms > 0);
}

void RangeAccumulator::add(std::span<const std::int64_t> times_ms, std::span<const double> values) {
  BW_ASSERT(times_ms.size() == values.size());
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    if (aggregate_ == Aggregate::rate) {
      add_rate(times_ms[i], values[i]);
    } else {
      add_sample(times_ms[i], values[i]);
    }
  }
}

RangeAccumulator::Bucket* RangeAccumulator::bucket_of(std::int64_t time_ms) {
  if (time_ms < from_ms_ || time_ms >= to_ms_) return nullptr;
  if (buckets_.empty()) {
    buckets_.resize(static_cast<std::size_t>((to_ms_ - 1 - first_bucket_) / step_ms_ + 1));
  }
  return &buckets_[static_cast<std::size_t>((time_ms - first_bucket_) / step_ms_)];
}

void RangeAccumulator::add_sample(std::int64_t time_ms, double value) {
  Bucket* const bucket = bucket_of(time_ms);
  if (bucket == nullptr) return;
  const bool is_first = bucket->weight == 0;
  bucket->weight += 1;
  switch (aggregate_) {
    case Aggregate::avg:
    case Aggregate::sum:
      bucket->value += value;
      break;
    case Aggregate::min:
      bucket->value = is_first ? value : std::min(bucket->value, value);
      break;
    case Aggregate::max:
      bucket->value = is_first ? value : std::max(bucket->value, value);
      break;
    case Aggregate::last:
      if (is_first || time_ms >= bucket->newest_ms) {
        bucket->value = value;
        bucket->newest_ms = time_ms;
      }
      break;
    case Aggregate::count:
    case Aggregate::rate:
      break;
  }
}

void RangeAccumulator::add_rate(std::int64_t time_ms, double value) {
  const std::optional<Previous> previous = previous_;
  if (previous && time_ms <= previous->time_ms) return;
  previous_ = Previous{time_ms, value};
  if (!previous || time_ms - previous->time_ms > kMaxRateGapMs) return;
  Bucket* const bucket = bucket_of(time_ms);
  if (bucket == nullptr) return;
  // A counter falls only by a reset: what it shows then was counted since.
  const bool was_reset = kind_ == wire::SeriesKind::counter && value < previous->value;
  bucket->value += was_reset ? value : value - previous->value;
  bucket->weight += static_cast<double>(time_ms - previous->time_ms) / 1000.0;
}

std::vector<Point> RangeAccumulator::finish() const {
  std::vector<Point> points;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const Bucket& bucket = buckets_[i];
    if (bucket.weight == 0) continue;
    double value = bucket.value;
    if (aggregate_ == Aggregate::avg || aggregate_ == Aggregate::rate) value /= bucket.weight;
    if (aggregate_ == Aggregate::count) value = bucket.weight;
    points.push_back({first_bucket_ + static_cast<std::int64_t>(i) * step_ms_, value});
  }
  return points;
}

}  // namespace bw::coordinator::api
