#include "coordinator/core/api/episodes.h"

#include "tests/unit/coordinator/core/api/anomaly_events.h"
#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class EpisodesTest : public ApiTest {
 protected:
  EpisodesTest() { fleet.add("n1").birth.epoch = kEpoch; }

  Episodes merge(const std::vector<EventRow>& events) {
    return merge_episodes(events, fleet, kNowMs);
  }
};

TEST_F(EpisodesTest, TheNewestEventSaysAnEpisodeWholeInWhateverOrderTheyCome) {
  wire::Anomaly worse = some_anomaly();
  worse.severity = wire::AnomalySeverity::critical;
  const EventRow update = event_of("n1", 5, wire::kAnomalyUpdateKind, worse, kStartMs + 5000);
  const std::vector<EventRow> one_way = {end_of("n1", 9, worse, kStartMs + 60'000), update,
                                         begin_of("n1", 2, some_anomaly())};
  const std::vector<EventRow> other_way(one_way.rbegin(), one_way.rend());
  for (const auto& events : {one_way, other_way}) {
    const Episodes episodes = merge(events);
    ASSERT_EQ(episodes.found.size(), 1U);
    const Episode& episode = episodes.found[0];
    EXPECT_EQ(episode.id, (wire::AnomalyId{"n1", kEpoch, 1}));
    EXPECT_EQ(episode.number, 9U);
    EXPECT_EQ(episode.anomaly.severity, wire::AnomalySeverity::critical);
    EXPECT_EQ(episode.anomaly.outcome, wire::AnomalyOutcome::calm);
    EXPECT_EQ(episode.text, "anomaly_update 5");
    EXPECT_FALSE(episode.is_active());
    EXPECT_EQ(duration_ms(episode, kNowMs), 60'000);
  }
}

TEST_F(EpisodesTest, AnEndWithoutItsBeginIsAnEpisodeToo) {
  const Episodes episodes = merge({end_of("n1", 9, some_anomaly(), kStartMs + 1)});
  ASSERT_EQ(episodes.found.size(), 1U);
  EXPECT_EQ(episodes.found[0].text, "anomaly_end 9");
}

TEST_F(EpisodesTest, NodesRunsAndNumbersAreKeptApartAndTheLatestComesFirst) {
  wire::Anomaly later = some_anomaly(2);
  later.start_ms += 1000;
  const Episodes episodes =
      merge({begin_of("n1", 1, some_anomaly()), begin_of("n1", 1, some_anomaly(), 7),
             begin_of("n0", 1, some_anomaly()), begin_of("n1", 2, later)});
  std::vector<std::string> ids;
  for (const Episode& episode : episodes.found) ids.push_back(wire::text_of(episode.id));
  EXPECT_EQ(ids, (std::vector<std::string>{"n1:00000000000000ab:2", "n0:00000000000000ab:1",
                                           "n1:00000000000000ab:1", "n1:0000000000000007:1"}));
}

TEST_F(EpisodesTest, OneThatGoesOnIsActiveUntilNow) {
  const Episodes episodes = merge({begin_of("n1", 1, some_anomaly())});
  EXPECT_TRUE(episodes.found[0].is_active());
  EXPECT_EQ(duration_ms(episodes.found[0], kNowMs), kNowMs - kStartMs);
  EXPECT_EQ(duration_ms(episodes.found[0], 0), 0);
}

TEST_F(EpisodesTest, WhatNobodyWillEndIsInterrupted) {
  const auto interrupted = [&](const std::string& node, std::uint64_t epoch = kEpoch) {
    return merge({begin_of(node, 1, some_anomaly(), epoch)}).found[0].interrupted;
  };
  EXPECT_FALSE(interrupted("n1"));
  EXPECT_TRUE(interrupted("n1", 7)) << "of a run before";
  EXPECT_TRUE(interrupted("nobody"));
  FakeNode& away = fleet.add("away");
  away.birth.epoch = kEpoch;
  for (const NodeStatus status : {NodeStatus::offline, NodeStatus::silent}) {
    away.status = status;
    EXPECT_FALSE(interrupted("away")) << "for a while it may come back";
    const Episodes later =
        merge_episodes({begin_of("away", 1, some_anomaly())}, fleet, kStartMs + kAwayMs + 1);
    EXPECT_TRUE(later.found[0].interrupted);
    EXPECT_FALSE(later.found[0].is_active());
    EXPECT_EQ(duration_ms(later.found[0], kStartMs + kAwayMs + 1), 0) << "as far as is known";
  }
  away.is_born = false;
  EXPECT_FALSE(interrupted("away"));
}

TEST_F(EpisodesTest, OneThatEndedIsNotInterrupted) {
  const Episodes episodes = merge({end_of("n1", 2, some_anomaly(), kStartMs + 1, 7)});
  EXPECT_FALSE(episodes.found[0].interrupted);
}

TEST_F(EpisodesTest, DamagedEventsAreCountedAndLeftOut) {
  EventRow no_details = begin_of("n1", 1, some_anomaly());
  no_details.event.details.clear();
  EventRow bad_cause = begin_of("n1", 2, some_anomaly(2));
  bad_cause.event.details.push_back({"cause_3", "nothing of it"});
  wire::Anomaly timeless = some_anomaly(3);
  timeless.start_ms = std::numeric_limits<std::int64_t>::min();
  wire::Anomaly endless = some_anomaly(4);
  endless.end_ms = std::numeric_limits<std::int64_t>::max();
  wire::Anomaly peakless = some_anomaly(5);
  peakless.peak_ms = -1;
  EventRow early = begin_of("n1", 6, some_anomaly(6));
  early.event.time_ms = -5;
  EventRow other = begin_of("n1", 7, some_anomaly(7));
  other.event.kind = "clock_step";
  const Episodes episodes =
      merge({no_details, bad_cause, event_of("n1", 3, wire::kAnomalyKind, timeless, kStartMs),
             event_of("n1", 4, wire::kAnomalyKind, endless, kStartMs),
             event_of("n1", 5, wire::kAnomalyKind, peakless, kStartMs), early, other,
             begin_of("n1", 8, some_anomaly(8))});
  EXPECT_EQ(episodes.damaged, 6U);
  ASSERT_EQ(episodes.found.size(), 1U);
  EXPECT_EQ(episodes.found[0].id.episode, 8U);
}

TEST_F(EpisodesTest, AnEndBeforeItsBeginLastsNothing) {
  const Episodes episodes = merge({end_of("n1", 2, some_anomaly(), kStartMs - 5000)});
  EXPECT_EQ(duration_ms(episodes.found[0], kNowMs), 0);
}

TEST_F(EpisodesTest, ASeriesKeyIsANameAndItsLabels) {
  const auto parts = [](std::string_view key) {
    const SeriesName series = parse_series_key(key);
    std::string text = series.name;
    for (const wire::Label& label : series.labels) text += "|" + label.name + "=" + label.value;
    return text;
  };
  EXPECT_EQ(parts("cpu.util"), "cpu.util");
  EXPECT_EQ(parts("disk.util{device=sda}"), "disk.util|device=sda");
  EXPECT_EQ(parts("a{b=1,c=x y,d=}"), "a|b=1|c=x y|d=");
  EXPECT_EQ(parts("a{b=1,2,c={3}}"), "a|b=1,2|c={3}");
  EXPECT_EQ(parts("a{b=1"), "a{b=1");
  EXPECT_EQ(parts("a{}"), "a");
  EXPECT_EQ(parts("a{,x}"), "a");
  EXPECT_EQ(parts(""), "");
}

}  // namespace
}  // namespace bw::coordinator::api
