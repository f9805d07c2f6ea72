// Whether a node is still the node that was learnt: how far its metrics' values of the last day lie
// from those learnt from, and whether episodes come more often than was wanted.
//
// Sources: the population stability index and its bounds (.1 some, .25 a real change) as in
// Siddiqi, "Credit Risk Scorecards", 2006; what it is by chance alone after Yurdakul, "Statistical
// Properties of Population Stability Index", 2018. What is done about it is left to others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/core/detect/reservoir.h"
#include "base/time.h"

namespace bw::agent {

inline constexpr double kDrifted = 0.25;
inline constexpr std::size_t kMostDrifted = 5;  // metrics that are told

struct MetricDrift {
  std::size_t metric = 0;
  double index = 0;
};

// The index of two samples of one metric, NaN left out: ten bins between the deciles of
// `reference`, less what it would be by chance alone, 0 at least. A value that is a decile twice
// has a bin of its own, so that constants work. NaN where either has fewer than kFewestOfDrift
// values. Both lists are parted anew.
inline constexpr std::size_t kFewestOfDrift = 64;
double population_stability(std::vector<float>& reference, std::vector<float>& recent);

// A day is looked at, and not an hour, since hours differ: a node's night is no drift.
class Drift {
 public:
  static constexpr std::size_t kRecent = 256;     // rows kept, evenly of the last day
  static constexpr std::size_t kReference = 256;  // of the reservoir's that they are held against
  static constexpr Duration kWindow = std::chrono::hours{24};
  static constexpr Duration kRound = std::chrono::hours{3};  // in which each metric has its turn

  explicit Drift(std::size_t metrics);

  // A row's values, and what was learnt: rows that begin with such values. Now and then it looks at
  // one metric.
  void step(Instant now, std::span<const float> values, const Reservoir& learnt);
  void clear();

  // The mean of the indices of all metrics that vary, each 1 at most: from there on it is another
  // distribution, and how far away says no more. 0 where none varies; NaN until they are known,
  // which takes six hours.
  double mean() const;
  // The largest ones, the largest first, above .1.
  std::vector<MetricDrift> worst() const;
  // The mean was above kDrifted in two rounds, three hours apart, with a whole day to look at.
  bool lasts() const { return high_rounds_ >= 2; }

  std::size_t bytes() const;

 private:
  void look_at(std::size_t metric, const Reservoir& learnt);

  std::size_t metrics_;
  std::vector<float> recent_;  // a ring of rows
  std::size_t rows_ = 0;
  std::size_t next_row_ = 0;
  std::size_t next_metric_ = 0;
  Instant next_taken_ = Instant::min();
  Instant next_look_ = Instant::min();
  std::uint32_t high_rounds_ = 0;  // one behind the other
  std::vector<double> indices_;    // NaN: not known
  std::vector<std::uint8_t> varies_;
  std::vector<float> of_reference_;
  std::vector<float> of_recent_;
};

// How often episodes begin, of the last week.
class EpisodeRate {
 public:
  static constexpr Duration kWindow = std::chrono::hours{24 * 7};
  static constexpr std::size_t kMost = 64;  // starts remembered
  // So improbable is the number of episodes where as few are due as wanted.
  static constexpr double kImprobable = 1e-3;

  explicit EpisodeRate(double wanted_a_day) : wanted_(wanted_a_day) {}

  void watch_from(Instant now);  // a threshold is there; the first call counts
  void add(Instant start);

  // NaN in the first hour.
  double a_day(Instant now) const;
  double wanted_a_day() const { return wanted_; }
  // A Poisson test over the last week, or what of it was watched since acquit(), a day at least.
  bool too_many(Instant now) const;
  // Something was done about those so far.
  void acquit(Instant now) { acquitted_ = now; }

 private:
  struct Seen {
    std::size_t episodes = 0;
    double days = 0;
  };
  Seen since(Instant begin, Instant now) const;

  double wanted_;
  bool watched_ = false;
  Instant watched_from_{};
  Instant acquitted_ = Instant::min();
  std::array<Instant, kMost> starts_{};  // a ring
  std::uint64_t count_ = 0;
};

// The chance that so many or more come where `due` are due on average.
double poisson_at_least(std::size_t count, double due);

}  // namespace bw::agent
