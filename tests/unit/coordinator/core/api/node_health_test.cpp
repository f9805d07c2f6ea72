#include "coordinator/core/api/node_health.h"

#include <cmath>

#include "tests/unit/coordinator/core/api/anomaly_events.h"
#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

class NodeHealthTest : public ApiTest {
 protected:
  NodeHealthTest() : node(fleet.add("n1")) {
    node.birth.epoch = kEpoch;
    set("self.anomaly_score", 5);
    set("self.anomaly_threshold", 20);
    set("self.anomaly_active", 0);
    set("self.model_rows", 5000);
  }

  void set(const std::string& name, float value) {
    for (std::size_t i = 0; i < node.series.size(); ++i) {
      if (node.series[i].name == name) {
        node.live[i] = value;
        return;
      }
    }
    node.series.push_back({name, "1", wire::SeriesKind::gauge, {}});
    node.live.push_back(value);
  }
  EventRow event(const std::string& kind, wire::Severity severity, std::int64_t ago_ms,
                 std::vector<wire::Label> details = {}) {
    EventRow row;
    row.node = "n1";
    row.event.epoch = kEpoch;
    row.event.number = ++last_number;
    row.event.time_ms = kNowMs - ago_ms;
    row.event.kind = kind;
    row.event.severity = severity;
    row.event.text = kind + " text";
    row.event.details = std::move(details);
    return row;
  }
  NodeHealth health(const std::vector<EventRow>& events = {}, bool truncated = false) {
    return health_of(node.view(), events, truncated, fleet, kNowMs);
  }
  Verdict verdict(const std::vector<EventRow>& events) { return health(events).verdict; }
  // "severity text" of each.
  static std::vector<std::string> reasons(const NodeHealth& health) {
    std::vector<std::string> out;
    for (const HealthReason& reason : health.reasons) {
      out.push_back(std::to_string(static_cast<int>(reason.severity)) + " " + reason.text);
    }
    return out;
  }

  FakeNode& node;
  std::uint64_t last_number = 0;
};

TEST_F(NodeHealthTest, ANodeOfWhichNothingBadIsKnownIsWell) {
  const NodeHealth well = health();
  EXPECT_EQ(well.verdict, Verdict::well);
  EXPECT_TRUE(well.reasons.empty());
  EXPECT_EQ(well.detector.state, DetectorState::watching);
  EXPECT_EQ(well.detector.score, 5);
}

TEST_F(NodeHealthTest, OfOneThatIsNotHeardNothingIsKnown) {
  node.status = NodeStatus::silent;
  EXPECT_EQ(health().verdict, Verdict::unknown);
  EXPECT_EQ(health().detector.state, DetectorState::unknown);
  EXPECT_EQ(reasons(health())[0], "2 nothing has been heard of it for 1m");
  node.status = NodeStatus::offline;
  EXPECT_EQ(health().verdict, Verdict::unknown);
  EXPECT_EQ(reasons(health())[0], "2 it has been offline for 1m");
  node.status = NodeStatus::online;
  node.is_born = false;
  EXPECT_EQ(health().verdict, Verdict::unknown);
  EXPECT_EQ(reasons(health())[0], "1 it has not said yet what it measures");
}

TEST_F(NodeHealthTest, ADrainedNodeIsWellAndSaysSo) {
  node.status = NodeStatus::draining;
  EXPECT_EQ(health().verdict, Verdict::well);
  EXPECT_EQ(reasons(health())[0], "0 it is being drained");
}

TEST_F(NodeHealthTest, AnAnomalyThatIsOnMakesItUnwellAndNamesTheCauses) {
  const NodeHealth sick = health({begin_of("n1", 1, some_anomaly())});
  EXPECT_EQ(sick.verdict, Verdict::unwell);
  EXPECT_EQ(sick.anomalies, 1U);
  ASSERT_EQ(sick.active.size(), 1U);
  EXPECT_EQ(reasons(sick), std::vector<std::string>{
                               "1 unlike itself for 1m (minor): disk.util{device=sda} above (54 "
                               "%), cpu.load1 below (31 %)"});
  wire::Anomaly critical = some_anomaly();
  critical.severity = wire::AnomalySeverity::critical;
  EXPECT_EQ(health({begin_of("n1", 1, critical)}).reasons[0].severity, wire::Severity::critical);
}

