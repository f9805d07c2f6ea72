#include "coordinator/core/ingest/ingest.h"

#include "schemas/wire/limits.h"
#include "tests/unit/coordinator/core/harness.h"

namespace bw::coordinator {
namespace {

using Verdict = Ingest::Verdict;

// A fleet that has a birth and a state for every node.
class AnySource final : public Ingest::NodeSource {
 public:
  std::optional<PutNode> node_to_store(const NodeId& node) const override {
    return PutNode{node, 0, {}};
  }
  std::optional<PutState> state_to_store(const NodeId& node) const override {
    return PutState{node, {}};
  }
};

constexpr std::size_t kLargeTableBytes = 1U << 20;

// Texts of a little more than kLargeTableBytes.
std::vector<wire::SeriesInfo> large_series() {
  std::vector<wire::SeriesInfo> series(kLargeTableBytes / wire::kMaxText);
  for (wire::SeriesInfo& one : series) {
    one.name.assign(wire::kMaxText / 2, 'x');
    one.labels.push_back({"l", std::string(wire::kMaxText / 2, 'x')});
  }
  return series;
}

Table table_of(std::vector<wire::SeriesInfo> series) {
  return std::make_shared<const std::vector<wire::SeriesInfo>>(std::move(series));
}

wire::HistoryBlock block_with_large_table(std::uint64_t epoch, std::uint64_t number) {
  wire::HistoryBlock block = some_block(epoch, number);
  block.series = large_series();
  return block;
}

class IngestTest : public testing::Test {
 protected:
  Verdict take(std::uint64_t epoch, std::uint64_t number, std::uint64_t oldest = 1) {
    return ingest.take(node, some_event(epoch, number, oldest), wall);
  }
  std::optional<Ingest::Batch> next() { return ingest.next_batch(source, now, wall); }
  // Puts all that waits on disk.
  void commit() {
    while (const auto batch = next()) ingest.committed(batch->id);
  }
  template <typename C>
  static std::vector<C> changes(const std::optional<Ingest::Batch>& batch) {
    std::vector<C> found;
    if (!batch) return found;
    for (const Change& change : batch->changes) {
      if (const auto* one = std::get_if<C>(&change)) found.push_back(*one);
    }
    return found;
  }
  std::uint64_t acked(std::uint64_t epoch) const {
    for (const wire::EpochAck& one : ingest.ack_of(node).epochs) {
      if (one.epoch == epoch) return one.number;
    }
    return 0;
  }

