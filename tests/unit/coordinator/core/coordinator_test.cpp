#include "coordinator/core/coordinator.h"

#include <map>
#include <set>

#include "base/rng.h"
#include "coordinator/core/ingest/ingest.h"
#include "tests/unit/coordinator/core/harness.h"

namespace bw::coordinator {
namespace {

using wire::NodeCondition;

class CoordinatorTest : public testing::Test {
 protected:
  void SetUp() override { harness.start(); }
  // A node whose birth is on disk.
  void bring_up(std::string_view node = "n1", std::uint64_t epoch = 1) {
    harness.hear(node, some_birth(epoch));
    harness.commit_all();
    harness.hear(node, some_state(epoch, NodeCondition::online));
    harness.commit_all();
  }
  Harness harness;
};

TEST_F(CoordinatorTest, StoresABirthWithItsTableAndState) {
  harness.hear("n1", some_birth(1));
  ASSERT_TRUE(harness.batch());
  ASSERT_EQ(harness.changes<PutTable>().size(), 1U);
  EXPECT_EQ(harness.changes<PutTable>()[0].series, some_series());
  ASSERT_EQ(harness.changes<PutNode>().size(), 1U);
  EXPECT_EQ(harness.changes<PutNode>()[0].birth.epoch, 1U);
  EXPECT_TRUE(harness.changes<PutNode>()[0].birth.series.empty());
  ASSERT_EQ(harness.changes<PutState>().size(), 1U);
  EXPECT_EQ(harness.changes<PutState>()[0].state.condition, NodeCondition::online);
}

TEST_F(CoordinatorTest, StoresABlockAsItCameAndAcknowledgesItOnceItIsCommitted) {
  bring_up();
  wire::HistoryBlock block = some_block(1, 1);
  block.start_ms = 5;
  block.end_ms = 6;
  harness.hear("n1", block);
  EXPECT_TRUE(harness.acks().empty());
  const auto blocks = harness.changes<PutBlock>();
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].columns, block.columns);
  EXPECT_EQ(blocks[0].table_id, block.table_id);
  EXPECT_EQ(blocks[0].start_ms, 5);
  EXPECT_EQ(blocks[0].end_ms, 6);
  EXPECT_EQ(blocks[0].rows, 1U);
  harness.step(Committed{harness.batch()->batch});
  ASSERT_EQ(harness.acks().size(), 1U);
  EXPECT_EQ(harness.acks()[0].epochs, (std::vector<wire::EpochAck>{{1, 1}}));
}

TEST_F(CoordinatorTest, StoresAnEventAsItCame) {
  harness.hear("n1", some_event(9, 1));
  const auto events = harness.changes<PutEvent>();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event, some_event(9, 1));
}

TEST_F(CoordinatorTest, AcknowledgesEachNodeOfABatch) {
  harness.hear("n0", some_event(1, 1));
  const auto first = harness.batch();
  harness.hear("n1", some_event(1, 1));
  harness.hear("n2", some_event(1, 1));
  harness.step(Committed{first->batch});
  ASSERT_TRUE(harness.batch());
  harness.step(Committed{harness.batch()->batch});
  std::set<std::string> nodes;
  for (const PublishDown* one : harness.all<PublishDown>()) nodes.insert(one->node.str());
  EXPECT_EQ(nodes, (std::set<std::string>{"n1", "n2"}));
}

TEST_F(CoordinatorTest, AcknowledgesADuplicateAgainAtMostOnceASecond) {
  harness.hear("n1", some_event(1, 1));
  harness.commit_all();
  harness.hear("n1", some_event(1, 1));
  EXPECT_TRUE(harness.acks().empty());  // it was told just now
  harness.tick_after(std::chrono::milliseconds{500});
  EXPECT_TRUE(harness.acks().empty());
  harness.tick_after(std::chrono::milliseconds{500});
  EXPECT_EQ(harness.acks().size(), 1U);
  harness.now += std::chrono::seconds{1};
  harness.hear("n1", some_event(1, 1));
  EXPECT_EQ(harness.acks().size(), 1U);
}

