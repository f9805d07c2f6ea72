#include "agent/core/collect/sample.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "schemas/metrics/metric_table.h"
#include "schemas/wire/limits.h"

namespace bw::agent {
namespace {

constexpr double kWrap = 0x1.0p32;
constexpr double kPaceKept = 0.9;

// The names of a box's processes, devices and mount points may be any bytes, and a mount point's
// may be longer than the wire takes. A byte that is no UTF-8 is told as "\xff", so that names
// which differ in such bytes alone stay apart. Nothing is allocated for names that need no mending.
void mend(std::string& text) {
  if (text.size() <= wire::kMaxText && is_utf8(text)) return;
  text = to_utf8(text, BadByte::escaped, wire::kMaxText);
}

void mend(std::vector<wire::Label>& labels) {
  for (wire::Label& label : labels) mend(label.value);
}

}  // namespace

double counter_increment(double previous, double current, double pace, double seconds) {
  if (current >= previous) return current - previous;
  if (previous < kWrap) {
    const double across = kWrap - previous + current;
    if (across <= kWrapPaces * pace * seconds) return across;
  }
  return Sample::kNoValue;  // a reset, or one of the two is no number
}

double counter_pace(double pace, double increment, double seconds) {
  return std::max(increment / seconds, pace * kPaceKept);
}

double rounded_share(double part, double whole) {
  if (!(whole > 0)) return Sample::kNoValue;
  return std::round(10000 * part / whole) / 100;
}

Sample::Alias Sample::declare(const metrics::MetricInfo& metric, std::vector<wire::Label> labels) {
  mend(labels);
  for (Alias alias = 0; alias < metrics_.size(); ++alias) {
    if (metrics_[alias] == &metric && series_[alias].labels == labels) return alias;
  }
  if (series_.size() == wire::kMaxSeries) {
    ++refused_;
    return kNoAlias;
  }
  const auto alias = static_cast<Alias>(series_.size());
  series_.push_back(
      {std::string(metric.name), std::string(metric.unit), metric.kind, std::move(labels)});
  metrics_.push_back(&metric);
  values_.push_back(kNoValue);
  live_.push_back(static_cast<float>(kNoValue));
  fresh_.push_back(0);
  if (metric.kind == wire::SeriesKind::counter) counters_.push_back({.alias = alias});
  grown_ = true;
  return alias;
}

void Sample::relabel(Alias alias, std::vector<wire::Label> labels) {
  mend(labels);
  if (alias >= series_.size() || series_[alias].labels == labels) return;
  series_[alias].labels = std::move(labels);
  values_[alias] = kNoValue;
  live_[alias] = static_cast<float>(kNoValue);
  fresh_[alias] = 0;
  for (Counter& counter : counters_) {
    if (counter.alias == alias) counter = Counter{.alias = alias};
  }
  grown_ = true;
}

void Sample::advance(Counter& counter, Instant now) {
  const double value = values_[counter.alias];
  const double seconds = to_seconds(now - counter.when);
  float rate = static_cast<float>(kNoValue);
  if (!std::isnan(value) && !std::isnan(counter.previous)) {
    if (seconds <= 0) return;  // the same moment again: the next call tells
    const double increment = counter_increment(counter.previous, value, counter.pace, seconds);
    if (!std::isnan(increment)) {
      counter.pace = counter_pace(counter.pace, increment, seconds);
      rate = static_cast<float>(increment / seconds);
    }
  }
  live_[counter.alias] = rate;
  counter.previous = value;
  counter.when = now;
}

void Sample::finish(Instant now) {
  for (Counter& counter : counters_) {
    if (fresh_[counter.alias] == 0) continue;
    fresh_[counter.alias] = 0;
    advance(counter, now);
  }
  for (Alias alias = 0; alias < values_.size(); ++alias) {
    // Gauges alone are left marked: counters were unmarked above.
    if (fresh_[alias] == 0) continue;
    fresh_[alias] = 0;
    live_[alias] = static_cast<float>(values_[alias]);
  }
  if (grown_) {
    table_id_ = wire::series_table_id(series_);
    grown_ = false;
  }
}

}  // namespace bw::agent
