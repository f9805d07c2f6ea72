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

RangeQuery query_of(Function function, std::int64_t from_ms = 0, std::int64_t to_ms = 4000,
                    std::int64_t step_ms = 1000) {
  RangeQuery query;
  query.function = function;
  query.from_ms = from_ms;
  query.to_ms = to_ms;
  query.step_ms = step_ms;
  return query;
}

Points points_of(const RangeQuery& query, const Times& times, const Values& values,
                 SeriesKind kind = SeriesKind::gauge) {
  RangeAccumulator range(query, kind);
  range.add(times, values, {query.from_ms, query.to_ms});
  return range.finish();
}

TEST(Range, PutsSamplesIntoBucketsByEachAggregate) {
  const Times times{0, 500, 999, 1000, 3999};
  const Values values{1, 5, 3, 7, -2};
  EXPECT_EQ(points_of(query_of(Function::avg), times, values),
            (Points{{0, 3}, {1000, 7}, {3000, -2}}));
  EXPECT_EQ(points_of(query_of(Function::min), times, values),
            (Points{{0, 1}, {1000, 7}, {3000, -2}}));
  EXPECT_EQ(points_of(query_of(Function::max), times, values),
            (Points{{0, 5}, {1000, 7}, {3000, -2}}));
  EXPECT_EQ(points_of(query_of(Function::sum), times, values),
            (Points{{0, 9}, {1000, 7}, {3000, -2}}));
  EXPECT_EQ(points_of(query_of(Function::count), times, values),
            (Points{{0, 3}, {1000, 1}, {3000, 1}}));
  EXPECT_EQ(points_of(query_of(Function::last), times, values),
            (Points{{0, 3}, {1000, 7}, {3000, -2}}));
}

TEST(Range, LeavesOutWhatIsNotWithinAndWhatHasNoValue) {
  const auto query = query_of(Function::sum, 1500, 2500);
  EXPECT_EQ(points_of(query, {1499, 1500, 2000, 2100, 2499, 2500}, {1, 2, 4, kNone, 8, 16}),
            (Points{{1000, 2}, {2000, 12}}));
  EXPECT_TRUE(points_of(query, {1600}, {kNone}).empty());
  EXPECT_TRUE(points_of(query, {1600}, {std::numeric_limits<double>::infinity()}).empty());
  EXPECT_TRUE(points_of(query, {}, {}).empty());
}

TEST(Range, MergesBlocks) {
  RangeAccumulator range(query_of(Function::avg), SeriesKind::gauge);
  range.add(Times{0, 400}, Values{1, 2}, {0, 4000});
  range.add(Times{800, 1200}, Values{3, 9}, {0, 4000});
  EXPECT_EQ(range.finish(), (Points{{0, 2}, {1000, 9}}));
}

TEST(Range, TakesTheLastByTimeWhateverTheOrder) {
  EXPECT_EQ(points_of(query_of(Function::last), {900, 100}, {1, 2}), (Points{{0, 1}}));
  EXPECT_EQ(points_of(query_of(Function::last), {500, 500}, {1, 2}), (Points{{0, 2}}));
}

TEST(Range, RatesACounterByTheTimeThatPassed) {
  EXPECT_EQ(points_of(query_of(Function::rate), {0, 500, 1000, 3000}, {0, 10, 30, 130},
                      SeriesKind::counter),
            (Points{{0, 20}, {1000, 40}, {3000, 50}}));
}

TEST(Range, RatesFromTheLastSampleBeforeTheRange) {
  EXPECT_EQ(points_of(query_of(Function::rate, 1000), {0, 1000}, {0, 10}, SeriesKind::counter),
            (Points{{1000, 10}}));
}

TEST(Range, RatesAcrossBlocks) {
  RangeAccumulator range(query_of(Function::rate), SeriesKind::counter);
  range.add(Times{0}, Values{100}, {0, 4000});
  range.add(Times{2000}, Values{300}, {0, 4000});
  EXPECT_EQ(range.finish(), (Points{{2000, 100}}));
}

TEST(Range, CountsFromZeroAfterACounterWasReset) {
  EXPECT_EQ(points_of(query_of(Function::rate), {0, 1000, 2000, 3000}, {1000, 1010, 5, 15},
                      SeriesKind::counter),
            (Points{{1000, 10}, {2000, 5}, {3000, 10}}));
}

