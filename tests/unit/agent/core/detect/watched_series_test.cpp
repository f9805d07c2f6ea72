#include "agent/core/detect/watched_series.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "agent/core/detect/watch_list.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Series = std::vector<wire::SeriesInfo>;

wire::SeriesInfo gauge(std::string name, std::vector<wire::Label> labels = {}) {
  return {std::move(name), "1", wire::SeriesKind::gauge, std::move(labels)};
}
wire::SeriesInfo disk(const std::string& name) {
  return {"disk.util", "%", wire::SeriesKind::gauge, {{"device", name}}};
}

// A table that is looked at anew each time.
class WatchedSeriesTest : public testing::Test {
 protected:
  void match(const Series& series) { watched_.match(series, ++table_, now_); }
  std::vector<double> row(std::vector<float> live) {
    const auto values = watched_.row(live, now_);
    return {values.begin(), values.end()};
  }
  // So many series that are included by a pattern.
  static Series many(std::size_t count, std::size_t first = 0) {
    Series series;
    for (std::size_t i = first; i < first + count; ++i) {
      series.push_back(gauge("any.thing", {{"n", std::to_string(i)}}));
    }
    return series;
  }

  WatchedSeries watched_{{{"any.*"}, {}}};
  std::uint64_t table_ = 0;
  Instant now_{seconds{1000}};
};

const metrics::MetricInfo* find_metric(std::string_view name) {
  for (const auto& group : metrics::kMetricGroups) {
    for (const metrics::MetricInfo& info : group) {
      if (info.name == name) return &info;
    }
  }
  return nullptr;
}

TEST(WatchList, NamesMetricsThatThereAreAndThatAreReadOftenEnough) {
  for (const WatchedMetric& metric : kWatchList) {
    const metrics::MetricInfo* const info = find_metric(metric.name);
    ASSERT_NE(info, nullptr) << metric.name;
    const bool is_rate = info->kind == wire::SeriesKind::counter;
    EXPECT_LE(metrics::ticks_between(*info), is_rate ? 1 : 10) << metric.name;
    EXPECT_FALSE(metric.name.starts_with("self.") || metric.name.starts_with("event."));
    if (info->unit == "%" && !is_rate) {
      EXPECT_EQ(metric.high, 100) << metric.name;
    }
  }
}

TEST(PlaceKey, LeavesOutWhatNamesOneDeviceOfAllThereAre) {
  const auto gpu = gauge("gpu.util", {{"gpu", "0"}, {"uuid", "GPU-1"}});
  EXPECT_EQ(place_key(gpu), "gpu.util{gpu=0}");
  EXPECT_EQ(place_key(gauge("cpu.util")), "cpu.util");
}

TEST_F(WatchedSeriesTest, GivesPlacesToWhatIsListedTheMostTellingFirstAndOnlySoManyOfAKind) {
  Series series = {gauge("self.cpu"), gauge("cpu.load1"), gauge("cpu.util"),
                   gauge("cpu.util", {{"cpu", "0"}})};
  for (int i = 0; i < 12; ++i) series.push_back(disk(std::string("sd") + char('a' + i)));
  match(series);
  std::vector<std::string> keys = watched_.keys();
  ASSERT_EQ(keys.size(), 6U);
  EXPECT_EQ(keys[0], "cpu.util");
  EXPECT_EQ(keys[1], "cpu.load1");
  EXPECT_EQ(keys[2], "disk.util{device=sda}");
  EXPECT_EQ(keys[5], "disk.util{device=sdd}");
  EXPECT_EQ(watched_.found(), 6U);
  EXPECT_EQ(watched_.left_out(), 0U);
}

TEST_F(WatchedSeriesTest, ABoxOfEightGpusHasRoomForThemAndForWhatIsBesideThem) {
  Series series;
  for (const metrics::MetricInfo* info :
       {&metrics::metric("cpu.util"), &metrics::metric("gpu.util"), &metrics::metric("gpu.temp"),
        &metrics::metric("gpu.power"), &metrics::metric("gpu.fb_used"),
        &metrics::metric("gpu.clock_sm"), &metrics::metric("disk.util"),
        &metrics::metric("disk.await"), &metrics::metric("net.rx_bytes"),
        &metrics::metric("psi.io.some.total")}) {
    const bool one = info->labels.empty() || info->name == "cpu.util";
    for (int i = 0; i < (one ? 1 : 16); ++i) {
      wire::SeriesInfo made{std::string(info->name), std::string(info->unit), info->kind, {}};
      if (!one) made.labels = {{"device", "eth" + std::to_string(i)}};
      series.push_back(made);
    }
  }
  match(series);
  const auto count = [&](std::string_view name) {
    return std::ranges::count_if(watched_.places(), [&](const auto& place) {
      return place.key.starts_with(std::string(name) + "{") || place.key == name;
    });
  };
  for (const auto* name : {"gpu.util", "gpu.temp", "gpu.power", "gpu.fb_used", "gpu.clock_sm"}) {
    EXPECT_EQ(count(name), 8) << name;
  }
  EXPECT_EQ(count("cpu.util"), 1);
  EXPECT_EQ(count("psi.io.some.total"), 1);
  EXPECT_GE(count("disk.util"), 2);
  EXPECT_GE(count("net.rx_bytes"), 2);
  EXPECT_LE(watched_.places().size(), WatchedSeries::kPlaces);
}

