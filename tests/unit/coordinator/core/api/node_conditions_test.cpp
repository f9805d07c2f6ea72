#include "coordinator/core/api/node_conditions.h"

#include <cmath>

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

constexpr std::uint64_t kRun = 7;

class ConditionsTest : public ::testing::Test {
 protected:
  ConditionsTest() {
    node.id = "n1";
    node.birth.epoch = kRun;
  }

  void live(const std::string& name, const std::string& label, const std::string& thing,
            float value) {
    node.series.push_back({name, "1", wire::SeriesKind::gauge, {{label, thing}}});
    node.live.push_back(value);
  }
  static EventRow event(const std::string& kind, const std::string& label, const std::string& thing,
                        std::uint64_t number, std::uint64_t epoch = kRun) {
    EventRow row;
    row.node = "n1";
    row.event.epoch = epoch;
    row.event.number = number;
    row.event.time_ms = static_cast<std::int64_t>(epoch * 1000 + number);
    row.event.kind = kind;
    row.event.details = {{label, thing}};
    return row;
  }
  static EventRow lost(std::uint64_t epoch = kRun) {
    return event("gpu_lost", "gpu", "0", 1, epoch);
  }
  std::optional<bool> stands(const EventRow& one, std::vector<EventRow> others = {}) const {
    others.push_back(one);
    return Conditions(node.view(), others).stands(one.event);
  }
  std::vector<std::string> untold(const std::vector<EventRow>& events = {}) const {
    std::vector<std::string> out;
    for (const auto& trouble : Conditions(node.view(), events).untold()) {
      out.push_back(std::to_string(static_cast<int>(trouble.severity)) + " " + trouble.text);
    }
    return out;
  }

  FakeNode node;
};

TEST_F(ConditionsTest, WhatMerelyHappenedIsNoCondition) {
  EXPECT_EQ(stands(event("oom_kill", "process", "ros", 1)), std::nullopt);
  EXPECT_EQ(stands(event("unit_down", "unit", "a", 1)), std::nullopt);
}

TEST_F(ConditionsTest, AnEndOfTheSameThingThatCameLaterEndsIt) {
  const EventRow down = event("process_down", "process", "ros", 5);
  EXPECT_EQ(stands(down), true);
  EXPECT_EQ(stands(down, {event("process_up", "process", "ros", 4)}), true);
  EXPECT_EQ(stands(down, {event("process_up", "process", "other", 6)}), true);
  EXPECT_EQ(stands(down, {event("process_up", "process", "ros", 6)}), false);
  EXPECT_EQ(stands(down, {event("process_restart", "process", "ros", 6)}), false);
  EXPECT_EQ(stands(down, {event("process_up", "process", "ros", 6),
                          event("process_up", "process", "ros", 2)}),
            false)
      << "the last one counts";
}

TEST_F(ConditionsTest, WhatARunTellsAnewIsOverWithTheRunThatToldOfIt) {
  const std::pair<const char*, const char*> told_anew[] = {
      {"process_down", "process"}, {"unit_failed", "unit"}, {"gpu_reset_required", "gpu"}};
  for (const auto& [kind, label] : told_anew) {
    EXPECT_EQ(stands(event(kind, label, "0", 1)), true) << kind;
    EXPECT_EQ(stands(event(kind, label, "0", 1, kRun - 1)), false) << kind;
  }
  node.is_born = false;
  EXPECT_EQ(stands(event("unit_failed", "unit", "0", 1, kRun - 1)), true) << "no run is known";
}

TEST_F(ConditionsTest, AGpuThatAnEarlierRunLostIsWellOnlyOnceThisOneHearsFromIt) {
  EXPECT_EQ(stands(lost(kRun - 1)), true) << "nothing is heard of it";
  live("gpu.lost", "gpu", "1", 0);
  EXPECT_EQ(stands(lost(kRun - 1)), true) << "of another";
  live("gpu.lost", "gpu", "0", 0);
  EXPECT_EQ(stands(lost(kRun - 1)), false);
  EXPECT_EQ(stands(lost()), true) << "this run will say when it is back";
  node.live.back() = 1;
  EXPECT_EQ(stands(lost(kRun - 1)), true) << "lost again";
  node.live.back() = NAN;
  EXPECT_EQ(stands(lost(kRun - 1)), true) << "not known";
}

TEST_F(ConditionsTest, AGpuThatFailedInAnEarlierRunIsWellOnceItIsMeasured) {
  const EventRow failing = event("gpu_failing", "gpu", "0", 1, kRun - 1);
  const EventRow hung = event("gpu_hung", "gpu", "0", 1, kRun - 1);
  live("gpu.lost", "gpu", "0", 0);
  EXPECT_EQ(stands(failing), true) << "a failing GPU is not lost either";
  EXPECT_EQ(stands(hung), true);
  live("gpu.hung", "gpu", "0", 0);
  EXPECT_EQ(stands(failing), true);
  EXPECT_EQ(stands(hung), false);
  live("gpu.temp", "gpu", "0", 50);
  EXPECT_EQ(stands(failing), false);
}

TEST_F(ConditionsTest, LiveValuesTellOfWhatNoEventDoes) {
  EXPECT_TRUE(untold().empty());
  live("gpu.lost", "gpu", "0", 1);
  live("gpu.hung", "gpu", "1", 1);
  live("proc.watched.up", "process", "ros", 0);
  live("proc.watched.up", "process", "fine", 1);
  live("proc.watched.up", "process", "unknown", NAN);
  live("systemd.unit_active", "unit", "a.service", 0);
  EXPECT_EQ(untold(), (std::vector<std::string>{"2 GPU 0 is lost: it no longer answers",
                                                "2 GPU 1 is hung: it does not answer in time",
                                                "2 the watched process ros does not run",
                                                "1 the watched unit a.service is not active"}));
  EXPECT_TRUE(
      untold({lost(), event("gpu_hung", "gpu", "1", 2), event("process_down", "process", "ros", 3),
              event("unit_failed", "unit", "a.service", 4)})
          .empty())
      << "not said twice";
  EXPECT_EQ(untold({lost(), event("gpu_returned", "gpu", "0", 9)})[0].substr(0, 13),
            "2 GPU 0 is lo")
      << "and lost again, of which the event is on its way";
}

TEST_F(ConditionsTest, OfLiveTroublesSoManyAreTold) {
  for (std::size_t i = 0; i <= Conditions::kMostLive; ++i) {
    live("proc.watched.up", "process", std::to_string(i), 0);
  }
  EXPECT_EQ(untold().size(), Conditions::kMostLive);
}

TEST_F(ConditionsTest, EachKindThatEndsOneIsAskedForOnce) {
  EXPECT_EQ(recovery_kinds(),
            (std::vector<std::string>{"gpu_returned", "process_up", "process_restart", "unit_up",
                                      "unit_restart"}));
}

}  // namespace
}  // namespace bw::coordinator::api
