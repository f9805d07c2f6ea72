// A sample of the rows seen so far, of fixed size: even over all of them at first, and over about
// the last `horizon` of them in the long run, older ones fading out.
//
// Source: Vitter, "Random Sampling with a Reservoir", ACM TOMS 11(1), 1985; with a least chance of
// being taken, after which the ages of its rows are exponentially distributed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/rng.h"

namespace bw::agent {

// The chances alone: which place, if any, the next of a stream takes.
class ReservoirPlaces {
 public:
  static constexpr std::size_t kHurried = 8;  // of so many, one is taken at first

  ReservoirPlaces(std::size_t capacity, std::size_t horizon)
      : capacity_(capacity), horizon_(horizon) {}

  std::optional<std::size_t> offer(Rng& rng) {
    if (seen_ < horizon_) ++seen_;
    if (filled_ < capacity_) return filled_++;
    const std::uint64_t place = rng.below(seen_);
    if (place >= capacity_) return std::nullopt;
    return static_cast<std::size_t>(place);
  }
  // The stream has become another: what comes now is taken often, and what was there makes room for
  // it bit by bit, not at once: it may come back.
  void hurry() { seen_ = std::min(seen_, kHurried * filled_); }
  void clear() { filled_ = seen_ = 0; }
  std::size_t filled() const { return filled_; }
  // Rows that those kept are an even sample of, the horizon at most.
  std::size_t seen() const { return seen_; }
  // Those kept stand for so many.
  void go_on_from(std::uint64_t seen) {
    seen_ = static_cast<std::size_t>(std::clamp<std::uint64_t>(seen, filled_, horizon_));
  }

 private:
  std::size_t capacity_;
  std::size_t horizon_;
  std::size_t filled_ = 0;
  std::size_t seen_ = 0;  // horizon_ at most
};

class Reservoir {
 public:
  Reservoir(std::size_t rows, std::size_t width, std::size_t horizon)
      : width_(width), places_(rows, horizon), values_(rows * width) {}

  // True where the row was taken.
  bool offer(std::span<const float> row, Rng& rng);
  void hurry() { places_.hurry(); }
  std::size_t seen() const { return places_.seen(); }
  void go_on_from(std::uint64_t seen) { places_.go_on_from(seen); }

  std::size_t rows() const { return places_.filled(); }
  std::size_t width() const { return width_; }
  const float* values() const { return values_.data(); }
  std::span<const float> row(std::size_t at) const {
    return {values_.data() + at * width_, width_};
  }
  std::size_t bytes() const { return values_.capacity() * sizeof(float); }

 private:
  std::size_t width_;
  ReservoirPlaces places_;
  std::vector<float> values_;
};

}  // namespace bw::agent
