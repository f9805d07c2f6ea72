// The score above which an alarm is due, for a wanted rate of false ones: peaks over threshold.
//
// Source: Siffer, Fouque, Termier, Largouët, "Anomaly Detection in Streams with Extreme Value
// Theory" (SPOT), KDD 2017; the generalised Pareto distribution fitted by maximum likelihood after
// Grimshaw, 1993. What is fitted are the tops of runs of high scores, not single rows, so the rate
// is one of episodes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/core/detect/tail_history.h"
#include "base/rng.h"
#include "schemas/wire/model.h"

namespace bw::agent {

struct PeaksOptions {
  double episodes_a_row = 1e-5;    // wanted: false episodes, by rows that are no anomaly
  std::size_t apart = 10;          // rows below the base that part two runs
  std::size_t least_rows = 512;    // before the first threshold
  std::size_t most_peaks = 128;    // remembered
  std::size_t history = 512;       // rows that the base is taken from
  std::size_t horizon = 1U << 17;  // rows after which those have faded to a third
};

// A generalised Pareto distribution of excesses.
struct ParetoFit {
  double shape = 0;  // gamma: above 0 heavy, 0 exponential, below 0 bounded
  double scale = 1;  // sigma
};
// By maximum likelihood; shape within -.5 to .5, as far as few peaks tell. No excess: {0, 0}.
ParetoFit fit_pareto(const std::vector<double>& excesses);

class PeaksThreshold {
 public:
  explicit PeaksThreshold(const PeaksOptions& options);

  // A score of a row that is no anomaly.
  void add(double score, Rng& rng);

  // What comes is another stream: its base is found fast.
  void hurry() { history_.hurry(); }

  // Stands in until there is one of its own: that of a model.
  void begin_with(double threshold) { threshold_ = threshold; }

  // What it goes on from after a restart. What is taken up has been looked at: see
  // scorer_model.cpp.
  void save(wire::PeaksModel& model) const;
  void load(const wire::PeaksModel& model, Rng& rng);

  bool ready() const { return rows_ >= options_.least_rows; }
  // Infinite until ready, or what it was begun with.
  double threshold() const { return threshold_; }
  std::size_t bytes() const;

 private:
  struct Peak {
    double top = 0;
    std::uint64_t row = 0;
  };
  void take_peak();
  void fit();

  PeaksOptions options_;
  TailHistory history_;
  std::vector<Peak> peaks_;  // a ring
  std::size_t next_peak_ = 0;
  std::size_t new_peaks_ = 0;  // since the last fit
  std::uint64_t rows_ = 0;
  std::uint64_t fitted_at_ = 0;
  double run_top_ = 0;         // of the run of high scores that is on
  std::size_t run_quiet_ = 0;  // rows below the base since its last one; 0 apart: no run
  bool in_run_ = false;
  double threshold_;
  std::vector<double> excesses_;
};

}  // namespace bw::agent