  const NodeId node = node_id("n1");
  const AnySource source{};
  Ingest ingest;
  Instant now{std::chrono::hours{1}};
  WallTime wall = wall_from_ms(1'700'000'000'000);
};

TEST_F(IngestTest, TakesARecordOnce) {
  EXPECT_EQ(take(1, 1), Verdict::taken);
  EXPECT_EQ(take(1, 1), Verdict::duplicate);
  commit();
  EXPECT_EQ(take(1, 1), Verdict::duplicate);
  EXPECT_EQ(ingest.counts(node).stored, 1U);
  EXPECT_EQ(ingest.counts(node).duplicates, 2U);
}

TEST_F(IngestTest, TellsEpochsAndNodesApart) {
  EXPECT_EQ(take(1, 1), Verdict::taken);
  EXPECT_EQ(take(2, 1), Verdict::taken);
  EXPECT_EQ(ingest.take(node_id("n2"), some_event(1, 1), wall), Verdict::taken);
}

TEST_F(IngestTest, AcknowledgesNothingBeforeItIsCommitted) {
  take(1, 1);
  EXPECT_EQ(acked(1), 0U);
  const auto batch = next();
  EXPECT_EQ(acked(1), 0U);
  EXPECT_EQ(ingest.committed(batch->id), std::vector<NodeId>{node});
  EXPECT_EQ(acked(1), 1U);
}

TEST_F(IngestTest, AcknowledgesNoFurtherThanTheFirstMissingRecord) {
  take(1, 1);
  take(1, 3);
  commit();
  EXPECT_EQ(acked(1), 1U);
  take(1, 2);
  commit();
  EXPECT_EQ(acked(1), 3U);
}

TEST_F(IngestTest, OwesAnAckForADuplicateOfWhatIsCommittedOnly) {
  take(1, 1);
  take(1, 1);
  EXPECT_FALSE(ingest.is_ack_due(node, now));
  commit();
  take(1, 1);
  EXPECT_TRUE(ingest.is_ack_due(node, now));
  EXPECT_EQ(ingest.due_acks(now), std::vector<NodeId>{node});
}

TEST_F(IngestTest, OwesAnAckAtMostOnceASecond) {
  take(1, 1);
  commit();
  ingest.told_ack(node, now);
  take(1, 1);
  EXPECT_FALSE(ingest.is_ack_due(node, now));
  now += Ingest::kAckAgainAfter;
  EXPECT_TRUE(ingest.is_ack_due(node, now));
  ingest.told_ack(node, now);
  EXPECT_FALSE(ingest.is_ack_due(node, now));
}

TEST_F(IngestTest, RecordsEachRunOfNumbersThatWillNotCome) {
  take(1, 1);
  take(1, 4);
  commit();
  EXPECT_EQ(take(1, 9, 7), Verdict::taken);
  const auto gaps = changes<PutGap>(next());
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].first, 2U);
  EXPECT_EQ(gaps[0].last, 3U);
  EXPECT_EQ(gaps[1].first, 5U);
  EXPECT_EQ(gaps[1].last, 6U);
}

TEST_F(IngestTest, AcknowledgesAcrossAGapOnceItIsCommitted) {
  take(1, 9, 9);
  EXPECT_EQ(acked(1), 0U);
  commit();
  EXPECT_EQ(acked(1), 9U);
  EXPECT_EQ(ingest.counts(node).gaps, 8U);
}

TEST_F(IngestTest, DoesNotCallARecordMissingThatIsOnItsWayToDisk) {
  take(1, 1);
  const auto first = next();
  take(1, 2, 2);
  ingest.committed(first->id);
  EXPECT_TRUE(changes<PutGap>(next()).empty());
}

TEST_F(IngestTest, LearnsOfAGapFromADuplicateToo) {
  take(1, 5, 1);
  commit();
  EXPECT_EQ(acked(1), 0U);
  EXPECT_EQ(take(1, 5, 5), Verdict::duplicate);
  commit();
  EXPECT_EQ(acked(1), 5U);
  EXPECT_EQ(ingest.counts(node).gaps, 4U);
}

TEST_F(IngestTest, TakesARecordBelowAClosedRunForADuplicate) {
  take(1, 9, 9);
  EXPECT_EQ(take(1, 3), Verdict::duplicate);
}

TEST_F(IngestTest, RefusesNumbersThatCanNotBe) {
  EXPECT_EQ(take(1, 0, 0), Verdict::bad_number);
  EXPECT_EQ(take(1, 3, 4), Verdict::bad_number);
  EXPECT_EQ(take(1, Ingest::kMaxNumber + 1), Verdict::bad_number);
  EXPECT_EQ(take(1, Ingest::kMaxNumber), Verdict::taken);
}

TEST_F(IngestTest, RefusesMoreRecordsAboveAMissingOneThanItHasRoomForAndTakesThemLater) {
  for (std::uint64_t i = 0; i < Progress::kMaxAbove; ++i) ASSERT_EQ(take(1, 2 + i), Verdict::taken);
  EXPECT_EQ(take(1, 5000), Verdict::no_room);
  EXPECT_EQ(ingest.deferred(), 1U);
  EXPECT_EQ(take(1, 1), Verdict::taken);
  EXPECT_EQ(take(1, 5000), Verdict::taken);
}

