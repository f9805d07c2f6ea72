#include <set>

#include "coordinator/core/ingest/ingest.h"
#include "tests/unit/coordinator/core/harness.h"

namespace bw::coordinator {
namespace {

using Verdict = Ingest::Verdict;

class KnownNodes final : public Ingest::NodeSource {
 public:
  std::optional<PutNode> node_to_store(const NodeId& node) const override {
    if (missing.contains(node)) return std::nullopt;
    return PutNode{node, 5, some_birth(1)};
  }
  std::optional<PutState> state_to_store(const NodeId& node) const override {
    if (missing.contains(node)) return std::nullopt;
    return PutState{node, some_state(1, wire::NodeCondition::online)};
  }
  std::set<NodeId> missing;
};

class BatchTest : public testing::Test {
 protected:
  Verdict take(std::uint64_t number, std::uint64_t oldest = 1) {
    return ingest.take(node, some_event(1, number, oldest), wall);
  }
  std::optional<Ingest::Batch> next() { return ingest.next_batch(source, now, wall); }
  template <typename C>
  static std::vector<C> changes(const std::optional<Ingest::Batch>& batch) {
    std::vector<C> found;
    if (!batch) return found;
    for (const Change& change : batch->changes) {
      if (const auto* one = std::get_if<C>(&change)) found.push_back(*one);
    }
    return found;
  }
  void fail(const std::optional<Ingest::Batch>& batch) {
    ASSERT_TRUE(batch);
    ASSERT_TRUE(ingest.failed(batch->id, "disk full", now));
  }