TEST_F(CoordinatorTest, AcknowledgesOnceThereIsALinkAgain) {
  harness.step(LinkDown{"broken"});
  harness.hear("n1", some_event(1, 1));
  harness.step(Committed{harness.batch()->batch});
  EXPECT_TRUE(harness.acks().empty());
  harness.tick_after(std::chrono::seconds{5});
  EXPECT_TRUE(harness.acks().empty());
  harness.step(LinkUp{});
  ASSERT_EQ(harness.acks().size(), 1U);
  EXPECT_EQ(harness.acks()[0].epochs, (std::vector<wire::EpochAck>{{1, 1}}));
}

TEST_F(CoordinatorTest, StoresNothingBeforeTheStoreIsOpen) {
  Harness early;
  early.hear("n1", some_event(1, 1));
  EXPECT_FALSE(early.batch());
}

TEST_F(CoordinatorTest, RefusesABlockWhoseTableIsUnknownAndAsksForTheBirth) {
  harness.hear("n1", some_block(1, 1));
  EXPECT_TRUE(harness.changes<PutBlock>().empty());
  ASSERT_EQ(harness.commands().size(), 1U);
  EXPECT_EQ(harness.commands()[0].kind, wire::CommandKind::announce);
  EXPECT_NE(harness.body_of("/metrics")
                .find("bw_payloads_refused_total{node=\"n1\",reason=\"unknown_table\"} 1"),
            std::string::npos);
}

TEST_F(CoordinatorTest, RefusesARecordWithANumberThatCanNotBe) {
  harness.hear("n1", some_event(1, 0, 0));
  EXPECT_FALSE(harness.batch());
  EXPECT_NE(harness.body_of("/metrics")
                .find("bw_payloads_refused_total{node=\"n1\",reason=\"out_of_bounds\"} 1"),
            std::string::npos);
}

