#include "coordinator/cli/detect_file.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "coordinator/cli/detect_labels.h"
#include "coordinator/cli/detect_model.h"
#include "coordinator/cli/detect_run.h"
#include "coordinator/cli/detect_table.h"

namespace bw::cli {

namespace {

constexpr std::int64_t kDefaultPeriodMs = 1000;

std::string names_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    text += (i > 0 ? ", " : "") + names[i];
  }
  return names.size() > kShown ? text + ", ..." : text;
}

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
    judge.add(verdict->score, told ? run.detector().episode().id : 0,
              in.labels->at(row.number, row.time_ms));
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
  const double threshold = run.detector().threshold();
  if (std::isfinite(threshold)) report.threshold = threshold;
  if (options.save_model.empty()) return report;
  const auto written = write_model(options.save_model, run.model());
  if (!written) return written.error();
  return report;
}

}  // namespace bw::cli
