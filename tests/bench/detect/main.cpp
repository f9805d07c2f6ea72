// Runs the detector over files and prints what it says; times its hot paths.
//
//   bw_detect_bench forest FILE SEED [EXTENSION]   fit and score the rows: a score a line
//   bw_detect_bench speed                          a line a figure: name, value, unit
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>

#include <time.h>

#include "agent/core/detect/isolation_forest.h"
#include "tests/bench/detect/table.h"

namespace bw::bench {
namespace {

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
  if (std::getenv("BW_MIN")) return times[0];
  return times[times.size() / 2];
}

int speed() {
  constexpr std::size_t kRows = 4096;
  Table table;
  table.columns = 38;
  Rng rng(1);
  for (std::size_t i = 0; i < kRows * table.columns; ++i) {
    table.values.push_back(static_cast<float>(agent::normal(rng)));
  }
  ForestOptions options;
  const double fit = seconds_a_call(101, 1, [&] {
    ++options.seed;
    if (!IsolationForest::fit({table.values.data(), 256, 38}, options)) std::abort();
  });
  const auto fitted = IsolationForest::fit(rows_of(table), options);
  double sum = 0;
  const double score = seconds_a_call(401, kRows, [&] {
    for (std::size_t i = 0; i < kRows; ++i) sum += fitted->score(rows_of(table).row(i));
  });
  std::printf("fit_ms %.4f ms\nscore_row_us %.4f us\n", fit * 1e3, score * 1e6);
  return sum > 0 ? 0 : 1;
}

int run(int count, char** arguments) {
  const std::string command = count > 1 ? arguments[1] : "";
  if (command == "forest" && (count == 4 || count == 5)) {
    return forest(arguments[2], std::strtoull(arguments[3], nullptr, 10),
                  count == 5 ? std::strtoull(arguments[4], nullptr, 10) : 0);
  }
  if (command == "speed" && count == 2) return speed();
  std::cerr << "bw_detect_bench forest FILE SEED [EXTENSION] | speed\n";
  return 2;
}

}  // namespace
}  // namespace bw::bench

int main(int count, char** arguments) {
  return bw::bench::run(count, arguments);
}