TEST_F(CoordinatorTest, TakesNothingOfASecondAgentWithTheIdOfALivingOne) {
  bring_up("n1", 1);
  harness.hear("n1", some_live(1, 1));
  harness.hear("n1", some_birth(2, 2));
  harness.hear("n1", some_block(2, 1));
  EXPECT_TRUE(harness.changes<PutBlock>().empty());
  harness.hear("n1", some_live(1, 2));
  ASSERT_EQ(harness.commands().size(), 2U);
  harness.hear("n1", some_event(2, 1));
  EXPECT_TRUE(harness.changes<PutEvent>().empty());
  const std::string metrics = harness.body_of("/metrics");
  EXPECT_NE(metrics.find("bw_node_conflicts_total 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("bw_payloads_refused_total{node=\"n1\",reason=\"wrong_epoch\"} 3"),
            std::string::npos);
}

TEST_F(CoordinatorTest, CountsPayloadsThatFailedVerificationByNode) {
  harness.step(PayloadRefused{"n 1", wire::Refusal::bad_checksum});
  EXPECT_NE(harness.body_of("/metrics")
                .find("bw_payloads_refused_total{node=\"n?1\",reason=\"bad_checksum\"} 1"),
            std::string::npos);
  harness.tick();
  EXPECT_NE(harness.log().find("1 payloads refused, the last of node n?1: bad_checksum"),
            std::string::npos);
  harness.step(PayloadRefused{"n1", wire::Refusal::too_large});
  harness.tick_after(std::chrono::seconds{1});
  EXPECT_EQ(harness.log(), "");  // once a minute
  harness.tick_after(std::chrono::minutes{1});
  EXPECT_NE(harness.log().find("too_large"), std::string::npos);
}

TEST_F(CoordinatorTest, SaysLoudlyThatTheStoreTakesNothingAndThatItDoesAgain) {
  harness.hear("n1", some_event(1, 1));
  harness.step(CommitFailed{harness.batch()->batch, "disk full"});
  EXPECT_NE(harness.log().find("disk full"), std::string::npos);
  EXPECT_NE(harness.body_of("/readyz").find("disk full"), std::string::npos);
  for (int i = 0; i < 59; ++i) {
    harness.tick_after(std::chrono::seconds{1});
    ASSERT_TRUE(harness.batch()) << "it tries again";
    harness.step(CommitFailed{harness.batch()->batch, "disk full"});
    ASSERT_EQ(harness.log(), "") << "second " << i;
  }
  harness.tick_after(std::chrono::seconds{1});
  harness.step(CommitFailed{harness.batch()->batch, "disk full"});
  EXPECT_NE(harness.log().find("disk full"), std::string::npos);
  harness.tick_after(std::chrono::seconds{1});
  harness.step(Committed{harness.batch()->batch});
  EXPECT_NE(harness.log().find("takes records again"), std::string::npos);
  EXPECT_TRUE(harness.acks().empty());
  EXPECT_EQ(harness.body_of("/readyz"), R"({"ready":true,"reasons":[]})");
}

TEST_F(CoordinatorTest, TakesUpRecordsAgainAfterTheStoreFailed) {
  harness.hear("n1", some_event(1, 1));
  harness.step(CommitFailed{harness.batch()->batch, "disk full"});
  harness.hear("n1", some_event(1, 1));
  harness.tick_after(std::chrono::seconds{1});
  EXPECT_EQ(harness.changes<PutEvent>().size(), 1U);
  harness.step(Committed{harness.batch()->batch});
  EXPECT_EQ(harness.acks().size(), 1U);
}

TEST_F(CoordinatorTest, StoresWhatItKnowsIntoAReplacedStoreAndAsksNodesToAnnounceThemselves) {
  bring_up();
  harness.hear("n1", some_block(1, 1));
  harness.commit_all();
  harness.step(StoreOpened{});
  EXPECT_NE(harness.log().find("replaced"), std::string::npos);
  EXPECT_EQ(harness.changes<PutTable>().size(), 1U);
  EXPECT_EQ(harness.changes<PutNode>().size(), 1U);
  EXPECT_EQ(harness.changes<PutState>().size(), 1U);
  harness.commit_all();
  harness.tick_after(std::chrono::seconds{1});
  ASSERT_EQ(harness.commands().size(), 1U);
  // The node goes on from what the lost store had acknowledged.
  harness.hear("n1", some_block(1, 2, 2));
  const auto gaps = harness.changes<PutGap>();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].first, 1U);
  EXPECT_EQ(gaps[0].last, 1U);
  harness.step(Committed{harness.batch()->batch});
  EXPECT_EQ(harness.acks()[0].epochs, (std::vector<wire::EpochAck>{{1, 2}}));
}

TEST_F(CoordinatorTest, GoesOnWhereItStoppedFromWhatTheStoreHolds) {
  Harness again;
  StoredNode stored{node_id("n1"), 0, some_birth(1), some_state(1, NodeCondition::online), {}, {}};
  stored.tables.push_back(stored.birth.table_id);
  stored.epochs.push_back({1, 4, {}, 9});
  again.step(StoreOpened{{stored}});
  EXPECT_FALSE(again.batch());
  again.step(LinkUp{});
  again.hear("n1", some_block(1, 4));
  EXPECT_FALSE(again.batch());
  ASSERT_EQ(again.acks().size(), 1U);
  EXPECT_EQ(again.acks()[0].epochs, (std::vector<wire::EpochAck>{{1, 4}}));
  again.hear("n1", some_block(1, 5));
  EXPECT_EQ(again.changes<PutBlock>().size(), 1U);
}

TEST_F(CoordinatorTest, AsksTheStoreAndAnswersOnceItHas) {
  harness.ask("/api/v1/events?limit=7", 42);
  ASSERT_EQ(harness.all<RunQuery>().size(), 1U);
  EXPECT_EQ(harness.all<RunQuery>()[0]->id, 42U);
  EXPECT_EQ(std::get<api::EventQuery>(harness.all<RunQuery>()[0]->query).limit, 7U);
  EXPECT_TRUE(harness.all<Respond>().empty());
  harness.step(QueryFinished{42, api::EventResult{}});
  ASSERT_EQ(harness.all<Respond>().size(), 1U);
  EXPECT_EQ(harness.all<Respond>()[0]->id, 42U);
  EXPECT_EQ(harness.all<Respond>()[0]->response.body, R"({"events":[]})");
  harness.step(QueryFinished{42, api::EventResult{}});
  EXPECT_TRUE(harness.effects.empty());
}

