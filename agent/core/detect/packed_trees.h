// Isolation trees laid out for walking them: three levels of a tree share a cache line, and the
// last levels lie with their leaves. Walks take no branch, so that those of many trees overlap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/core/detect/tree_grower.h"

namespace bw::agent {

inline constexpr std::size_t kMaxTrees = 1000;

class PackedTrees {
 public:
  // Trees that are all of this height and split along features.
  PackedTrees(std::size_t trees, std::size_t height);

  void put(std::size_t tree, const GrownTree& grown);
  // What was put; `grown` keeps its memory.
  void get(std::size_t tree, GrownTree& grown) const;

  // The sum of all trees' path lengths for a row, given the keys of its values.
  float sum_of_paths(const std::uint32_t* keys) const;

  std::size_t bytes() const;

 private:
  static constexpr std::size_t kBlockLevels = 3;
  static constexpr std::size_t kBlock = 8;  // slots of a block; the first is unused
  struct alignas(64) Block {
    std::array<Split, kBlock> slots;
  };

  // Block b of a depth has the blocks 8b to 8b + 7 of the next below it; block t of the first is
  // tree t's. Blocks of one depth lie together, tree by tree.
  std::size_t first_of(std::size_t depth) const;
  template <typename Trees, typename Grown>
  static void for_each_place(Trees& trees, std::size_t tree, Grown& grown, auto&& join_split,
                             auto&& join_leaf);
  template <std::size_t kLevels>
  float sum_of_ends(const std::uint32_t* keys, const std::uint32_t* at) const;

  std::size_t trees_;
  std::size_t height_;
  std::size_t depths_;       // of blocks
  std::size_t last_levels_;  // below them, 0 to 2
  std::vector<Block> blocks_;
  // An end is what hangs below one place of the deepest blocks: its splits, two words each, and its
  // path lengths, one word each.
  std::size_t end_words_;
  std::vector<std::uint32_t> ends_;
};

}  // namespace bw::agent
