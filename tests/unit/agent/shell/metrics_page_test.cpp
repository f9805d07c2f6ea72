#include "agent/shell/metrics_page.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

TEST(MetricsPage, HasARowOfFiveCellsForEveryMetric) {
  const std::string page = metrics_page();
  std::size_t rows = 0;
  for (std::size_t at = page.find("\n| `"); at != std::string::npos;
       at = page.find("\n| `", at + 1)) {
    const std::string row = page.substr(at + 1, page.find('\n', at + 1) - at - 1);
    EXPECT_EQ(std::count(row.begin(), row.end(), '|'), 6) << row;
    ++rows;
  }
  EXPECT_EQ(rows, metrics::all_metrics().size());
  for (const metrics::MetricInfo* metric : metrics::all_metrics()) {
    EXPECT_THAT(page, testing::HasSubstr("| `" + std::string(metric->name) + "` |"));
  }
}

}  // namespace
}  // namespace bw::agent
