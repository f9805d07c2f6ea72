#include "coordinator/cli/view_metrics.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "schemas/metrics/metric_table.h"

namespace bw::cli {
namespace {

std::vector<std::string> names_of(const std::vector<MetricRow>& rows) {
  std::vector<std::string> names;
  for (const MetricRow& row : rows) names.push_back(row.name);
  return names;
}

NodeSeries some_node() {
  NodeSeries node;
  node.series = {{"cpu.util", "%", "gauge", {}, 1.5},
                 {"cpu.util", "%", "gauge", {{"cpu", "0"}}, 1.5},
                 {"new.thing", "B/s", "counter", {{"a", "1"}, {"b", "2"}}, 3}};
  return node;
}

TEST(ViewMetrics, WithoutAPatternTheWholeTableIsListed) {
  EXPECT_EQ(metric_rows("", {}).size(), metrics::all_metrics().size());
}

TEST(ViewMetrics, APatternIsAGlobOrPartOfAName) {
  EXPECT_EQ(names_of(metric_rows("cpu.load?", {})),
            (std::vector<std::string>{"cpu.load1", "cpu.load5"}));
  EXPECT_EQ(names_of(metric_rows("load1", {})),
            (std::vector<std::string>{"cpu.load1", "cpu.load15"}));
  EXPECT_TRUE(metric_rows("nothing.like.it", {}).empty());
}

TEST(ViewMetrics, ARowTellsWhatTheTableKnows) {
  const auto rows = metric_rows("disk.read_time", {});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].unit, "ms");
  EXPECT_EQ(rows[0].kind, "counter");
  EXPECT_EQ(rows[0].every, 1);
  EXPECT_EQ(rows[0].labels, "device");
  EXPECT_EQ(rows[0].source, "/proc/diskstats");
  EXPECT_EQ(rows[0].prometheus, "bw_disk_read_time_seconds_total");
  EXPECT_EQ(rows[0].text, "Time that all reads together took.");
}

TEST(ViewMetrics, OfANodeOnlyWhatItHasEvenWhatThisVersionDoesNotKnow) {
  const auto rows = metric_rows("", some_node());
  EXPECT_EQ(names_of(rows), (std::vector<std::string>{"cpu.util", "new.thing"}));
  EXPECT_EQ(rows[0].series, 2U);
  EXPECT_EQ(rows[1].series, 1U);
  EXPECT_EQ(rows[1].unit, "B");
  EXPECT_EQ(rows[1].labels, "a b");
  EXPECT_EQ(rows[1].prometheus, "bw_new_thing_bytes_total");
  EXPECT_FALSE(rows[1].every);
  EXPECT_EQ(names_of(metric_rows("new.*", some_node())), (std::vector<std::string>{"new.thing"}));
  EXPECT_TRUE(metric_rows("mem", some_node()).empty());
}

TEST(ViewMetrics, TheTableHasALineForEach) {
  EXPECT_EQ(metrics_view(metric_rows("cpu.load1?", {}), false, {}),
            "NAME        UNIT  KIND   EVERY  LABELS  TELLS\n"
            "cpu.load15  1     gauge      1          Tasks that ran or waited for a CPU or a disk, "
            "averaged over 15 minutes.\n");
  const std::string of_node = metrics_view(metric_rows("cpu.util", some_node()), true, {});
  EXPECT_NE(of_node.find("SERIES"), std::string::npos);
  const std::string wide = metrics_view(metric_rows("cpu.util", {}), false, {{}, true, 0});
  EXPECT_NE(wide.find("/proc/stat  bw_cpu_util_ratio"), std::string::npos);
}

TEST(ViewMetrics, TheDocumentHasEveryField) {
  const auto json =
      nlohmann::json::parse(metrics_document(metric_rows("cpu.util", some_node()), true));
  const auto& one = json["metrics"][0];
  EXPECT_EQ(one["name"], "cpu.util");
  EXPECT_EQ(one["unit"], "%");
  EXPECT_EQ(one["kind"], "gauge");
  EXPECT_EQ(one["every_ticks"], 1);
  EXPECT_EQ(one["labels"], nlohmann::json::array({"cpu"}));
  EXPECT_EQ(one["source"], "/proc/stat");
  EXPECT_EQ(one["prometheus"], "bw_cpu_util_ratio");
  EXPECT_EQ(one["series"], 2);
  const auto unknown =
      nlohmann::json::parse(metrics_document(metric_rows("new.thing", some_node()), false));
  EXPECT_TRUE(unknown["metrics"][0]["every_ticks"].is_null());
  EXPECT_FALSE(unknown["metrics"][0].contains("series"));
}

}  // namespace
}  // namespace bw::cli
