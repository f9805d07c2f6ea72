#include "agent/core/detect/watched_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "agent/core/detect/watch_list.h"
#include "base/assert.h"
#include "base/crc32c.h"
#include "base/text.h"
#include "schemas/wire/anomaly.h"
#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

constexpr double kNoWatchedValue = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kKeyChecksum = 11;  // "#4294967295"
// Labels that name one device of all there are.
constexpr std::string_view kUniqueLabel = "uuid";

bool is_unwatched_device(const wire::SeriesInfo& series) {
  return std::ranges::any_of(kUnwatchedDevices, [&](const UnwatchedDevice& unwatched) {
    return series.name.starts_with(unwatched.metric) &&
           std::ranges::any_of(series.labels, [&](const wire::Label& label) {
             return label.value.starts_with(unwatched.device);
           });
  });
}

}  // namespace

std::string place_key(const wire::SeriesInfo& series) {
  wire::SeriesInfo common;
  common.name = series.name;
  for (const wire::Label& label : series.labels) {
    if (label.name != kUniqueLabel) common.labels.push_back(label);
  }
  std::string key = wire::series_key(common);
  // No longer than a model takes: what is cut off is told apart by its checksum.
  if (key.size() <= wire::kMaxText) return key;
  const std::uint32_t rest = crc32c(std::as_bytes(std::span(key)));
  return to_utf8(key, BadByte::escaped, wire::kMaxText - kKeyChecksum) + "#" + std::to_string(rest);
}

bool any_pattern_fits(const std::vector<std::string>& patterns, const wire::SeriesInfo& series) {
  if (patterns.empty()) return false;
  const std::string key = wire::series_key(series);
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return glob_matches(pattern, series.name) || glob_matches(pattern, key);
  });
}

WatchedSeries::WatchedSeries(WatchPatterns patterns) : patterns_(std::move(patterns)) {
  places_.reserve(kPlaces);
  given_away_.reserve(kPlaces);
}

void WatchedSeries::clear() {
  places_.clear();
  found_ = 0;
  table_id_ = 0;
}

void WatchedSeries::adopt(const std::vector<std::string>& keys, Instant now) {
  BW_ASSERT(keys.size() <= kPlaces);
  clear();
  for (const std::string& key : keys) {
    Place place;
    place.key = key;
    place.shown = to_utf8(key, BadByte::escaped, kMaxKey);
    // One without a name is nobody's.
    place.seen = key.empty() ? now - kMakesRoomAfter : kNotLooked;
    places_.push_back(std::move(place));
  }
}

void WatchedSeries::release_unknown(Instant now) {
  for (Place& place : places_) {
    if (!std::ranges::binary_search(known_, place.key)) place.seen = now - kMakesRoomAfter;
  }
}

bool WatchedSeries::is_left_out(const wire::SeriesInfo& series) const {
  return any_pattern_fits(patterns_.exclude, series);
}

// What is worth a place, the most telling first.
std::vector<WatchedSeries::Candidate> WatchedSeries::candidates(
    const std::vector<wire::SeriesInfo>& series) const {
  std::vector<Candidate> made;
  std::vector<std::uint8_t> taken(series.size());
  const auto add = [&](std::size_t alias, double low, double high) {
    if (taken[alias] == 0) made.push_back({alias, low, high});
    taken[alias] = 1;
  };
  const auto range_of = [](std::string_view unit) { return unit == "%" ? 100.0 : 0.0; };
  for (std::size_t alias = 0; alias < series.size() && !patterns_.include.empty(); ++alias) {
    const wire::SeriesInfo& one = series[alias];
    if (!any_pattern_fits(patterns_.include, one) || is_left_out(one)) continue;
    const auto* const listed = std::ranges::find(kWatchList, one.name, &WatchedMetric::name);
    const bool is_listed = listed != std::end(kWatchList);
    add(alias, is_listed ? listed->low : 0, is_listed ? listed->high : range_of(one.unit));
  }
  for (const WatchedMetric& metric : kWatchList) {
    std::size_t count = 0;
    for (std::size_t alias = 0; alias < series.size() && count < metric.most; ++alias) {
      const wire::SeriesInfo& one = series[alias];
      if (one.name != metric.name || is_unwatched_device(one) || is_left_out(one)) continue;
      ++count;
      add(alias, metric.low, metric.high);
    }
  }
  return made;
}

