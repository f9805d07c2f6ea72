// Which records of one epoch there are: all up to a number, and some above it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bw::coordinator {

class Progress {
 public:
  // Records above a missing one, at most. A node has 16 records under way at once and goes through
  // its outbox in order, so more than a few are never needed.
  static constexpr std::size_t kMaxAbove = 1024;

  // Numbers first..last.
  struct Run {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool operator==(const Run&) const = default;
  };

  Progress() = default;
  // `above` may be in any order and hold numbers that `contiguous` covers.
  Progress(std::uint64_t contiguous, std::vector<std::uint64_t> above);

  bool contains(std::uint64_t number) const;

  // False where there is no room: the number is not the next one, and kMaxAbove are above already.
  bool add(std::uint64_t number);

  // No number below `oldest` will come any more: returns those that are missing, ascending, and
  // counts them as there.
  std::vector<Run> close_below(std::uint64_t oldest);

  std::uint64_t contiguous() const { return contiguous_; }
  const std::vector<std::uint64_t>& above() const { return above_; }
  bool operator==(const Progress&) const = default;

 private:
  void absorb();

  std::uint64_t contiguous_ = 0;
  std::vector<std::uint64_t> above_;  // ascending, each > contiguous_ + 1
};

}  // namespace bw::coordinator
