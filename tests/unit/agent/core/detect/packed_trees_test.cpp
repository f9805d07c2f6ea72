#include "agent/core/detect/packed_trees.h"

#include <bit>
#include <vector>

namespace bw::agent {
namespace {

// A tree of which every place tells where it is: each split is another feature's, each leaf another
// length.
GrownTree numbered(std::size_t height, std::size_t tree) {
  GrownTree made;
  made.splits.resize(std::size_t{1} << height);
  made.leaves.resize(std::size_t{1} << height);
  for (std::size_t node = 1; node < made.splits.size(); ++node) {
    made.splits[node] = {static_cast<std::uint32_t>(1000 + node),
                         static_cast<std::uint32_t>((node * 7 + tree) % 64)};
  }
  for (std::size_t leaf = 0; leaf < made.leaves.size(); ++leaf) {
    made.leaves[leaf] = static_cast<float>(leaf * 16 + tree);
  }
  return made;
}

float walked(const GrownTree& tree, const std::vector<std::uint32_t>& keys) {
  std::size_t node = 1;
  while (node < tree.splits.size()) {
    node = 2 * node + (keys[tree.splits[node].feature] > tree.splits[node].key ? 1 : 0);
  }
  return tree.leaves[node - tree.splits.size()];
}

TEST(PackedTrees, GiveBackWhatWasPut) {
  for (std::size_t height = 1; height <= 10; ++height) {
    PackedTrees trees(3, height);
    for (std::size_t tree = 0; tree < 3; ++tree) trees.put(tree, numbered(height, tree));
    for (std::size_t tree = 0; tree < 3; ++tree) {
      GrownTree got;
      trees.get(tree, got);
      const GrownTree expected = numbered(height, tree);
      EXPECT_EQ(got.leaves, expected.leaves) << height;
      for (std::size_t node = 1; node < expected.splits.size(); ++node) {
        EXPECT_EQ(got.splits[node].key, expected.splits[node].key) << height << " " << node;
        EXPECT_EQ(got.splits[node].feature, expected.splits[node].feature) << height << " " << node;
      }
    }
  }
}

TEST(PackedTrees, WalksEndWhereThoseInHeapOrderDo) {
  Rng rng(1);
  for (std::size_t height = 1; height <= 10; ++height) {
    PackedTrees trees(5, height);
    for (std::size_t tree = 0; tree < 5; ++tree) trees.put(tree, numbered(height, tree));
    for (int round = 0; round < 200; ++round) {
      std::vector<std::uint32_t> keys(64);
      for (std::uint32_t& key : keys) key = pick(rng, 2) == 0 ? 0 : 100000;
      float sum = 0;
      for (std::size_t tree = 0; tree < 5; ++tree) sum += walked(numbered(height, tree), keys);
      ASSERT_EQ(trees.sum_of_paths(keys.data()), sum) << height;
    }
  }
}

TEST(PackedTrees, AnotherTreeTakesThePlaceOfOne) {
  PackedTrees trees(2, 8);
  trees.put(0, numbered(8, 0));
  trees.put(1, numbered(8, 1));
  const std::vector<std::uint32_t> keys(64, 0);
  EXPECT_EQ(trees.sum_of_paths(keys.data()), 1);
  trees.put(0, numbered(8, 9));
  EXPECT_EQ(trees.sum_of_paths(keys.data()), 10);
}

}  // namespace
}  // namespace bw::agent
