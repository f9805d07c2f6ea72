#include "coordinator/core/api/range.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

Resolution coarsest(const RangeQuery& query, wire::SeriesKind kind) {
  if (is_percentile(query.function)) return Resolution::raw;
  const bool is_height = query.function == Function::avg || query.function == Function::min ||
                         query.function == Function::max || query.function == Function::sum;
  if (is_height && kind == wire::SeriesKind::counter) return Resolution::raw;
  if (query.step_ms % kHourMs == 0) return Resolution::hour;
  return query.step_ms % kMinuteMs == 0 ? Resolution::minute : Resolution::raw;
}

double percentile(std::vector<double>& values, double quantile) {
  BW_ASSERT(!values.empty());
  const double place = quantile * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[static_cast<std::size_t>(below)];
  const double share = place - static_cast<double>(below);
  if (share == 0) return low;
  return low + share * (*std::min_element(values.begin() + below + 1, values.end()) - low);
}

RangeAccumulator::RangeAccumulator(const RangeQuery& query, wire::SeriesKind kind)
    : function_(query.function),
      kind_(kind),
      range_{query.from_ms, query.to_ms},
      step_ms_(query.step_ms),
      first_bucket_(bucket_begin(query.from_ms, query.step_ms)) {
  BW_ASSERT(query.step_ms > 0);
}

void RangeAccumulator::add(std::span<const std::int64_t> times_ms, std::span<const double> values,
                           Window window) {
  BW_ASSERT(times_ms.size() == values.size());
  BW_ASSERT(window.from_ms >= range_.from_ms && window.to_ms <= range_.to_ms);
  const bool is_increasing = is_increase(function_);
  const bool is_kept = is_percentile(function_);
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    const std::int64_t time = times_ms[i];
    if (!std::isfinite(values[i])) continue;
    if (is_increasing) {
      add_increase(time, values[i], window);
    } else if (time >= window.from_ms && time < window.to_ms) {
      is_kept ? keep_sample(time, values[i]) : add_sample(time, values[i]);
    }
  }
}

std::int64_t RangeAccumulator::place_of(std::int64_t time_ms) const {
  return (time_ms - first_bucket_) / step_ms_;
}

RangeAccumulator::Bucket& RangeAccumulator::bucket_of(std::int64_t time_ms) {
  if (buckets_.empty()) {
    buckets_.resize(static_cast<std::size_t>(place_of(range_.to_ms - 1)) + 1);
  }
  return buckets_[static_cast<std::size_t>(place_of(time_ms))];
}

void RangeAccumulator::add_sample(std::int64_t time_ms, double value) {
  Bucket& bucket = bucket_of(time_ms);
  const bool is_first = bucket.weight == 0;
  bucket.weight += 1;
  switch (function_) {
    case Function::avg:
    case Function::sum:
      bucket.value += value;
      break;
    case Function::min:
      bucket.value = is_first ? value : std::min(bucket.value, value);
      break;
    case Function::max:
      bucket.value = is_first ? value : std::max(bucket.value, value);
      break;
    case Function::last:
      if (is_first || time_ms >= bucket.newest_ms) {
        bucket.value = value;
        bucket.newest_ms = time_ms;
      }
      break;
    default:
      break;
  }
}

void RangeAccumulator::add_increase(std::int64_t time_ms, double value, Window window) {
  if (time_ms >= window.to_ms) return;  // the next window's, which may bring it again
  const auto step = walk_.to(time_ms, value, kind_);
  if (step.covered_ms == 0 || time_ms < window.from_ms) return;
  Bucket& bucket = bucket_of(time_ms);
  bucket.value += step.increase;
  bucket.weight += static_cast<double>(step.covered_ms) / 1000.0;
}

void RangeAccumulator::add(std::int64_t begin_ms, const RollupBucket& rollup) {
  BW_ASSERT(begin_ms >= first_bucket_ && begin_ms < range_.to_ms);
  BW_ASSERT(!is_percentile(function_));
  if (rollup.count == 0) return;
  if (is_increase(function_)) {
    if (rollup.covered_ms == 0) return;
    Bucket& bucket = bucket_of(begin_ms);
    bucket.value += rollup.increase;
    bucket.weight += rollup.covered_ms / 1000.0;
    return;
  }
  const auto value = [&] {
    switch (function_) {
      case Function::avg:
      case Function::sum:
        return rollup.sum;
      case Function::min:
        return rollup.min;
      case Function::max:
        return rollup.max;
      default:
        return rollup.last;
    }
  };
  add_sample(begin_ms, value());
  bucket_of(begin_ms).weight += rollup.count - 1;
}

