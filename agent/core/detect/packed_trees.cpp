#include "agent/core/detect/packed_trees.h"

#include <bit>

#include "base/assert.h"

namespace bw::agent {

namespace {

// Compilers make an addition with carry of this form, and no branch.
std::size_t child(std::uint32_t key, std::uint32_t feature, const std::uint32_t* keys,
                  std::size_t node) {
  std::size_t next = node + node;
  if (key < keys[feature]) ++next;
  return next;
}

}  // namespace

PackedTrees::PackedTrees(std::size_t trees, std::size_t height)
    : trees_(trees),
      height_(height),
      depths_(height / kBlockLevels),
      last_levels_(height % kBlockLevels),
      blocks_(first_of(depths_)),
      end_words_((std::size_t{3} << last_levels_) - 2),
      ends_((trees << (depths_ * kBlockLevels)) * end_words_) {
  BW_ASSERT(trees > 0 && trees <= kMaxTrees);
}

std::size_t PackedTrees::first_of(std::size_t depth) const {
  return trees_ * (((std::size_t{1} << (kBlockLevels * depth)) - 1) / (kBlock - 1));
}

// Calls join_split(split, place in heap order) and join_leaf(word, leaf) for all of a tree.
template <typename Trees, typename Grown>
void PackedTrees::for_each_place(Trees& trees, std::size_t tree, Grown& grown, auto&& join_split,
                                 auto&& join_leaf) {
  for (std::size_t depth = 0; depth < trees.depths_; ++depth) {
    const std::size_t blocks = std::size_t{1} << (kBlockLevels * depth);
    for (std::size_t block = 0; block < blocks; ++block) {
      auto& slots = trees.blocks_[trees.first_of(depth) + tree * blocks + block].slots;
      for (std::size_t slot = 1; slot < kBlock; ++slot) {
        const std::size_t level = static_cast<std::size_t>(std::bit_width(slot)) - 1;
        const std::size_t along = slot - (std::size_t{1} << level);
        join_split(slots[slot], grown.splits[((blocks + block) << level) + along]);
      }
    }
  }
  const std::size_t ends = std::size_t{1} << (kBlockLevels * trees.depths_);
  const std::size_t leaves = std::size_t{1} << trees.last_levels_;
  for (std::size_t end = 0; end < ends; ++end) {
    auto* words = trees.ends_.data() + (tree * ends + end) * trees.end_words_;
    for (std::size_t node = 1; node < leaves; ++node) {
      const std::size_t level = static_cast<std::size_t>(std::bit_width(node)) - 1;
      const std::size_t along = node - (std::size_t{1} << level);
      auto& split = grown.splits[((ends + end) << level) + along];
      join_leaf(words[2 * node - 2], split.key);
      join_leaf(words[2 * node - 1], split.feature);
    }
    for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
      join_leaf(words[2 * (leaves - 1) + leaf], grown.leaves[end * leaves + leaf]);
    }
  }
}

void PackedTrees::put(std::size_t tree, const GrownTree& grown) {
  BW_ASSERT(tree < trees_ && grown.leaves.size() == std::size_t{1} << height_);
  const auto take_split = [](Split& slot, const Split& split) { slot = split; };
  const auto take_word = [](std::uint32_t& word, const auto& value) {
    word = std::bit_cast<std::uint32_t>(value);
  };
  for_each_place(*this, tree, grown, take_split, take_word);
}

void PackedTrees::get(std::size_t tree, GrownTree& grown) const {
  BW_ASSERT(tree < trees_);
  grown.splits.assign(std::size_t{1} << height_, Split{});
  grown.leaves.assign(std::size_t{1} << height_, 0);
  grown.terms.clear();
  const auto give_split = [](const Split& slot, Split& split) { split = slot; };
  const auto give_word = []<typename T>(const std::uint32_t& word, T& value) {
    value = std::bit_cast<T>(word);
  };
  for_each_place(*this, tree, grown, give_split, give_word);
}

// All trees a depth at a time: the processor walks on in the next trees while it waits for one's
// line.
float PackedTrees::sum_of_paths(const std::uint32_t* keys) const {
  std::uint32_t at[kMaxTrees];
  for (std::size_t tree = 0; tree < trees_; ++tree) at[tree] = static_cast<std::uint32_t>(tree);
  const Block* blocks = blocks_.data();
  for (std::size_t depth = 0; depth < depths_; ++depth) {
    const std::size_t width = trees_ << (kBlockLevels * depth);
    for (std::size_t tree = 0; tree < trees_; ++tree) {
      const Split* slots = blocks[at[tree]].slots.data();
      std::size_t slot = 1;
      asm("" : "+r"(slot));  // g++ makes two comparisons of the first, knowing that this is 1
      slot = child(slots[slot].key, slots[slot].feature, keys, slot);
      slot = child(slots[slot].key, slots[slot].feature, keys, slot);
      slot = child(slots[slot].key, slots[slot].feature, keys, slot);
      at[tree] = static_cast<std::uint32_t>(at[tree] * kBlock + slot - kBlock);
    }
    blocks += width;
  }
  if (last_levels_ == 0) return sum_of_ends<0>(keys, at);
  return last_levels_ == 1 ? sum_of_ends<1>(keys, at) : sum_of_ends<2>(keys, at);
}

template <std::size_t kLevels>
float PackedTrees::sum_of_ends(const std::uint32_t* keys, const std::uint32_t* at) const {
  constexpr std::size_t kLeaves = std::size_t{1} << kLevels;
  constexpr std::size_t kWords = 3 * kLeaves - 2;
  float sum = 0;
  for (std::size_t tree = 0; tree < trees_; ++tree) {
    const std::uint32_t* end = ends_.data() + at[tree] * kWords;
    std::size_t node = 1;
    if constexpr (kLevels > 0) node = child(end[0], end[1], keys, node);
    if constexpr (kLevels > 1) {
      node = child(end[2 * node - 2], end[2 * node - 1], keys, node);
    }
    sum += std::bit_cast<float>(end[2 * (kLeaves - 1) + node - kLeaves]);
  }
  return sum;
}

std::size_t PackedTrees::bytes() const {
  return blocks_.capacity() * sizeof(Block) + ends_.capacity() * sizeof(std::uint32_t);
}

}  // namespace bw::agent
