#include "agent/core/detect/episodes.h"

#include <algorithm>

namespace bw::agent {

AnomalySeverity severity_of(double peak, double threshold) {
  if (peak >= 2 * threshold) return AnomalySeverity::critical;
  return peak >= 1.5 * threshold ? AnomalySeverity::major : AnomalySeverity::minor;
}

EpisodeChange Episodes::step(Instant now, WallTime wall, double score, double threshold) {
  const bool high = score > threshold;
  const bool quiet = score <= options_.leave_share * threshold;
  calm_ = !high;
  above_ = high ? above_ + 1 : 0;
  below_ = quiet ? below_ + 1 : 0;
  if (silenced(now)) {
    calm_ = false;  // what a known change looks like is not usual
    if (high) ++rows_silenced_;
    above_ = 0;
    if (!active_) return EpisodeChange::none;
    active_ = false;
    return EpisodeChange::ended;
  }
  if (now < settled_at_) {
    calm_ = true;  // it is being learnt
    above_ = 0;
    return EpisodeChange::none;
  }
  if (active_) return go_on(now, wall, score, quiet);
  if (above_ < options_.enter_rows) return EpisodeChange::none;
  return begin(now, wall, score, threshold);
}

EpisodeChange Episodes::begin(Instant now, WallTime wall, double score, double threshold) {
  active_ = true;
  below_ = 0;
  last_ = now;
  if (episode_.id != 0 && !final_ && now - episode_.end < options_.cool_down) {
    ++episode_.flares;
    const EpisodeChange change = go_on(now, wall, score, false);
    return change == EpisodeChange::new_normal ? change : EpisodeChange::flared;
  }
  final_ = false;
  episode_ = {++begun_, now,  now,   now,       wall,
              wall,     wall, score, threshold, severity_of(score, threshold),
              1};
  return EpisodeChange::began;
}

EpisodeChange Episodes::go_on(Instant now, WallTime wall, double score, bool quiet) {
  if (!quiet) {
    episode_.end = now;
    episode_.end_wall = wall;
    episode_.troubled += now - last_;
  }
  last_ = now;
  if (below_ >= options_.leave_rows) {
    active_ = false;
    return EpisodeChange::ended;
  }
  if (learning_ && episode_.troubled >= options_.persists) {
    active_ = false;
    settled_at_ = now + options_.settles;
    calm_ = true;
    final_ = true;
    return EpisodeChange::new_normal;
  }
  if (score <= episode_.peak) return EpisodeChange::none;
  episode_.peak = score;
  episode_.peak_at = now;
  episode_.peak_wall = wall;
  episode_.severity = severity_of(score, episode_.threshold);
  return EpisodeChange::peaked;
}

}  // namespace bw::agent
