// The few directions in which scaled rows vary most, and what of a row lies outside of them: the
// residual of a principal component analysis. Fitted in small slices of work.
//
// The directions come from orthogonal iteration (Bauer, 1957; Golub and Van Loan, "Matrix
// Computations", 8.2) begun at those of the last fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bw::agent {

inline constexpr std::size_t kMaxDirections = 12;

struct Subspace {
  std::size_t width = 0;
  std::size_t directions = 0;
  std::vector<float> mean;
  std::vector<float> basis;              // a direction of `width` numbers behind the other
  std::vector<float> inverse_deviation;  // of each residual

  // What of `row` is neither mean nor along a direction, each in its usual deviations.
  void residual(std::span<const float> row, std::span<float> out) const;
  std::size_t bytes() const;
};

class SubspaceFitter {
 public:
  // Keeps directions until they hold `share` of the variance, half of `width` and kMaxDirections
  // at most.
  SubspaceFitter(std::size_t width, double share);

  // In this order: begin, add of each row, iterate a few times, choose, add_residual of each row,
  // take.
  void begin();
  void add(std::span<const float> row);
  void iterate();
  void choose();
  void add_residual(std::span<const float> row);
  void take(Subspace& out);

  std::size_t bytes() const;

 private:
  void shake();
  void finish_sums();
  void orthonormalise();

  std::size_t width_;
  double share_;
  std::size_t most_;           // directions that are iterated
  std::vector<float> sums_;    // of products, lower triangle; then the covariance
  std::vector<double> means_;  // sums first
  std::size_t rows_ = 0;
  bool summed_ = false;
  std::vector<float> basis_;
  std::vector<float> moved_;
  std::vector<double> squares_;  // of residuals
  std::size_t residuals_ = 0;
  std::vector<float> scratch_;
  Subspace made_;
};

}  // namespace bw::agent