TEST_F(NodeHealthTest, AnAnomalyThatIsOverIsCountedAlone) {
  const NodeHealth well = health({end_of("n1", 2, some_anomaly(), kStartMs + 1)});
  EXPECT_EQ(well.verdict, Verdict::well);
  EXPECT_EQ(well.anomalies, 1U);
  EXPECT_TRUE(well.events.empty());
  EXPECT_EQ(verdict({begin_of("n1", 1, some_anomaly(), 7)}), Verdict::well) << "a run before";
}

TEST_F(NodeHealthTest, WhatItsDetectorSaysNowCountsWithoutTheEvent) {
  set("self.anomaly_active", 1);
  EXPECT_EQ(health().verdict, Verdict::unwell);
  EXPECT_EQ(reasons(health())[0].substr(0, 32), "1 unlike itself, says its detect");
  EXPECT_EQ(health({begin_of("n1", 1, some_anomaly())}).reasons.size(), 1U) << "not said twice";
}

TEST_F(NodeHealthTest, AFreshCriticalEventMakesItUnwellAnOldOneIsTold) {
  EXPECT_EQ(verdict({event("oom_kill", wire::Severity::critical, kHourMs - 1)}), Verdict::unwell);
  const NodeHealth old = health({event("oom_kill", wire::Severity::critical, kHourMs)});
  EXPECT_EQ(old.verdict, Verdict::well);
  EXPECT_EQ(reasons(old), std::vector<std::string>{"1 oom_kill 1h ago: oom_kill text"});
}

TEST_F(NodeHealthTest, WarningsAreToldByKindWithTheirCountAndLastTime) {
  const NodeHealth well = health({event("disk_error", wire::Severity::warning, 1000),
                                  event("disk_error", wire::Severity::warning, 5 * kHourMs),
                                  event("usb_error", wire::Severity::warning, 2000),
                                  event("boot", wire::Severity::info, 1000)});
  EXPECT_EQ(well.verdict, Verdict::well);
  ASSERT_EQ(well.events.size(), 2U);
  EXPECT_EQ(well.events[0].kind, "disk_error");
  EXPECT_EQ(well.events[0].count, 2U);
  EXPECT_EQ(well.events[0].last_ms, kNowMs - 1000);
  EXPECT_EQ(reasons(well)[0], "1 disk_error, 2 times, last 1s ago: disk_error text");
}

TEST_F(NodeHealthTest, AConditionLastsUntilItsEndIsToldOfTheSameThing) {
  const auto lost = [&](const std::string& gpu) {
    return event("gpu_lost", wire::Severity::critical, 20 * kHourMs, {{"gpu", gpu}});
  };
  const auto back = [&](const std::string& gpu) {
    return event("gpu_returned", wire::Severity::info, 10 * kHourMs, {{"gpu", gpu}});
  };
  EXPECT_EQ(verdict({lost("0")}), Verdict::unwell) << "however long ago";
  EXPECT_EQ(verdict({lost("0"), back("0")}), Verdict::well);
  EXPECT_EQ(verdict({lost("0"), back("1")}), Verdict::unwell) << "another one came back";
  EXPECT_EQ(verdict({lost("0"), lost("1"), back("0")}), Verdict::unwell);
  const EventRow before = back("0");
  EXPECT_EQ(verdict({before, lost("0")}), Verdict::unwell) << "it was lost again";
}

TEST_F(NodeHealthTest, WhatARestartMendedIsOverThoughNobodySaysSo) {
  const EventRow down =
      event("process_down", wire::Severity::critical, kHourMs, {{"process", "ros"}});
  EXPECT_EQ(verdict({down}), Verdict::unwell);
  node.birth.epoch = kEpoch + 1;
  EXPECT_EQ(verdict({down}), Verdict::well);
  EXPECT_EQ(reasons(health({down}))[0], "1 process_down 1h ago: process_down text") << "it is told";
}

TEST_F(NodeHealthTest, AConditionOlderThanTheEventsIsSeenInLiveValues) {
  node.series.push_back({"gpu.lost", "1", wire::SeriesKind::gauge, {{"gpu", "0"}}});
  node.live.push_back(1);
  EXPECT_EQ(verdict({}), Verdict::unwell);
  EXPECT_EQ(reasons(health()), std::vector<std::string>{"2 GPU 0 is lost: it no longer answers"});
}