TEST_F(IngestTest, RefusesRecordsBeyondWhatMayWait) {
  std::uint64_t number = 1;
  while (ingest.waiting_records() < Ingest::kMaxWaitingChanges) take(1, number++);
  EXPECT_EQ(take(1, number), Verdict::no_room);
  commit();
  EXPECT_EQ(take(1, number), Verdict::taken);
}

TEST_F(IngestTest, RefusesBytesBeyondWhatMayWait) {
  wire::HistoryBlock block = some_block(1, 1);
  ingest.learn_table(node, block.table_id, table_of(some_series()));
  block.columns.resize(wire::kMaxColumnBytes);
  while (ingest.take(node, block, wall) == Verdict::taken) ++block.number;
  EXPECT_EQ(block.number, Ingest::kMaxWaitingBytes / wire::kMaxColumnBytes + 1);
  EXPECT_EQ(ingest.deferred(), 1U);
}

TEST_F(IngestTest, CountsRecordsThatFoundNoRoomAsDeferred) {
  std::uint64_t number = 1;
  while (ingest.waiting_records() < Ingest::kMaxWaitingChanges) take(1, number++);
  EXPECT_EQ(take(1, number), Verdict::no_room);
  EXPECT_EQ(ingest.deferred(), 1U);
  EXPECT_EQ(take(1, 0), Verdict::bad_number);
  EXPECT_EQ(ingest.deferred(), 1U);
}

TEST_F(IngestTest, CountsTheTablesOfBlocksAmongTheBytesThatWait) {
  wire::HistoryBlock block = block_with_large_table(1, 1);
  std::size_t taken = 0;
  // Of many nodes, as one may keep few tables.
  const auto take_of = [&](std::size_t i) {
    return ingest.take(node_id("n" + std::to_string(i)), block, wall);
  };
  while (taken < 1000 && take_of(taken) == Verdict::taken) ++taken;
  EXPECT_GE(taken, Ingest::kMaxWaitingBytes / (2 * kLargeTableBytes));
  EXPECT_LE(taken, Ingest::kMaxWaitingBytes / kLargeTableBytes);
  EXPECT_FALSE(ingest.knows_table(node_id("n" + std::to_string(taken)), block.table_id));
  commit();
  EXPECT_EQ(take_of(taken), Verdict::taken);
}

TEST_F(IngestTest, CountsTheTablesOfAFailedBatchAgain) {
  wire::HistoryBlock block = block_with_large_table(1, 1);
  const auto fill = [&](std::size_t from) {
    std::size_t i = from;
    const auto take_next = [&] {
      return ingest.take(node_id("n" + std::to_string(i)), block, wall);
    };
    while (i < from + 1000 && take_next() == Verdict::taken) ++i;
    return i - from;
  };
  EXPECT_GT(fill(0), 0U);
  const auto batch = next();
  ingest.failed(batch->id, "full", now);
  EXPECT_EQ(fill(1000), 0U);
}

TEST_F(IngestTest, LearnsNoTableFromABlockThatItDoesNotTake) {
  wire::HistoryBlock block = some_block(1, 3, 4);
  block.series = some_series();
  EXPECT_EQ(ingest.take(node, block, wall), Verdict::bad_number);
  EXPECT_FALSE(ingest.knows_table(node, block.table_id));
  EXPECT_FALSE(next());
}

TEST_F(IngestTest, TakesOneTableOfEachNodeThatSaysItAtBirthAndMoreWhereThereIsRoom) {
  const Table large = table_of(large_series());
  const std::size_t nodes = 2 * Ingest::kMaxWaitingBytes / kLargeTableBytes;
  for (std::size_t i = 0; i < nodes; ++i) {
    EXPECT_TRUE(ingest.learn_table(node_id("n" + std::to_string(i)), 1, large));
  }
  std::size_t more = 0;
  while (more < nodes && ingest.learn_table(node_id("n" + std::to_string(more)), 2, large)) ++more;
  EXPECT_GT(more, 0U);
  EXPECT_LE(more, Ingest::kMaxWaitingBytes / kLargeTableBytes);
  EXPECT_FALSE(ingest.knows_table(node_id("n" + std::to_string(more)), 2));
  commit();
  EXPECT_TRUE(ingest.learn_table(node_id("n" + std::to_string(more)), 2, large));
}

