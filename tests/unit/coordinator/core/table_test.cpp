#include "coordinator/core/table.h"

#include "tests/unit/coordinator/core/harness.h"

namespace bw::coordinator {
namespace {

TEST(TablePool, SharesATableOfTheSameContent) {
  TablePool pool;
  const Table first = pool.share(7, some_series());
  const Table second = pool.share(7, some_series());
  EXPECT_EQ(first, second);
  EXPECT_EQ(*first, some_series());
}

TEST(TablePool, DoesNotGiveOneNodesTableToAnotherWhoseIdCollides) {
  TablePool pool;
  const Table first = pool.share(7, some_series());
  const Table second = pool.share(7, {});
  EXPECT_NE(first, second);
  EXPECT_TRUE(second->empty());
  EXPECT_EQ(*first, some_series());
}

TEST(TablePool, ForgetsTablesThatNoNodeHasAnyMore) {
  TablePool pool;
  for (std::uint64_t id = 1; id <= 10000; ++id) pool.share(id, some_series());
  EXPECT_LT(pool.size(), 200U);
}

TEST(TablePool, KeepsAllThatAreInUse) {
  TablePool pool;
  std::vector<Table> tables;
  for (std::uint64_t id = 1; id <= 1000; ++id) tables.push_back(pool.share(id, some_series()));
  EXPECT_EQ(pool.size(), 1000U);
  EXPECT_EQ(pool.share(500, some_series()), tables[499]);
}

}  // namespace
}  // namespace bw::coordinator
