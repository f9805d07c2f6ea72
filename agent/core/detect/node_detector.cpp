#include "agent/core/detect/node_detector.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "agent/core/detect/model_edit.h"
#include "base/assert.h"
#include "schemas/metrics/event_kinds.h"

namespace bw::agent {

namespace {

constexpr std::size_t kSlowWindows = 3;
constexpr Duration kLeastGap = std::chrono::seconds{30};
constexpr int kGapPeriods = 5;
// After a start with what is known, a gap or another model: rows until rolling features are whole.
constexpr std::size_t kWarmingWindows = kSlowWindows;

Duration gap_of(Duration period) {
  return std::max(kLeastGap, kGapPeriods * period);
}

DetectorOptions detector_options(const DetectOptions& options, Duration period,
                                 std::uint64_t seed) {
  DetectorOptions made;
  made.scorer.window = options.window;
  made.scorer.slow_window = kSlowWindows * options.window;
  made.scorer.seed = seed;
  made.period = period;
  made.false_episodes_a_day = options.false_alarms_a_day;
  made.alert_threshold = options.alert_threshold;
  made.contamination = options.contamination;
  made.gap = gap_of(period);
  return made;
}

std::string short_number(double value) {
  constexpr int kDigits = 3;
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::general, kDigits);
  return {text.data(), end.ptr};
}

}  // namespace

NodeDetector::NodeDetector(const DetectOptions& options, Duration period, std::uint64_t seed)
    : options_(options),
      period_(period),
      detector_(detector_options(options, period, seed)),
      watched_(options.watch),
      teller_(EpisodeOptions{}.cool_down) {}

void NodeDetector::tick(Instant now, WallTime wall, const std::vector<wire::SeriesInfo>& series,
                        std::uint64_t table_id, std::span<const float> live, Effects& effects) {
  if (ticks_ == 0) keep_at_ = now + kKeepFirst;
  now_ = now;
  wall_ = wall;
  if (++ticks_ < kSettleTicks) return;
  const bool at_start = last_row_ == Instant::min();
  bool matched = watched_.match(series, table_id, now);
  if (at_start && !is_of_this_box(effects)) matched = watched_.match(series, table_id, now);
  if (matched) take_places(effects);
  if (at_start || now - last_row_ >= gap_of(period_)) settle_anew();
  last_row_ = now;
  const bool was_learning = detector_.scorer().learnt() > 0;
  verdict_ = detector_.step(now, wall, watched_.row(live, now));
  if (!was_learning && detector_.scorer().learnt() > 0 && from_ms_ == 0) from_ms_ = to_ms(wall);
  if (!told_threshold_ && std::isfinite(verdict_.threshold)) {
    told_threshold_ = true;
    effects.emplace_back(Log{LogLevel::info, "what is usual here is known: anomalies are told"});
  }
  teller_.take(verdict_, detector_, watched_, now, wall, events_);
  if (verdict_.retrained) tell_retrained();
}

void NodeDetector::stop() {
  teller_.stop(detector_, wall_, events_);
}

std::vector<wire::EventRecord> NodeDetector::take_events() {
  if (events_.size() > kMaxEvents) events_.resize(kMaxEvents);
  for (wire::EventRecord& event : events_) {
    if (event.time_ms == 0) event.time_ms = to_ms(wall_);  // told before the first tick
  }
  return std::exchange(events_, {});
}

void NodeDetector::take_places(Effects& effects) {
  if (!watched_.given_away().empty()) void_places(watched_.given_away());
  const auto places = watched_.places();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].low < places[i].high) {
      detector_.set_range(i, places[i].low, places[i].high);
    } else {
      detector_.clear_range(i);
    }
  }
  // Those that found no room are looked for every hour: it is said where something has changed.
  const bool known = told_found_ == watched_.found() && told_left_out_ == watched_.left_out();
  if (known && watched_.given_away().empty()) return;
  told_found_ = watched_.found();
  told_left_out_ = watched_.left_out();
  std::string text =
      "watches " + std::to_string(watched_.found()) + " series for what is unlike this box";
  if (watched_.left_out() > 0) {
    text += "; " + std::to_string(watched_.left_out()) + " more find no room";
  }
  effects.emplace_back(Log{LogLevel::info, text});
}

// What an earlier run learnt may be of another box by now: the disk was moved, or the agent sees
// another root.
bool NodeDetector::is_of_this_box(Effects& effects) {
  std::vector<std::string> keys = watched_.keys();
  keys.resize(std::min(keys.size(), std::exchange(restored_, 0)));
  const std::size_t known = watched_.count_known(keys);
  if (known * kLeastKnown >= keys.size()) return true;
  effects.emplace_back(Log{
      LogLevel::warning, "what an earlier run learnt is of another box: " + std::to_string(known) +
                             " of its " + std::to_string(keys.size()) +
                             " metrics are here; it is forgotten"});
  forget();
  forgotten_ = true;
  return false;
}

void NodeDetector::settle_anew() {
  if (!ready()) return;
  const auto rows = static_cast<Duration::rep>(kWarmingWindows * options_.window);
  settling_until_ = now_ + rows * period_;
  apply_silence();
}

void NodeDetector::silence(Instant until) {
  silent_until_ = until;
  apply_silence();
}

void NodeDetector::apply_silence() {
  detector_.silence(std::max(silent_until_, settling_until_));
}

// What was learnt of other series at these places is taken out of the model.
void NodeDetector::void_places(std::span<const std::size_t> places) {
  wire::Model all = detector_.save(Detector::kAllRows);
  all.metrics.resize(all.origins.size());
  for (const std::size_t place : places) {
    if (place < all.metrics.size()) forget_metric(all, place);
  }
  if (all.metrics.empty() || !detector_.load(all)) detector_.relearn();
  settle_anew();  // rolling features begin anew
}

