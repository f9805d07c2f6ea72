#include "coordinator/cli/detect_run.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace bw::cli {

namespace {

using agent::EpisodeChange;

// Rows further apart are taken as so far apart: a gap is a gap.
constexpr std::int64_t kWidestGapMs = std::int64_t{30} * 86'400'000;
// What fits into nanoseconds, with room.
constexpr std::int64_t kLongestMs = std::int64_t{250} * 365 * 86'400'000;
// As on a node (agent/core/detect/node_detector.cpp).
constexpr int kGapPeriods = 5;
// What lasts is learnt by rows: where they lie minutes apart, half an hour of them tells nothing.
constexpr int kLeastPersistRows = 128;
constexpr int kLeastSettleRows = 256;
constexpr std::size_t kSlowWindows = 3;  // the slow window is so many windows long

agent::DetectorOptions detector_options(const DetectOptions& options, std::size_t metrics,
                                        std::int64_t period_ms) {
  agent::DetectorOptions out;
  out.scorer.metrics = metrics;
  out.scorer.seed = options.seed;
  out.period = std::chrono::milliseconds{std::min(period_ms, kWidestGapMs)};
  out.gap = std::max<Duration>(out.gap, kGapPeriods * out.period);
  out.episodes.persists = std::max<Duration>(out.episodes.persists, kLeastPersistRows * out.period);
  out.episodes.settles = std::max<Duration>(out.episodes.settles, kLeastSettleRows * out.period);
  if (options.window) {
    out.scorer.window = *options.window;
    out.scorer.slow_window = *options.window * kSlowWindows;
  }
  if (options.false_alarms_a_day) out.false_episodes_a_day = *options.false_alarms_a_day;
  if (options.alert_threshold) out.alert_threshold = *options.alert_threshold;
  if (options.contamination) out.contamination = *options.contamination;
  return out;
}

std::string level_of(agent::AnomalySeverity severity) {
  constexpr std::string_view kNames[] = {"minor", "major", "critical"};
  return std::string(kNames[static_cast<std::size_t>(severity)]);
}

std::string direction_of(agent::Deviation deviation) {
  constexpr std::string_view kNames[] = {"above", "below", "restless", "still", "unlike"};
  return std::string(kNames[static_cast<std::size_t>(deviation)]);
}

std::optional<double> finite_or_none(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

DetectRun::DetectRun(const DetectOptions& options, MetricPlaces places, std::int64_t period_ms)
    : places_(std::move(places)),
      period_ms_(period_ms),
      made_(detector_options(options, places_.names.size(), period_ms)),
      detector_(made_),
      values_(places_.names.size()) {}

wire::Model DetectRun::model() const {
  wire::Model made = detector_.save(agent::Detector::kAllRows);
  made.metrics = places_.names;
  made.from_ms = first_time_ms_.value_or(0);
  made.to_ms = made.created_ms = last_time_ms_.value_or(0);
  return made;
}

Result<agent::RowVerdict> DetectRun::step(const DetectRow& row) {
  std::int64_t apart_ms = period_ms_;
  if (row.time_ms && last_time_ms_) {
    apart_ms = std::clamp<std::int64_t>(*row.time_ms - *last_time_ms_, 0, kWidestGapMs);
  }
  // A clock that went back does not make the rows behind it late for ever.
  if (row.time_ms) last_time_ms_ = row.time_ms;
  if (!first_time_ms_) first_time_ms_ = row.time_ms;
  elapsed_ms_ += apart_ms;
  if (elapsed_ms_ > kLongestMs) return Error{"the rows span more than 250 years"};
  std::fill(values_.begin(), values_.end(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < row.values.size(); ++i) values_[places_.of[i]] = row.values[i];
  now_ = Instant{std::chrono::milliseconds{elapsed_ms_}};
  settle(apart_ms);
  return detector_.step(now_, wall_from_ms(row.time_ms.value_or(0)), values_);
}

void DetectRun::note(const agent::RowVerdict& verdict, const DetectRow& row,
                     const DetectTable& table, DetectReport& report) {
  const agent::Episode& episode = detector_.episode();
  const bool is_change = verdict.change != EpisodeChange::none;
  if (!is_change && !detector_.active()) return;
  if (!any_known_ || known_id_ != episode.id) {
    if (!detector_.active() && verdict.change != EpisodeChange::new_normal) return;
    any_known_ = true;
    known_id_ = episode.id;
    current_ = {};
    current_.begin_row = row.number;
    current_.begin = table.when(row.number, row.time_ms);
    is_kept_ = report.episodes.size() < DetectReport::kMostEpisodes;
    if (is_kept_) report.episodes.emplace_back();
    if (!is_kept_) ++report.more_episodes;
  }
  update(verdict, row, table);
  if (is_kept_) report.episodes.back() = current_;
}

// At a begin with what is known, and behind a gap, rolling features are not whole yet.
void DetectRun::settle(std::int64_t apart_ms) {
  const bool is_first = std::exchange(is_first_, false);
  if (!is_first && std::chrono::milliseconds{apart_ms} < made_.gap) return;
  if (detector_.scorer().ready()) {
    detector_.silence(now_ + static_cast<Duration::rep>(made_.scorer.slow_window) * made_.period);
  };
}

void DetectRun::update(const agent::RowVerdict& verdict, const DetectRow& row,
                       const DetectTable& table) {
  const agent::Episode& episode = detector_.episode();
  if (verdict.change == EpisodeChange::began || episode.peak_at == now_ || current_.peak_row == 0) {
    current_.peak_row = row.number;
    current_.peak = table.when(row.number, row.time_ms);
    current_.causes = causes();
  }
  if (episode.end == now_ || current_.end_row == 0) {
    current_.end_row = row.number;
    current_.end = table.when(row.number, row.time_ms);
  }
  current_.lasted_s =
      to_seconds(episode.end - episode.start) + static_cast<double>(period_ms_) / 1000;
  current_.level = level_of(episode.severity);
  current_.flares = episode.flares;
  current_.score = episode.peak;
  current_.threshold = episode.threshold;
  current_.outcome = detector_.active() ? "active" : "calm";
  if (verdict.change == EpisodeChange::new_normal) current_.outcome = "lasting";
}

std::vector<AnomalyCause> DetectRun::causes() const {
  std::vector<AnomalyCause> out;
  for (const agent::Cause& cause : detector_.causes()) {
    if (cause.metric >= places_.names.size()) continue;
    AnomalyCause& one = out.emplace_back();
    one.metric = one.name = places_.names[cause.metric];
    one.share = cause.share;
    one.value = finite_or_none(cause.value);
    one.low = finite_or_none(cause.low);
    one.high = finite_or_none(cause.high);
    one.direction = direction_of(cause.deviation);
  }
  return out;
}

}  // namespace bw::cli
