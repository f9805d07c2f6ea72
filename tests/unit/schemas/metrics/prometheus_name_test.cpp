#include "schemas/metrics/prometheus_name.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <gtest/gtest.h>

#include "schemas/metrics/metric_table.h"

namespace bw::metrics {
namespace {

using wire::SeriesKind;

TEST(PrometheusName, NamesEndInTheBaseUnitAndCountersInTotal) {
  EXPECT_EQ(prometheus_name("disk.read_time", "ms", SeriesKind::counter),
            "bw_disk_read_time_seconds_total");
  EXPECT_EQ(prometheus_name("cpu.util", "%", SeriesKind::gauge), "bw_cpu_util_ratio");
  EXPECT_EQ(prometheus_name("cpu.load1", "1", SeriesKind::gauge), "bw_cpu_load1");
  EXPECT_EQ(prometheus_name("sched.interrupts", "count", SeriesKind::counter),
            "bw_sched_interrupts_total");
  EXPECT_EQ(prometheus_name("thermal.zone_temp", "C", SeriesKind::gauge),
            "bw_thermal_zone_temp_celsius");
}

TEST(PrometheusName, AUnitThatTheNameEndsInStandsThereOnce) {
  EXPECT_EQ(prometheus_name("net.rx_bytes", "B", SeriesKind::counter), "bw_net_rx_bytes_total");
  EXPECT_EQ(prometheus_name("psi.cpu.some.total", "us", SeriesKind::counter),
            "bw_psi_cpu_some_total_seconds_total");
  EXPECT_EQ(prometheus_name("mem.total", "B", SeriesKind::gauge), "bw_mem_total_bytes");
}

TEST(PrometheusName, ARateSaysThatItIsOne) {
  EXPECT_EQ(prometheus_rate_name("net.rx_bytes", "B"), "bw_net_rx_bytes_per_second");
  EXPECT_EQ(prometheus_rate_name("some.total", "count"), "bw_some_per_second");
}

TEST(PrometheusName, ValuesLeaveInBaseUnits) {
  EXPECT_EQ(base_unit("%").convert(37.5), .375);
  EXPECT_EQ(base_unit("ms").convert(1234), 1.234);
  EXPECT_EQ(base_unit("KiB").convert(3), 3072);
  EXPECT_EQ(base_unit("MHz").convert(1500), 1.5e9);
  EXPECT_EQ(base_unit("furlongs").convert(7), 7);
  EXPECT_EQ(prometheus_name("a.b", "furlongs", SeriesKind::gauge), "bw_a_b");
}

TEST(PrometheusName, EveryMetricHasItsOwnNameThatPrometheusTakes) {
  std::set<std::string> names;
  for (const MetricInfo* info : all_metrics()) {
    const std::string name = prometheus_name(info->name, info->unit, info->kind);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_TRUE(std::all_of(name.begin(), name.end(), [](char c) {
      return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
    })) << name;
    EXPECT_FALSE(base_unit(info->unit).unit.empty()) << info->name << ": " << info->unit;
    if (info->kind == SeriesKind::counter) {
      EXPECT_TRUE(names.insert(prometheus_rate_name(info->name, info->unit)).second) << name;
    }
  }
}

TEST(PrometheusName, LabelsAreLettersDigitsAndUnderscores) {
  EXPECT_EQ(prometheus_label("device"), "device");
  EXPECT_EQ(prometheus_label("k8s.io/name"), "k8s_io_name");
  EXPECT_EQ(prometheus_label("7th"), "_7th");
  EXPECT_EQ(prometheus_label(""), "_");
  EXPECT_EQ(prometheus_label("größe"), "gr____e");
}

}  // namespace
}  // namespace bw::metrics
