// Runs the detector over files and prints what it says; times its hot paths. `detect.py` beside
// this folder hands the output to the judges.
//
//   bw_detect_bench forest FILE SEED [EXTENSION]   fit and score the rows: a score a line
//   bw_detect_bench test TRAIN TEST SEED [A-DAY]   learn one file, score another with what is
//   known;
//                                                  so many false episodes a day are wanted
//   bw_detect_bench follow FILE SEED               score the rows as they come, learning on
//   bw_detect_bench speed                          a line a figure: name, value, unit
//
// MINUTES lie between two rows. A line of `test` and `follow`: score, threshold, 1 in an episode;
// then, counted from 1, the three metrics that the explanation names first, and the three farthest
// from their usual value.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <numeric>

#include <time.h>

#include "agent/core/detect/detector.h"
#include "tests/bench/detect/table.h"

namespace bw::bench {
namespace {

using agent::Detector;
using agent::DetectorOptions;
using agent::ForestOptions;
using agent::IsolationForest;
using agent::Rows;

Rows rows_of(const Table& table) {
  return {table.values.data(), table.rows(), table.columns};
}

int forest(const std::string& path, std::uint64_t seed, std::size_t extension) {
  const Table table = read_table(path);
  ForestOptions options;
  options.seed = seed;
  options.extension = extension;
  const auto fitted = IsolationForest::fit(rows_of(table), options);
  if (!fitted) {
    std::cerr << path << ": " << fitted.error().message << "\n";
    return 2;
  }
  for (std::size_t i = 0; i < table.rows(); ++i) {
    std::printf("%.9g\n", fitted->score(rows_of(table).row(i)));
  }
  return 0;
}

// A detector that gets its rows so far apart.
class Run {
 public:
  Run(std::size_t columns, std::uint64_t seed, Duration period)
      : period_(period), detector_(options_of(columns, seed, period)) {}

  agent::RowVerdict row(std::span<const float> values) {
    values_.assign(values.begin(), values.end());
    return detector_.step(now_ += period_, WallTime{}, values_);
  }
  Detector& detector() { return detector_; }

  void print(const agent::RowVerdict& verdict) const {
    std::printf("%.6g %.6g %d", verdict.score, verdict.threshold, detector_.active() ? 1 : 0);
    const std::size_t metrics = detector_.scorer().metrics();
    std::vector<double> farthest(metrics);
    for (std::size_t i = 0; i < metrics; ++i) {
      farthest[i] = std::fabs(detector_.scorer().scaled()[i]);
    }
    print_first_three(agent::contributions(detector_.scorer()));
    print_first_three(farthest);
    std::printf("\n");
  }

 private:
  static DetectorOptions options_of(std::size_t columns, std::uint64_t seed, Duration period) {
    DetectorOptions options;
    options.scorer.metrics = columns;
    options.scorer.seed = seed;
    options.period = period;
    options.gap *= period / std::chrono::seconds(1);
    return options;
  }
  static void print_first_three(const std::vector<double>& parts) {
    std::vector<std::size_t> order(parts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return parts[a] > parts[b]; });
    for (std::size_t i = 0; i < 3; ++i) std::printf(" %zu", i < order.size() ? order[i] + 1 : 0);
  }

