// The classic threshold: so large a share of rows is taken for anomalous (`contamination`), and the
// score that parts them from the rest is the threshold. Of all rows, those above it too: a quantile
// of the calm ones alone would fall with each row that it leaves out.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "agent/core/detect/reservoir.h"
#include "base/rng.h"

namespace bw::agent {

class ScoreQuantile {
 public:
  static constexpr std::size_t kRows = 1024;      // scores kept, an even sample
  static constexpr std::size_t kLeastRows = 512;  // before the first threshold
  static constexpr std::size_t kAnewEvery = 64;   // rows between two looks at it

  // They stand for so many rows of late: the scores of the first ones, when little was known, would
  // count for too long.
  static constexpr std::size_t kHorizon = 8 * kRows;

  // `share` within 0 and 1; 0: none is wanted, and no memory is taken.
  explicit ScoreQuantile(double share);

  bool is_wanted() const { return share_ > 0; }
  void add(double score, Rng& rng);
  // Stands in until there is one of its own.
  void begin_with(double threshold) { threshold_ = threshold; }
  void clear();

  // Infinite until known.
  double threshold() const { return threshold_; }
  std::size_t bytes() const { return (kept_.capacity() + parted_.capacity()) * sizeof(float); }

 private:
  double share_;
  ReservoirPlaces places_;
  std::vector<float> kept_;
  std::vector<float> parted_;
  std::size_t rows_ = 0;
  double threshold_ = std::numeric_limits<double>::infinity();
};

}  // namespace bw::agent
