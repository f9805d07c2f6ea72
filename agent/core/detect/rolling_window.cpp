#include "agent/core/detect/rolling_window.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/assert.h"

namespace bw::agent {

namespace {

constexpr float kNoValue = std::numeric_limits<float>::quiet_NaN();
constexpr std::uint32_t kAnewEvery = 512;  // rows

}  // namespace

RollingWindow::RollingWindow(std::size_t metrics, std::size_t rows)
    : metrics_(metrics),
      rows_(rows),
      ring_(metrics * rows),
      sums_(metrics),
      mean_(metrics),
      deviation_(metrics) {
  BW_ASSERT(rows > 0);
  clear();
}

void RollingWindow::clear() {
  std::fill(ring_.begin(), ring_.end(), kNoValue);
  std::fill(sums_.begin(), sums_.end(), Sums{});
  std::fill(mean_.begin(), mean_.end(), kNoValue);
  std::fill(deviation_.begin(), deviation_.end(), kNoValue);
}

void RollingWindow::push(std::span<const float> row) {
  BW_ASSERT(row.size() == metrics_);
  float* place = ring_.data() + next_ * metrics_;
  next_ = next_ + 1 == rows_ ? 0 : next_ + 1;
  for (std::size_t i = 0; i < metrics_; ++i) {
    Sums& sums = sums_[i];
    const float gone = place[i];
    const float come = row[i];
    place[i] = come;
    if (gone == gone) {
      sums.values -= gone;
      sums.squares -= static_cast<double>(gone) * gone;
      --sums.count;
    }
    if (come == come) {
      sums.values += come;
      sums.squares += static_cast<double>(come) * come;
      ++sums.count;
    }
  }
  if (++pushed_ == kAnewEvery) add_up_anew();
  for (std::size_t i = 0; i < metrics_; ++i) {
    const Sums& sums = sums_[i];
    if (sums.count == 0) {
      mean_[i] = deviation_[i] = kNoValue;
      continue;
    }
    const double mean = sums.values / sums.count;
    mean_[i] = static_cast<float>(mean);
    const double variance = sums.squares / sums.count - mean * mean;
    // What rounding leaves of a constant's variance is none.
    const bool none = variance <= 1e-12 * mean * mean;
    deviation_[i] = none ? 0 : static_cast<float>(std::sqrt(variance));
  }
}

void RollingWindow::add_up_anew() {
  pushed_ = 0;
  std::fill(sums_.begin(), sums_.end(), Sums{});
  for (std::size_t row = 0; row < rows_; ++row) {
    for (std::size_t i = 0; i < metrics_; ++i) {
      const float value = ring_[row * metrics_ + i];
      if (value != value) continue;
      sums_[i].values += value;
      sums_[i].squares += static_cast<double>(value) * value;
      ++sums_[i].count;
    }
  }
}

std::size_t RollingWindow::bytes() const {
  return (ring_.capacity() + mean_.capacity() + deviation_.capacity()) * sizeof(float) +
         sums_.capacity() * sizeof(Sums);
}

}  // namespace bw::agent
