#include "agent/core/detect/anomaly_words.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

using wire::AnomalyDirection;

wire::Anomaly anomaly() {
  wire::Anomaly made;
  made.episode = 1;
  made.troubled_ms = 95'000;
  made.causes = {
      {"disk.util{device=sda}", "%", 0.54, 98.13, 1, 40, AnomalyDirection::above},
      {"cpu.load1", "1", 0.31, 7, 0.5, 2, AnomalyDirection::above},
      {"gpu.power{gpu=0}", "mW", 0.1, 12'300, 200'000, 310'000, AnomalyDirection::below},
      {"mem.util", "%", 0.05, 50, 40, 60, AnomalyDirection::restless},
  };
  return made;
}

TEST(AnomalyWords, SayWhatIsOnAndItsThreeForemostCauses) {
  EXPECT_EQ(anomaly_text(anomaly()),
            "unlike itself: disk.util{device=sda} is 98.1 %, usually 1 to 40 % (54 % of it); "
            "cpu.load1 is 7, usually 0.5 to 2 (31 % of it); gpu.power{gpu=0} is 12.3 W, usually "
            "200 to 310 W (10 % of it)");
}

TEST(AnomalyWords, SayHowOftenItCameBack) {
  wire::Anomaly again = anomaly();
  again.flares = 4;
  EXPECT_TRUE(anomaly_text(again).starts_with("unlike itself again (4 times by now): disk"));
}

TEST(AnomalyWords, SayHowItEndedAndHowLongItWas) {
  wire::Anomaly over = anomaly();
  over.causes.resize(1);
  over.outcome = wire::AnomalyOutcome::calm;
  EXPECT_EQ(anomaly_text(over),
            "as usual again after 95 s; at its worst, disk.util{device=sda} was 98.1 %, usually 1 "
            "to 40 % (54 % of it)");
  over.flares = 5;
  over.troubled_ms = 180'000;
  EXPECT_TRUE(anomaly_text(over).starts_with("as usual again after 3 min in 5 stretches;"));
  over.outcome = wire::AnomalyOutcome::lasting;
  over.troubled_ms = 3 * 3'600'000;
  EXPECT_TRUE(anomaly_text(over).starts_with(
      "unlike itself for 3 h in 5 stretches, which is taken for usual from now on;"));
  over.troubled_ms = 150 * 60'000;
  EXPECT_TRUE(anomaly_text(over).starts_with("unlike itself for 2 h 30 min in 5 stretches,"));
  over.outcome = wire::AnomalyOutcome::silenced;
  EXPECT_TRUE(anomaly_text(over).starts_with("a known change silences what was unlike itself"));
  over.outcome = wire::AnomalyOutcome::stopped;
  EXPECT_TRUE(anomaly_text(over).starts_with("the agent was stopped while the box was unlike"));
}

TEST(AnomalyWords, EachDirectionHasItsOwn) {
  wire::Anomaly one = anomaly();
  one.causes = {{"x", "ms", 0.5, 3, 1, 2, AnomalyDirection::restless}};
  EXPECT_NE(anomaly_text(one).find("x varies more than usual, now 3 ms, usually 1 to 2 ms"),
            std::string::npos);
  one.causes[0].direction = AnomalyDirection::still;
  EXPECT_NE(anomaly_text(one).find("x varies less than usual, now 3 ms"), std::string::npos);
  one.causes[0].direction = AnomalyDirection::unlike;
  EXPECT_NE(anomaly_text(one).find("x does not go with the others, now 3 ms"), std::string::npos);
  one.causes[0].direction = AnomalyDirection::below;
  one.causes[0].value = std::nan("");
  EXPECT_NE(anomaly_text(one).find("x has no value, usually 1 to 2 ms"), std::string::npos);
}

TEST(AnomalyWords, WithoutCausesSayThatMuch) {
  wire::Anomaly bare = anomaly();
  bare.causes.clear();
  EXPECT_EQ(anomaly_text(bare), "unlike itself");
}

TEST(Quantities, AreOfThreeDigitsInUnitsThatPeopleRead) {
  EXPECT_EQ(quantity_text(1'234'567, "B"), "1.23 MB");
  EXPECT_EQ(quantity_text(16'203'300, "B/s"), "16.2 MB/s");
  EXPECT_EQ(quantity_text(312'000, "us/s"), "31.2 % of the time");
  EXPECT_EQ(quantity_text(1.25, "s/s"), "1.25 CPUs");
  EXPECT_EQ(quantity_text(61.5, "C"), "61.5 °C");
  EXPECT_EQ(quantity_text(1410, "MHz"), "1.41 GHz");
  EXPECT_EQ(quantity_text(8375, "count/s"), "8.38k/s");
  EXPECT_EQ(quantity_text(0, "%"), "0 %");
  EXPECT_EQ(quantity_text(-3.456, "1"), "-3.46");
  EXPECT_EQ(quantity_text(0.0523, "1"), "0.05");
  EXPECT_EQ(quantity_text(1e-5, "1"), "1.00e-05");
  EXPECT_EQ(quantity_text(123'456, "rpm"), "123456 rpm");
  EXPECT_EQ(quantity_text(5, "furlongs"), "5 furlongs");
  EXPECT_EQ(quantity_text(std::nan(""), "B"), "no value");
}

TEST(Quantities, OfARangeShareTheirUnit) {
  EXPECT_EQ(range_text(0, 38'275, "B/s"), "0 to 38.3 kB/s");
  EXPECT_EQ(range_text(7, 7, "count"), "7");
  EXPECT_EQ(range_text(-1, 1, "1"), "-1 to 1");
}

}  // namespace
}  // namespace bw::agent
