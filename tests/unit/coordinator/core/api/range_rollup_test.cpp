#include "coordinator/core/api/range_rollup.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace bw::coordinator::api {
namespace {

using wire::SeriesKind;
constexpr double kNone = RollupBucket::kNone;

RollupSeries series_of(SeriesKind kind, std::size_t buckets = 60) {
  RollupSeries series;
  series.kind = kind;
  series.buckets.resize(buckets);
  return series;
}

RollupSeries rolled(SeriesKind kind, const std::vector<std::int64_t>& times,
                    const std::vector<double>& values, std::int64_t begin_ms = 0,
                    std::size_t buckets = 60) {
  RollupSeries series = series_of(kind, buckets);
  IncreaseWalk walk;
  add_samples(times, values, begin_ms, kMinuteMs, walk, series);
  return series;
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(a));
}

void expect_same(const RollupSeries& a, const RollupSeries& b) {
  EXPECT_TRUE(same(a.before, b.before)) << a.before << " " << b.before;
  ASSERT_EQ(a.buckets.size(), b.buckets.size());
  for (std::size_t i = 0; i < a.buckets.size(); ++i) {
    const RollupBucket& x = a.buckets[i];
    const RollupBucket& y = b.buckets[i];
    EXPECT_EQ(x.count, y.count) << i;
    if (x.count == 0) continue;
    EXPECT_EQ(x.last, y.last) << i;
    EXPECT_EQ(x.covered_ms, y.covered_ms) << i;
    EXPECT_TRUE(same(x.increase, y.increase)) << i << ": " << x.increase << " " << y.increase;
    if (a.kind == SeriesKind::counter) continue;
    EXPECT_EQ(x.min, y.min) << i;
    EXPECT_EQ(x.max, y.max) << i;
    EXPECT_TRUE(same(x.sum, y.sum)) << i << ": " << x.sum << " " << y.sum;
  }
}

RollupSeries reread(const std::vector<RollupSeries>& all, std::size_t alias) {
  RollupEncoder encoder;
  const auto bytes = encoder.encode(all);
  const auto reader = RollupReader::open(bytes);
  EXPECT_TRUE(reader);
  EXPECT_EQ(reader->series(), all.size());
  RollupSeries out;
  EXPECT_TRUE(reader->read(alias, all[alias].kind, out));
  return out;
}

TEST(RangeRollup, SamplesGoIntoTheirMinutes) {
  const auto series = rolled(SeriesKind::gauge, {0, 59'999, 60'000, 3'600'000}, {4, 2, 7, 9});
  EXPECT_EQ(series.buckets[0].count, 2);
  EXPECT_EQ(series.buckets[0].min, 2);
  EXPECT_EQ(series.buckets[0].max, 4);
  EXPECT_EQ(series.buckets[0].sum, 6);
  EXPECT_EQ(series.buckets[0].last, 2);
  EXPECT_EQ(series.buckets[1].count, 1);
  EXPECT_EQ(series.buckets[1].last, 7);
  EXPECT_EQ(series.buckets[2].count, 0);
}

