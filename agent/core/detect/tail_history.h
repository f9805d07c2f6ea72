// How surprising a number is, given those before it: minus the logarithm of the share of its own
// history that is as large. Beyond the largest few the tail goes on as an exponential.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/core/detect/reservoir.h"
#include "base/rng.h"

namespace bw::agent {

class TailHistory {
 public:
  TailHistory(std::size_t capacity, std::size_t horizon);

  void add(double value, Rng& rng);
  // What is kept, and what is known of the tail: to be written down and taken up again.
  const std::vector<float>& values() const { return kept_; }
  double excess() const { return excess_; }
  double excesses() const { return excesses_; }
  // `seen` values are known by those kept; 0: what is taken up makes room for new values soon.
  void restore(const std::vector<float>& values, double excess, double excesses, std::uint64_t seen,
               Rng& rng);
  std::uint64_t seen() const { return places_.seen(); }

  // The 98th percentile of what is kept: where the tail begins. 0 without a history.
  double edge() const { return edge_; }
  // -log p, 0 without a history; grows linearly beyond what was seen.
  double surprise(double value) const;
  void clear();
  void hurry() { places_.hurry(); }

  std::size_t bytes() const { return (sorted_.capacity() + kept_.capacity()) * sizeof(float); }

 private:
  void set_edge();

  ReservoirPlaces places_;
  std::vector<float> kept_;    // by place
  std::vector<float> sorted_;  // the same
  double edge_ = 0;            // where the exponential begins
  double excess_ = 0;          // mean of what lay beyond the edge, less it
  double excesses_ = 0;        // how many that is of, kPeaks at most
};

}  // namespace bw::agent