TEST_F(CoordinatorTest, ShowsANodeWithWhatIsKnownOfIt) {
  bring_up();
  harness.hear("n1", some_live(1, 3, to_ms(harness.wall()) - 40));
  harness.hear("n1", some_block(1, 1));
  harness.commit_all();
  harness.step(PayloadRefused{"n1", wire::Refusal::too_large});
  const std::string body = harness.body_of("/api/v1/nodes/n1");
  for (const std::string_view part :
       {R"("id":"n1")", R"("status":"online")", R"("epoch":"0000000000000001")", R"("series":2)",
        R"("cpu_util":12.5)", R"("net_rx_bytes_rate":1000)", R"("stored":1)",
        R"("refused":{"too_large":1})", R"("clock_offset_ms":-40)"}) {
    EXPECT_NE(body.find(part), std::string::npos) << part << " in " << body;
  }
}

TEST_F(CoordinatorTest, IsNotReadyWithoutALinkNorOnceItStops) {
  harness.step(LinkDown{"connection refused"});
  EXPECT_NE(harness.body_of("/readyz").find("connection refused"), std::string::npos);
  harness.step(LinkUp{});
  EXPECT_EQ(harness.body_of("/readyz"), R"({"ready":true,"reasons":[]})");
  harness.step(StopRequested{});
  EXPECT_NE(harness.body_of("/readyz").find("stopping"), std::string::npos);
}

// Agents' records in random order, sent again and again while commits fail and the coordinator is
// restarted: every record ends up in the store exactly once, and nothing is acknowledged before it
// is there.
class Trial {
 public:
  explicit Trial(std::uint64_t seed) : rng_(seed), harness_(std::make_unique<Harness>()) {
    harness_->start();
  }

  void run() {
    for (int i = 0; i < 400; ++i) disturb();
    for (int round = 0; round < 500 && !is_done(); ++round) {
      send(round % kRecords + 1, round / kRecords % kEpochs + 1);
      answer(false);
      harness_->tick_after(std::chrono::seconds{1});
      absorb();
    }
    ASSERT_TRUE(is_done());
    for (std::uint64_t epoch = 1; epoch <= kEpochs; ++epoch) {
      for (std::uint64_t number = 1; number <= kRecords; ++number) {
        ASSERT_EQ(stored_.count({epoch, number}), 1U) << epoch << "/" << number;
      }
    }
  }

 private:
  static constexpr std::uint64_t kRecords = 30;
  static constexpr std::uint64_t kEpochs = 3;
  using Key = std::pair<std::uint64_t, std::uint64_t>;

  bool is_done() const { return pending_.empty() && stored_.size() == kRecords * kEpochs; }

  void disturb() {
    const std::uint64_t dice = rng_.below(20);
    if (dice < 12) {
      send(1 + rng_.below(kRecords), 1 + rng_.below(kEpochs));
    } else if (dice < 17) {
      answer(rng_.chance(0.3));
    } else if (dice < 19) {
      harness_->tick_after(std::chrono::milliseconds{700});
      absorb();
    } else {
      restart();
    }
  }

  void send(std::uint64_t number, std::uint64_t epoch) {
    harness_->hear("n1", some_event(epoch, number));
    absorb();
  }

  void answer(bool fails) {
    if (pending_.empty()) return;
    const StoreBatch batch = std::move(pending_.front());
    pending_.erase(pending_.begin());
    if (fails) {
      harness_->step(CommitFailed{batch.batch, "injected"});
    } else {
      store(batch);
      harness_->step(Committed{batch.batch});
    }
    absorb();
  }