TEST_F(NodeHealthTest, AUnitThatIsNotActiveIsAWarningAlone) {
  node.series.push_back(
      {"systemd.unit_active", "1", wire::SeriesKind::gauge, {{"unit", "a.service"}}});
  node.live.push_back(0);
  EXPECT_EQ(health().verdict, Verdict::well);
  EXPECT_EQ(reasons(health())[0], "1 the watched unit a.service is not active");
}

TEST_F(NodeHealthTest, RowsBeyondAnyIntegerAreBounded) {
  set("self.anomaly_threshold", NAN);
  set("self.model_rows", 1e30F);
  EXPECT_EQ(reasons(health())[0],
            "0 its detector learns what is usual: 1000000000000000000 rows of about 576");
}

TEST_F(NodeHealthTest, ADetectorThatLearnsIsSaidToAndItsNodeMayBeUnwellAllTheSame) {
  set("self.anomaly_threshold", NAN);
  set("self.model_rows", 300);
  EXPECT_EQ(health().verdict, Verdict::learning);
  EXPECT_EQ(reasons(health())[0], "0 its detector learns what is usual: 300 rows of about 576");
  EXPECT_EQ(verdict({event("oom_kill", wire::Severity::critical, 1)}), Verdict::unwell);
}

TEST_F(NodeHealthTest, ADetectorMayBeOffOrSilenced) {
  set("self.anomaly_silenced", 1);
  EXPECT_EQ(health().detector.state, DetectorState::silenced);
  EXPECT_EQ(health().verdict, Verdict::well);
  EXPECT_EQ(reasons(health())[0], "0 a known change keeps its detector silent");
  node.series = {{"cpu.util", "%", wire::SeriesKind::gauge, {}},
                 {"self.anomaly_score", "1", wire::SeriesKind::gauge, {{"of", "another"}}}};
  node.live = {1, 2};
  EXPECT_EQ(health().detector.state, DetectorState::off);
  EXPECT_EQ(health().verdict, Verdict::well);
  EXPECT_EQ(reasons(health())[0], "0 no detector watches it");
}

TEST_F(NodeHealthTest, DriftAndManyAnomaliesAreTold) {
  set("self.model_drift", 0.25F);
  set("self.anomaly_rate", 3);
  EXPECT_TRUE(health().reasons.empty());
  set("self.model_drift", 0.31F);
  set("self.anomaly_rate", 4.5F);
  EXPECT_EQ(health().verdict, Verdict::well);
  EXPECT_EQ(reasons(health())[0],
            "1 what it measures has drifted from what its detector learnt: 0.31, and above 0.25 is "
            "much");
  EXPECT_EQ(reasons(health())[1].substr(0, 22), "1 4.5 anomalies a day:");
}

TEST_F(NodeHealthTest, MoreEventsThanAreLookedAtAreSaid) {
  EXPECT_EQ(health({}, true).reasons.size(), 1U);
}

TEST_F(NodeHealthTest, TheWorstReasonComesFirst) {
  node.status = NodeStatus::draining;
  const NodeHealth sick = health({event("usb_error", wire::Severity::warning, 1),
                                  event("oom_kill", wire::Severity::critical, 1)});
  ASSERT_EQ(sick.reasons.size(), 3U);
  EXPECT_EQ(sick.reasons[0].severity, wire::Severity::critical);
  EXPECT_EQ(sick.reasons[2].severity, wire::Severity::info);
}

TEST_F(NodeHealthTest, TheQueryAsksForWarningsOfADayAndForWhatEndsConditions) {
  const EventQuery query = health_query("n1", kNowMs);
  EXPECT_EQ(query.node, "n1");
  EXPECT_EQ(query.min_severity, 1);
  EXPECT_EQ(query.from_ms, kNowMs - 24 * kHourMs);
  const auto asks_for = [&](std::string_view kind) {
    return std::find(query.also_kinds.begin(), query.also_kinds.end(), kind) !=
           query.also_kinds.end();
  };
  for (const char* kind : {"anomaly", "anomaly_end", "gpu_returned", "process_up", "unit_up"}) {
    EXPECT_TRUE(asks_for(kind)) << kind;
  }
}

}  // namespace
}  // namespace bw::coordinator::api
