// What the anomaly detector says of the box and of itself, as metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "agent/core/collect/sample.h"
#include "base/time.h"

namespace bw::agent {

// Told by those who run the detector, after a tick was read.
struct AnomalyHealth {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  bool learnt = false;  // something: what follows means something
  double score = 0;
  double threshold = 0;  // not finite: not known yet
  bool active = false;
  bool silenced = false;
  std::uint64_t series = 0;
  double a_day = kUnknown;
  std::uint64_t model_rows = 0;
  Duration model_age{};
  double drift = kUnknown;
  // Events told since start.
  std::uint64_t begun = 0;
  std::uint64_t updated = 0;
  std::uint64_t ended = 0;
  std::uint64_t model_changes = 0;
  std::uint64_t retrainings = 0;
};

class AnomalyMetrics {
 public:
  static constexpr std::size_t kTickValues = 3;
  static constexpr std::size_t kValues = 6;

  // Declares them: only where there is a detector.
  explicit AnomalyMetrics(Sample& sample);

  // Every tick, when the sample is finished: they are of the values in it.
  void set(const AnomalyHealth& health, std::uint64_t tick);

 private:
  Sample& sample_;
  std::uint64_t due_ = 0;
  std::array<Sample::Alias, kTickValues> tick_aliases_;
  std::array<Sample::Alias, kValues> aliases_;
};

}  // namespace bw::agent