TEST_F(WatchedSeriesTest, LeavesOutDevicesThatDoubleOthersOrComeAndGo) {
  Series series = {disk("dm-0"), disk("sda"), disk("zram0")};
  for (const auto* name : {"lo", "veth12ab", "docker0", "eth0"}) {
    series.push_back({"net.rx_bytes", "B", wire::SeriesKind::counter, {{"interface", name}}});
  }
  match(series);
  EXPECT_EQ(watched_.keys(),
            (std::vector<std::string>{"disk.util{device=sda}", "net.rx_bytes{interface=eth0}"}));
}

TEST_F(WatchedSeriesTest, PatternsIncludeAndExcludeByNameOrByKey) {
  WatchedSeries watched{{{"fs.util{mount=/data*}"}, {"cpu.load1", "disk.util{device=sdb}"}}};
  watched.match({gauge("cpu.util"),
                 gauge("cpu.load1"),
                 disk("sda"),
                 disk("sdb"),
                 {"fs.util", "%", wire::SeriesKind::gauge, {{"mount", "/data/1"}}},
                 {"fs.util", "%", wire::SeriesKind::gauge, {{"mount", "/"}}}},
                1, now_);
  EXPECT_EQ(watched.keys(), (std::vector<std::string>{"fs.util{mount=/data/1}", "cpu.util",
                                                      "disk.util{device=sda}"}));
  EXPECT_EQ(watched.places()[0].high, 100) << "of its unit";
}

TEST_F(WatchedSeriesTest, TellsUnitsAsLiveSamplesHaveThemAndNominalRanges) {
  match({gauge("cpu.load1"),
         disk("sda"),
         {"psi.io.some.total", "us", wire::SeriesKind::counter, {}}});
  const auto places = watched_.places();
  EXPECT_EQ(places[0].unit, "us/s");
  EXPECT_EQ(places[0].high, 1e6);
  EXPECT_EQ(places[1].unit, "1");
  EXPECT_EQ(places[1].low, places[1].high);
  EXPECT_EQ(places[2].unit, "%");
  EXPECT_EQ(places[2].high, 100);
}

TEST_F(WatchedSeriesTest, ASeriesKeepsItsPlaceAndOneThatVanishesIsMissing) {
  match({gauge("cpu.util"), gauge("cpu.load1")});
  EXPECT_EQ(row({12, 3}), (std::vector<double>{12, 3}));
  match({gauge("cpu.load1"), gauge("mem.util")});
  EXPECT_EQ(watched_.keys(), (std::vector<std::string>{"cpu.util", "cpu.load1", "mem.util"}));
  const auto values = row({4, 50});
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], 4);
  EXPECT_EQ(values[2], 50);
  EXPECT_EQ(watched_.found(), 2U);
  match({gauge("cpu.util"), gauge("cpu.load1"), gauge("mem.util")});
  EXPECT_EQ(row({1, 2, 3}), (std::vector<double>{1, 2, 3}));
  EXPECT_TRUE(watched_.given_away().empty());
}

TEST_F(WatchedSeriesTest, WhatIsNotFiniteIsMissing) {
  match({gauge("cpu.util"), gauge("cpu.load1"), gauge("mem.util")});
  const auto values = row({std::numeric_limits<float>::infinity(), std::nanf(""), 1});
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_TRUE(std::isnan(values[2])) << "cpu.load1 has the last place";
  EXPECT_EQ(values[1], 1);
}

TEST_F(WatchedSeriesTest, WhereAllPlacesAreTakenOthersAreLeftOutAndCounted) {
  match(many(WatchedSeries::kPlaces + 3));
  EXPECT_EQ(watched_.places().size(), WatchedSeries::kPlaces);
  EXPECT_EQ(watched_.left_out(), 3U);
  EXPECT_TRUE(watched_.given_away().empty());
}

