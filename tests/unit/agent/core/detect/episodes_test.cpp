#include "agent/core/detect/episodes.h"

#include <vector>

namespace bw::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// A row a second against a threshold of 10.
class EpisodesTest : public testing::Test {
 protected:
  EpisodeChange row(double score) {
    now_ += seconds(1);
    wall_ += seconds(1);
    return episodes_.step(now_, wall_, score, 10);
  }
  // Rows of one score: all that changed.
  std::vector<EpisodeChange> rows(int count, double score) {
    std::vector<EpisodeChange> changes;
    for (int i = 0; i < count; ++i) {
      const EpisodeChange change = row(score);
      if (change != EpisodeChange::none) changes.push_back(change);
    }
    return changes;
  }

  EpisodeOptions options_;
  Episodes episodes_{options_};
  Instant now_{};
  WallTime wall_ = wall_from_ms(1'000'000);
};

using Changes = std::vector<EpisodeChange>;

TEST_F(EpisodesTest, OneStretchIsOneEpisodeWithStartPeakAndEnd) {
  EXPECT_EQ(rows(5, 1), Changes());
  EXPECT_EQ(row(11), EpisodeChange::began);
  EXPECT_EQ(row(17), EpisodeChange::peaked);
  EXPECT_EQ(row(15), EpisodeChange::none);
  EXPECT_EQ(row(8), EpisodeChange::none);  // below the threshold, but not calm
  EXPECT_EQ(rows(9, 2), Changes());
  EXPECT_EQ(row(2), EpisodeChange::ended);
  const Episode& episode = episodes_.episode();
  EXPECT_EQ(episode.id, 1U);
  EXPECT_EQ(episode.start, Instant{} + seconds(6));
  EXPECT_EQ(episode.peak_at, Instant{} + seconds(7));
  EXPECT_EQ(episode.end, Instant{} + seconds(9));
  EXPECT_EQ(to_ms(episode.peak_wall), 1'007'000);
  EXPECT_EQ(episode.peak, 17);
  EXPECT_EQ(episode.severity, AnomalySeverity::major);
}

TEST_F(EpisodesTest, ScoresAboutTheThresholdDoNotFlicker) {
  row(11);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(row(9), EpisodeChange::none);
    EXPECT_EQ(row(10.5), EpisodeChange::none);
  }
  EXPECT_EQ(episodes_.begun(), 1U);
}

TEST_F(EpisodesTest, WhatFlaresUpSoonIsTheSameEpisode) {
  row(11);
  rows(10, 1);
  EXPECT_FALSE(episodes_.active());
  EXPECT_EQ(rows(300, 1), Changes());
  EXPECT_EQ(row(12), EpisodeChange::flared);
  EXPECT_EQ(episodes_.episode().flares, 2U);
  EXPECT_EQ(episodes_.episode().peak, 12);
  EXPECT_EQ(rows(10, 1), Changes{EpisodeChange::ended});
  rows(36000, 1);
  EXPECT_EQ(row(12), EpisodeChange::began);
  EXPECT_EQ(episodes_.episode().id, 2U);
}

TEST_F(EpisodesTest, WhatLastsIsTheNewNormalAndToldOnce) {
  row(20);
  const auto changes = rows(1800, 20);
  EXPECT_EQ(changes, Changes{EpisodeChange::new_normal});
  EXPECT_FALSE(episodes_.active());
  EXPECT_TRUE(episodes_.calm());  // it is to be learnt
  EXPECT_EQ(rows(3590, 20), Changes());
  EXPECT_TRUE(episodes_.calm());
  // Not learnt by then: another episode.
  EXPECT_EQ(rows(20, 20), Changes{EpisodeChange::began});
  EXPECT_EQ(episodes_.episode().id, 2U);
}

TEST_F(EpisodesTest, OnlyTroubledTimeCountsTowardsTheNewNormal) {
  for (int flare = 0; flare < 20; ++flare) {
    row(20);
    const auto changes = rows(60, 20);
    EXPECT_EQ(changes, Changes()) << flare;
    rows(3000, 1);
  }
  EXPECT_EQ(episodes_.episode().flares, 20U);
  EXPECT_NEAR(to_seconds(episodes_.episode().troubled), 1200, 60);
  row(20);
  EXPECT_EQ(rows(700, 20), Changes{EpisodeChange::new_normal});
}

TEST_F(EpisodesTest, WhereNothingIsLearntAnEpisodeLastsAsLongAsTheTrouble) {
  episodes_.set_learning(false);
  row(20);
  EXPECT_EQ(rows(7200, 20), Changes());
  EXPECT_TRUE(episodes_.active());
}

TEST_F(EpisodesTest, KnownChangesAreSilentAndNotLearnt) {
  episodes_.silence(now_ + minutes(5));
  EXPECT_EQ(rows(200, 30), Changes());
  EXPECT_FALSE(episodes_.calm());
  EXPECT_EQ(episodes_.rows_silenced(), 200U);
  EXPECT_EQ(rows(98, 1), Changes());
  EXPECT_FALSE(episodes_.calm());
  row(1);
  row(1);
  EXPECT_TRUE(episodes_.calm());
  EXPECT_EQ(row(30), EpisodeChange::began);
}

TEST_F(EpisodesTest, SilenceEndsTheEpisodeThatIsOn) {
  row(20);
  episodes_.silence(now_ + minutes(1));
  EXPECT_EQ(row(20), EpisodeChange::ended);
  EXPECT_FALSE(episodes_.active());
}

TEST_F(EpisodesTest, RowsInAlarmAreNotCalm) {
  row(5);
  EXPECT_TRUE(episodes_.calm());
  row(11);
  EXPECT_FALSE(episodes_.calm());
  row(8);
  EXPECT_TRUE(episodes_.calm());
}

TEST(Episodes, NeedAsManyRowsAsAskedToBegin) {
  EpisodeOptions options;
  options.enter_rows = 3;
  Episodes episodes(options);
  Instant now{};
  const auto row = [&](double score) {
    now += seconds(1);
    return episodes.step(now, WallTime{}, score, 10);
  };
  row(11);
  row(11);
  row(1);
  row(11);
  EXPECT_EQ(row(11), EpisodeChange::none);
  EXPECT_EQ(row(11), EpisodeChange::began);
}

TEST(Episodes, SeverityGrowsWithThePeak) {
  EXPECT_EQ(severity_of(11, 10), AnomalySeverity::minor);
  EXPECT_EQ(severity_of(15, 10), AnomalySeverity::major);
  EXPECT_EQ(severity_of(20, 10), AnomalySeverity::critical);
}

}  // namespace
}  // namespace bw::agent
