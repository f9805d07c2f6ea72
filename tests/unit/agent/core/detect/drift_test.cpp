#include "agent/core/detect/drift.h"

#include <cmath>
#include <limits>

#include "agent/core/detect/tree_grower.h"
#include "base/rng.h"

namespace bw::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

std::vector<float> draws(double middle, double spread, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back(static_cast<float>(middle + spread * normal(rng)));
  }
  return made;
}

double stability(std::vector<float> reference, std::vector<float> recent) {
  return population_stability(reference, recent);
}

TEST(Drift, SamplesOfOneDistributionAreStable) {
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    sum += stability(draws(0, 1, 256, seed), draws(0, 1, 512, 1000 + seed));
  }
  // By chance alone it would be .05, less what is taken off; what is below 0 is cut.
  EXPECT_LT(sum / 50, 0.015);
}

TEST(Drift, IsTheIndexThatTheDefinitionGives) {
  // Ten bins of a tenth each; of late the first has a half and the others share the rest.
  std::vector<float> reference;
  std::vector<float> recent;
  for (int i = 0; i < 10'000; ++i) reference.push_back(static_cast<float>(i % 1000));
  for (int i = 0; i < 9'000; ++i) {
    const int bin = i < 4500 ? 0 : 1 + (i % 9);
    recent.push_back(static_cast<float>(100 * bin + i % 90));
  }
  const double q = 0.5 / 9;
  const double expected = (0.5 - 0.1) * std::log(0.5 / 0.1) + 9 * (q - 0.1) * std::log(q / 0.1);
  EXPECT_NEAR(stability(reference, recent), expected, 0.01);
}

TEST(Drift, GrowsWithTheShift) {
  double before = -1;
  for (const double shift : {0.0, 0.5, 1.0, 3.0}) {
    const double index = stability(draws(0, 1, 512, 1), draws(shift, 1, 512, 2));
    EXPECT_GT(index, before) << shift;
    before = index;
  }
  EXPECT_GT(stability(draws(0, 1, 512, 1), draws(0.8, 1, 512, 2)), kDrifted);
  EXPECT_LT(stability(draws(0, 1, 512, 1), draws(0.2, 1, 512, 2)), kDrifted);
}

TEST(Drift, ConstantsAreStableUntilTheyChangeEitherWay) {
  const std::vector<float> seven(256, 7);
  EXPECT_EQ(stability(seven, seven), 0);
  EXPECT_GT(stability(seven, std::vector<float>(256, 6)), 1);
  EXPECT_GT(stability(seven, std::vector<float>(256, 8)), 1);
}

TEST(Drift, AValueThatManyHaveIsABinOfItsOwn) {
  std::vector<float> reference = draws(0, 1, 128, 1);
  reference.insert(reference.end(), 384, 5);
  std::vector<float> below = draws(0, 1, 128, 2);
  below.insert(below.end(), 384, 4.5F);
  EXPECT_LT(stability(reference, reference), 0.01);
  EXPECT_GT(stability(reference, below), 1);
}

TEST(Drift, MissingValuesAreLeftOutAndFewAreUnknown) {
  std::vector<float> half = draws(0, 1, 512, 1);
  for (std::size_t i = 0; i < half.size(); i += 2) half[i] = kMissing;
  EXPECT_LT(stability(half, draws(0, 1, 512, 2)), 0.1);
  EXPECT_TRUE(std::isnan(stability(draws(0, 1, 512, 1), draws(0, 1, 63, 2))));
  EXPECT_TRUE(std::isnan(stability(draws(0, 1, 63, 1), draws(0, 1, 512, 2))));
  EXPECT_TRUE(std::isnan(stability(std::vector<float>(512, kMissing), draws(0, 1, 512, 2))));
}

// Two metrics that vary, a constant, and one that never comes.
class Values {
 public:
  explicit Values(Drift& drift) : drift_(drift), learnt_(256, 4, 1U << 17) {
    for (int i = 0; i < 256; ++i) learnt_.offer(row(0), rng_);
  }
  void run(Duration length, double shift, Duration period = minutes(1)) {
    for (const Instant end = now_ + length; now_ < end; now_ += period) {
      drift_.step(now_, row(shift), learnt_);
    }
  }

 private:
  std::vector<float> row(double shift) {
    return {static_cast<float>(normal(rng_) + shift), static_cast<float>(normal(rng_)), 3,
            kMissing};
  }
  Drift& drift_;
  Rng rng_{1};
  Reservoir learnt_;
  Instant now_{};
};

TEST(Drift, IsKnownAfterSomeHoursAndOnlyOfMetricsThatVary) {
  Drift drift(4);
  Values values(drift);
  EXPECT_TRUE(std::isnan(drift.mean()));
  values.run(hours(5), 0);
  EXPECT_TRUE(std::isnan(drift.mean()));
  values.run(hours(3), 0);
  EXPECT_LT(drift.mean(), 0.15);
  EXPECT_FALSE(drift.lasts());
}

TEST(Drift, AShiftOfOneMetricInTwoLastsAfterSomeHoursAndIsNamed) {
  Drift drift(4);
  Values values(drift);
  values.run(hours(30), 0);
  EXPECT_FALSE(drift.lasts());
  EXPECT_TRUE(drift.worst().empty());
  values.run(hours(2), 10);
  EXPECT_FALSE(drift.lasts());
  values.run(hours(16), 10);  // two rounds of three hours, once enough of the day is such
  EXPECT_TRUE(drift.lasts());
  ASSERT_EQ(drift.worst().size(), 1U);
  EXPECT_EQ(drift.worst()[0].metric, 0U);
  // One metric of two counts 1 at most, however far it is.
  values.run(hours(24), 1000);
  EXPECT_GT(drift.worst()[0].index, 1);
  EXPECT_NEAR(drift.mean(), 0.5, 0.05);
  values.run(hours(30), 0);
  EXPECT_FALSE(drift.lasts());
  drift.clear();
  EXPECT_TRUE(std::isnan(drift.mean()));
}

TEST(Drift, ADayThatIsNotOverIsNoReasonToActOnIt) {
  Drift drift(4);
  Values values(drift);
  values.run(hours(20), 10);
  EXPECT_GT(drift.mean(), kDrifted);
  EXPECT_FALSE(drift.lasts());
}

TEST(Drift, WhereNothingVariesThereIsNone) {
  Drift drift(1);
  Reservoir learnt(256, 1, 1000);
  Rng rng(1);
  const std::vector<float> row{5};
  for (int i = 0; i < 256; ++i) learnt.offer(row, rng);
  for (int i = 0; i < 6000; ++i) drift.step(Instant{} + i * seconds(10), row, learnt);
  EXPECT_EQ(drift.mean(), 0);
}

TEST(Drift, OnlyTheWorstFewAreNamed) {
  constexpr std::size_t kMetrics = 9;
  Drift drift(kMetrics);
  Reservoir learnt(256, kMetrics, 1000);
  Rng rng(1);
  std::vector<float> row(kMetrics);
  const auto draw = [&](double shift) {
    for (std::size_t i = 0; i < kMetrics; ++i) {
      row[i] = static_cast<float>(normal(rng) + shift * static_cast<double>(i));
    }
  };
  for (int i = 0; i < 256; ++i) {
    draw(0);
    learnt.offer(row, rng);
  }
  for (int i = 0; i < 600; ++i) {
    draw(0.3);
    drift.step(Instant{} + i * minutes(5), row, learnt);
  }
  const auto worst = drift.worst();
  ASSERT_EQ(worst.size(), kMostDrifted);
  for (std::size_t i = 1; i < worst.size(); ++i) EXPECT_GE(worst[i - 1].index, worst[i].index);
}

TEST(Drift, ChancesOfPoissonsDistribution) {
  EXPECT_EQ(poisson_at_least(0, 3), 1);
  EXPECT_NEAR(poisson_at_least(1, 3), 1 - std::exp(-3), 1e-12);
  EXPECT_NEAR(poisson_at_least(5, 0.7), 7.855e-4, 1e-6);
  EXPECT_NEAR(poisson_at_least(14, 4.9), 6.0e-4, 1e-4);
  EXPECT_EQ(poisson_at_least(3, 0), 0);
}

TEST(EpisodeRate, IsUnknownAtFirstAndThenThatOfTheLastWeek) {
  EpisodeRate rate(0.7);
  Instant now{};
  EXPECT_TRUE(std::isnan(rate.a_day(now)));
  rate.watch_from(now);
  now += minutes(59);
  EXPECT_TRUE(std::isnan(rate.a_day(now)));
  now += hours(23) + minutes(1);
  rate.add(now);
  EXPECT_DOUBLE_EQ(rate.a_day(now), 1);
  now += hours(24) * 6;
  rate.add(now);
  EXPECT_DOUBLE_EQ(rate.a_day(now), 2.0 / 7);
  rate.watch_from(now);  // the first counts
  now += hours(24) * 2;
  EXPECT_DOUBLE_EQ(rate.a_day(now), 1.0 / 7);
}

TEST(EpisodeRate, TooManyIsWhatChanceDoesNotExplain) {
  EpisodeRate rate(0.7);
  Instant now{};
  rate.watch_from(now);
  for (int i = 0; i < 5; ++i) rate.add(now += hours(1));
  EXPECT_FALSE(rate.too_many(now));  // less than a day
  now = Instant{} + hours(24);
  EXPECT_TRUE(rate.too_many(now));  // 5 where .7 are due: .0008
  rate.acquit(now);
  EXPECT_FALSE(rate.too_many(now));
  now += hours(24);
  EXPECT_FALSE(rate.too_many(now));
  for (int i = 0; i < 4; ++i) rate.add(now);
  EXPECT_FALSE(rate.too_many(now));  // .006
  rate.add(now);
  EXPECT_TRUE(rate.too_many(now));
  EpisodeRate none(0);
  none.watch_from(Instant{});
  for (int i = 0; i < 9; ++i) none.add(now);
  EXPECT_FALSE(none.too_many(now));
}

TEST(EpisodeRate, MoreThanAreRememberedCountForTheTimeTheyTook) {
  EpisodeRate rate(1);
  Instant now{};
  rate.watch_from(now);
  for (int i = 0; i < 300; ++i) rate.add(now += minutes(30));
  EXPECT_NEAR(rate.a_day(now), 48, 1);
}

}  // namespace
}  // namespace bw::agent