std::size_t WatchedSeries::find_place(std::string_view key) const {
  const auto found = std::ranges::find(places_, key, &Place::key);
  return found == places_.end() ? kNowhere : static_cast<std::size_t>(found - places_.begin());
}

// A free place, or that of the series that has been gone for longest, if it was long enough.
std::size_t WatchedSeries::take_place(Instant now) {
  if (places_.size() < kPlaces) {
    places_.emplace_back();
    return places_.size() - 1;
  }
  const auto oldest = std::ranges::min_element(places_, {}, &Place::seen);
  if (now - oldest->seen < kMakesRoomAfter) return kNowhere;
  return static_cast<std::size_t>(oldest - places_.begin());
}

bool WatchedSeries::match(const std::vector<wire::SeriesInfo>& series, std::uint64_t table_id,
                          Instant now) {
  if (table_id == table_id_ && now < try_again_at_) return false;
  given_away_.clear();
  table_id_ = table_id;
  left_out_ = 0;
  for (Place& place : places_) {
    place.alias = kNowhere;
    // The clock of the run that it was kept in is not this one's.
    if (place.seen == kNotLooked) place.seen = now;
  }
  const std::vector<Candidate> wanted = candidates(series);
  known_.clear();
  std::vector<std::size_t> without_place;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::string key = place_key(series[wanted[i].alias]);
    const std::size_t at = find_place(key);
    known_.push_back(std::move(key));
    if (at == kNowhere) {
      without_place.push_back(i);
    } else if (places_[at].alias == kNowhere) {
      places_[at].alias = wanted[i].alias;  // else: a twin of one that was found
    }
  }
  for (const std::size_t i : without_place) {
    if (find_place(known_[i]) != kNowhere) continue;  // a twin
    const std::size_t at = take_place(now);
    if (at == kNowhere) {
      ++left_out_;
      continue;
    }
    if (!places_[at].key.empty()) given_away_.push_back(at);
    places_[at] = Place{};
    places_[at].key = known_[i];
    places_[at].alias = wanted[i].alias;
    places_[at].seen = now;
  }
  for (const Candidate& one : wanted) {
    const auto at = std::ranges::find(places_, one.alias, &Place::alias);
    if (at == places_.end()) continue;
    const wire::SeriesInfo& info = series[one.alias];
    at->shown = to_utf8(wire::series_key(info), BadByte::escaped, kMaxKey);
    at->unit = info.kind == wire::SeriesKind::counter ? info.unit + "/s" : info.unit;
    at->low = one.low;
    at->high = one.high;
  }
  found_ = static_cast<std::size_t>(
      std::ranges::count_if(places_, [](const Place& place) { return place.alias != kNowhere; }));
  std::ranges::sort(known_);
  try_again_at_ = left_out_ > 0 ? now + kTryAgainAfter : Instant::max();
  return true;
}

std::span<const double> WatchedSeries::row(std::span<const float> live, Instant now) {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    const bool there = place.alias < live.size() && std::isfinite(live[place.alias]);
    row_[i] = there ? static_cast<double>(live[place.alias]) : kNoWatchedValue;
    if (there) place.seen = now;
  }
  return {row_.data(), places_.size()};
}

std::vector<std::string> WatchedSeries::keys() const {
  std::vector<std::string> keys;
  for (const Place& place : places_) keys.push_back(place.key);
  return keys;
}

std::size_t WatchedSeries::count_known(const std::vector<std::string>& keys) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      keys, [this](const std::string& key) { return std::ranges::binary_search(known_, key); }));
}

}  // namespace bw::agent