  void store(const StoreBatch& batch) {
    for (const Change& change : batch.changes) {
      if (const auto* event = std::get_if<PutEvent>(&change)) {
        const bool is_new = stored_.insert({event->event.epoch, event->event.number}).second;
        ASSERT_TRUE(is_new) << event->event.epoch << "/" << event->event.number;
      } else if (const auto* progress = std::get_if<PutProgress>(&change)) {
        progress_[progress->epoch.epoch] = progress->epoch;
      } else {
        ASSERT_FALSE(std::holds_alternative<PutGap>(change));
      }
    }
  }

  // The batch under way is on disk, or is not: the coordinator does not live to hear of it.
  void restart() {
    if (!pending_.empty() && rng_.chance(0.5)) store(pending_.front());
    pending_.clear();
    StoredNode node{node_id("n1"), 0, {}, {}, {}, {}};
    for (const auto& [epoch, progress] : progress_) node.epochs.push_back(progress);
    const Instant now = harness_->now;
    harness_ = std::make_unique<Harness>();
    harness_->now = now;
    harness_->step(StoreOpened{{node}});
    harness_->step(LinkUp{});
    absorb();
  }

  void absorb() {
    for (const StoreBatch* batch : harness_->all<StoreBatch>()) pending_.push_back(*batch);
    ASSERT_LE(pending_.size(), 1U);
    for (const wire::Ack& ack : harness_->acks()) {
      for (const wire::EpochAck& one : ack.epochs) {
        for (std::uint64_t number = 1; number <= one.number; ++number) {
          ASSERT_TRUE(stored_.contains({one.epoch, number})) << one.epoch << "/" << number;
        }
      }
    }
  }

  Rng rng_;
  std::unique_ptr<Harness> harness_;
  std::vector<StoreBatch> pending_;
  std::set<Key> stored_;
  std::map<std::uint64_t, StoredEpoch> progress_;
};

TEST(CoordinatorProperty, EveryRecordIsStoredOnceAndAcknowledgedOnlyAfterwards) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trial(seed).run();
    if (HasFatalFailure()) return;
  }
}

TEST(Coordinator, StoresNoBirthWithoutItsTableAndStoresItOnceThereIsRoom) {
  Harness harness;
  harness.start();
  harness.hear("n0", some_birth(1));  // whose batch is under way from now on
  const auto first = harness.batch();
  ASSERT_TRUE(first);
  wire::NodeBirth birth = some_birth(1);
  for (std::size_t i = 1; i <= Ingest::kMaxTables + 1; ++i) {
    birth.series.front().name = "name" + std::to_string(i);
    birth.table_id = wire::series_table_id(birth.series);
    harness.hear("n1", birth);
  }
  harness.step(Committed{first->batch});
  EXPECT_EQ(harness.changes<PutTable>().size(), Ingest::kMaxTables);
  EXPECT_TRUE(harness.changes<PutNode>().empty());
  const auto second = harness.batch();
  ASSERT_TRUE(second);
  harness.step(Committed{second->batch});
  ASSERT_EQ(harness.changes<PutTable>().size(), 1U);
  EXPECT_EQ(harness.changes<PutTable>()[0].table_id, birth.table_id);
  ASSERT_EQ(harness.changes<PutNode>().size(), 1U);
  EXPECT_EQ(harness.changes<PutNode>()[0].birth.table_id, birth.table_id);
}

TEST_F(CoordinatorTest, AnExportsCursorGoesIntoTheStoreOnceItHasBegun) {
  ExportStatus status;
  status.name = "remote_write/main";
  status.cursor = 12;
  harness.step(ExportReported{{status}});
  EXPECT_FALSE(harness.batch());
  status.has_begun = true;
  harness.step(ExportReported{{status}});
  const auto cursors = harness.changes<PutExportCursor>();
  ASSERT_EQ(cursors.size(), 1U);
  EXPECT_EQ(cursors[0].block, 12);
  EXPECT_NE(harness.body_of("/api/v1/status").find("remote_write/main"), std::string::npos);
}

}  // namespace
}  // namespace bw::coordinator
