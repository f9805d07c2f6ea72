#include "coordinator/cli/decode_anomaly.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/anomaly_answers.h"

namespace bw::cli {
namespace {

TEST(DecodeAnomaly, AListIsReadInFull) {
  std::string text = R"({"anomalies":[)";
  text.append(testing::kAnomaly).append(R"(],"truncated":true,"damaged":2})");
  const auto list = decode_anomalies(text);
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_TRUE(list->truncated);
  EXPECT_EQ(list->damaged, 2U);
  ASSERT_EQ(list->anomalies.size(), 1U);
  const Anomaly& one = list->anomalies[0];
  EXPECT_EQ(one.id, "box-1:00f3a2c4d5e6b701:3");
  EXPECT_TRUE(one.active);
  EXPECT_EQ(one.level, "major");
  EXPECT_EQ(one.start_ms, 1'795'230'000'000);
  EXPECT_EQ(one.end_ms, std::nullopt);
  EXPECT_EQ(one.duration_s, 302);
  EXPECT_EQ(one.score, 31.25);
  ASSERT_EQ(one.causes.size(), 2U);
  EXPECT_EQ(one.causes[0].labels, (Labels{{"device", "sda"}}));
  EXPECT_EQ(one.causes[0].value, 98.1);
  EXPECT_EQ(one.causes[1].value, std::nullopt);
  EXPECT_EQ(one.causes[1].direction, "unlike");
}

TEST(DecodeAnomaly, OneComesWithItsEvents) {
  std::string json = testing::kAnomaly;
  json.pop_back();
  const auto detail = decode_anomaly(
      json + R"(,"events":[{"node":"box-1","epoch":"00","number":7,"kind":"anomaly"}]})");
  ASSERT_TRUE(detail) << detail.error().message;
  EXPECT_EQ(detail->anomaly.node, "box-1");
  ASSERT_EQ(detail->events.size(), 1U);
  EXPECT_EQ(detail->events[0].number, "7");
}

TEST(DecodeAnomaly, HealthIsReadInFull) {
  const auto health = decode_health(testing::kHealth);
  ASSERT_TRUE(health) << health.error().message;
  EXPECT_EQ(health->verdict, "unwell");
  ASSERT_EQ(health->reasons.size(), 2U);
  EXPECT_EQ(health->reasons[0].severity, "critical");
  EXPECT_EQ(health->detector, "watching");
  EXPECT_EQ(health->series, 40);
  EXPECT_EQ(health->model, "edge@3");
  EXPECT_TRUE(health->drifted);
  EXPECT_EQ(health->anomalies_24h, 2U);
  ASSERT_EQ(health->events.size(), 1U);
  EXPECT_TRUE(health->events[0].open);
}

TEST(DecodeAnomaly, WhatIsNotOfTheShapeIsRefused) {
  EXPECT_FALSE(decode_anomalies("{}"));
  EXPECT_FALSE(decode_anomalies(R"({"anomalies":[{}]})"));
  EXPECT_FALSE(decode_anomalies(R"({"anomalies":[{"id":"x","causes":[1]}]})"));
  EXPECT_FALSE(decode_anomaly(testing::kAnomaly)) << "without its events";
  EXPECT_FALSE(decode_health("{}"));
  EXPECT_FALSE(decode_health(R"({"verdict":"well"})")) << "without reasons";
  EXPECT_FALSE(decode_health("garbage"));
}

}  // namespace
}  // namespace bw::cli
