#include "schemas/metrics/find_metric.h"

#include <gtest/gtest.h>

#include "schemas/metrics/metric_table.h"

namespace bw::metrics {
namespace {

TEST(FindMetric, FindsEveryMetricOfTheTable) {
  for (const MetricInfo* info : all_metrics()) EXPECT_EQ(metric_named(info->name), info);
}

TEST(FindMetric, FindsNothingElse) {
  EXPECT_EQ(metric_named("cpu.utils"), nullptr);
  EXPECT_EQ(metric_named(""), nullptr);
}

}  // namespace
}  // namespace bw::metrics