TEST_F(IngestTest, RefusesABlockWhoseTableItDoesNotKnow) {
  EXPECT_EQ(ingest.take(node, some_block(1, 1), wall), Verdict::unknown_table);
  EXPECT_FALSE(next());
  wire::HistoryBlock with_table = some_block(1, 1);
  with_table.series = some_series();
  EXPECT_EQ(ingest.take(node, with_table, wall), Verdict::taken);
  EXPECT_EQ(ingest.take(node, some_block(1, 2), wall), Verdict::taken);
}

TEST_F(IngestTest, KnowsATableOfOneNodeForThatNodeOnly) {
  wire::HistoryBlock with_table = some_block(1, 1);
  with_table.series = some_series();
  ingest.take(node, with_table, wall);
  EXPECT_EQ(ingest.take(node_id("n2"), some_block(1, 1), wall), Verdict::unknown_table);
}

TEST_F(IngestTest, StoresATableOnceAndBeforeTheBlocksThatNameIt) {
  wire::HistoryBlock block = some_block(1, 1);
  block.series = some_series();
  ingest.take(node, block, wall);
  const auto batch = next();
  ASSERT_EQ(batch->changes.size(), 3U);
  ASSERT_TRUE(std::holds_alternative<PutTable>(batch->changes[0]));
  EXPECT_EQ(std::get<PutTable>(batch->changes[0]).series, some_series());
  EXPECT_TRUE(std::holds_alternative<PutBlock>(batch->changes[1]));
  EXPECT_TRUE(std::holds_alternative<PutProgress>(batch->changes[2]));
  ingest.committed(batch->id);
  block.number = 2;
  ingest.take(node, block, wall);
  EXPECT_TRUE(changes<PutTable>(next()).empty());
}

TEST_F(IngestTest, ForgetsTheOldestTableBeyondItsBound) {
  for (std::uint64_t id = 1; id <= Ingest::kMaxTables + 1; ++id) {
    EXPECT_TRUE(ingest.learn_table(node, id, table_of({})));
    commit();
  }
  EXPECT_FALSE(ingest.knows_table(node, 1));
  EXPECT_TRUE(ingest.knows_table(node, 2));
  EXPECT_TRUE(ingest.knows_table(node, Ingest::kMaxTables + 1));
}

// Blocks that wait name them.
TEST_F(IngestTest, ForgetsNoTableThatWaits) {
  wire::HistoryBlock block = some_block(1, 1);
  block.series = some_series();
  for (block.table_id = 1; block.table_id <= Ingest::kMaxTables; ++block.table_id) {
    EXPECT_EQ(ingest.take(node, block, wall), Verdict::taken);
    ++block.number;
  }
  EXPECT_EQ(ingest.take(node, block, wall), Verdict::no_room);
  EXPECT_EQ(ingest.deferred(), 1U);
  EXPECT_FALSE(ingest.learn_table(node, block.table_id, table_of(some_series())));
  const auto batch = next();
  EXPECT_EQ(changes<PutTable>(batch).size(), Ingest::kMaxTables);
  EXPECT_EQ(changes<PutBlock>(batch).size(), Ingest::kMaxTables);
  EXPECT_EQ(ingest.take(node, block, wall), Verdict::taken);
  EXPECT_FALSE(ingest.knows_table(node, 1));
  // What was forgotten meanwhile does not come back.
  ingest.failed(batch->id, "full", now);
  now += Ingest::kRetryAfter;
  EXPECT_EQ(changes<PutTable>(next()).size(), Ingest::kMaxTables);
}