  const NodeId node = node_id("n1");
  KnownNodes source;
  Ingest ingest;
  Instant now{std::chrono::hours{1}};
  WallTime wall = wall_from_ms(1'700'000'000'000);
};

TEST_F(BatchTest, IsNoneWhereThereIsNothingToStore) {
  EXPECT_FALSE(next());
}

TEST_F(BatchTest, TakesAlongWhatIsNotOfIngest) {
  ASSERT_TRUE(ingest.may_begin(now));
  const auto batch = ingest.next_batch(source, now, wall, {DropModel{{"edge", 1}}});
  ASSERT_EQ(changes<DropModel>(batch).size(), 1U);
  EXPECT_TRUE(ingest.is_under_way(batch->id));
  EXPECT_FALSE(ingest.is_under_way(batch->id + 1));
  EXPECT_FALSE(ingest.may_begin(now)) << "one is under way";
  fail(batch);
  EXPECT_FALSE(ingest.is_under_way(batch->id));
  EXPECT_FALSE(ingest.may_begin(now));
  now += Ingest::kRetryAfter;
  EXPECT_TRUE(ingest.may_begin(now));
  EXPECT_FALSE(next()) << "whose it was has to hand it in again";
}

TEST_F(BatchTest, EndsWithTheProgressOfEachEpochItTouches) {
  take(1);
  take(3);
  ingest.take(node, some_event(2, 1), wall);
  const auto progress = changes<PutProgress>(next());
  ASSERT_EQ(progress.size(), 2U);
  EXPECT_EQ(progress[0].epoch.epoch, 1U);
  EXPECT_EQ(progress[0].epoch.contiguous, 1U);
  EXPECT_EQ(progress[0].epoch.above, std::vector<std::uint64_t>{3});
  EXPECT_EQ(progress[0].epoch.last_ms, to_ms(wall));
  EXPECT_EQ(progress[1].epoch.epoch, 2U);
}

TEST_F(BatchTest, WaitsForTheOneUnderWayAndThenHoldsAllThatCameMeanwhile) {
  take(1);
  const auto first = next();
  take(2);
  take(3);
  EXPECT_FALSE(next());
  ingest.committed(first->id);
  const auto second = next();
  EXPECT_EQ(changes<PutEvent>(second).size(), 2U);
  EXPECT_GT(second->id, first->id);
}

TEST_F(BatchTest, SaysNothingOfRecordsThatCameAfterIt) {
  take(1);
  const auto first = next();
  take(2);
  EXPECT_EQ(changes<PutProgress>(first)[0].epoch.contiguous, 1U);
  ingest.committed(first->id);
  EXPECT_EQ(ingest.ack_of(node).epochs[0].number, 1U);
}

TEST_F(BatchTest, StoresWhatANodeSaysOfItselfOnceHoweverOftenItSaidIt) {
  for (int i = 0; i < 10; ++i) {
    ingest.store_node(node);
    ingest.store_state(node);
  }
  const auto batch = next();
  EXPECT_EQ(changes<PutNode>(batch).size(), 1U);
  EXPECT_EQ(changes<PutState>(batch).size(), 1U);
  ingest.committed(batch->id);
  EXPECT_FALSE(next());
}

TEST_F(BatchTest, LeavesOutNodesThatHaveNothingToStore) {
  source.missing.insert(node);
  ingest.store_node(node);
  ingest.store_state(node);
  EXPECT_FALSE(next());
  EXPECT_TRUE(ingest.is_well());
}

TEST_F(BatchTest, HoldsABoundedNumberOfNodesAndTheNextOneTheRest) {
  for (std::size_t i = 0; i < Ingest::kMaxNodeChanges + 10; ++i) {
    ingest.store_node(node_id("n" + std::to_string(i)));
  }
  const auto first = next();
  EXPECT_EQ(changes<PutNode>(first).size(), Ingest::kMaxNodeChanges);
  ingest.committed(first->id);
  EXPECT_EQ(changes<PutNode>(next()).size(), 10U);
}

TEST_F(BatchTest, HoldsRecordsOnlyOnceAllTablesBeforeThemAreStored) {
  const auto table = std::make_shared<const std::vector<wire::SeriesInfo>>();
  for (std::size_t i = 0; i < Ingest::kMaxNodeChanges + 1; ++i) {
    ingest.learn_table(node_id("n" + std::to_string(i)), 1, table);
  }
  take(1);
  const auto first = next();
  EXPECT_TRUE(changes<PutEvent>(first).empty());
  EXPECT_TRUE(ingest.committed(first->id).empty());
  const auto second = next();
  EXPECT_EQ(changes<PutTable>(second).size(), 1U);
  EXPECT_EQ(changes<PutEvent>(second).size(), 1U);
}

TEST_F(BatchTest, FailsAndItsRecordsAreTakenAgain) {
  take(1);
  fail(next());
  EXPECT_TRUE(ingest.ack_of(node).epochs.empty());
  EXPECT_EQ(take(1), Verdict::taken);
}

TEST_F(BatchTest, FailsAndTheRecordsThatWaitedAreTakenAgainToo) {
  take(1);
  const auto first = next();
  take(3, 3);  // closes 2, and rests on 1
  fail(first);
  EXPECT_EQ(ingest.waiting_records(), 0U);
  EXPECT_EQ(take(1), Verdict::taken);
  EXPECT_EQ(take(2), Verdict::taken);
  EXPECT_EQ(take(3, 3), Verdict::taken);
  now += Ingest::kRetryAfter;
  const auto second = next();
  EXPECT_TRUE(changes<PutGap>(second).empty());
  ingest.committed(second->id);
  EXPECT_EQ(ingest.ack_of(node).epochs[0].number, 3U);
}

TEST_F(BatchTest, FailsAndForgetsTheGapsItHeld) {
  take(5, 5);
  fail(next());
  take(5, 5);
  now += Ingest::kRetryAfter;
  const auto second = next();
  ASSERT_EQ(changes<PutGap>(second).size(), 1U);
  EXPECT_EQ(changes<PutGap>(second)[0].last, 4U);
  ingest.committed(second->id);
  EXPECT_EQ(ingest.counts(node).gaps, 4U);
}

TEST_F(BatchTest, FailsAndWhatNodesSaidOfThemselvesGoesIntoTheNext) {
  ingest.store_node(node);
  ingest.store_state(node);
  ingest.learn_table(node, 9, std::make_shared<const std::vector<wire::SeriesInfo>>(some_series()));
  fail(next());
  now += Ingest::kRetryAfter;
  const auto second = next();
  EXPECT_EQ(changes<PutNode>(second).size(), 1U);
  EXPECT_EQ(changes<PutState>(second).size(), 1U);
  ASSERT_EQ(changes<PutTable>(second).size(), 1U);
  EXPECT_EQ(changes<PutTable>(second)[0].series, some_series());
}

TEST_F(BatchTest, IsTriedAgainNotBeforeAWhileAfterAFailure) {
  take(1);
  fail(next());
  take(1);
  EXPECT_FALSE(next());
  now += Ingest::kRetryAfter;
  EXPECT_TRUE(next());
}

TEST_F(BatchTest, ProbesAnUnwellStoreEvenWhereNothingIsNew) {
  take(1);
  const auto first = next();
  ingest.committed(first->id);
  take(2);
  fail(next());
  EXPECT_FALSE(ingest.is_well());
  EXPECT_EQ(ingest.failure(), "disk full");
  now += Ingest::kRetryAfter;
  const auto probe = next();
  ASSERT_TRUE(probe);
  ASSERT_EQ(changes<PutProgress>(probe).size(), 1U);
  EXPECT_EQ(changes<PutProgress>(probe)[0].epoch.contiguous, 1U);  // what it holds already
  EXPECT_TRUE(ingest.committed(probe->id).empty());
  EXPECT_TRUE(ingest.is_well());
  EXPECT_EQ(ingest.ack_of(node).epochs[0].number, 1U);
}

TEST_F(BatchTest, CountsWhatBecameOfIt) {
  take(1);
  fail(next());
  now += Ingest::kRetryAfter;
  take(1);
  const auto second = next();
  ingest.committed(second->id);
  EXPECT_EQ(ingest.commits(), 1U);
  EXPECT_EQ(ingest.commit_failures(), 1U);
  EXPECT_EQ(ingest.totals().stored, 1U);
  EXPECT_EQ(ingest.counts(node).stored, 1U);
}

TEST_F(BatchTest, AnExportsCursorIsStoredOnceForEachPlace) {
  ingest.store_cursor("remote_write/main", 5);
  const auto first = next();
  ASSERT_EQ(first->changes.size(), 1U);
  EXPECT_EQ(std::get<PutExportCursor>(first->changes[0]).name, "remote_write/main");
  EXPECT_EQ(std::get<PutExportCursor>(first->changes[0]).block, 5);
  ingest.committed(first->id);
  ingest.store_cursor("remote_write/main", 5);
  EXPECT_FALSE(next());
  ingest.store_cursor("remote_write/main", 6);
  EXPECT_EQ(std::get<PutExportCursor>(next()->changes[0]).block, 6);
}

TEST_F(BatchTest, ACursorOfAFailedBatchIsStoredWithTheNextUnlessItMovedOn) {
  ingest.store_cursor("a", 5);
  ingest.store_cursor("b", 7);
  const auto first = next();
  ingest.store_cursor("a", 6);
  fail(first);
  now += Ingest::kRetryAfter;
  const auto second = next();
  ASSERT_EQ(second->changes.size(), 2U);
  EXPECT_EQ(std::get<PutExportCursor>(second->changes[0]).block, 6);
  EXPECT_EQ(std::get<PutExportCursor>(second->changes[1]).block, 7);
}

TEST_F(BatchTest, ANewStoreGetsTheCursorsAnew) {
  ingest.store_cursor("a", 5);
  ingest.committed(next()->id);
  ingest.restore({});
  ingest.store_cursor("a", 5);
  EXPECT_TRUE(next());
}

TEST_F(BatchTest, IgnoresAnswersToAnotherBatch) {
  take(1);
  const auto batch = next();
  EXPECT_TRUE(ingest.committed(batch->id + 1).empty());
  EXPECT_FALSE(ingest.failed(batch->id + 1, "disk full", now));
  EXPECT_TRUE(ingest.is_well());
  EXPECT_TRUE(ingest.ack_of(node).epochs.empty());
  EXPECT_EQ(ingest.committed(batch->id).size(), 1U);
  EXPECT_TRUE(ingest.committed(batch->id).empty());
}

}  // namespace
}  // namespace bw::coordinator
