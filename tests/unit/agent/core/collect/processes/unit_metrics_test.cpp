#include "agent/core/collect/processes/unit_metrics.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

class UnitMetricsTest : public testing::Test {
 protected:
  // "kind kind", of what was told.
  std::string read(std::vector<UnitReading> units, std::optional<std::uint64_t> failed = 0) {
    return read(SystemdReading{
        .running = true, .fresh = true, .failed_units = failed, .units = units, .error = {}});
  }
  std::string read(const SystemdReading& reading) {
    events_.clear();
    metrics_.read(reading, wall_from_ms(7000), events_);
    std::string kinds;
    for (const ToldEvent& event : events_) {
      kinds += (kinds.empty() ? "" : " ") + event.record.kind;
    }
    return kinds;
  }
  double value(std::string_view name) const {
    for (std::size_t i = 0; i < sample_.series().size(); ++i) {
      if (sample_.series()[i].name == name) return sample_.values()[i];
    }
    return std::nan("");
  }
  static std::vector<UnitReading> web(std::string state, std::uint64_t restarts = 0) {
    return {{"web.service", "loaded", std::move(state), restarts}};
  }
  Sample sample_;
  UnitMetrics metrics_{sample_};
  std::vector<ToldEvent> events_;
};

TEST_F(UnitMetricsTest, FailedUnitsAreCounted) {
  read({}, 3);
  EXPECT_EQ(value("systemd.failed_units"), 3);
  read({}, std::nullopt);  // not asked this time
  EXPECT_EQ(value("systemd.failed_units"), 3);
}

TEST_F(UnitMetricsTest, ABoxWithoutSystemdHasNoSeries) {
  EXPECT_EQ(read(SystemdReading{}), "");
  EXPECT_EQ(sample_.series().size(), 0U);
}

TEST_F(UnitMetricsTest, StatesAreToldWhenTheyChange) {
  EXPECT_EQ(read(web("active")), "");
  EXPECT_EQ(value("systemd.unit_active"), 1);
  EXPECT_EQ(read(web("failed")), "unit_failed");
  EXPECT_EQ(events_[0].record.severity, wire::Severity::critical);
  EXPECT_EQ(events_[0].record.text, "unit web.service has failed");
  EXPECT_EQ(events_[0].record.time_ms, 7000);
  EXPECT_EQ(value("systemd.unit_active"), 0);
  EXPECT_EQ(read(web("failed")), "");
  EXPECT_EQ(read(web("activating")), "");
  EXPECT_EQ(read(web("active")), "unit_up");
  EXPECT_EQ(read(web("deactivating")), "");
  EXPECT_EQ(read(web("inactive")), "unit_down");
}

TEST_F(UnitMetricsTest, RestartsAreToldByTheirCount) {
  read(web("active", 2));
  EXPECT_EQ(value("systemd.unit_restarts"), 2);
  EXPECT_EQ(read(web("active", 3)), "unit_restart");
  EXPECT_EQ(read(web("activating", 4)), "unit_restart");
  EXPECT_EQ(read(web("active", 4)), "");
  EXPECT_EQ(read(web("active", UnitReading::kUnknown)), "");
  EXPECT_TRUE(std::isnan(value("systemd.unit_restarts")));
}

TEST_F(UnitMetricsTest, AUnitThatIsDownOrUnknownAtFirstIsToldOnce) {
  EXPECT_EQ(read(web("inactive")), "unit_down");
  EXPECT_EQ(read(web("inactive")), "");
  EXPECT_EQ(read({{"x.service", "not-found", "inactive", UnitReading::kUnknown}}), "unit_down");
  EXPECT_EQ(events_[0].record.text, "unit x.service is not known to systemd");
}

TEST_F(UnitMetricsTest, WhereSystemdDoesNotAnswerNothingHasAValue) {
  read(web("active"), 1);
  EXPECT_EQ(read(SystemdReading{
                .running = true, .fresh = false, .failed_units = {}, .units = {}, .error = "no"}),
            "");
  EXPECT_TRUE(std::isnan(value("systemd.failed_units")));
  EXPECT_TRUE(std::isnan(value("systemd.unit_active")));
}

TEST_F(UnitMetricsTest, MoreUnitsThanAreWatchedAreLeftOut) {
  std::vector<UnitReading> units;
  for (std::size_t i = 0; i < UnitMetrics::kMaxUnits + 5; ++i) {
    units.push_back({"u" + std::to_string(i) + ".service", "loaded", "active", 0});
  }
  read(units);
  EXPECT_EQ(sample_.series().size(), 1 + 2 * UnitMetrics::kMaxUnits);
}

}  // namespace
}  // namespace bw::agent
