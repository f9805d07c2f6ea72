#include "agent/core/detect/detector.h"

#include <cmath>
#include <limits>

namespace bw::agent {

namespace {

constexpr double kSecondsADay = 86400;

PeaksOptions peaks_of(const DetectorOptions& options) {
  PeaksOptions peaks;
  peaks.episodes_a_row = options.false_episodes_a_day * to_seconds(options.period) / kSecondsADay;
  peaks.apart = options.episodes.leave_rows;
  peaks.horizon = options.scorer.horizon;
  return peaks;
}

}  // namespace

Detector::Detector(const DetectorOptions& options)
    : options_(options),
      scorer_(options.scorer),
      peaks_(peaks_of(options)),
      quantile_(options.contamination),
      drift_(options.scorer.metrics),
      rate_(options.false_episodes_a_day),
      episodes_(options.episodes),
      rng_(options.scorer.seed + 1) {}

double Detector::threshold() const {
  if (options_.alert_threshold <= 0) return learnt_threshold();
  return scorer_.ready() ? options_.alert_threshold : std::numeric_limits<double>::infinity();
}

double Detector::learnt_threshold() const {
  return quantile_.is_wanted() ? quantile_.threshold() : peaks_.threshold();
}

RowVerdict Detector::step(Instant now, WallTime wall, std::span<const double> values) {
  if (any_ && now <= last_) {
    ++rows_ignored_;
    RowVerdict ignored;
    ignored.threshold = threshold();
    ignored.silenced = episodes_.silenced(now);
    return ignored;
  }
  if (any_ && now - last_ >= options_.gap) scorer_.forget_window();
  last_ = now;
  any_ = true;
  RowVerdict verdict;
  verdict.score = scorer_.score(values);
  verdict.threshold = threshold();
  verdict.change = episodes_.step(now, wall, verdict.score, verdict.threshold);
  verdict.silenced = episodes_.silenced(now);
  switch (verdict.change) {
    case EpisodeChange::began:
    case EpisodeChange::peaked:
      causes_ = explain(scorer_);
      break;
    case EpisodeChange::new_normal:
      scorer_.hurry();
      peaks_.hurry();
      break;
    case EpisodeChange::flared:
      if (episodes_.episode().peak_at == now) causes_ = explain(scorer_);
      break;
    case EpisodeChange::ended:
    case EpisodeChange::none:
      break;
  }
  const bool was_ready = scorer_.ready();
  if (learning_ && was_ready && !verdict.silenced) quantile_.add(verdict.score, rng_);
  if (learning_ && episodes_.calm()) {
    scorer_.learn();
    if (was_ready) peaks_.add(verdict.score, rng_);
  }
  watch(now, verdict);
  return verdict;
}

// What it looks at of itself: drift and the rate of episodes.
void Detector::watch(Instant now, RowVerdict& verdict) {
  if (std::isfinite(verdict.threshold)) rate_.watch_from(now);
  if (verdict.change == EpisodeChange::began) rate_.add(now);
  if (!verdict.silenced) {
    drift_.step(now, scorer_.features().first(scorer_.metrics()), scorer_.reservoir());
  }
  verdict.reason = due_retraining(now, verdict);
  verdict.retrained = verdict.reason != RetrainReason::none;
  if (!verdict.retrained) return;
  scorer_.hurry();
  peaks_.hurry();
  rate_.acquit(now);
  retrain_from_ = now + kRetrainAtMost;
}

RetrainReason Detector::due_retraining(Instant now, const RowVerdict& verdict) const {
  if (!learning_ || now < retrain_from_ || !scorer_.ready()) return RetrainReason::none;
  if (drift_.lasts()) return RetrainReason::drift;
  // A threshold set by hand has no wanted rate.
  const bool by_itself = options_.alert_threshold <= 0 && !quantile_.is_wanted();
  const bool counts = verdict.change == EpisodeChange::began && by_itself;
  return counts && rate_.too_many(now) ? RetrainReason::alarms : RetrainReason::none;
}

wire::Model Detector::save(std::size_t rows) const {
  wire::Model model;
  scorer_.save(model, rows);
  if (std::isfinite(learnt_threshold())) model.threshold = learnt_threshold();
  if (model.sample_rows > 0 && !model.borrowed) peaks_.save(model.peaks);
  return model;
}

Result<void> Detector::load(const wire::Model& model) {
  auto loaded = scorer_.load(model);
  if (!loaded) return loaded;
  drift_.clear();
  peaks_ = PeaksThreshold(peaks_of(options_));
  quantile_.clear();
  if (model.threshold > 0) {
    peaks_.begin_with(model.threshold);
    quantile_.begin_with(model.threshold);
  }
  if (model.sample_rows > 0 && !model.borrowed) peaks_.load(model.peaks, rng_);
  return loaded;
}

void Detector::relearn() {
  scorer_.relearn();
  drift_.clear();
  peaks_ = PeaksThreshold(peaks_of(options_));
  quantile_.clear();
}

std::size_t Detector::bytes() const {
  return sizeof(*this) - sizeof(Scorer) + scorer_.bytes() + peaks_.bytes() + quantile_.bytes() +
         drift_.bytes() + causes_.capacity() * sizeof(Cause);
}

}  // namespace bw::agent
