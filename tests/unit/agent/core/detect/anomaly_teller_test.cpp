#include "agent/core/detect/anomaly_teller.h"

#include <gtest/gtest.h>

#include "schemas/wire/anomaly.h"
#include "tests/unit/agent/core/detect/node_world.h"

namespace bw::agent {
namespace {

using std::chrono::hours;

DetectOptions by_hand() {
  DetectOptions options;
  options.alert_threshold = 30;
  return options;
}

std::vector<wire::Anomaly> told(const NodeWorld& node) {
  std::vector<wire::Anomaly> found;
  for (const wire::EventRecord& event : node.events) {
    if (const auto one = wire::anomaly_of(event.details)) found.push_back(*one);
  }
  return found;
}

TEST(AnomalyTeller, WhatFlaresAllNightIsToldEverMoreRarelyAndInTheEndHowOften) {
  NodeWorld node(by_hand());
  node.run(400);
  for (int i = 0; i < 16; ++i) {
    node.run(3, break_node);
    node.run(60);
  }
  const std::uint32_t flares = node.detector.detector().episode().flares;
  ASSERT_GT(flares, 6U);
  ASSERT_FALSE(AnomalyTeller::tells_flare(flares)) << "there must be something left to tell";
  std::uint32_t doubled = 1;
  for (const wire::EventRecord& event : node.events) {
    const auto one = wire::anomaly_of(event.details);
    ASSERT_TRUE(one);
    EXPECT_EQ(one->episode, 1U);
    // A flare that is worse than those before is told as well: at most twice.
    if (event.kind != "anomaly_end" && one->flares == 2 * doubled) doubled *= 2;
  }
  EXPECT_LE(doubled, flares);
  EXPECT_GT(2 * doubled, flares);
  EXPECT_LE(node.events.size(), 2U * 4U + 2U * 2U);
  EXPECT_LT(told(node).back().flares, flares);
  node.now += hours{11};
  node.run(2);
  EXPECT_EQ(node.events.back().kind, "anomaly_end");
  EXPECT_EQ(told(node).back().flares, flares);
  const auto count = node.events.size();
  node.run(100);
  EXPECT_EQ(node.events.size(), count);
}

TEST(AnomalyTeller, EveryBeginThatIsToldHasItsEnd) {
  NodeWorld node(by_hand());
  node.run(400);
  for (int i = 0; i < 5; ++i) {
    node.run(3, break_node);
    node.run(60);
    ASSERT_FALSE(node.events.empty());
    EXPECT_EQ(node.events.back().kind, "anomaly_end") << i;
  }
}

TEST(AnomalyTeller, ARiseToAWorseClassIsAnUpdate) {
  DetectOptions options;
  options.alert_threshold = 20;
  NodeWorld node(options);
  node.run(600);
  node.events.clear();
  // A little, then a lot.
  for (int i = 0; i < 120; ++i) {
    node.second([i](std::vector<double>& row) { row[4] = 1000 + 8 * i; });
  }
  const auto all = told(node);
  ASSERT_GE(all.size(), 2U);
  bool updated = false;
  auto worst = wire::AnomalySeverity::minor;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (node.events[i].kind != "anomaly_update" || all[i].flares != all[0].flares) continue;
    updated = true;
    EXPECT_GT(all[i].severity, wire::AnomalySeverity::minor);
    worst = std::max(worst, all[i].severity);
  }
  EXPECT_TRUE(updated);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (node.events[i].kind == "anomaly_end") continue;
    const bool critical = all[i].severity == wire::AnomalySeverity::critical;
    EXPECT_EQ(node.events[i].severity,
              critical ? wire::Severity::critical : wire::Severity::warning);
  }
}

TEST(AnomalyTeller, WhatLastsIsToldOnceAsTheNewNormal) {
  NodeWorld node(by_hand());
  node.run(400);
  node.run(2400, break_node);
  const auto all = told(node);
  ASSERT_GE(all.size(), 2U);
  EXPECT_EQ(all.back().outcome, wire::AnomalyOutcome::lasting);
  EXPECT_GE(all.back().troubled_ms, 30U * 60 * 1000);
  const auto count = node.events.size();
  node.run(600, break_node);
  EXPECT_EQ(node.events.size(), count);
}

TEST(AnomalyTeller, TellsFlaresThatArePowersOfTwo) {
  for (const std::uint32_t flares : {1U, 2U, 4U, 1024U}) {
    EXPECT_TRUE(AnomalyTeller::tells_flare(flares));
  }
  for (const std::uint32_t flares : {3U, 5U, 12U}) EXPECT_FALSE(AnomalyTeller::tells_flare(flares));
}

}  // namespace
}  // namespace bw::agent