TEST(Range, LetsAGaugeFall) {
  EXPECT_EQ(points_of(query_of(Function::rate), {0, 1000}, {10, 4}), (Points{{1000, -6}}));
}

TEST(Range, BeginsNoRateWhereTheClockWasSetBack) {
  EXPECT_EQ(points_of(query_of(Function::rate), {2000, 1000, 1500, 3000}, {10, 11, 12, 20},
                      SeriesKind::counter),
            (Points{{3000, 10}}));
}

TEST(Range, SaysNothingOfTheRateAcrossALongGap) {
  const std::int64_t gap = kMaxRateGapMs;
  const auto query = query_of(Function::rate, 0, 10 * gap, 1000);
  EXPECT_EQ(points_of(query, {0, gap}, {0, 300}, SeriesKind::counter), (Points{{gap, 1}}));
  EXPECT_TRUE(points_of(query, {0, gap + 1}, {0, 300}, SeriesKind::counter).empty());
}

TEST(Range, RatesAcrossSamplesWithoutAValue) {
  EXPECT_EQ(
      points_of(query_of(Function::rate), {0, 1000, 2000}, {0, kNone, 10}, SeriesKind::counter),
      (Points{{2000, 5}}));
}

TEST(Range, IncreasesAreNotDividedByTheTime) {
  EXPECT_EQ(
      points_of(query_of(Function::increase), {0, 500, 1500}, {0, 10, 30}, SeriesKind::counter),
      (Points{{0, 10}, {1000, 20}}));
}

TEST(Range, PercentilesLieBetweenTwoSamplesByTheirDistances) {
  EXPECT_EQ(points_of(query_of(Function::p50), {0, 1, 2, 3}, {4, 1, 3, 2}), (Points{{0, 2.5}}));
  EXPECT_EQ(points_of(query_of(Function::p50), {0, 1, 2}, {9, 1, 3}), (Points{{0, 3}}));
  EXPECT_EQ(points_of(query_of(Function::p99), {0}, {7}), (Points{{0, 7}}));
  Times times;
  Values values;
  for (int i = 0; i <= 100; ++i) {
    times.push_back(i);
    values.push_back((i * 37) % 101);
  }
  EXPECT_EQ(points_of(query_of(Function::p95), times, values), (Points{{0, 95}}));
}

TEST(Range, SamplesOfPercentilesAreFreedOnceTheirPointIsPassed) {
  RangeAccumulator range(query_of(Function::p50), SeriesKind::gauge);
  range.add(Times{0, 1, 1500}, Values{1, 3, 9}, {0, 4000});
  EXPECT_EQ(range.kept(), 3U);
  range.pass(999);
  EXPECT_EQ(range.kept(), 3U);
  range.pass(1000);
  EXPECT_EQ(range.kept(), 1U);
  range.pass(9000);
  EXPECT_EQ(range.kept(), 0U);
  EXPECT_EQ(range.finish(), (Points{{0, 2}, {1000, 9}}));
}

TEST(Range, AWindowTakesOnlyItsOwnSamples) {
  RangeAccumulator range(query_of(Function::rate), SeriesKind::counter);
  range.add(Times{0, 500, 1000}, Values{0, 10, 30}, {500, 1000});
  range.add(Times{500, 1000, 1500}, Values{10, 30, 60}, {1000, 4000});
  EXPECT_EQ(range.finish(), (Points{{0, 20}, {1000, 50}}));
}

TEST(Range, RollupsCountAsTheirSamples) {
  const RollupBucket rollup{
      .last = 4, .min = 1, .max = 5, .sum = 10, .count = 4, .increase = 6, .covered_ms = 3000};
  const auto point = [&](Function function) {
    RangeAccumulator range(query_of(function), SeriesKind::gauge);
    range.add(Times{100}, Values{20}, {0, 4000});
    range.add(0, rollup);
    range.add(1000, RollupBucket{});
    const auto points = range.finish();
    return points.size() == 1 ? points[0].value : kNone;
  };
  EXPECT_EQ(point(Function::avg), 6);
  EXPECT_EQ(point(Function::sum), 30);
  EXPECT_EQ(point(Function::min), 1);
  EXPECT_EQ(point(Function::max), 20);
  EXPECT_EQ(point(Function::count), 5);
  EXPECT_EQ(point(Function::last), 20);
  EXPECT_EQ(point(Function::rate), 2);
  EXPECT_EQ(point(Function::increase), 6);
}

