#include "agent/core/detect/anomaly_teller.h"

#include <algorithm>
#include <utility>

#include "agent/core/detect/anomaly_words.h"
#include "schemas/wire/anomaly.h"

namespace bw::agent {

namespace {

static_assert(kMaxCauses <= wire::kMaxAnomalyCauses);

std::uint64_t whole_ms(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

void AnomalyTeller::take(const RowVerdict& verdict, const Detector& detector,
                         const WatchedSeries& watched, Instant now, WallTime wall,
                         std::vector<wire::EventRecord>& events) {
  const Episode& episode = detector.episode();
  switch (verdict.change) {
    case EpisodeChange::began:
      name_causes(detector, watched);
      tell_active(detector, wall, wire::kAnomalyKind, events);
      break;
    case EpisodeChange::flared:
      if (episode.peak_at == now) name_causes(detector, watched);
      if (tells_flare(episode.flares)) {
        tell_active(detector, wall, wire::kAnomalyUpdateKind, events);
      }
      break;
    case EpisodeChange::peaked:
      name_causes(detector, watched);
      break;
    case EpisodeChange::ended:
      if (told_active_) {
        const auto outcome =
            verdict.silenced ? wire::AnomalyOutcome::silenced : wire::AnomalyOutcome::calm;
        tell_end(detector, wall, outcome, events);
      }
      break;
    case EpisodeChange::new_normal:
      tell_end(detector, wall, wire::AnomalyOutcome::lasting, events);
      break;
    case EpisodeChange::none:
      break;
  }
  if (detector.active() && episode.severity > told_severity_) {
    tell_active(detector, wall, wire::kAnomalyUpdateKind, events);
  }
  // Nothing more will come of it: how often it came in all.
  const bool over = !detector.active() && now - episode.end >= cool_down_;
  if (over && told_flares_ != 0 && episode.flares > told_flares_) {
    tell_end(detector, wall, wire::AnomalyOutcome::calm, events);
  }
}

void AnomalyTeller::stop(const Detector& detector, WallTime wall,
                         std::vector<wire::EventRecord>& events) {
  if (told_active_) tell_end(detector, wall, wire::AnomalyOutcome::stopped, events);
}

wire::Anomaly AnomalyTeller::anomaly(const Detector& detector, wire::AnomalyOutcome outcome) const {
  const Episode& episode = detector.episode();
  wire::Anomaly made;
  made.episode = episode.id;
  made.start_ms = to_ms(episode.start_wall);
  made.peak_ms = to_ms(episode.peak_wall);
  made.end_ms = outcome == wire::AnomalyOutcome::active ? 0 : to_ms(episode.end_wall);
  made.severity = static_cast<wire::AnomalySeverity>(episode.severity);
  made.outcome = outcome;
  made.score = episode.peak;
  made.threshold = episode.threshold;
  made.flares = episode.flares;
  made.troubled_ms = whole_ms(episode.troubled);
  made.causes = causes_;
  return made;
}

void AnomalyTeller::name_causes(const Detector& detector, const WatchedSeries& watched) {
  causes_.clear();
  for (const Cause& cause : detector.causes()) {
    if (cause.metric >= watched.places().size()) continue;
    const WatchedSeries::Place& place = watched.places()[cause.metric];
    causes_.push_back({place.shown, place.unit, cause.share, cause.value, cause.low, cause.high,
                       static_cast<wire::AnomalyDirection>(cause.deviation)});
  }
}

void AnomalyTeller::tell_active(const Detector& detector, WallTime wall, std::string_view kind,
                                std::vector<wire::EventRecord>& events) {
  const wire::Anomaly told = anomaly(detector, wire::AnomalyOutcome::active);
  told_active_ = true;
  told_severity_ = detector.episode().severity;
  told_flares_ = told.flares;
  ++(kind == wire::kAnomalyKind ? begun_ : updated_);
  wire::EventRecord& event = events.emplace_back();
  event.time_ms = to_ms(wall);
  event.kind = kind;
  event.severity = told.severity == wire::AnomalySeverity::critical ? wire::Severity::critical
                                                                    : wire::Severity::warning;
  event.text = anomaly_text(told);
  event.details = wire::anomaly_details(told);
}

void AnomalyTeller::tell_end(const Detector& detector, WallTime wall, wire::AnomalyOutcome outcome,
                             std::vector<wire::EventRecord>& events) {
  const wire::Anomaly told = anomaly(detector, outcome);
  told_active_ = false;
  told_flares_ = told.flares;
  ++ended_;
  wire::EventRecord& event = events.emplace_back();
  event.time_ms = to_ms(wall);
  event.kind = wire::kAnomalyEndKind;
  event.severity = wire::Severity::info;
  event.text = anomaly_text(told);
  event.details = wire::anomaly_details(told);
}

}  // namespace bw::agent
