#include "schemas/wire/anomaly.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "schemas/wire/codec.h"
#include "schemas/wire/limits.h"
#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

Anomaly example() {
  Anomaly anomaly;
  anomaly.episode = 3;
  anomaly.start_ms = 1'700'000'000'000;
  anomaly.peak_ms = 1'700'000'004'000;
  anomaly.end_ms = 1'700'000'060'000;
  anomaly.severity = AnomalySeverity::critical;
  anomaly.outcome = AnomalyOutcome::lasting;
  anomaly.score = 41.25;
  anomaly.threshold = 18.5;
  anomaly.flares = 2;
  anomaly.troubled_ms = 31'000;
  anomaly.causes = {
      {"disk.util{device=sda}", "%", 0.5, 98.5, 0, 40, AnomalyDirection::above},
      {"fs.used{mount=/mnt/a b=c}", "B", 0.25, 1.5e12, -1, 2, AnomalyDirection::restless},
      {"load.1m", "", 0.125, 7, 0.5, 2, AnomalyDirection::unlike},
  };
  return anomaly;
}

std::vector<Label> with(std::vector<Label> details, const std::string& name, std::string value) {
  for (Label& detail : details) {
    if (detail.name == name) detail.value = std::move(value);
  }
  return details;
}

TEST(AnomalyDetails, SayAllOfItOverTheWireAndBack) {
  EventRecord event = examples::event();
  event.kind = kAnomalyEndKind;
  event.details = anomaly_details(example());
  Encoder encoder;
  const auto decoded = decode_event(encoder.encode(event));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(anomaly_of(decoded->details), example());
}

TEST(AnomalyDetails, SayThatAValueIsMissing) {
  Anomaly anomaly = example();
  anomaly.causes[0].value = std::numeric_limits<double>::quiet_NaN();
  const auto read = anomaly_of(anomaly_details(anomaly));
  ASSERT_TRUE(read);
  EXPECT_TRUE(std::isnan(read->causes[0].value));
}

TEST(AnomalyDetails, SayAUnitThatHasSpacesWithoutThem) {
  Anomaly anomaly = example();
  anomaly.causes[0].unit = "events a second";
  const auto read = anomaly_of(anomaly_details(anomaly));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->causes[0].unit, "events_a_second");
  EXPECT_EQ(read->causes[0].metric, anomaly.causes[0].metric);
}

TEST(AnomalyDetails, LeaveOutCausesBeyondTheBoundAndFitIntoAnEvent) {
  Anomaly anomaly = example();
  anomaly.causes.assign(kMaxAnomalyCauses + 2, anomaly.causes[0]);
  const auto details = anomaly_details(anomaly);
  EXPECT_LE(details.size(), kMaxLabels);
  EXPECT_EQ(anomaly_of(details)->causes.size(), kMaxAnomalyCauses);
}

TEST(AnomalyDetails, OfALaterVersionAreReadAsFarAsTheyAreKnown) {
  auto details = anomaly_details(example());
  details.push_back({"season", "night"});
  details = with(details, "cause_3", "share=1 value=2 low=0 high=1 colour=red metric=load.1m");
  const auto read = anomaly_of(details);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->causes[2].metric, "load.1m");
}

TEST(AnomalyDetails, ThatMakeNoSenseAreNoAnomaly) {
  const auto details = anomaly_details(example());
  EXPECT_FALSE(anomaly_of({}));
  EXPECT_FALSE(anomaly_of(examples::event().details));
  for (const auto& [name, value] : std::vector<std::pair<const char*, const char*>>{
           {"episode", "0"},
           {"episode", "three"},
           {"episode", "3 "},
           {"start_ms", ""},
           {"level", "dreadful"},
           {"outcome", "MINOR"},
           {"score", "nan"},
           {"flares", "-1"},
           {"cause_1", ""},
           {"cause_1", "nonsense"},
           {"cause_1", "share=1 value=2"},
           {"cause_1", "share=x metric=load.1m"},
           {"cause_1", "share=inf metric=load.1m"},
           {"cause_1", "direction=sideways metric=load.1m"},
           {"cause_1", "share=1 metric="},
           {"cause_1", "share=1.5 metric=load.1m"},
           {"cause_1", "share=-1e300 metric=load.1m"},
           {"cause_1", "low=-inf metric=load.1m"},
           {"cause_1", "high=nan metric=load.1m"},
           {"threshold", "inf"},
       }) {
    EXPECT_FALSE(anomaly_of(with(details, name, value))) << name << " " << value;
  }
  auto many = details;
  for (int i = 0; i < 8; ++i) many.push_back(details.back());
  EXPECT_FALSE(anomaly_of(many));
}

TEST(SeriesKey, NamesASeriesWithItsLabels) {
  EXPECT_EQ(series_key({"load.1m", "", SeriesKind::gauge, {}}), "load.1m");
  EXPECT_EQ(series_key({"net.rx", "B", SeriesKind::counter, {{"device", "eth0"}, {"q", "1"}}}),
            "net.rx{device=eth0,q=1}");
}

TEST(AnomalyIds, AreReadAsTheyAreWritten) {
  const AnomalyId id{"box-1.rack_2", 0xf3a2c4d5e6b701U, 12};
  EXPECT_EQ(text_of(id), "box-1.rack_2:00f3a2c4d5e6b701:12");
  EXPECT_EQ(parse_anomaly_id(text_of(id)), id);
  for (const char* bad :
       {"", "box-1", "box-1:00f3a2c4d5e6b701", "box-1:00f3a2c4d5e6b701:", "box-1:f3:1",
        "box-1:00f3a2c4d5e6b701:0", "box-1:00f3a2c4d5e6b701:1x", "box-1:00f3a2c4d5e6b70g:1",
        ":00f3a2c4d5e6b701:1", "b/x:00f3a2c4d5e6b701:1", "box-1:00f3a2c4d5e6b7011:1"}) {
    EXPECT_FALSE(parse_anomaly_id(bad)) << bad;
  }
}

TEST(AnomalyKinds, AreThree) {
  EXPECT_TRUE(is_anomaly_kind("anomaly"));
  EXPECT_TRUE(is_anomaly_kind("anomaly_update"));
  EXPECT_TRUE(is_anomaly_kind("anomaly_end"));
  EXPECT_FALSE(is_anomaly_kind("anomaly_ends"));
}

}  // namespace
}  // namespace bw::wire
