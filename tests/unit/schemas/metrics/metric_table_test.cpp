#include "schemas/metrics/metric_table.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "schemas/metrics/prometheus_name.h"

namespace bw::metrics {
namespace {

TEST(MetricTable, EveryNameIsThereOnce) {
  std::set<std::string_view> names;
  for (const MetricInfo* info : all_metrics()) {
    EXPECT_TRUE(names.insert(info->name).second) << info->name;
  }
  EXPECT_GE(names.size(), 300U);
}

TEST(MetricTable, EveryKeyOfASourceIsThereOnce) {
  std::set<std::pair<SourceId, std::string_view>> keys;
  for (const MetricInfo* info : all_metrics()) {
    if (info->key.empty()) continue;
    EXPECT_TRUE(keys.insert({info->source, info->key}).second) << info->name;
    EXPECT_EQ(find_metric(info->source, info->key), info);
  }
}

TEST(MetricTable, NamesAreDottedWordsInSmallLetters) {
  for (const MetricInfo* info : all_metrics()) {
    EXPECT_TRUE(std::all_of(info->name.begin(), info->name.end(), [](char c) {
      return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '.' || c == '_';
    })) << info->name;
    EXPECT_NE(info->name.find('.'), std::string_view::npos) << info->name;
  }
}

TEST(MetricTable, EveryMetricHasAKnownUnitAndASentence) {
  for (const MetricInfo* info : all_metrics()) {
    EXPECT_EQ(base_unit(info->unit).unit, info->unit) << info->name;
    EXPECT_GT(info->scale, 0) << info->name;
    EXPECT_GT(info->text.size(), 8U) << info->name;
    EXPECT_EQ(info->text.back(), '.') << info->name;
    EXPECT_FALSE(std::islower(info->text.front()) != 0) << info->name;
  }
}

TEST(MetricTable, SharesAreNoCounters) {
  for (const MetricInfo* info : all_metrics()) {
    const bool counter = info->kind == wire::SeriesKind::counter;
    EXPECT_FALSE(counter && info->unit == "%") << info->name;
  }
}

TEST(MetricTable, AKeyIsLookedForInItsSourceOnly) {
  EXPECT_NE(find_metric(SourceId::meminfo, "MemTotal"), nullptr);
  EXPECT_EQ(find_metric(SourceId::vmstat, "MemTotal"), nullptr);
  EXPECT_EQ(find_metric(SourceId::meminfo, ""), nullptr);
  EXPECT_EQ(find_metric(SourceId::meminfo, "MemTotals"), nullptr);
}

TEST(Sources, AreIndexedByTheirIdAndReadAtOneOfThreeTiers) {
  for (std::size_t i = 0; i < kSourceCount; ++i) {
    const SourceSpec& spec = kSources[i];
    EXPECT_EQ(static_cast<std::size_t>(spec.id), i) << spec.name;
    EXPECT_EQ(&source_spec(spec.id), &spec);
    EXPECT_TRUE(spec.every == 1 || spec.every == 10 || spec.every == 60) << spec.name;
    EXPECT_EQ(spec.path.starts_with('/'), spec.lane != Lane::call) << spec.name;
  }
}

TEST(Sources, SlowLanesAreThoseThatTheTickDoesNotReadItself) {
  EXPECT_FALSE(is_slow(Lane::tick));
  EXPECT_FALSE(is_slow(Lane::call));
  for (const Lane lane : {Lane::sensors, Lane::clocks, Lane::drives, Lane::mounts,
                          Lane::network_mounts, Lane::gpus}) {
    EXPECT_TRUE(is_slow(lane));
    EXPECT_LT(static_cast<std::size_t>(lane), kLaneCount);
  }
}

TEST(MetricTable, EveryMetricHasASourceAndATier) {
  for (const MetricInfo* info : all_metrics()) {
    ASSERT_LT(static_cast<std::size_t>(info->source), kSourceCount) << info->name;
    const std::uint16_t ticks = ticks_between(*info);
    EXPECT_TRUE(ticks == 1 || ticks == 10 || ticks == 60) << info->name;
  }
}

TEST(MetricTable, ATierHoldsFromItsNameToTheNext) {
  static constexpr MetricInfo kRows[] = {gauge(SourceId::gpu, "a.a", "1", "", "A."),
                                         gauge(SourceId::gpu, "a.b", "1", "", "B."),
                                         gauge(SourceId::gpu, "a.c", "1", "", "C.")};
  static constexpr auto kTiered = tiered(kRows, {{"a.b", 10}});
  EXPECT_EQ(ticks_between(kTiered[0]), 1);
  EXPECT_EQ(ticks_between(kTiered[1]), 10);
  EXPECT_EQ(ticks_between(kTiered[2]), 10);
}

}  // namespace
}  // namespace bw::metrics
