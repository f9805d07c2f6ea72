#include "coordinator/core/api/range.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace bw::coordinator::api {

bool operator==(const Point& a, const Point& b) {
  return a.time_ms == b.time_ms && a.value == b.value;
}
void PrintTo(const Point& point, std::ostream* out) {
  *out << "(" << point.time_ms << ", " << point.value << ")";
}

namespace {

using Points = std::vector<Point>;
using Times = std::vector<std::int64_t>;
using Values = std::vector<double>;
using wire::SeriesKind;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

RangeQuery query_of(Aggregate aggregate, std::int64_t from_ms = 0, std::int64_t to_ms = 4000,
                    std::int64_t step_ms = 1000) {
  RangeQuery query;
  query.aggregate = aggregate;
  query.from_ms = from_ms;
  query.to_ms = to_ms;
  query.step_ms = step_ms;
  return query;
}

Points points_of(const RangeQuery& query, const Times& times, const Values& values,
                 SeriesKind kind = SeriesKind::gauge) {
  RangeAccumulator range(query, kind);
  range.add(times, values);
  return range.finish();
}

TEST(Range, PutsSamplesIntoBucketsByEachAggregate) {
  const Times times{0, 500, 999, 1000, 3999};
  const Values values{1, 5, 3, 7, -2};
  EXPECT_EQ(points_of(query_of(Aggregate::avg), times, values),
            (Points{{0, 3}, {1000, 7}, {3000, -2}}));
  EXPECT_EQ(points_of(query_of(Aggregate::min), times, values),
            (Points{{0, 1}, {1000, 7}, {3000, -2}}));
  EXPECT_EQ(points_of(query_of(Aggregate::max), times, values),
            (Points{{0, 5}, {1000, 7}, {3000, -2}}));
  EXPECT_EQ(points_of(query_of(Aggregate::sum), times, values),
            (Points{{0, 9}, {1000, 7}, {3000, -2}}));
  EXPECT_EQ(points_of(query_of(Aggregate::count), times, values),
            (Points{{0, 3}, {1000, 1}, {3000, 1}}));
  EXPECT_EQ(points_of(query_of(Aggregate::last), times, values),
            (Points{{0, 3}, {1000, 7}, {3000, -2}}));
}

TEST(Range, LeavesOutWhatIsNotWithinAndWhatHasNoValue) {
  const auto query = query_of(Aggregate::sum, 1500, 2500);
  EXPECT_EQ(points_of(query, {1499, 1500, 2000, 2100, 2499, 2500}, {1, 2, 4, kNone, 8, 16}),
            (Points{{1000, 2}, {2000, 12}}));
  EXPECT_TRUE(points_of(query, {1600}, {kNone}).empty());
  EXPECT_TRUE(points_of(query, {1600}, {std::numeric_limits<double>::infinity()}).empty());
  EXPECT_TRUE(points_of(query, {}, {}).empty());
}

TEST(Range, MergesBlocks) {
  RangeAccumulator range(query_of(Aggregate::avg), SeriesKind::gauge);
  range.add(Times{0, 400}, Values{1, 2});
  range.add(Times{800, 1200}, Values{3, 9});
  EXPECT_EQ(range.finish(), (Points{{0, 2}, {1000, 9}}));
}

TEST(Range, TakesTheLastByTimeWhateverTheOrder) {
  EXPECT_EQ(points_of(query_of(Aggregate::last), {900, 100}, {1, 2}), (Points{{0, 1}}));
  EXPECT_EQ(points_of(query_of(Aggregate::last), {500, 500}, {1, 2}), (Points{{0, 2}}));
}

TEST(Range, RatesACounterByTheTimeThatPassed) {
  EXPECT_EQ(points_of(query_of(Aggregate::rate), {0, 500, 1000, 3000}, {0, 10, 30, 130},
                      SeriesKind::counter),
            (Points{{0, 20}, {1000, 40}, {3000, 50}}));
}

TEST(Range, RatesFromTheLastSampleBeforeTheRange) {
  EXPECT_EQ(points_of(query_of(Aggregate::rate, 1000), {0, 1000}, {0, 10}, SeriesKind::counter),
            (Points{{1000, 10}}));
}

TEST(Range, RatesAcrossBlocks) {
  RangeAccumulator range(query_of(Aggregate::rate), SeriesKind::counter);
  range.add(Times{0}, Values{100});
  range.add(Times{2000}, Values{300});
  EXPECT_EQ(range.finish(), (Points{{2000, 100}}));
}

TEST(Range, CountsFromZeroAfterACounterWasReset) {
  EXPECT_EQ(points_of(query_of(Aggregate::rate), {0, 1000, 2000, 3000}, {1000, 1010, 5, 15},
                      SeriesKind::counter),
            (Points{{1000, 10}, {2000, 5}, {3000, 10}}));
}

TEST(Range, LetsAGaugeFall) {
  EXPECT_EQ(points_of(query_of(Aggregate::rate), {0, 1000}, {10, 4}), (Points{{1000, -6}}));
}

TEST(Range, BeginsNoRateWhereTheClockWasSetBack) {
  EXPECT_EQ(points_of(query_of(Aggregate::rate), {2000, 1000, 1500, 3000}, {10, 11, 12, 20},
                      SeriesKind::counter),
            (Points{{3000, 10}}));
}

TEST(Range, SaysNothingOfTheRateAcrossALongGap) {
  const std::int64_t gap = RangeAccumulator::kMaxRateGapMs;
  const auto query = query_of(Aggregate::rate, 0, 10 * gap, 1000);
  EXPECT_EQ(points_of(query, {0, gap}, {0, 300}, SeriesKind::counter), (Points{{gap, 1}}));
  EXPECT_TRUE(points_of(query, {0, gap + 1}, {0, 300}, SeriesKind::counter).empty());
}

TEST(Range, RatesAcrossSamplesWithoutAValue) {
  EXPECT_EQ(
      points_of(query_of(Aggregate::rate), {0, 1000, 2000}, {0, kNone, 10}, SeriesKind::counter),
      (Points{{2000, 5}}));
}

TEST(Range, BeginsBucketsAtMultiplesOfTheStepBelowZeroToo) {
  EXPECT_EQ(bucket_begin(0, 1000), 0);
  EXPECT_EQ(bucket_begin(999, 1000), 0);
  EXPECT_EQ(bucket_begin(-1, 1000), -1000);
  EXPECT_EQ(bucket_begin(-1000, 1000), -1000);
  EXPECT_EQ(points_of(query_of(Aggregate::sum, -1500, 500), {-1500, -1, 0}, {1, 2, 4}),
            (Points{{-2000, 1}, {-1000, 2}, {0, 4}}));
}

TEST(Range, AsksForSeriesByNameAndAllOfTheLabels) {
  RangeQuery query;
  query.metric = "m";
  wire::SeriesInfo series{"m", "", SeriesKind::gauge, {{"a", "1"}, {"b", "2"}}};
  EXPECT_TRUE(matches(query, series));
  query.labels = {{"b", "2"}};
  EXPECT_TRUE(matches(query, series));
  query.labels = {{"b", "2"}, {"a", "x"}};
  EXPECT_FALSE(matches(query, series));
  query.labels = {};
  series.name = "mm";
  EXPECT_FALSE(matches(query, series));
}

}  // namespace
}  // namespace bw::coordinator::api
