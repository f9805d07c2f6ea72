// How a column of integers is written with the fewest bits: which prediction, which code for what
// it leaves, and which earlier column it may lean on. For the encoder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "schemas/wire/column_format.h"
#include "schemas/wire/residuals.h"

namespace bw::wire {

struct ColumnPlan {
  Prediction prediction = Prediction::value;
  Sign sign = Sign::zigzag;
  std::int64_t floor = 0;  // below no residual, where sign says so
  std::int64_t base = 0;   // the first integer; for Prediction::base the least
  std::int64_t unit = 1;   // all differences are multiples of it
  std::size_t column = 0;  // of Prediction::reference
  bool falls = false;      // it moves against that column
  ResidualCode code;
  std::size_t bits = 0;  // with what stands in front, tag and form not counted
};

class ColumnPlanner {
 public:
  // Earlier columns that may be leant on, at most: the last of them.
  static constexpr std::size_t kMaxReferences = 256;

  // A new block: no column to lean on yet.
  void begin_block() { reference_count_ = 0; }

  // The best plan for these integers, at least two and not all the same. `full`: the column has a
  // value in every row, and so may lean on others of which that is true.
  const ColumnPlan& plan(std::span<const std::int64_t> integers, std::size_t column, bool full);
  // What the plan leaves to write, valid until the next call of plan().
  std::span<const std::uint64_t> residuals() const { return residuals_; }

  // The column of the last plan was written so: later ones may lean on it.
  void note_written(std::size_t column);

 private:
  // Over so many stretches of a block, alike columns move alike: what to compare first.
  static constexpr std::size_t kStretches = 8;
  using Stretches = std::array<std::int64_t, kStretches>;
  struct Reference {
    std::size_t column = 0;
    Stretches moves{};
  };
  struct Leaning {
    std::size_t slot = 0;
    bool falls = false;
    unsigned distance = 0;
  };

  void find_steps(std::span<const std::int64_t> integers);
  void consider(const ColumnPlan& plan, std::span<const std::int64_t> integers, std::size_t slot);
  void build(const ColumnPlan& plan, std::span<const std::int64_t> integers, std::size_t slot);
  void consider_references(std::span<const std::int64_t> integers, std::size_t column);
  Stretches stretches() const;
  std::span<const std::int64_t> steps_of(std::size_t slot) const;

  std::int64_t unit_ = 1;
  std::vector<std::int64_t> steps_;  // differences of the integers in units: one fewer than they
  ColumnPlan best_;
  std::vector<std::uint64_t> candidate_;
  std::vector<std::uint64_t> residuals_;  // of best_
  std::vector<std::uint64_t> scratch_;

  std::size_t reference_count_ = 0;  // since the block began; the last kMaxReferences are kept
  std::vector<Reference> references_;
  std::vector<std::int64_t> reference_steps_;
};

}  // namespace bw::wire
