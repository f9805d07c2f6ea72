// Mean and deviation of each of many metrics over the last few rows, kept up as rows come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bw::agent {

class RollingWindow {
 public:
  RollingWindow(std::size_t metrics, std::size_t rows);

  // A row of values; NaN where there is none, which takes no part in anything.
  void push(std::span<const float> row);
  // As if nothing had been pushed.
  void clear();

  // Of the values in the window; NaN where there is none.
  float mean(std::size_t metric) const { return mean_[metric]; }
  float deviation(std::size_t metric) const { return deviation_[metric]; }
  std::span<const float> means() const { return mean_; }
  std::span<const float> deviations() const { return deviation_; }

  std::size_t bytes() const;

 private:
  struct Sums {
    double values = 0;
    double squares = 0;
    std::uint32_t count = 0;
  };
  void add_up_anew();

  std::size_t metrics_;
  std::size_t rows_;
  std::size_t next_ = 0;
  std::uint32_t pushed_ = 0;  // since the sums were last added up anew: they gather rounding errors
  std::vector<float> ring_;   // row by row
  std::vector<Sums> sums_;
  std::vector<float> mean_;
  std::vector<float> deviation_;
};

}  // namespace bw::agent