TEST_F(IngestTest, AcknowledgesTheMostRecentlyActiveEpochsOnly) {
  for (std::uint64_t epoch = 1; epoch <= wire::kMaxAckEpochs + 4; ++epoch) {
    ASSERT_EQ(take(epoch, 1), Verdict::taken);
    commit();
    take(1, 1);  // keeps the first one active
  }
  const auto ack = ingest.ack_of(node);
  EXPECT_EQ(ack.epochs.size(), wire::kMaxAckEpochs);
  EXPECT_EQ(acked(1), 1U);
  EXPECT_EQ(acked(2), 0U);
  EXPECT_EQ(acked(wire::kMaxAckEpochs + 4), 1U);
}

TEST_F(IngestTest, TakesTheRecordsOfMoreEpochsThanOneAckNamesWithoutAGap) {
  constexpr std::uint64_t kRuns = 3 * wire::kMaxAckEpochs;
  static_assert(kRuns < kMaxStoredEpochs);
  // All of them came some way, then the node was away; what waits of each comes in order.
  for (std::uint64_t epoch = 1; epoch <= kRuns; ++epoch) take(epoch, 1);
  commit();
  for (std::uint64_t epoch = 1; epoch <= kRuns; ++epoch) {
    ASSERT_EQ(take(epoch, 2, 2), Verdict::taken);
    commit();
    EXPECT_EQ(acked(epoch), 2U);
  }
  EXPECT_EQ(ingest.totals().gaps, 0U);
}

TEST_F(IngestTest, GivesUpNoEpochWhoseRecordsWait) {
  for (std::uint64_t epoch = 1; epoch <= Ingest::kMaxEpochs; ++epoch) take(epoch, 1);
  EXPECT_EQ(take(1000, 1), Verdict::no_room);
  const auto batch = next();
  EXPECT_EQ(take(1000, 1), Verdict::no_room);
  ingest.committed(batch->id);
  EXPECT_EQ(take(1000, 1), Verdict::taken);
}

TEST_F(IngestTest, GoesOnFromWhatTheStoreHolds) {
  StoredNode stored{node, 0, {}, {}, {wire::series_table_id(some_series())}, {}};
  stored.epochs.push_back({7, 3, {5}, 123});
  ingest.restore({stored});
  EXPECT_EQ(acked(7), 3U);
  EXPECT_EQ(take(7, 3), Verdict::duplicate);
  EXPECT_EQ(take(7, 5), Verdict::duplicate);
  EXPECT_EQ(take(7, 4), Verdict::taken);
  EXPECT_EQ(ingest.take(node, some_block(7, 6), wall), Verdict::taken);
  EXPECT_EQ(ingest.counts(node).last_stored_ms, 123);
  commit();
  EXPECT_EQ(acked(7), 6U);
}

TEST_F(IngestTest, TakesNoMoreEpochsFromTheStoreThanItKeeps) {
  StoredNode stored{node, 0, {}, {}, {}, {}};
  for (std::uint64_t epoch = 1; epoch <= 400; ++epoch) stored.epochs.push_back({epoch, 1, {}, 0});
  ingest.restore({stored});
  EXPECT_EQ(take(400 - Ingest::kMaxEpochs + 1, 1), Verdict::duplicate);
  EXPECT_EQ(take(400 - Ingest::kMaxEpochs, 1), Verdict::taken);
  EXPECT_EQ(acked(400), 1U);
}

TEST_F(IngestTest, ForgetsAllOfAStoreThatWasReplaced) {
  wire::HistoryBlock block = some_block(1, 1);
  block.series = some_series();
  ingest.take(node, block, wall);
  commit();
  take(1, 2);
  const auto under_way = next();
  take(1, 3);
  ingest.restore({});
  EXPECT_TRUE(ingest.ack_of(node).epochs.empty());
  EXPECT_FALSE(ingest.knows_table(node, block.table_id));
  EXPECT_FALSE(next());
  EXPECT_TRUE(ingest.committed(under_way->id).empty());
  EXPECT_EQ(acked(1), 0U);
  EXPECT_EQ(take(1, 2), Verdict::taken);
}

}  // namespace
}  // namespace bw::coordinator
