#include "agent/core/collect/anomaly_metrics.h"

#include <cmath>

#include <gtest/gtest.h>

#include "agent/core/collect/collector.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

double value(const Collector& collector, std::string_view name, bool live = false) {
  const Sample& sample = collector.sample();
  for (std::size_t i = 0; i < sample.series().size(); ++i) {
    if (sample.series()[i].name != name) continue;
    return live ? static_cast<double>(sample.live()[i]) : sample.values()[i];
  }
  ADD_FAILURE() << "no series " << name;
  return 0;
}

Readings at_tick(std::uint64_t tick) {
  Readings readings;
  readings.when = Instant{} + std::chrono::seconds{100 + tick};
  readings.tick = tick;
  return readings;
}

AnomalyHealth health() {
  AnomalyHealth made;
  made.learnt = true;
  made.score = 12.3456;
  made.threshold = 31.5;
  made.active = true;
  made.series = 36;
  made.a_day = 0.7;
  made.model_rows = 5000;
  made.model_age = std::chrono::milliseconds{5'000'500};
  made.drift = 0.123;
  made.begun = 3;
  made.model_changes = 2;
  return made;
}

TEST(AnomalyMetrics, BelongToTheTickThatTheyAreOf) {
  Collector collector;
  collector.expect_anomalies();
  collector.read(at_tick(0));
  const auto table = collector.sample().table_id();
  collector.set(health(), 0);
  for (const bool live : {false, true}) {
    EXPECT_NEAR(value(collector, "self.anomaly_score", live), 12.35, 1e-5);
    EXPECT_NEAR(value(collector, "self.anomaly_threshold", live), 31.5, 1e-5);
    EXPECT_EQ(value(collector, "self.anomaly_active", live), 1);
    EXPECT_EQ(value(collector, "self.anomaly_series", live), 36);
    EXPECT_EQ(value(collector, "self.model_rows", live), 5000);
    EXPECT_EQ(value(collector, "self.model_age", live), 5000);
    EXPECT_NEAR(value(collector, "self.model_drift", live), 0.12, 1e-6);
    EXPECT_NEAR(value(collector, "self.anomaly_rate", live), 0.7, 1e-6);
  }
  EXPECT_EQ(collector.sample().table_id(), table) << "they were in it from the first tick on";
}

TEST(AnomalyMetrics, SayNothingBeforeSomethingIsLearntOrKnown) {
  Collector collector;
  collector.expect_anomalies();
  collector.read(at_tick(0));
  collector.set({}, 0);
  EXPECT_TRUE(std::isnan(value(collector, "self.anomaly_score")));
  EXPECT_TRUE(std::isnan(value(collector, "self.anomaly_active")));
  EXPECT_TRUE(std::isnan(value(collector, "self.model_drift")));
  AnomalyHealth soon;
  soon.learnt = true;
  soon.threshold = HUGE_VAL;
  collector.read(at_tick(1));
  collector.set(soon, 1);
  EXPECT_TRUE(std::isnan(value(collector, "self.anomaly_threshold")));
  EXPECT_EQ(value(collector, "self.anomaly_score"), 0);
}

TEST(AnomalyMetrics, OfTheModelAreTakenAtEveryTenthTick) {
  Collector collector;
  collector.expect_anomalies();
  AnomalyHealth now = health();
  for (std::uint64_t tick = 0; tick < 10; ++tick) {
    collector.read(at_tick(tick));
    now.model_rows = tick;
    collector.set(now, tick);
    EXPECT_EQ(value(collector, "self.model_rows"), 0);
  }
  collector.read(at_tick(12));  // two were missed
  now.model_rows = 12;
  collector.set(now, 12);
  EXPECT_EQ(value(collector, "self.model_rows"), 12);
}

TEST(AnomalyMetrics, EventsAreCountedByKind) {
  Collector collector;
  collector.expect_anomalies();
  collector.read(at_tick(0));
  collector.set(health(), 0);
  collector.read(at_tick(1));
  EXPECT_EQ(value(collector, "event.anomaly"), 3);
  EXPECT_EQ(value(collector, "event.model_change"), 2);
  EXPECT_EQ(value(collector, "event.anomaly_end"), 0);
}

TEST(AnomalyMetrics, AreNotThereWithoutADetector) {
  Collector collector;
  collector.read(at_tick(0));
  for (const wire::SeriesInfo& series : collector.sample().series()) {
    EXPECT_FALSE(series.name.starts_with("self.anomaly")) << series.name;
  }
}

}  // namespace
}  // namespace bw::agent
