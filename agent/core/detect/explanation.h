// Why a row is unusual: the metrics that made it so, each with its share, value and usual range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/core/detect/scorer.h"

namespace bw::agent {

inline constexpr std::size_t kMaxCauses = 8;

enum class Deviation : std::uint8_t {
  above,     // higher than usual
  below,     // lower
  restless,  // its values are within the usual, but vary more than they do
  still,     // the same, less
  unlike,    // usual in itself, but not beside the others
};

struct Cause {
  std::size_t metric = 0;
  double share = 0;  // of all metrics' part in it, 0 to 1
  double value = 0;  // NaN: missing now
  double low = 0;    // what 98 % of its values lie between
  double high = 0;
  Deviation deviation = Deviation::above;
};

// The metrics with the largest shares, the largest first: kMaxCauses at most, and none whose share
// is below a fiftieth. Of the row scored last; empty until the scorer is ready.
std::vector<Cause> explain(const Scorer& scorer);

// A number a metric: how much of the row's surprise is its own. Public to be measured.
std::vector<double> contributions(const Scorer& scorer);

}  // namespace bw::agent
