#include "agent/core/collect/sample.h"

#include <cmath>

#include <gtest/gtest.h>

#include "schemas/metrics/metric_table.h"
#include "schemas/wire/limits.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kWrap = 4294967296.0;

class SampleTest : public testing::Test {
 protected:
  // One tick, a second after the last one.
  float tick(double value) {
    sample_.set(counter_, value);
    return pass(seconds{1});
  }
  float pass(Duration duration) {
    now_ += duration;
    sample_.finish(now_);
    return sample_.live()[counter_];
  }

  Sample sample_;
  Instant now_{};
  Sample::Alias counter_ = sample_.declare(metrics::metric("sys.forks"));
  Sample::Alias gauge_ = sample_.declare(metrics::metric("mem.free"));
};

TEST_F(SampleTest, SeriesAreFoundAgainByMetricAndLabels) {
  EXPECT_EQ(sample_.declare(metrics::metric("sys.forks")), counter_);
  const auto one = sample_.declare(metrics::metric("cpu.util"), {{"cpu", "0"}});
  const auto other = sample_.declare(metrics::metric("cpu.util"), {{"cpu", "1"}});
  EXPECT_NE(one, other);
  EXPECT_EQ(sample_.declare(metrics::metric("cpu.util"), {{"cpu", "0"}}), one);
  ASSERT_EQ(sample_.series().size(), 4U);
  EXPECT_EQ(sample_.series()[one],
            (wire::SeriesInfo{"cpu.util", "%", wire::SeriesKind::gauge, {{"cpu", "0"}}}));
}

TEST_F(SampleTest, LabelsThatAreNoUtf8AreMendedAndStayApart) {
  const auto& process = metrics::metric("proc.top.cpu");
  const auto one = sample_.declare(process, {{"name", "w\xffrm"}});
  const auto other = sample_.declare(process, {{"name", "w\xferm"}});
  const auto fine = sample_.declare(process, {{"name", "w\xc3\xbcrm"}});
  EXPECT_EQ(sample_.series()[one].labels[0].value, "w\\xffrm");
  EXPECT_EQ(sample_.series()[other].labels[0].value, "w\\xferm");
  EXPECT_EQ(sample_.series()[fine].labels[0].value, "w\xc3\xbcrm");
  EXPECT_EQ(sample_.declare(process, {{"name", "w\xffrm"}}), one);
  // A character that a name's end cut in two.
  sample_.relabel(one, {{"name", "caf\xc3"}});
  EXPECT_EQ(sample_.series()[one].labels[0].value, "caf\\xc3");
}

TEST_F(SampleTest, GivingASeriesTheSameUnmendedLabelsChangesNothing) {
  const auto one = sample_.declare(metrics::metric("fs.used"), {{"mount", "/\xff"}});
  sample_.set(one, 5);
  pass(seconds{1});
  const std::uint64_t before = sample_.table_id();
  sample_.relabel(one, {{"mount", "/\xff"}});
  pass(seconds{1});
  EXPECT_EQ(sample_.value(one), 5);
  EXPECT_EQ(sample_.table_id(), before);
}

TEST_F(SampleTest, LabelsAreNotLongerThanTheWireTakes) {
  const auto& used = metrics::metric("fs.used");
  const std::string most(wire::kMaxText, 'a');
  const auto whole = sample_.declare(used, {{"mount", most}});
  EXPECT_EQ(sample_.series()[whole].labels[0].value, most);
  EXPECT_EQ(sample_.declare(used, {{"mount", most + "b"}}), whole);
  // No character is cut in two.
  const std::string odd = most.substr(1) + "\xc3\xbc";
  const auto cut = sample_.declare(used, {{"mount", odd}});
  EXPECT_EQ(sample_.series()[cut].labels[0].value, most.substr(1));
}

TEST_F(SampleTest, ASeriesHasNoValueUntilItIsSet) {
  EXPECT_TRUE(std::isnan(sample_.values()[gauge_]));
  EXPECT_TRUE(std::isnan(sample_.live()[gauge_]));
  sample_.set(gauge_, 5);
  pass(seconds{1});
  EXPECT_EQ(sample_.values()[gauge_], 5);
  EXPECT_EQ(sample_.live()[gauge_], 5);
  sample_.lose(gauge_);
  pass(seconds{1});
  EXPECT_TRUE(std::isnan(sample_.values()[gauge_]));
  EXPECT_TRUE(std::isnan(sample_.live()[gauge_]));
}

TEST_F(SampleTest, ACounterIsCumulativeInHistoryAndARateInLive) {
  EXPECT_TRUE(std::isnan(tick(1000)));
  EXPECT_EQ(tick(1010), 10);
  EXPECT_EQ(sample_.values()[counter_], 1010);
  sample_.set(counter_, 1020);
  EXPECT_EQ(pass(milliseconds{500}), 20);
}

