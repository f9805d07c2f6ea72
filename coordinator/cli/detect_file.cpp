#include "coordinator/cli/detect_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "agent/core/detect/detector.h"
#include "coordinator/cli/detect_labels.h"
#include "coordinator/cli/detect_model.h"
#include "coordinator/cli/detect_table.h"

namespace bw::cli {

namespace {

using agent::EpisodeChange;

constexpr std::int64_t kDefaultPeriodMs = 1000;
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

std::string names_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    text += (i > 0 ? ", " : "") + names[i];
  }
  return names.size() > kShown ? text + ", ..." : text;
}

agent::DetectorOptions detector_options(const DetectOptions& options, std::size_t metrics,
                                        std::int64_t period_ms) {
  agent::DetectorOptions out;
  out.scorer.metrics = metrics;
  out.scorer.seed = options.seed;
  out.period = std::chrono::milliseconds{period_ms};
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

std::optional<double> if_finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// One run over files that have the same metrics.
class DetectRun {
 public:
  DetectRun(const DetectOptions& options, MetricPlaces places, std::int64_t period_ms)
      : places_(std::move(places)),
        period_ms_(period_ms),
        detector_(detector_options(options, places_.names.size(), period_ms)),
        values_(places_.names.size()) {
    const agent::DetectorOptions made = detector_options(options, places_.names.size(), period_ms);
    gap_ = made.gap;
    settling_ = static_cast<Duration::rep>(made.scorer.slow_window) * made.period;
  }

  agent::Detector& detector() { return detector_; }
  std::size_t late_rows() const { return static_cast<std::size_t>(detector_.rows_ignored()); }

  // The rows of a file behind this one.
  void begin_file() { last_time_ms_.reset(); }

  Result<agent::Verdict> step(const DetectRow& row) {
    std::int64_t apart_ms = period_ms_;
    if (row.time_ms && last_time_ms_) {
      apart_ms = std::clamp<std::int64_t>(*row.time_ms - *last_time_ms_, 0, kWidestGapMs);
    }
    // A clock that went back does not make the rows behind it late for ever.
    if (row.time_ms) last_time_ms_ = row.time_ms;
    elapsed_ms_ += apart_ms;
    if (elapsed_ms_ > kLongestMs) return Error{"the rows span more than 250 years"};
    std::fill(values_.begin(), values_.end(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < row.values.size(); ++i) values_[places_.of[i]] = row.values[i];
    now_ = Instant{std::chrono::milliseconds{elapsed_ms_}};
    settle(apart_ms);
    return detector_.step(now_, wall_from_ms(row.time_ms.value_or(0)), values_);
  }

  void note(const agent::Verdict& verdict, const DetectRow& row, const DetectTable& table,
            DetectReport& report) {
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

 private:
  // At a begin with what is known, and behind a gap, rolling features are not whole yet.
  void settle(std::int64_t apart_ms) {
    const bool is_first = std::exchange(is_first_, false);
    if (!is_first && std::chrono::milliseconds{apart_ms} < gap_) return;
    if (detector_.scorer().ready()) detector_.silence(now_ + settling_);
  }
  void update(const agent::Verdict& verdict, const DetectRow& row, const DetectTable& table) {
    const agent::Episode& episode = detector_.episode();
    if (verdict.change == EpisodeChange::began || episode.peak_at == now_ ||
        current_.peak_row == 0) {
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

  std::vector<AnomalyCause> causes() const {
    std::vector<AnomalyCause> out;
    for (const agent::Cause& cause : detector_.causes()) {
      if (cause.metric >= places_.names.size()) continue;
      AnomalyCause& one = out.emplace_back();
      one.metric = one.name = places_.names[cause.metric];
      one.share = cause.share;
      one.value = if_finite(cause.value);
      one.low = if_finite(cause.low);
      one.high = if_finite(cause.high);
      one.direction = direction_of(cause.deviation);
    }
    return out;
  }

  MetricPlaces places_;
  std::int64_t period_ms_;
  agent::Detector detector_;
  std::vector<double> values_;
  Duration gap_;
  Duration settling_;
  bool is_first_ = true;
  std::optional<std::int64_t> last_time_ms_;
  std::int64_t elapsed_ms_ = 0;
  Instant now_{};
  bool any_known_ = false;
  bool is_kept_ = false;
  std::uint64_t known_id_ = 0;
  DetectEpisode current_;
};

// All files, opened and found to fit together before any of it begins.
struct DetectInput {
  std::optional<DetectTable> table;
  std::optional<DetectTable> train;
  std::optional<DetectLabels> labels;
  std::optional<wire::Model> model;
};

Result<DetectInput> open_input(const DetectOptions& options) {
  DetectInput in;
  auto table = DetectTable::open(options.csv, options.columns);
  if (!table) return table.error();
  in.table = std::move(*table);
  if (!options.labels.empty()) {
    auto labels = DetectLabels::open(options.labels);
    if (!labels) return labels.error();
    in.labels = std::move(*labels);
  }
  if (!options.model.empty()) {
    auto model = read_model(options.model);
    if (!model) return model.error();
    in.model = std::move(*model);
  }
  if (options.train.empty()) return in;
  auto train = DetectTable::open(options.train, options.columns);
  if (!train) return train.error();
  if (train->metrics() != in.table->metrics()) {
    return Error{options.train + ": its columns (" + names_of(train->metrics()) +
                 ") are not those of " + options.csv + " (" + names_of(in.table->metrics()) + ")"};
  }
  in.train = std::move(*train);
  return in;
}

// Learns from the rows of `table`, `most` of them; says how many there were.
Result<std::size_t> learn_from(DetectTable& table, std::size_t most, DetectRun& run) {
  DetectRow row;
  std::size_t rows = 0;
  for (; rows < most; ++rows) {
    const auto found = table.next(row);
    if (!found) return found.error();
    if (!*found) break;
    if (const auto verdict = run.step(row); !verdict) return verdict.error();
  }
  return rows;
}

Result<void> score_rows(DetectInput& in, DetectRun& run, const TakeScore& take,
                        DetectReport& report) {
  DetectTable& table = *in.table;
  DetectJudge judge;
  DetectRow row;
  for (bool is_first = true;; is_first = false) {
    const auto found = table.next(row);
    if (!found) return found.error();
    if (!*found) break;
    const auto verdict = run.step(row);
    if (!verdict) return verdict.error().within(table.path());
    const std::string when = table.when(row.number, row.time_ms);
    if (is_first) report.first = when;
    report.last = when;
    report.rows = row.number;
    run.note(*verdict, row, table, report);
    const bool told = run.detector().active();
    if (take) {
      const auto taken = take({row.number, when, verdict->score, verdict->threshold, told});
      if (!taken) return taken;
    }
    if (!in.labels) continue;
    if (judge.rows() == DetectJudge::kMostRows) {
      return Error{table.path() + ": more than " + std::to_string(DetectJudge::kMostRows) +
                   " rows can't be held against labels"};
    }
    judge.add(verdict->score, told, in.labels->at(row.number, row.time_ms));
  }
  if (report.rows == 0) {
    return Error{table.path() + ": no rows are left behind those to learn from (--train-rows)"};
  }
  if (!in.labels) return {};
  const auto fits = in.labels->check(report.rows, table.has_times());
  if (!fits) return fits;
  report.metrics_of_labels = judge.finish(86'400'000.0 / static_cast<double>(report.period_ms));
  return {};
}

// Learns from what is for that alone; nothing more is learnt then.
Result<void> train(const DetectOptions& options, DetectInput& in, DetectRun& run,
                   DetectReport& report) {
  if (!in.train && options.train_rows == 0) return {};
  const auto learnt = in.train ? learn_from(*in.train, std::numeric_limits<std::size_t>::max(), run)
                               : learn_from(*in.table, options.train_rows, run);
  if (!learnt) return learnt.error();
  report.trained_rows = *learnt;
  if (in.train) run.begin_file();
  run.detector().set_learning(false);
  return {};
}

}  // namespace

Result<DetectReport> detect_file(const DetectOptions& options, const TakeScore& take) {
  auto in = open_input(options);
  if (!in) return in.error();
  const DetectTable& table = *in->table;
  auto places = place_metrics(in->model ? in->model->metrics : std::vector<std::string>{},
                              table.metrics(), options.model);
  if (!places) return places.error();
  DetectReport report;
  report.csv = options.csv;
  report.metrics = table.metrics();
  report.left_out = table.left_out();
  report.missing = places->missing;
  report.period_ms = options.period_ms.value_or(table.period_ms().value_or(kDefaultPeriodMs));
  const std::vector<std::string> names = places->names;
  DetectRun run(options, std::move(*places), report.period_ms);
  if (in->model) {
    const auto loaded = run.detector().load(*in->model);
    if (!loaded) return loaded.error().within(options.model);
  }
  if (const auto trained = train(options, *in, run, report); !trained) return trained.error();
  const auto scored = score_rows(*in, run, take, report);
  if (!scored) return scored.error();
  report.learnt_rows = static_cast<std::size_t>(run.detector().scorer().learnt());
  report.late_rows = run.late_rows();
  report.threshold = if_finite(run.detector().threshold());
  if (options.save_model.empty()) return report;
  wire::Model model = run.detector().save(agent::Detector::kAllRows);
  model.metrics = names;
  const auto written = write_model(options.save_model, model);
  if (!written) return written.error();
  return report;
}

}  // namespace bw::cli
