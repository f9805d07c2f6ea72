// Remote write against the distribution's Prometheus: it is told history while it is killed, and
// answers the same as the coordinator does.
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/integration/prometheus.h"
#include "tests/integration/told_history.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

class HistoryReachesPrometheusTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Prometheus::is_there()) {
      GTEST_SKIP() << "prometheus is not installed: deploy/install-deps --test brings it";
    }
    site_.start_broker();
    start_coordinator();
    told_.announce(publisher_);
  }
  void start_coordinator() {
    const std::string key = "export.remote_write.main.";
    site_.start_coordinator(
        {"--set",
         key + "url=http://127.0.0.1:" + std::to_string(prometheus_.port()) + "/api/v1/write",
         "--set", key + "interval_s=1", "--set", key + "timeout_s=5", "--set",
         key + "backfill=true"});
    ASSERT_TRUE(eventually(seconds{20}, [&] { return site_.metric("bw_broker_connected") == 1; }))
        << site_.coordinator.log();
  }
  void start_prometheus(const std::string& out_of_order = "") {
    prometheus_.start(out_of_order);
    ASSERT_TRUE(eventually(seconds{30}, [&] { return prometheus_.is_ready(); }))
        << prometheus_.log();
  }
  void tell(int first, int last) {
    for (int minute = first; minute < last; ++minute) told_.tell(publisher_, minute);
  }
  double exported(const std::string& name) {
    return site_.metric("bw_export_" + name + "{target=\"remote_write/main\"}");
  }
  double count_there() {
    const auto counted =
        prometheus_.query("sum(count_over_time({node=~\"box-.*\"}[1h]))", told_.end_ms());
    return counted.empty() ? 0 : counted.begin()->second;
  }
  ::testing::AssertionResult arrive(int minutes, int missing_blocks = 0) {
    const double expected =
        (minutes * ToldHistory::kNodes - missing_blocks) * 60. * ToldHistory::kSeries;
    if (eventually(seconds{60}, [&] { return count_there() >= expected; })) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << count_there() << " of " << expected << " samples\n"
                                         << site_.coordinator.log();
  }
  // What the coordinator itself answers, by label.
  std::map<std::string, double> ask(const std::string& parameters, const std::string& label) {
    const auto answer = http_get(site_.api_port, "/api/v1/query?" + parameters);
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto json = nlohmann::json::parse(answer.body, nullptr, false);
    std::map<std::string, double> found;
    if (json.is_discarded()) return found;
    for (const auto& series : json["series"]) {
      if (series["points"].empty()) continue;
      const std::string name =
          label == "node" ? series["node"].get<std::string>() : series["labels"].value(label, "");
      found[name] = series["points"].back()[1].get<double>();
    }
    EXPECT_FALSE(found.empty()) << parameters << ": " << answer.body;
    return found;
  }
  static void expect_near(const std::map<std::string, double>& ours,
                          const std::map<std::string, double>& theirs, double share) {
    ASSERT_EQ(ours.size(), theirs.size());
    ASSERT_FALSE(ours.empty());
    for (const auto& [name, value] : ours) {
      ASSERT_TRUE(theirs.contains(name)) << name;
      EXPECT_NEAR(value, theirs.at(name), std::abs(value) * share) << name;
    }
  }

  Site site_;
  ToldHistory told_;
  Prometheus prometheus_{site_.folder.path()};
  Publisher publisher_{site_.broker_port};
};

