#include "agent/core/collect/node_events.h"

#include <cmath>

#include <gtest/gtest.h>

#include "schemas/metrics/metric_rows_event.h"
#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

class NodeEventsTest : public testing::Test {
 protected:
  static constexpr std::int64_t kBootMs = 1'000'000'000;

  static ToldEvent event(std::string kind, std::string text,
                         wire::Severity severity = wire::Severity::warning) {
    ToldEvent made;
    made.record.time_ms = 77;
    made.record.kind = std::move(kind);
    made.record.severity = severity;
    made.record.text = std::move(text);
    made.record.details = {{"pid", "5"}};
    return made;
  }
  // What is told of these at so many seconds after boot.
  std::vector<ToldEvent> fold(std::vector<ToldEvent> events, std::int64_t second,
                              std::size_t first = 0) {
    events_.fold(events, first, Instant{} + seconds{second}, wall_from_ms(kBootMs + second * 1000));
    sample_.finish(Instant{} + seconds{second});
    return events;
  }
  double value(std::string_view name) const {
    for (std::size_t i = 0; i < sample_.series().size(); ++i) {
      if (sample_.series()[i].name == name) return sample_.values()[i];
    }
    return std::nan("");
  }

  Sample sample_;
  NodeEvents events_{sample_};
};

TEST_F(NodeEventsTest, EveryKindButTheKernelLogsIsCountedFromTheFirstTickOn) {
  fold({}, 1);
  std::size_t counted = 0;
  for (std::size_t i = metrics::kKernelLogKinds; i < std::size(metrics::kEventMetrics); ++i) {
    const auto& metric = metrics::kEventMetrics[i];
    EXPECT_EQ(value(metric.name), 0) << metric.name;
    fold({event(std::string(metrics::kEventKinds[i].name), "x")}, 2);
    EXPECT_EQ(value(metric.name), 1) << metric.name;
    ++counted;
  }
  EXPECT_EQ(sample_.series().size(), counted);
  events_.set_count(metrics::EventKind::outbox_gap, 9);
  fold({}, 3);
  EXPECT_EQ(value("event.outbox_gap"), 9);
}

TEST_F(NodeEventsTest, TheFirstIsToldAsItIs) {
  const auto told = fold({event("process_down", "a is gone", wire::Severity::critical)}, 10);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].record.kind, "process_down");
  EXPECT_EQ(told[0].record.time_ms, 77);
  EXPECT_EQ(told[0].record.severity, wire::Severity::critical);
  EXPECT_EQ(told[0].record.details.size(), 1U);
  EXPECT_EQ(told[0].position, "");
}

TEST_F(NodeEventsTest, WhatIsBeforeAndWhatIsNotKnownIsLeftAlone) {
  const auto told = fold({event("xid", "1"), event("xid", "1"), event("strange", "2"),
                          event("strange", "2"), event("xid", "3"), event("unit_up", "4")},
                         10, 2);
  ASSERT_EQ(told.size(), 6U);
  EXPECT_EQ(told[4].record.kind, "xid");
  EXPECT_EQ(value("event.unit_up"), 1);
}

TEST_F(NodeEventsTest, AProcessInACrashLoopIsToldNowAndThen) {
  std::size_t told = 0;
  for (std::int64_t second = 0; second < 3600; ++second) {
    const auto now = fold(
        {event("process_restart", "a was restarted"), event("process_restart", "b was restarted")},
        second);
    told += now.size();
    if (second == 60) {
      ASSERT_EQ(now.size(), 2U);
      EXPECT_EQ(now[0].record.text, "a was restarted, 59 more times");
      EXPECT_EQ(detail(now[0].record.details, "count"), "59");
      EXPECT_EQ(detail(now[0].record.details, "first_ms"), std::to_string(kBootMs + 1000));
      EXPECT_EQ(now[0].record.time_ms, kBootMs + 59'000);
    }
  }
  // 1, 2, 4 minutes, then every five.
  EXPECT_EQ(told, 2U * (1 + 3 + 10));
  EXPECT_EQ(value("event.process_restart"), 7200);
}

TEST_F(NodeEventsTest, WhatAnotherSourceTellsOfAKindOfTheKernelLogIsFoldedAndNotCountedHere) {
  const std::vector<ToldEvent> same(32, event("xid", "Xid 31 on the GPU at 0000:3b:00: x"));
  EXPECT_EQ(fold(same, 10).size(), 1U);
  EXPECT_TRUE(fold(same, 11).empty());
  const auto told = fold({}, 80);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].record.kind, "xid");
  EXPECT_EQ(detail(told[0].record.details, "count"), "63");
  EXPECT_TRUE(std::isnan(value("event.xid")));
}

TEST_F(NodeEventsTest, AStormIsOneEventAndCounted) {
  std::vector<ToldEvent> many;
  for (int i = 0; i < 100; ++i) many.push_back(event("unit_failed", std::to_string(i)));
  EXPECT_EQ(fold(many, 100).size(), EventFold::kMaxOfAKind);
  const auto told = fold({}, 161);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].record.kind, "event_storm");
  EXPECT_EQ(detail(told[0].record.details, "unit_failed"), "84");
  EXPECT_EQ(detail(told[0].record.details, "count"), "84");
  EXPECT_EQ(value("event.event_storm"), 1);
}

}  // namespace
}  // namespace bw::agent