TEST(RangeRollup, AnIncreaseBelongsToTheMinuteOfItsLaterSample) {
  const auto series = rolled(SeriesKind::counter, {50'000, 70'000, 80'000}, {100, 160, 20}, 60'000);
  EXPECT_EQ(series.before, 100);
  EXPECT_EQ(series.buckets[0].increase, 80);  // 60, then 20 since a reset
  EXPECT_EQ(series.buckets[0].covered_ms, 30'000);
}

TEST(RangeRollup, ALongGapOrAClockSetBackBeginsNoIncrease) {
  IncreaseWalk walk;
  EXPECT_EQ(walk.to(0, 1, SeriesKind::counter).covered_ms, 0);
  EXPECT_EQ(walk.to(kMaxRateGapMs + 1, 5, SeriesKind::counter).covered_ms, 0);
  EXPECT_FALSE(walk.went_back());
  EXPECT_EQ(walk.to(1000, 9, SeriesKind::counter).covered_ms, 0);
  EXPECT_TRUE(walk.went_back());
  EXPECT_EQ(walk.to(kMaxRateGapMs + 1001, 6, SeriesKind::counter).increase, 1);
}

TEST(RangeRollup, AGaugeMayFall) {
  IncreaseWalk walk;
  EXPECT_EQ(walk.to(0, 10, SeriesKind::gauge).covered_ms, 0);
  EXPECT_EQ(walk.to(1000, 4, SeriesKind::gauge).increase, -6);
}

TEST(RangeRollup, BucketsMergeInTheOrderOfTime) {
  RollupBucket hour;
  merge(hour, RollupBucket{});
  EXPECT_EQ(hour.count, 0);
  merge(hour,
        {.last = 3, .min = 1, .max = 5, .sum = 9, .count = 3, .increase = 2, .covered_ms = 7});
  merge(hour,
        {.last = 2, .min = 0, .max = 4, .sum = 4, .count = 2, .increase = 1, .covered_ms = 1});
  merge(hour, RollupBucket{});
  EXPECT_EQ(hour.last, 2);
  EXPECT_EQ(hour.min, 0);
  EXPECT_EQ(hour.max, 5);
  EXPECT_EQ(hour.sum, 13);
  EXPECT_EQ(hour.count, 5);
  EXPECT_EQ(hour.increase, 3);
  EXPECT_EQ(hour.covered_ms, 8);
}

// Values, gaps, resets and periods of every sort.
RollupSeries drawn(Rng& rng, SeriesKind kind) {
  std::vector<std::int64_t> times;
  std::vector<double> values;
  const std::int64_t period = rng.below(3) == 0 ? 10'000 : 1000;
  const double scale = std::pow(10.0, static_cast<double>(rng.below(4)));
  double value = static_cast<double>(rng.below(1000));
  const bool is_constant = rng.below(4) == 0;
  for (std::int64_t time = 3'300'000; time < 7'300'000; time += period) {
    if (rng.below(50) == 0) time += static_cast<std::int64_t>(rng.below(900'000));
    if (!is_constant) value += static_cast<double>(rng.below(100)) / scale;
    if (kind == SeriesKind::gauge && rng.below(2) == 0) value -= 77 / scale;
    if (kind == SeriesKind::counter && rng.below(300) == 0) value = 0;
    times.push_back(time);
    values.push_back(rng.below(40) == 0 ? kNone : std::round(value * scale) / scale);
  }
  return rolled(kind, times, values, kHourMs);
}

TEST(RangeRollup, WhatIsEncodedComesBack) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    std::vector<RollupSeries> all;
    for (int i = 0; i < 20; ++i) {
      all.push_back(drawn(rng, rng.below(2) == 0 ? SeriesKind::gauge : SeriesKind::counter));
    }
    for (std::size_t alias = 0; alias < all.size(); ++alias) {
      SCOPED_TRACE(alias);
      expect_same(all[alias], reread(all, alias));
    }
  }
}

TEST(RangeRollup, SeriesWithoutAnyValueCostAlmostNothing) {
  std::vector<RollupSeries> all(3, series_of(SeriesKind::gauge));
  expect_same(all[2], reread(all, 2));
  all[1] = rolled(SeriesKind::gauge, {0, 60'000}, {1, 2});
  expect_same(all[1], reread(all, 1));
  expect_same(all[0], reread(all, 0));
}

TEST(RangeRollup, MoreSeriesThanAChunkHoldsComeBack) {
  std::vector<RollupSeries> all;
  for (int i = 0; i < 2100; ++i) {
    all.push_back(rolled(SeriesKind::gauge, {0, 61'000}, {i * 1.0, i * 2.0}, 0, 2));
  }
  for (const std::size_t alias : {0U, 1023U, 1024U, 2099U}) {
    expect_same(all[alias], reread(all, alias));
  }
}

TEST(RangeRollup, AConstantSeriesTakesTenBytesAnHour) {
  std::vector<std::int64_t> times;
  std::vector<double> values;
  for (std::int64_t time = 0; time < kHourMs; time += 1000) {
    times.push_back(time);
    values.push_back(21.5);
  }
  RollupEncoder encoder;
  const std::vector<RollupSeries> one(1, rolled(SeriesKind::gauge, times, values));
  const std::vector<RollupSeries> many(101, one[0]);
  const std::size_t alone = encoder.encode(one).size();
  EXPECT_LE(encoder.encode(many).size() - alone, 100 * 13U);
}

TEST(RangeRollup, DamagedBytesAreRefusedOrReadWithoutHarm) {
  Rng rng(7);
  std::vector<RollupSeries> all;
  for (int i = 0; i < 5; ++i) all.push_back(drawn(rng, SeriesKind::gauge));
  RollupEncoder encoder;
  const auto encoded = encoder.encode(all);
  const std::vector<std::byte> whole(encoded.begin(), encoded.end());
  EXPECT_FALSE(RollupReader::open({}));
  EXPECT_FALSE(RollupReader::open(std::span(whole).first(whole.size() - 1)));
  std::vector<std::byte> longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(RollupReader::open(longer));
  std::vector<std::byte> newer = whole;
  newer[0] = std::byte{9};
  EXPECT_FALSE(RollupReader::open(newer));
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::byte> damaged = whole;
    damaged[rng.below(damaged.size())] ^= static_cast<std::byte>(1 + rng.below(255));
    const auto reader = RollupReader::open(damaged);
    if (!reader) continue;
    RollupSeries out;
    for (std::size_t alias = 0; alias < reader->series() && alias < 8; ++alias) {
      if (reader->read(alias, SeriesKind::gauge, out)) continue;
      for (const RollupBucket& bucket : out.buckets) EXPECT_EQ(bucket.count, 0);
    }
  }
}

TEST(RangeRollup, ASeriesThatIsNotThereHasNoValues) {
  RollupEncoder encoder;
  const std::vector<RollupSeries> one(1, rolled(SeriesKind::gauge, {0}, {1}));
  const auto reader = RollupReader::open(encoder.encode(one));
  RollupSeries out;
  EXPECT_FALSE(reader->read(1, SeriesKind::gauge, out));
  EXPECT_EQ(out.buckets.size(), 60U);
  EXPECT_EQ(out.buckets[0].count, 0);
}

}  // namespace
}  // namespace bw::coordinator::api