TEST_F(HistoryReachesPrometheusTest, NothingIsLostOrDoubledWhileBothAreKilled) {
  start_prometheus();
  tell(0, 3);
  ASSERT_TRUE(arrive(3));
  prometheus_.kill();
  tell(3, 5);
  ASSERT_TRUE(eventually(seconds{20}, [&] { return exported("retries_total") > 0; }));
  EXPECT_EQ(exported("ok"), 0);
  site_.coordinator.kill();
  start_coordinator();
  tell(5, 7);
  start_prometheus();
  tell(7, 9);
  prometheus_.kill();
  start_prometheus();
  tell(9, 10);
  ASSERT_TRUE(arrive(10));

  for (int node = 0; node < ToldHistory::kNodes; ++node) {
    const std::string of = "{node=\"" + ToldHistory::node(node) + "\",site=\"paris\"}";
    const auto load = prometheus_.samples("bw_cpu_util_ratio" + of + "[1h]", told_.end_ms(), "");
    const auto bytes =
        prometheus_.samples("bw_net_rx_bytes_total" + of + "[1h]", told_.end_ms(), "interface");
    ASSERT_TRUE(load.contains("") && bytes.contains("eth0") && bytes.contains("eth1")) << of;
    const std::vector<std::pair<std::int64_t, double>>* const got[] = {
        &load.at(""), &bytes.at("eth0"), &bytes.at("eth1")};
    for (int series = 0; series < ToldHistory::kSeries; ++series) {
      ASSERT_EQ(got[series]->size(), 600U) << of << " " << series;
      for (int second = 0; second < 600; ++second) {
        const auto& [time, value] = (*got[series])[static_cast<std::size_t>(second)];
        const double told = ToldHistory::value(node, series, second);
        EXPECT_EQ(time, told_.begin_ms() + second * 1000);
        EXPECT_EQ(value, series == 0 ? told / 100 : told);
      }
    }
  }
}

TEST_F(HistoryReachesPrometheusTest, BothAnswerTheSameToTheSameQuestion) {
  start_prometheus();
  tell(0, 10);
  ASSERT_TRUE(arrive(10));
  const std::int64_t middle = told_.begin_ms() + 300'000;
  const std::string at = "&from=" + std::to_string(middle / 1000) +
                         "&to=" + std::to_string(middle / 1000 + 1) + "&step=1s";
  auto ours = ask("metric=cpu.util&function=last" + at, "node");
  for (auto& [node, percent] : ours) percent /= 100;
  expect_near(ours, prometheus_.query("bw_cpu_util_ratio", middle, "node"), 1e-12);

  const std::string five = "&from=" + std::to_string(middle / 1000) +
                           "&to=" + std::to_string(middle / 1000 + 300) + "&step=5m";
  expect_near(ask("metric=net.rx_bytes&label=interface%3Deth1&function=rate" + five, "node"),
              prometheus_.query("rate(bw_net_rx_bytes_total{interface=\"eth1\"}[5m])",
                                middle + 300'000, "node"),
              1e-6);
  expect_near(
      ask("metric=net.rx_bytes&function=rate&group_by=interface&across=avg" + five, "interface"),
      prometheus_.query("avg by (interface) (rate(bw_net_rx_bytes_total[5m]))", middle + 300'000,
                        "interface"),
      1e-6);
}

TEST_F(HistoryReachesPrometheusTest, LateHistoryIsRefusedAndCountedAndDelaysNothing) {
  start_prometheus();
  told_.tell(publisher_, 0);
  ASSERT_TRUE(arrive(1));
  told_.tell(publisher_, 5);
  ASSERT_TRUE(arrive(2));
  told_.tell(publisher_, 3, 0);  // minute 3 of box-1, after its minute 5
  told_.tell(publisher_, 6);
  ASSERT_TRUE(arrive(3));
  EXPECT_TRUE(eventually(seconds{20}, [&] { return exported("samples_late_total") == 180; }));
  EXPECT_EQ(exported("samples_refused_total"), 180);
  EXPECT_EQ(exported("ok"), 1);
  EXPECT_NE(
      site_.coordinator.log().find("180 samples were refused for good so far, 180 of them for "
                                   "being older than what is there"),
      std::string::npos)
      << site_.coordinator.log();
}

TEST_F(HistoryReachesPrometheusTest, AnOutOfOrderWindowTakesLateHistoryAndOlderIsCounted) {
  start_prometheus("4m");
  told_.tell(publisher_, 1);
  told_.tell(publisher_, 6);
  ASSERT_TRUE(arrive(2));
  told_.tell(publisher_, 4);  // within the window
  ASSERT_TRUE(arrive(3));
  told_.tell(publisher_, 0, 1);  // older: Prometheus 2.42 answers 500 to it
  told_.tell(publisher_, 7);
  ASSERT_TRUE(arrive(4));
  EXPECT_TRUE(eventually(seconds{20}, [&] { return exported("samples_late_total") == 180; }))
      << site_.coordinator.log();
}

}  // namespace
}  // namespace bw::integration
