#include "agent/core/detect/tree_grower.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/assert.h"
#include "base/portable_math.h"

namespace bw::agent {

namespace {

constexpr double kEuler = 0.577215664901532861;

struct Range {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();
};

// A threshold in [low, high), so that neither side stays empty.
float between(Range range, Rng& rng) {
  const double low = range.low;
  const auto threshold = static_cast<float>(low + rng.unit() * (range.high - low));
  return threshold < range.high ? threshold : range.low;
}

}  // namespace

double average_path_length(std::size_t rows) {
  if (rows <= 1) return 0;
  if (rows == 2) return 1;
  const auto n = static_cast<double>(rows);
  return 2 * (portable_log(n - 1) + kEuler) - 2 * (n - 1) / n;
}

std::size_t height_limit(std::size_t rows) {
  return rows <= 2 ? 1 : static_cast<std::size_t>(std::bit_width(rows - 1));
}

float value_of(std::uint32_t key) {
  return std::bit_cast<float>((key & kSignBit) != 0 ? key & ~kSignBit : ~key);
}

double normal(Rng& rng) {
  while (true) {
    const double u = 2 * rng.unit() - 1;
    const double v = 2 * rng.unit() - 1;
    const double square = u * u + v * v;
    if (square > 0 && square < 1) return u * std::sqrt(-2 * portable_log(square) / square);
  }
}

TreeGrower::TreeGrower(std::size_t features, std::size_t subsample, std::size_t extension)
    : features_(features),
      subsample_(subsample),
      height_(height_limit(subsample)),
      chosen_(subsample),
      aside_(subsample),
      values_(subsample),
      order_(features) {
  BW_ASSERT(features > 0 && subsample >= 2 && extension < features);
  if (extension > 0) terms_a_split_ = extension + 1;
  for (std::size_t n = 0; n <= subsample; ++n) {
    path_of_size_.push_back(static_cast<float>(average_path_length(n)));
  }
}

void TreeGrower::grow(Rows rows, Rng& rng, GrownTree& tree) {
  BW_ASSERT(rows.features == features_ && rows.count > 0);
  rows_ = rows;
  draw(rows.count, rng);
  std::iota(order_.begin(), order_.end(), 0U);
  tree.splits.assign(std::size_t{1} << height_, Split{});
  tree.leaves.assign(std::size_t{1} << height_, 0);
  tree.terms.assign(tree.splits.size() * terms_a_split_, Term{});
  const auto count = static_cast<std::uint32_t>(std::min(rows.count, subsample_));
  split({0, count, 1, 0, 0}, rng, tree);
}

// The beginning of a random order; any order is as good a start as another.
void TreeGrower::draw(std::size_t rows, Rng& rng) {
  if (all_.size() != rows) {
    all_.resize(rows);
    std::iota(all_.begin(), all_.end(), 0U);
  }
  const std::size_t count = std::min(rows, subsample_);
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(all_[i], all_[i + pick(rng, rows - i)]);
    chosen_[i] = all_[i];
  }
}

void TreeGrower::split(const Part& part, Rng& rng, GrownTree& tree) {
  Part mine = part;
  const bool alone = part.end - part.begin <= 1 || part.depth == height_;
  if (alone) return end(part, tree);
  const bool divided =
      terms_a_split_ > 0 ? split_obliquely(mine, rng, tree) : split_along_feature(mine, rng, tree);
  if (!divided) return end(part, tree);
  const std::uint32_t middle = divide(mine, value_of(tree.splits[part.node].key));
  split({part.begin, middle, 2 * part.node, part.depth + 1, mine.constants}, rng, tree);
  split({middle, part.end, 2 * part.node + 1, part.depth + 1, mine.constants}, rng, tree);
}

void TreeGrower::end(const Part& part, GrownTree& tree) const {
  const std::size_t leaf = (part.node << (height_ - part.depth)) - (std::size_t{1} << height_);
  tree.leaves[leaf] = static_cast<float>(part.depth) + path_of_size_[part.end - part.begin];
}

// A feature that is not constant among these rows, each as likely, and a threshold within its
// range. False where all are constant.
bool TreeGrower::split_along_feature(Part& part, Rng& rng, GrownTree& tree) {
  while (part.constants < features_) {
    const std::size_t at = part.constants + pick(rng, features_ - part.constants);
    const std::uint32_t feature = order_[at];
    Range range;
    for (std::uint32_t i = part.begin; i < part.end; ++i) {
      const float value = rows_.values[chosen_[i] * rows_.stride + feature];
      values_[i] = value;
      range.low = value < range.low ? value : range.low;
      range.high = value > range.high ? value : range.high;
    }
    if (range.low < range.high) {
      tree.splits[part.node] = {key_of(between(range, rng)), feature};
      return true;
    }
    std::swap(order_[at], order_[part.constants++]);
  }
  return false;
}

// A plane through a random point of the rows' bounding box, with a random normal of as many
// components as there are terms. False where all rows are the same in those.
bool TreeGrower::split_obliquely(Part& part, Rng& rng, GrownTree& tree) {
  Term* terms = tree.terms.data() + part.node * terms_a_split_;
  std::fill(values_.begin() + part.begin, values_.begin() + part.end, 0.0F);
  float threshold = 0;
  std::size_t used = 0;
  while (part.constants + used < features_ && used < terms_a_split_) {
    const std::size_t at = part.constants + used + pick(rng, features_ - part.constants - used);
    const std::uint32_t feature = order_[at];
    Range range;
    for (std::uint32_t i = part.begin; i < part.end; ++i) {
      const float value = rows_.values[chosen_[i] * rows_.stride + feature];
      range.low = value < range.low ? value : range.low;
      range.high = value > range.high ? value : range.high;
    }
    if (!(range.low < range.high)) {
      // Behind the constants known so far; what stood there takes the place it is drawn from.
      std::swap(order_[at], order_[part.constants + used]);
      std::swap(order_[part.constants + used], order_[part.constants]);
      ++part.constants;
      continue;
    }
    std::swap(order_[at], order_[part.constants + used]);
    const auto weight = static_cast<float>(normal(rng));
    terms[used++] = {weight, feature};
    threshold += weight * between(range, rng);
    for (std::uint32_t i = part.begin; i < part.end; ++i) {
      values_[i] += weight * rows_.values[chosen_[i] * rows_.stride + feature];
    }
  }
  if (used == 0 || !std::isfinite(threshold)) return false;
  tree.splits[part.node].key = key_of(threshold);
  return true;
}

std::uint32_t TreeGrower::divide(const Part& part, float threshold) {
  std::uint32_t left = part.begin;
  std::uint32_t right = 0;
  for (std::uint32_t i = part.begin; i < part.end; ++i) {
    const std::uint32_t row = chosen_[i];
    const bool goes_right = values_[i] > threshold;
    chosen_[left] = row;  // no branch: both are written, one stays
    aside_[right] = row;
    left += goes_right ? 0 : 1;
    right += goes_right ? 1 : 0;
  }
  std::copy_n(aside_.begin(), right, chosen_.begin() + left);
  return left;
}

}  // namespace bw::agent
