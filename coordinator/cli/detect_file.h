// Runs a node's detector over files: the very same, fed with rows of a table instead of a box.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "coordinator/cli/anomaly_model.h"
#include "coordinator/cli/detect_metrics.h"

namespace bw::cli {

struct DetectOptions {
  std::string csv;
  std::string labels;                     // empty: none, as of the files below
  std::string train;                      // learnt from before, and nothing after it
  std::size_t train_rows = 0;             // the same of the first rows of `csv`
  std::string model;                      // what is known at the begin
  std::string save_model;                 // what is known at the end
  std::vector<std::string> columns;       // patterns; none: all
  std::optional<std::int64_t> period_ms;  // between rows, where the file's times don't tell
  std::optional<double> false_alarms_a_day;
  std::optional<std::size_t> window;
  std::optional<double> alert_threshold;
  std::optional<double> contamination;
  std::uint64_t seed = 0;
};

// One stretch of trouble; causes, level and score as of its peak.
struct DetectEpisode {
  std::size_t begin_row = 0;  // from 1
  std::size_t peak_row = 0;
  std::size_t end_row = 0;  // the last that was not calm
  std::string begin;        // "2026-03-01 10:00:00", or "row 17"
  std::string peak;
  std::string end;
  double lasted_s = 0;
  std::string level;
  std::string outcome;  // calm, lasting, or active: it goes on at the end of the file
  std::uint32_t flares = 1;
  double score = 0;
  double threshold = 0;
  std::vector<AnomalyCause> causes;
};

struct DetectReport {
  static constexpr std::size_t kMostEpisodes = 10'000;  // kept: the first

  std::string csv;
  std::size_t rows = 0;
  std::string first;  // when the first and last row was
  std::string last;
  std::vector<std::string> metrics;
  std::vector<std::string> left_out;
  std::vector<std::string> missing;  // of the model, that the file does not have
  std::int64_t period_ms = 0;
  std::size_t trained_rows = 0;     // that were for learning alone
  std::size_t learnt_rows = 0;      // in all, by the detector
  std::size_t late_rows = 0;        // not later than the one before: left out
  std::optional<double> threshold;  // at the end; nothing: too little was learnt
  std::vector<DetectEpisode> episodes;
  std::size_t more_episodes = 0;
  std::optional<DetectMetrics> metrics_of_labels;
};

struct ScoredRow {
  std::size_t row = 0;
  std::string when;
  double score = 0;
  double threshold = 0;
  bool told = false;
};
using TakeScore = std::function<Result<void>(const ScoredRow&)>;

// `take` is called with every row that is not for learning alone; it may be empty. An error is of
// the input, and names file and line.
Result<DetectReport> detect_file(const DetectOptions& options, const TakeScore& take);

}  // namespace bw::cli