Result<void> NodeDetector::load(const wire::Model& model) {
  if (auto loaded = detector_.load(model); !loaded) return loaded;
  watched_.adopt(model.metrics, now_);
  model_id_ = model.id;
  from_ms_ = model.from_ms;
  given_rows_ = model.rows - std::min(model.rows, detector_.scorer().learnt());
  kept_rows_ = rows();
  told_threshold_ = false;
  return {};
}

Result<void> NodeDetector::restore(const wire::Model& model) {
  if (auto loaded = load(model); !loaded) return loaded;
  restored_ = model.metrics.size();
  last_row_ = Instant::min();  // the next row is as at a start, also where the disk told late
  return {};
}

Result<void> NodeDetector::take_over(const wire::Model& model) {
  if (!settled()) return Error{"the agent has only just started: it does not know its series yet"};
  const std::size_t known = watched_.count_known(model.metrics);
  if (known * kLeastKnown < model.metrics.size()) {
    return Error{"it is of other metrics than this box has: " + std::to_string(known) + " of its " +
                 std::to_string(model.metrics.size()) + " are here"};
  }
  // Whatever it was for its own node, here it is a start, and its counts are not this node's.
  wire::Model start = model;
  start.borrowed = true;
  for (wire::HistoryModel& history : start.histories) history.seen = 0;
  if (auto loaded = load(start); !loaded) return loaded;
  watched_.release_unknown(now_);
  settle_anew();
  tell_change(wire::Severity::info,
              "the model " + model.id + " stands for what is usual here until enough was learnt",
              {{"change", "deployed"},
               {"model", model.id},
               {"metrics", std::to_string(model.metrics.size())},
               {"metrics_here", std::to_string(known)}});
  return {};
}

void NodeDetector::tell_refused(const std::string& what, const std::string& why) {
  tell_change(wire::Severity::warning, what + " is not taken over: " + why,
              {{"change", "refused"}, {"reason", why}});
}

void NodeDetector::forget() {
  detector_.relearn();
  watched_.clear();
  model_id_.clear();
  from_ms_ = 0;
  given_rows_ = kept_rows_ = 0;
  keep_at_ = now_ + kKeepFirst;
  told_threshold_ = false;
  tell_change(wire::Severity::info, "all that was learnt is forgotten, and learnt anew",
              {{"change", "forgotten"}});
}

Result<wire::Model> NodeDetector::model(std::size_t rows) const {
  if (!ready()) {
    return Error{"nothing is learnt yet: " + std::to_string(detector_.scorer().learnt()) +
                 " rows of the " + std::to_string(Scorer::kFirstRows) + " that it takes"};
  }
  wire::Model made = detector_.save(rows);
  made.metrics = watched_.keys();
  keep_first_metrics(made, made.metrics.size());
  made.metrics.resize(made.origins.size());
  made.created_ms = to_ms(wall_);
  made.to_ms = std::max<std::int64_t>(0, to_ms(wall_));
  made.from_ms = std::clamp<std::int64_t>(from_ms_, 0, made.to_ms);
  made.rows = this->rows();
  if (rows >= Detector::kAllRows) made.id = model_id_;
  return made;
}

void NodeDetector::kept() {
  kept_rows_ = rows();
  keep_at_ = now_ + std::clamp(age(), kKeepFirst, kKeepEvery);
}

void NodeDetector::keep_failed() {
  constexpr std::uint64_t kNothingKept = static_cast<std::uint64_t>(-1);
  kept_rows_ = kNothingKept;
  keep_at_ = now_ + kKeepFirst;
}

void NodeDetector::tell_retrained() {
  ++retrainings_;
  const bool by_drift = verdict_.reason == RetrainReason::drift;
  std::vector<wire::Label> details = {{"reason", by_drift ? "drift" : "alarms"}};
  std::string text;
  if (by_drift) {
    details.push_back({"index", short_number(detector_.drift())});
    text = "what is measured has drifted from what was learnt (stability index " +
           short_number(detector_.drift()) + "), and is learnt anew; most of all";
    std::string between = " ";
    for (const MetricDrift& drift : detector_.drift_metrics()) {
      if (drift.metric >= watched_.places().size()) continue;
      const std::string& name = watched_.places()[drift.metric].shown;
      text += std::exchange(between, ", ") + name + " (" + short_number(drift.index) + ")";
      details.push_back({"metric_" + std::to_string(details.size() - 1),
                         "index=" + short_number(drift.index) + " metric=" + name});
    }
  } else {
    details.push_back({"a_day", short_number(detector_.episodes_a_day())});
    details.push_back({"wanted_a_day", short_number(detector_.wanted_episodes_a_day())});
    text = "anomalies are more often than they should be (" +
           short_number(detector_.episodes_a_day()) + " a day, wanted " +
           short_number(detector_.wanted_episodes_a_day()) + "): what is usual is learnt anew";
  }
  wire::EventRecord& event = events_.emplace_back();
  event.time_ms = to_ms(wall_);
  event.kind = metrics::event_name(metrics::EventKind::model_drift);
  event.text = std::move(text);
  event.details = std::move(details);
}

void NodeDetector::tell_change(wire::Severity severity, std::string text,
                               std::vector<wire::Label> details) {
  ++model_changes_;
  wire::EventRecord& event = events_.emplace_back();
  event.time_ms = to_ms(wall_);
  event.kind = metrics::event_name(metrics::EventKind::model_change);
  event.severity = severity;
  event.text = std::move(text);
  event.details = std::move(details);
}

}  // namespace bw::agent
