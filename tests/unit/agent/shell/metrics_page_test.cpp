#include "agent/shell/metrics_page.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

TEST(MetricsPage, HasARowOfEightCellsForEveryMetric) {
  const std::string whole = metrics_page();
  const std::string page = whole.substr(0, whole.find("## Not collected"));
  std::size_t rows = 0;
  for (std::size_t at = page.find("\n| `"); at != std::string::npos;
       at = page.find("\n| `", at + 1)) {
    const std::string row = page.substr(at + 1, page.find('\n', at + 1) - at - 1);
    EXPECT_EQ(std::count(row.begin(), row.end(), '|'), 9) << row;
    ++rows;
  }
  EXPECT_EQ(rows, metrics::all_metrics().size());
  for (const metrics::MetricInfo* metric : metrics::all_metrics()) {
    EXPECT_THAT(page, testing::HasSubstr("| `" + std::string(metric->name) + "` |"));
  }
}

TEST(MetricsPage, TellsWhatIsNotCollectedAndWhy) {
  EXPECT_THAT(metrics_page(), testing::HasSubstr("| Values of single NVLinks | 18 links of each"));
}

TEST(MetricsPage, TellsTierNameAndSource) {
  const std::string page = metrics_page();
  EXPECT_THAT(page, testing::HasSubstr("| `disk.read_time` | ms | counter | 1 | `device` | "
                                       "`bw_disk_read_time_seconds_total` | `diskstats` | "));
  EXPECT_THAT(page, testing::HasSubstr("| `nvme_smart` | drives | 60 | `/sys/class/nvme/nvme*` |"));
  EXPECT_THAT(page, testing::HasSubstr("| `clock` |  | 10 | `adjtimex(2)` |"));
}

}  // namespace
}  // namespace bw::agent