TEST_F(SampleTest, ACounterThatWasResetHasNoRateForThatTick) {
  tick(1000);
  tick(1010);
  EXPECT_TRUE(std::isnan(tick(3)));
  EXPECT_EQ(tick(8), 5);
}

TEST_F(SampleTest, ACounterNearTheEdgeOf32BitsWraps) {
  tick(kWrap - 250);
  tick(kWrap - 150);
  // It rises by 100 a second: 400 across the edge are believed, four times as much.
  EXPECT_EQ(tick(250), 400);
  EXPECT_EQ(tick(350), 100);
}

TEST_F(SampleTest, ACounterThatWouldHaveToRiseTooFastAcrossTheEdgeWasReset) {
  tick(kWrap - 250);
  tick(kWrap - 150);
  EXPECT_TRUE(std::isnan(tick(251)));
}

TEST_F(SampleTest, ACounterThatStoodStillNearTheEdgeWasReset) {
  tick(kWrap - 1);
  tick(kWrap - 1);
  EXPECT_TRUE(std::isnan(tick(0)));
}

TEST_F(SampleTest, ACounterBeyondTheEdgeWasReset) {
  tick(kWrap - 100);
  tick(kWrap + 10);
  EXPECT_TRUE(std::isnan(tick(20)));
}

TEST_F(SampleTest, TheTimeSinceTheLastTickWidensWhatAWrapMayRise) {
  tick(kWrap - 250);
  tick(kWrap - 150);
  sample_.set(counter_, 850);
  EXPECT_FLOAT_EQ(pass(seconds{10}), 100);
}

TEST(CounterPace, IsTheHighestOfLateAndFades) {
  EXPECT_EQ(counter_pace(0, 100, 1), 100);
  EXPECT_EQ(counter_pace(100, 400, 2), 200);
  EXPECT_DOUBLE_EQ(counter_pace(100, 0, 1), 90);
}

TEST_F(SampleTest, ACounterThatReturnsStartsAnew) {
  tick(1000);
  tick(1010);
  sample_.lose(counter_);
  EXPECT_TRUE(std::isnan(pass(seconds{1})));
  EXPECT_TRUE(std::isnan(tick(5000)));
  EXPECT_EQ(tick(5001), 1);
}

TEST_F(SampleTest, ACounterReadEveryTenthTickKeepsItsRateInBetween) {
  tick(1000);
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(std::isnan(pass(seconds{1})));
  EXPECT_EQ(tick(1100), 10);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(pass(seconds{1}), 10);
  EXPECT_EQ(tick(1120), 2);
}

TEST_F(SampleTest, TwoCallsAtOneMomentAreOne) {
  tick(1000);
  tick(1010);
  sample_.set(counter_, 1030);
  EXPECT_EQ(pass(seconds{0}), 10);
  EXPECT_EQ(tick(1030), 20);
}

TEST_F(SampleTest, TheTableIsNamedByItsContentWhenItHasGrown) {
  sample_.finish(now_);
  const std::uint64_t before = sample_.table_id();
  EXPECT_EQ(before, wire::series_table_id(sample_.series()));
  tick(1);
  EXPECT_EQ(sample_.table_id(), before);
  sample_.declare(metrics::metric("mem.total"));
  EXPECT_EQ(sample_.table_id(), before);
  tick(2);
  EXPECT_NE(sample_.table_id(), before);
  EXPECT_EQ(sample_.table_id(), wire::series_table_id(sample_.series()));
}

TEST_F(SampleTest, AFullTableRefusesAndCounts) {
  // Of many metrics: a series is looked for among those of its metric.
  std::size_t next = sample_.series().size();
  for (std::size_t round = 0; next < wire::kMaxSeries; ++round) {
    for (const auto& group : metrics::kMetricGroups) {
      for (const metrics::MetricInfo& metric : group) {
        if (next == wire::kMaxSeries) break;
        ASSERT_EQ(sample_.declare(metric, {{"n", std::to_string(round)}}), next);
        ++next;
      }
    }
  }
  EXPECT_EQ(sample_.declare(metrics::metric("mem.total")), Sample::kNoAlias);
  EXPECT_EQ(sample_.refused(), 1U);
  EXPECT_EQ(sample_.declare(metrics::metric("mem.free")), gauge_);
  sample_.set(Sample::kNoAlias, 5);
  EXPECT_TRUE(std::isnan(sample_.value(Sample::kNoAlias)));
  EXPECT_EQ(sample_.series().size(), wire::kMaxSeries);
}

}  // namespace
}  // namespace bw::agent