void RangeAccumulator::keep_sample(std::int64_t time_ms, double value) {
  samples_[place_of(time_ms)].push_back(value);
  ++kept_;
}

void RangeAccumulator::pass(std::int64_t time_ms) {
  if (samples_.empty() || time_ms <= range_.from_ms) return;
  const std::int64_t place = place_of(std::min(time_ms, range_.to_ms));
  while (!samples_.empty() && samples_.begin()->first < place) conclude(samples_.begin()->first);
}

void RangeAccumulator::conclude(std::int64_t place) {
  auto samples = samples_.extract(place);
  kept_ -= samples.mapped().size();
  Bucket& bucket = bucket_of(first_bucket_ + place * step_ms_);
  bucket.value = percentile(samples.mapped(), quantile_of(function_));
  bucket.weight = 1;
}

std::vector<Point> RangeAccumulator::finish() {
  while (!samples_.empty()) conclude(samples_.begin()->first);
  std::vector<Point> points;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const Bucket& bucket = buckets_[i];
    if (bucket.weight == 0) continue;
    double value = bucket.value;
    if (function_ == Function::avg || function_ == Function::rate) value /= bucket.weight;
    if (function_ == Function::count) value = bucket.weight;
    points.push_back({first_bucket_ + static_cast<std::int64_t>(i) * step_ms_, value});
  }
  return points;
}

bool RangeGroups::add(const std::string& node, const std::string& site,
                      const wire::SeriesInfo& series, const std::vector<Point>& points) {
  std::vector<std::string> key;
  for (const std::string& name : query_.group_by) {
    if (name == "node" || name == "site") {
      key.push_back(name == "node" ? node : site);
      continue;
    }
    const auto label = std::find_if(series.labels.begin(), series.labels.end(),
                                    [&](const wire::Label& one) { return one.name == name; });
    key.push_back(label == series.labels.end() ? std::string{} : label->value);
  }
  if (groups_.size() >= query_.max_series && !groups_.contains(key)) return false;
  Group& group = group_of(std::move(key), series);
  for (const Point& point : points) {
    const std::int64_t place = (point.time_ms - first_bucket_) / query_.step_ms;
    add_point(group.cells[static_cast<std::size_t>(place)], point.value);
  }
  return true;
}

RangeGroups::Group& RangeGroups::group_of(std::vector<std::string> key,
                                          const wire::SeriesInfo& series) {
  const auto [entry, is_new] = groups_.try_emplace(std::move(key));
  Group& group = entry->second;
  if (!is_new) return group;
  const std::int64_t last = (query_.to_ms - 1 - first_bucket_) / query_.step_ms;
  group.cells.resize(static_cast<std::size_t>(last) + 1);
  group.series.name = series.name;
  group.series.unit = series.unit;
  group.series.kind = series.kind;
  for (std::size_t i = 0; i < query_.group_by.size(); ++i) {
    group.series.labels.push_back({query_.group_by[i], entry->first[i]});
  }
  return group;
}

void RangeGroups::add_point(Cell& cell, double value) {
  const bool is_first = cell.weight == 0;
  cell.weight += 1;
  switch (query_.across) {
    case Across::avg:
    case Across::sum:
      cell.value += value;
      break;
    case Across::min:
      cell.value = is_first ? value : std::min(cell.value, value);
      break;
    case Across::max:
      cell.value = is_first ? value : std::max(cell.value, value);
      break;
    case Across::count:
      cell.value += 1;
      break;
    case Across::p95:
      cell.values.push_back(value);
      ++kept_;
      break;
  }
}

std::vector<RangeSeries> RangeGroups::finish() {
  std::vector<RangeSeries> result;
  for (auto& [key, group] : groups_) {
    RangeSeries& one = result.emplace_back();
    one.series = std::move(group.series);
    for (std::size_t i = 0; i < group.cells.size(); ++i) {
      Cell& cell = group.cells[i];
      if (cell.weight == 0) continue;
      double value = cell.value;
      if (query_.across == Across::avg) value /= cell.weight;
      if (query_.across == Across::p95) value = percentile(cell.values, 0.95);
      one.points.push_back({first_bucket_ + static_cast<std::int64_t>(i) * query_.step_ms, value});
    }
  }
  groups_.clear();
  return result;
}

}  // namespace bw::coordinator::api