TEST(Range, TheCoarsestResolutionIsThatOfTheStepAndTheFunction) {
  auto query = query_of(Function::avg, 0, kDayMs, kMinuteMs);
  EXPECT_EQ(coarsest(query, SeriesKind::gauge), Resolution::minute);
  EXPECT_EQ(coarsest(query, SeriesKind::counter), Resolution::raw);
  query.step_ms = 2 * kHourMs;
  EXPECT_EQ(coarsest(query, SeriesKind::gauge), Resolution::hour);
  query.step_ms = 90'000;
  EXPECT_EQ(coarsest(query, SeriesKind::gauge), Resolution::raw);
  query = query_of(Function::rate, 0, kDayMs, kHourMs);
  EXPECT_EQ(coarsest(query, SeriesKind::counter), Resolution::hour);
  query.function = Function::p95;
  EXPECT_EQ(coarsest(query, SeriesKind::gauge), Resolution::raw);
}

class RangeGroupsTest : public testing::Test {
 protected:
  std::vector<RangeSeries> grouped(Across across, std::vector<std::string> by) {
    query_ = query_of(Function::avg);
    query_.is_grouped = true;
    query_.across = across;
    query_.group_by = std::move(by);
    query_.max_series = 2;
    RangeGroups groups(query_);
    const auto series = [](const char* cpu) {
      return wire::SeriesInfo{"m", "%", SeriesKind::gauge, {{"cpu", cpu}}};
    };
    fits_ = groups.add("a", "x", series("0"), {{0, 1}, {1000, 5}}) &&
            groups.add("a", "x", series("1"), {{0, 3}}) &&
            groups.add("b", "y", series("0"), {{0, 8}, {3000, 2}});
    return groups.finish();
  }
  RangeQuery query_;
  bool fits_ = false;
};

TEST_F(RangeGroupsTest, WithoutLabelsAllBecomeOne) {
  const auto all = grouped(Across::avg, {});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].node, "");
  EXPECT_EQ(all[0].points, (Points{{0, 4}, {1000, 5}, {3000, 2}}));
  EXPECT_EQ(grouped(Across::sum, {})[0].points[0].value, 12);
  EXPECT_EQ(grouped(Across::min, {})[0].points[0].value, 1);
  EXPECT_EQ(grouped(Across::max, {})[0].points[0].value, 8);
  EXPECT_EQ(grouped(Across::count, {})[0].points[0].value, 3);
  EXPECT_DOUBLE_EQ(grouped(Across::p95, {})[0].points[0].value, 7.5);
}

TEST_F(RangeGroupsTest, ALabelTheNodeOrTheSiteTellsTheGroup) {
  const auto nodes = grouped(Across::sum, {"node"});
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].series.labels, (std::vector<wire::Label>{{"node", "a"}}));
  EXPECT_EQ(nodes[0].points[0].value, 4);
  EXPECT_EQ(grouped(Across::sum, {"site"})[1].series.labels,
            (std::vector<wire::Label>{{"site", "y"}}));
  const auto cpus = grouped(Across::sum, {"cpu"});
  EXPECT_EQ(cpus[0].points[0].value, 9);
  EXPECT_EQ(grouped(Across::sum, {"none"}).size(), 1U);
  EXPECT_TRUE(fits_);
}

TEST_F(RangeGroupsTest, NoMoreGroupsAreMadeThanAreAnswered) {
  EXPECT_EQ(grouped(Across::sum, {"node", "cpu"}).size(), 2U);
  EXPECT_FALSE(fits_);
}

TEST(Range, BeginsBucketsAtMultiplesOfTheStepBelowZeroToo) {
  EXPECT_EQ(bucket_begin(0, 1000), 0);
  EXPECT_EQ(bucket_begin(999, 1000), 0);
  EXPECT_EQ(bucket_begin(-1, 1000), -1000);
  EXPECT_EQ(bucket_begin(-1000, 1000), -1000);
  EXPECT_EQ(points_of(query_of(Function::sum, -1500, 500), {-1500, -1, 0}, {1, 2, 4}),
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
