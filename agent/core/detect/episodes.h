// From scores to alarms: one episode for one stretch of trouble, with a start, a peak and an end.
//
// Entered above the threshold, left well below it; what flares up again soon after is the same
// episode. Known changes silence it. One that lasts is no trouble but the new normal, which is told
// once. What the score is made of, and who is told, is left to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace bw::agent {

struct EpisodeOptions {
  std::size_t enter_rows = 1;                    // in a row above the threshold
  double leave_share = 0.75;                     // of the threshold: what is below it is calm
  std::size_t leave_rows = 10;                   // calm ones in a row
  Duration cool_down = std::chrono::hours{10};   // after an end: what flares up is the same episode
  Duration persists = std::chrono::minutes{30};  // troubled so long in all: the new normal
  Duration settles = std::chrono::minutes{60};   // learning that: no new episode meanwhile
};

enum class AnomalySeverity : std::uint8_t { minor, major, critical };

// Above the threshold by half of it: major; at twice the threshold: critical.
AnomalySeverity severity_of(double peak, double threshold);

struct Episode {
  std::uint64_t id = 0;  // counts from 1 since start
  Instant start{};
  Instant peak_at{};
  Instant end{};  // of the last row that was not calm
  WallTime start_wall{};
  WallTime peak_wall{};
  WallTime end_wall{};
  double peak = 0;       // score
  double threshold = 0;  // at the start
  AnomalySeverity severity = AnomalySeverity::minor;
  std::uint32_t flares = 1;  // times it was entered
  Duration troubled{};       // in all, its calm stretches left out
};

enum class EpisodeChange : std::uint8_t {
  none,
  began,       // a new episode: tell it
  flared,      // the last one goes on, within its cool-down
  peaked,      // a higher peak than before: explain it anew
  ended,       // calm again
  new_normal,  // it lasted: ended, and what it was is usual from now on
};

class Episodes {
 public:
  explicit Episodes(const EpisodeOptions& options) : options_(options) {}

  // A row's score, at a time that never runs backwards.
  EpisodeChange step(Instant now, WallTime wall, double score, double threshold);

  // Known change (maintenance, a deploy, a drain): no episode begins before `until`, and one that
  // is on ends quietly.
  void silence(Instant until) { silent_until_ = until; }

  // Whether what lasts is learnt, and so becomes the new normal. Where it is not, an episode goes
  // on for as long as it lasts.
  void set_learning(bool learning) { learning_ = learning; }

  bool silenced(Instant now) const { return now < silent_until_; }
  bool active() const { return active_; }
  // The last row may be learnt from: it is no alarm and no known change, or it is the new normal.
  bool calm() const { return calm_; }
  // The episode that is on, or the last one; none yet: id 0.
  const Episode& episode() const { return episode_; }
  std::uint64_t begun() const { return begun_; }
  std::uint64_t rows_silenced() const { return rows_silenced_; }  // that would have begun one

 private:
  EpisodeChange begin(Instant now, WallTime wall, double score, double threshold);
  EpisodeChange go_on(Instant now, WallTime wall, double score, bool quiet);

  EpisodeOptions options_;
  Episode episode_;
  bool active_ = false;
  bool calm_ = true;
  bool learning_ = true;
  std::size_t above_ = 0;
  std::size_t below_ = 0;
  bool final_ = false;  // the last episode became the new normal: it does not flare up
  Instant last_{};      // row's, while active
  Instant silent_until_ = Instant::min();
  Instant settled_at_ = Instant::min();
  std::uint64_t begun_ = 0;
  std::uint64_t rows_silenced_ = 0;
};

}  // namespace bw::agent
