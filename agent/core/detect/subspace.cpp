#include "agent/core/detect/subspace.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"

namespace bw::agent {

namespace {

// A residual that hardly varies is no smaller than this share of a usual deviation.
constexpr double kLeastSpread = 0.1;

float dot(const float* a, const float* b, std::size_t count) {
  float sums[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < count; ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void take_away(float* from, const float* what, float times, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) from[i] -= times * what[i];
}

}  // namespace

void Subspace::residual(std::span<const float> row, std::span<float> out) const {
  BW_ASSERT(row.size() == width && out.size() == width);
  for (std::size_t i = 0; i < width; ++i) out[i] = row[i] - mean[i];
  for (std::size_t d = 0; d < directions; ++d) {
    const float* direction = basis.data() + d * width;
    take_away(out.data(), direction, dot(direction, out.data(), width), width);
  }
  for (std::size_t i = 0; i < width; ++i) out[i] *= inverse_deviation[i];
}

std::size_t Subspace::bytes() const {
  return (mean.capacity() + basis.capacity() + inverse_deviation.capacity()) * sizeof(float);
}

SubspaceFitter::SubspaceFitter(std::size_t width, double share)
    : width_(width),
      share_(share),
      most_(std::min(width / 2, kMaxDirections)),
      sums_(width * (width + 1) / 2),
      means_(width),
      basis_(most_ * width),
      moved_(most_ * width),
      squares_(width),
      scratch_(width) {
  shake();
}

// A little of every direction: iteration finds none that the start is orthogonal to.
void SubspaceFitter::shake() {
  for (std::size_t i = 0; i < basis_.size(); ++i) {
    const std::size_t scattered = (i * 7919 + 13) % 101;
    basis_[i] += 1e-3F * (static_cast<float>(scattered) / 101 - 0.5F);
  }
  orthonormalise();
}

void SubspaceFitter::begin() {
  shake();
  std::fill(sums_.begin(), sums_.end(), 0.0F);
  std::fill(means_.begin(), means_.end(), 0.0);
  std::fill(squares_.begin(), squares_.end(), 0.0);
  rows_ = residuals_ = 0;
  summed_ = false;
}

void SubspaceFitter::add(std::span<const float> row) {
  BW_ASSERT(row.size() == width_ && !summed_);
  ++rows_;
  float* sums = sums_.data();
  for (std::size_t i = 0; i < width_; ++i) {
    const float value = row[i];
    means_[i] += value;
    if (value != 0) {
      for (std::size_t j = 0; j <= i; ++j) sums[j] += value * row[j];
    }
    sums += i + 1;
  }
}

void SubspaceFitter::finish_sums() {
  summed_ = true;
  const double count = std::max<double>(1, static_cast<double>(rows_));
  for (double& mean : means_) mean /= count;
  float* sums = sums_.data();
  for (std::size_t i = 0; i < width_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      sums[j] = static_cast<float>(sums[j] / count - means_[i] * means_[j]);
    }
    sums += i + 1;
  }
}

// basis <- orthonormal(covariance basis)
void SubspaceFitter::iterate() {
  if (!summed_) finish_sums();
  for (std::size_t d = 0; d < most_; ++d) {
    const float* from = basis_.data() + d * width_;
    float* to = moved_.data() + d * width_;
    const float* line = sums_.data();
    for (std::size_t i = 0; i < width_; ++i) {
      to[i] = dot(line, from, i + 1);
      for (std::size_t j = 0; j < i; ++j) to[j] += line[j] * from[i];
      line += i + 1;
    }
  }
  basis_.swap(moved_);
  orthonormalise();
}

// Gram and Schmidt, in order: the first direction is the strongest. One that vanishes (there are
// fewer directions than are sought) is left empty.
void SubspaceFitter::orthonormalise() {
  for (std::size_t d = 0; d < most_; ++d) {
    float* direction = basis_.data() + d * width_;
    const float before = std::sqrt(dot(direction, direction, width_));
    for (int twice = 0; twice < 2; ++twice) {
      for (std::size_t e = 0; e < d; ++e) {
        const float* other = basis_.data() + e * width_;
        take_away(direction, other, dot(other, direction, width_), width_);
      }
    }
    const float length = std::sqrt(dot(direction, direction, width_));
    const float factor = length > 1e-5F * before && length > 1e-20F ? 1 / length : 0;
    for (std::size_t i = 0; i < width_; ++i) direction[i] *= factor;
  }
}

void SubspaceFitter::choose() {
  if (!summed_) finish_sums();
  double all = 0;
  for (std::size_t i = 0; i < width_; ++i) all += sums_[i * (i + 3) / 2];
  double held = 0;
  made_.width = width_;
  made_.directions = 0;
  made_.basis.clear();
  made_.mean.assign(means_.begin(), means_.end());
  made_.inverse_deviation.assign(width_, 1);
  for (std::size_t d = 0; d < most_ && held < share_ * all; ++d) {
    const float* direction = basis_.data() + d * width_;
    const float* line = sums_.data();
    double variance = 0;
    for (std::size_t i = 0; i < width_; ++i) {
      variance += direction[i] * (2.0 * dot(line, direction, i) + line[i] * direction[i]);
      line += i + 1;
    }
    held += variance;
    ++made_.directions;
    made_.basis.insert(made_.basis.end(), direction, direction + width_);
  }
}

void SubspaceFitter::add_residual(std::span<const float> row) {
  made_.residual(row, scratch_);
  ++residuals_;
  for (std::size_t i = 0; i < width_; ++i) squares_[i] += scratch_[i] * scratch_[i];
}

void SubspaceFitter::take(Subspace& out) {
  const double count = std::max<double>(1, static_cast<double>(residuals_));
  for (std::size_t i = 0; i < width_; ++i) {
    const double deviation = std::sqrt(squares_[i] / count);
    made_.inverse_deviation[i] = static_cast<float>(1 / std::max(deviation, kLeastSpread));
  }
  out = made_;
}

std::size_t SubspaceFitter::bytes() const {
  return (sums_.capacity() + basis_.capacity() + moved_.capacity() + scratch_.capacity()) *
             sizeof(float) +
         (means_.capacity() + squares_.capacity()) * sizeof(double) + made_.bytes();
}

}  // namespace bw::agent