TEST_F(WatchedSeriesTest, OneThatHasBeenGoneForADayMakesRoomAndItsPlaceIsTold) {
  Series series = many(WatchedSeries::kPlaces);
  match(series);
  std::vector<float> live(series.size(), 1);
  live[5] = std::nanf("");
  row(live);
  now_ += hours{23};
  row(live);
  series.push_back(gauge("any.new"));
  live.push_back(1);
  match(series);
  EXPECT_EQ(watched_.left_out(), 1U) << "not gone for long enough";
  now_ += hours{2};
  row(live);
  // The same table: it is looked at again since one found no room.
  EXPECT_TRUE(watched_.match(series, table_, now_));
  ASSERT_EQ(watched_.given_away().size(), 1U);
  EXPECT_EQ(watched_.given_away()[0], 5U);
  EXPECT_EQ(watched_.keys()[5], "any.new");
  EXPECT_EQ(row(live)[5], 1);
}

TEST_F(WatchedSeriesTest, LooksAtATableOnce) {
  const Series series = {gauge("cpu.util")};
  EXPECT_TRUE(watched_.match(series, 7, now_));
  EXPECT_FALSE(watched_.match(series, 7, now_ + hours{48}));
  EXPECT_TRUE(watched_.match(series, 8, now_));
}

TEST_F(WatchedSeriesTest, PlacesOfAModelComeFirstInItsOrderAndTheRestBehindThem) {
  watched_.adopt({"mem.util", "gone{x=1}", "", "gpu.util{gpu=0}"}, now_);
  match({gauge("cpu.util"), gauge("mem.util"),
         gauge("gpu.util", {{"gpu", "0"}, {"uuid", "GPU-other"}})});
  EXPECT_EQ(watched_.keys(),
            (std::vector<std::string>{"mem.util", "gone{x=1}", "", "gpu.util{gpu=0}", "cpu.util"}));
  EXPECT_EQ(watched_.places()[3].shown, "gpu.util{gpu=0,uuid=GPU-other}");
  EXPECT_EQ(watched_.found(), 3U);
  EXPECT_EQ(watched_.count_known({"cpu.util", "gone{x=1}", "gpu.util{gpu=0}"}), 2U);
  const auto values = row({1, 2, 3});
  EXPECT_EQ(values[0], 2);
  EXPECT_TRUE(std::isnan(values[1]) && std::isnan(values[2]));
  EXPECT_EQ(values[3], 3);
  EXPECT_EQ(values[4], 1);
}

TEST_F(WatchedSeriesTest, PlacesThatWereRestoredAreNotOldOnAMachineThatIsUpForDays) {
  const Series series = many(WatchedSeries::kPlaces + 3);
  match(series);
  const std::vector<std::string> before = watched_.keys();
  WatchedSeries again{{{"any.*"}, {}}};
  again.adopt(before, Instant{});  // before the first row: there is no time yet
  now_ += hours{48};
  again.match(series, 1, now_);
  EXPECT_EQ(again.keys(), before);
  EXPECT_TRUE(again.given_away().empty());
  EXPECT_EQ(again.left_out(), 3U);
}

TEST_F(WatchedSeriesTest, PlacesOfAnotherNodesSeriesMakeRoomForOnesOwn) {
  match(many(16));
  std::vector<std::string> others = watched_.keys();
  while (others.size() < WatchedSeries::kPlaces) {
    others.push_back("other{n=" + std::to_string(others.size()) + "}");
  }
  watched_.adopt(others, now_);
  match(many(20));
  EXPECT_EQ(watched_.left_out(), 4U) << "a node's own keep their places for a day";
  watched_.adopt(others, now_);
  watched_.release_unknown(now_);
  match(many(30));
  EXPECT_EQ(watched_.left_out(), 0U);
  EXPECT_EQ(watched_.found(), 30U);
}

TEST_F(WatchedSeriesTest, AKeyIsNoLongerThanAModelTakesAndStillTellsSeriesApart) {
  const std::string same(wire::kMaxText, 'x');
  const auto one = gauge("any.thing", {{"a", same}, {"b", "1"}});
  const auto other = gauge("any.thing", {{"a", same}, {"b", "2"}});
  EXPECT_LE(place_key(one).size(), wire::kMaxText);
  EXPECT_NE(place_key(one), place_key(other));
  EXPECT_EQ(place_key(one), place_key(one));
}

TEST_F(WatchedSeriesTest, ANameThatIsTooLongIsCutWhereItIsShown) {
  match({gauge("any.thing", {{"n", std::string(1000, 'x')}})});
  EXPECT_EQ(watched_.places()[0].shown.size(), WatchedSeries::kMaxKey);
  EXPECT_GT(watched_.places()[0].key.size(), 1000U);
}

TEST_F(WatchedSeriesTest, ClearedItGivesPlacesAnew) {
  match({gauge("mem.util")});
  watched_.clear();
  EXPECT_TRUE(watched_.places().empty());
  match({gauge("cpu.util"), gauge("mem.util")});
  EXPECT_EQ(watched_.keys(), (std::vector<std::string>{"cpu.util", "mem.util"}));
}

}  // namespace
}  // namespace bw::agent
