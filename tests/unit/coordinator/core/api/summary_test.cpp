#include "coordinator/core/api/summary.h"

#include <limits>

#include "coordinator/core/api/schema.h"
#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

using wire::SeriesKind;

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

class SummaryTest : public testing::Test {
 protected:
  void add(std::string name, std::vector<wire::Label> labels, float value) {
    node.series.push_back({std::move(name), "", SeriesKind::gauge, std::move(labels)});
    node.live.push_back(value);
  }
  Json summary() { return summary_of(node); }
  Json summary_of(const FakeNode& of) {
    JsonWriter json;
    json.begin_object();
    summaries.write(json, of.view());
    json.end_object();
    return Json::parse(json.str());
  }
  FakeNode node;
  Summaries summaries;
};

TEST_F(SummaryTest, TakesTheSeriesOfTheWholeMachine) {
  add("cpu.util", {{"cpu", "0"}}, 90);
  add("cpu.util", {}, 30);
  add("cpu.util", {{"cpu", "1"}}, 10);
  EXPECT_EQ(summary()["cpu_util"], 30);
}

TEST_F(SummaryTest, GivesMemoryAsARatio) {
  add("mem.util", {}, 75);
  EXPECT_EQ(summary()["mem_used_ratio"], 0.75);
}

TEST_F(SummaryTest, AddsUpTheInterfacesButTheLoopback) {
  add("net.rx_bytes", {{"interface", "lo"}}, 1000);
  add("net.rx_bytes", {{"interface", "eth0"}}, 10);
  add("net.rx_bytes", {{"interface", "eth1"}}, kNone);
  add("net.rx_bytes", {{"interface", "eth2"}}, 5);
  add("net.tx_bytes", {{"interface", "lo"}}, 1000);
  EXPECT_EQ(summary()["net_rx_bytes_rate"], 15);
  EXPECT_TRUE(summary()["net_tx_bytes_rate"].is_null());
}

TEST_F(SummaryTest, TakesTheBusiestDiskAndTheHottestSensorOfEitherKind) {
  add("disk.util", {{"device", "sda"}}, 20);
  add("disk.util", {{"device", "sdb"}}, 40);
  add("thermal.zone_temp", {{"zone", "0"}}, -5);
  add("hwmon.temp", {{"chip", "nvme"}}, 61);
  EXPECT_EQ(summary()["disk_util_max"], 40);
  EXPECT_EQ(summary()["temp_max"], 61);
}

TEST_F(SummaryTest, IsNullWhereTheNodeMeasuresNoSuchThing) {
  for (const bool is_born : {true, false}) {
    node.is_born = is_born;
    const Json json = summary();
    EXPECT_EQ(json.size(), summary_names().size());
    for (const auto& [name, value] : json.items()) EXPECT_TRUE(value.is_null()) << name;
  }
}

TEST_F(SummaryTest, OfOneNodeIsNotThatOfAnother) {
  add("cpu.load1", {}, 1);
  FakeNode other;
  other.series = {{"x", "", SeriesKind::gauge, {}}, {"cpu.load1", "", SeriesKind::gauge, {}}};
  other.live = {7, 2};
  EXPECT_EQ(summary()["load1"], 1);
  EXPECT_EQ(summary_of(other)["load1"], 2);
}

TEST_F(SummaryTest, HasTheMembersThatTheSchemaNames) {
  for (const Schema& schema : schemas()) {
    if (schema.name != "Summary") continue;
    const auto names = summary_names();
    ASSERT_EQ(schema.fields.size(), names.size());
    for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(schema.fields[i].name, names[i]);
    return;
  }
  FAIL() << "there is no schema of it";
}

}  // namespace
}  // namespace bw::coordinator::api