  Duration period_;
  Detector detector_;
  Instant now_{};
  std::vector<double> values_;
};

int test(const std::string& train_path, const std::string& test_path, std::uint64_t seed,
         Duration period) {
  const Table train = read_table(train_path);
  const Table test = read_table(test_path);
  if (train.columns != test.columns || train.columns > agent::kMaxMetrics) {
    std::cerr << test_path << ": " << test.columns << " columns, not " << train.columns << "\n";
    return 2;
  }
  Run run(train.columns, seed, period);
  for (std::size_t i = 0; i < train.rows(); ++i) run.row(rows_of(train).row(i));
  run.detector().set_learning(false);
  for (std::size_t i = 0; i < test.rows(); ++i) run.print(run.row(rows_of(test).row(i)));
  return 0;
}

int follow(const std::string& path, std::uint64_t seed, Duration period) {
  const Table table = read_table(path);
  if (table.columns > agent::kMaxMetrics) {
    std::cerr << path << ": more than " << agent::kMaxMetrics << " columns\n";
    return 2;
  }
  Run run(table.columns, seed, period);
  for (std::size_t i = 0; i < table.rows(); ++i) run.print(run.row(rows_of(table).row(i)));
  return 0;
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// CPU seconds a call takes: the median of many runs of `calls` each.
double seconds_a_call(std::size_t runs, std::size_t calls, const std::function<void()>& run) {
  std::vector<double> times;
  for (std::size_t i = 0; i < runs; ++i) {
    const double begin = cpu_seconds();
    run();
    times.push_back((cpu_seconds() - begin) / static_cast<double>(calls));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// Rows of as many metrics as a server data set has, that follow a few loads.
Table made_up_rows(std::size_t rows) {
  Table table;
  table.columns = 38;
  Rng rng(1);
  double loads[4] = {};
  for (std::size_t i = 0; i < rows; ++i) {
    for (double& load : loads) load = 0.95 * load + 0.3 * agent::normal(rng);
    for (std::size_t k = 0; k < table.columns; ++k) {
      table.values.push_back(static_cast<float>(loads[k % 4] + 0.5 * agent::normal(rng)));
    }
  }
  return table;
}

void speed_of_forest(const Table& table) {
  ForestOptions options;
  const double fit = seconds_a_call(101, 1, [&] {
    ++options.seed;
    if (!IsolationForest::fit({table.values.data(), 256, 38}, options)) std::abort();
  });
  const auto fitted = IsolationForest::fit(rows_of(table), options);
  double sum = 0;
  const double score = seconds_a_call(101, 4096, [&] {
    for (std::size_t i = 0; i < 4096; ++i) sum += fitted->score(rows_of(table).row(i));
  });
  std::printf("fit_ms %.4f ms\nscore_row_us %.4f us\n", fit * 1e3, score * 1e6);
  if (!(sum > 0)) std::abort();
}

// What a row costs a node that has run for days, to score by all parts and to learn; and its
// slowest row, the first trainings apart.
void speed_of_detector(const Table& table) {
  agent::ScorerOptions options;
  options.metrics = table.columns;
  agent::Scorer scorer(options);
  std::vector<double> row;
  std::size_t next = 0;
  const auto rows = [&](std::size_t count, bool learn) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto values = rows_of(table).row(next);
      next = (next + 1) % table.rows();
      row.assign(values.begin(), values.end());
      scorer.score(row);
      if (learn) scorer.learn();
    }
  };
  rows(3 * table.rows(), true);  // days of seconds
  // In turns, so that what else the machine does falls on both.
  std::vector<double> scores;
  std::vector<double> updates;
  for (int i = 0; i < 401; ++i) {
    scores.push_back(seconds_a_call(1, 500, [&] { rows(500, false); }));
    updates.push_back(seconds_a_call(1, 500, [&] { rows(500, true); }) - scores.back());
  }
  std::sort(scores.begin(), scores.end());
  std::sort(updates.begin(), updates.end());
  double slowest = 0;
  for (std::size_t i = 0; i < 20'000; ++i) {
    slowest = std::max(slowest, seconds_a_call(1, 1, [&] { rows(1, true); }));
  }
  std::printf("stream_update_us %.4f us\nstream_score_us %.4f us\nslowest_row_us %.1f us\n",
              updates[200] * 1e6, scores[200] * 1e6, slowest * 1e6);
  Run run(table.columns, 1, std::chrono::seconds(1));
  for (std::size_t i = 0; i < 5000; ++i) run.row(rows_of(table).row(i));
  std::printf("detect_memory_mb %.4f MB\n", static_cast<double>(run.detector().bytes()) / 1e6);
}

int speed() {
  const Table table = made_up_rows(100'000);
  speed_of_forest(table);
  speed_of_detector(table);
  return 0;
}

int run(int count, char** arguments) {
  const std::string command = count > 1 ? arguments[1] : "";
  const auto number = [&](int at) { return std::strtoull(arguments[at], nullptr, 10); };
  if (command == "forest" && (count == 4 || count == 5)) {
    return forest(arguments[2], number(3), count == 5 ? number(4) : 0);
  }
  const auto minutes = [&](int at) { return std::chrono::minutes(std::max(1ULL, number(at))); };
  if (command == "test" && count == 6) {
    return test(arguments[2], arguments[3], number(4), minutes(5));
  }
  if (command == "follow" && count == 5) return follow(arguments[2], number(3), minutes(4));
  if (command == "speed" && count == 2) return speed();
  std::cerr << "bw_detect_bench forest FILE SEED [EXTENSION] | test TRAIN TEST SEED MINUTES | "
               "follow FILE SEED MINUTES | speed\n";
  return 2;
}

}  // namespace
}  // namespace bw::bench

int main(int count, char** arguments) {
  return bw::bench::run(count, arguments);
}
