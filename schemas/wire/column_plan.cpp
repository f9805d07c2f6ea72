#include "schemas/wire/column_plan.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "schemas/wire/varint.h"

namespace bw::wire {

namespace {

// Below so many bits no other column can help: to name it takes about as much.
constexpr std::size_t kTooSmallToLean = 48;
// A column that leans on another can't be leant on itself: it must save more than this share.
constexpr std::size_t kLeastGain = 8;
// Of the columns that move most alike, so many are tried in full.
constexpr std::size_t kTries = 2;

std::size_t head_bits(const ColumnPlan& plan, std::size_t column) {
  std::size_t bytes = varint_size(zigzag(plan.base));
  if (plan.unit > 1) bytes += varint_size(static_cast<std::uint64_t>(plan.unit));
  if (plan.sign == Sign::floor) bytes += varint_size(zigzag(plan.floor));
  if (plan.prediction == Prediction::reference) bytes += varint_size(2 * (column - plan.column));
  return 8 * bytes;
}

// In bits, roughly: what is left of the moves of one column beside those of another.
template <std::size_t N>
unsigned distance(const std::array<std::int64_t, N>& a, const std::array<std::int64_t, N>& b,
                  bool falls) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < N; ++i) {
    const std::int64_t left = falls ? a[i] + b[i] : a[i] - b[i];
    bits += static_cast<unsigned>(std::bit_width(zigzag(left)));
  }
  return bits;
}

}  // namespace

void ColumnPlanner::find_steps(std::span<const std::int64_t> integers) {
  steps_.resize(integers.size() - 1);
  std::int64_t unit = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    steps_[i] = integers[i + 1] - integers[i];
    if (unit != 1 && steps_[i] != 0) unit = std::gcd(unit, steps_[i]);
  }
  unit_ = std::max<std::int64_t>(unit, 1);
  if (unit_ == 1) return;
  for (std::int64_t& step : steps_) step /= unit_;
}

// The residuals of `plan`, into candidate_.
void ColumnPlanner::build(const ColumnPlan& plan, std::span<const std::int64_t> integers,
                          std::size_t slot) {
  candidate_.clear();
  if (plan.prediction == Prediction::base) {
    const std::int64_t from_base = (integers.front() - plan.base) / unit_;
    std::int64_t above = from_base;
    candidate_.push_back(static_cast<std::uint64_t>(above));
    for (const std::int64_t step : steps_) {
      above += step;
      candidate_.push_back(static_cast<std::uint64_t>(above));
    }
    return;
  }
  candidate_.resize(steps_.size());
  const auto keep = [&](std::size_t i, std::int64_t residual) {
    candidate_[i] = plan.sign == Sign::zigzag ? zigzag(residual)
                                              : static_cast<std::uint64_t>(residual - plan.floor);
  };
  if (plan.prediction == Prediction::value) {
    for (std::size_t i = 0; i < steps_.size(); ++i) keep(i, steps_[i]);
  } else if (plan.prediction == Prediction::slope) {
    std::int64_t before = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      keep(i, steps_[i] - before);
      before = steps_[i];
    }
  } else {
    const auto other = steps_of(slot);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      keep(i, plan.falls ? steps_[i] + other[i] : steps_[i] - other[i]);
    }
  }
}

void ColumnPlanner::consider(const ColumnPlan& plan, std::span<const std::int64_t> integers,
                             std::size_t slot) {
  build(plan, integers, slot);
  const ResidualChoice choice = choose_residual_code(candidate_, scratch_);
  if (plan.bits + choice.bits >= best_.bits) return;
  best_ = plan;
  best_.code = choice.code;
  best_.bits += choice.bits;
  residuals_.swap(candidate_);
}

const ColumnPlan& ColumnPlanner::plan(std::span<const std::int64_t> integers, std::size_t column,
                                      bool full) {
  find_steps(integers);
  best_ = {};
  best_.bits = ~std::size_t{0};
  ColumnPlan plan;
  plan.unit = unit_;
  plan.base = integers.front();
  const auto [least, most] = std::minmax_element(steps_.begin(), steps_.end());
  const auto try_plan = [&](Prediction prediction, Sign sign, std::int64_t floor) {
    plan.prediction = prediction;
    plan.sign = sign;
    plan.floor = floor;
    plan.bits = head_bits(plan, column);
    consider(plan, integers, 0);
  };
  try_plan(Prediction::value, *least >= 0 ? Sign::none : Sign::zigzag, 0);
  // A floor pays where all steps lie to one side of zero.
  if (*least > 0 || *most < 0) try_plan(Prediction::value, Sign::floor, *least);
  try_plan(Prediction::slope, Sign::zigzag, 0);
  if (*least < 0) {
    plan.base = *std::min_element(integers.begin(), integers.end());
    try_plan(Prediction::base, Sign::none, 0);
  }
  if (full && best_.bits > kTooSmallToLean) consider_references(integers, column);
  return best_;
}

ColumnPlanner::Stretches ColumnPlanner::stretches() const {
  Stretches moves{};
  for (std::size_t i = 0; i < kStretches; ++i) {
    const auto begin = steps_.begin() + static_cast<std::ptrdiff_t>(i * steps_.size() / kStretches);
    const auto end =
        steps_.begin() + static_cast<std::ptrdiff_t>((i + 1) * steps_.size() / kStretches);
    moves[i] = std::accumulate(begin, end, std::int64_t{0});
  }
  return moves;
}

std::span<const std::int64_t> ColumnPlanner::steps_of(std::size_t slot) const {
  return std::span(reference_steps_).subspan(slot * steps_.size(), steps_.size());
}

void ColumnPlanner::consider_references(std::span<const std::int64_t> integers,
                                        std::size_t column) {
  const Stretches moves = stretches();
  std::array<Leaning, kTries> nearest{};
  std::size_t found = 0;
  for (std::size_t slot = 0; slot < std::min(reference_count_, kMaxReferences); ++slot) {
    for (const bool falls : {false, true}) {
      Leaning leaning{slot, falls, distance(moves, references_[slot].moves, falls)};
      if (found == kTries && leaning.distance >= nearest.back().distance) continue;
      if (found < kTries) ++found;
      nearest[found - 1] = leaning;
      for (std::size_t i = found - 1; i > 0; --i) {
        if (nearest[i].distance < nearest[i - 1].distance) std::swap(nearest[i], nearest[i - 1]);
      }
    }
  }
  const std::size_t margin = best_.bits / kLeastGain;
  for (const Leaning& leaning : std::span(nearest).first(found)) {
    ColumnPlan plan;
    plan.prediction = Prediction::reference;
    plan.base = integers.front();
    plan.unit = unit_;
    plan.column = references_[leaning.slot].column;
    plan.falls = leaning.falls;
    plan.bits = head_bits(plan, column) + margin;
    consider(plan, integers, leaning.slot);
  }
}

void ColumnPlanner::note_written(std::size_t column) {
  if (best_.prediction == Prediction::reference) return;
  const std::size_t slot = reference_count_ % kMaxReferences;
  if (slot >= references_.size()) references_.resize(slot + 1);
  reference_steps_.resize(std::max(reference_steps_.size(), (slot + 1) * steps_.size()));
  references_[slot] = {column, stretches()};
  std::copy(steps_.begin(), steps_.end(),
            reference_steps_.begin() + static_cast<std::ptrdiff_t>(slot * steps_.size()));
  ++reference_count_;
}

}  // namespace bw::wire
