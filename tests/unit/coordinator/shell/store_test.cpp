#include "coordinator/shell/store.h"

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/shell/store_schema.h"
#include "tests/unit/coordinator/shell/loop_thread.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;

void damage(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::string rubbish(60'000, 'x');
  file.write(rubbish.data(), static_cast<std::streamsize>(rubbish.size()));
}

class StoreTest : public testing::Test {
 protected:
  ~StoreTest() override { close(); }

  StoreOptions options() {
    StoreOptions result;
    result.directory = folder_.path();
    return result;
  }

  // What it held.
  StoreOpened open(StoreOptions options) {
    return thread_.call([&] {
      auto store = Store::open(thread_.loop(), std::move(options),
                               [this](const Event& event) { events_.push_back(event); });
      EXPECT_TRUE(store) << store.error().message;
      store_ = std::move(*store);
      return store_->take_opened();
    });
  }
  void close() {
    thread_.call([&] { store_.reset(); });
  }
  void write(std::uint64_t id, std::vector<Change> changes) {
    thread_.call([&] { store_->write({id, std::move(changes)}); });
  }
  void query(std::uint64_t id, api::StoreQuery query) {
    thread_.call([&] { store_->query({id, std::move(query)}); });
  }

  // The `index`th event of its kind, waited for.
  template <typename Kind>
  std::optional<Kind> heard(std::size_t index = 0) {
    std::optional<Kind> found;
    eventually([&] {
      return thread_.call([&] {
        std::size_t seen = 0;
        for (const Event& event : events_) {
          if (const auto* one = std::get_if<Kind>(&event); one != nullptr && seen++ == index) {
            found = *one;
          }
        }
        return found.has_value();
      });
    });
    return found;
  }
  std::size_t count() {
    return thread_.call([&] { return events_.size(); });
  }

  // While the store has it open, with nothing in its log that would hide the file.
  void checkpoint_and_damage() {
    {
      auto other = Database::open(folder_ / "bellwether.db", true).value();
      ASSERT_TRUE(other.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    }
    damage(folder_ / "bellwether.db");
  }

  TemporaryFolder folder_;
  LoopThread thread_;
  std::unique_ptr<Store> store_;
  std::vector<Event> events_;  // the loop's
};

api::EventQuery all_events() {
  api::EventQuery query;
  query.to_ms = 1'000'000;
  return query;
}

TEST_F(StoreTest, WhatIsCommittedIsThereAfterARestart) {
  EXPECT_TRUE(open(options()).nodes.empty());
  write(7, {put_node("box", series_table()), PutProgress{node_id("box"), {3, 4, {}, 5}}});
  ASSERT_TRUE(heard<Committed>());
  EXPECT_EQ(heard<Committed>()->batch, 7U);
  close();
  const auto opened = open(options());
  ASSERT_EQ(opened.nodes.size(), 1U);
  EXPECT_EQ(opened.nodes[0].birth, put_node("box", series_table()).birth);
  ASSERT_EQ(opened.nodes[0].epochs.size(), 1U);
  EXPECT_EQ(opened.nodes[0].epochs[0].contiguous, 4U);
}

TEST_F(StoreTest, BatchesAreAnsweredInTheirOrder) {
  open(options());
  for (std::uint64_t id = 1; id <= 50; ++id) write(id, {put_event("box", 1, id, 5)});
  for (std::uint64_t id = 1; id <= 50; ++id) {
    const auto committed = heard<Committed>(id - 1);
    ASSERT_TRUE(committed);
    EXPECT_EQ(committed->batch, id);
  }
}

TEST_F(StoreTest, AQueryReadsWhatIsCommitted) {
  open(options());
  write(1, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(heard<Committed>());
  query(9, all_events());
  const auto finished = heard<QueryFinished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->id, 9U);
  ASSERT_TRUE(std::holds_alternative<api::EventResult>(finished->result));
  EXPECT_EQ(std::get<api::EventResult>(finished->result).events.size(), 1U);
}

TEST_F(StoreTest, AQueryDoesNotWaitForAWriterThatIsAtWork) {
  open(options());
  write(1, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(heard<Committed>());
  // Another process' transaction holds the writer up for as long as it waits for it.
  auto other = Database::open(folder_ / "bellwether.db", true).value();
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  write(2, {put_event("box", 1, 2, 6)});
  ASSERT_TRUE(eventually(
      [&] { return thread_.call([&] { return store_->writing_for() > Duration::zero(); }); }));
  query(9, all_events());
  const auto finished = heard<QueryFinished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(std::get<api::EventResult>(finished->result).events.size(), 1U);
  ASSERT_TRUE(other.execute("ROLLBACK"));
}

TEST_F(StoreTest, MoreQueriesThanMayWaitAreAnsweredBusy) {
  auto few = options();
  few.readers = 0;
  few.most_waiting_queries = 2;
  open(std::move(few));
  for (std::uint64_t id = 1; id <= 3; ++id) query(id, all_events());
  const auto finished = heard<QueryFinished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->id, 3U);
  EXPECT_THAT(std::get<api::QueryError>(finished->result).reason, HasSubstr("busy"));
  EXPECT_EQ(count(), 1U);
}

TEST_F(StoreTest, MoreBatchesThanMayWaitFail) {
  auto none = options();
  none.most_waiting_batches = 0;
  open(std::move(none));
  write(1, {put_event("box", 1, 1, 5)});
  const auto failed = heard<CommitFailed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->batch, 1U);
  EXPECT_THAT(failed->reason, HasSubstr("busy"));
}

TEST_F(StoreTest, AFullDiskFailsTheBatchAndTheNextSucceedsOnceThereIsRoom) {
  open(options());
  write(1, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(heard<Committed>());
  close();
  auto small = options();
  small.setup_sql = "PRAGMA max_page_count = 25";
  open(std::move(small));
  PutBlock large = put_block("box", 1, 2, {1000}, {1, 2, 3});
  large.columns.resize(200'000);
  write(2, {large});
  const auto failed = heard<CommitFailed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->batch, 2U);
  EXPECT_THAT(failed->reason, HasSubstr("full"));
  write(3, {put_event("box", 1, 3, 6)});  // finds room
  ASSERT_TRUE(heard<Committed>(1));
  EXPECT_EQ(heard<Committed>(1)->batch, 3U);
  EXPECT_EQ(folder_.count("bellwether.db.damaged"), 0U);
}

TEST_F(StoreTest, AWriterThatCannotGoOnIsOpenedAnewForTheNextBatch) {
  open(options());
  auto other = Database::open(folder_ / "bellwether.db", true).value();
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  write(1, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(heard<CommitFailed>());
  EXPECT_THAT(heard<CommitFailed>()->reason, HasSubstr("locked"));
  ASSERT_TRUE(other.execute("ROLLBACK"));
  write(2, {put_event("box", 1, 1, 5)});
  EXPECT_TRUE(heard<Committed>());
}

TEST_F(StoreTest, AFileThatIsDamagedAtStartIsSetAside) {
  open(options());
  write(1, {put_node("box", series_table())});
  ASSERT_TRUE(heard<Committed>());
  close();
  damage(folder_ / "bellwether.db");
  EXPECT_TRUE(open(options()).nodes.empty());
  EXPECT_EQ(folder_.count("bellwether.db.damaged-"), 1U);
  write(2, {put_node("box", series_table())});
  ASSERT_TRUE(heard<Committed>(1));
}

TEST_F(StoreTest, AFileThatWasClosedCleanlyIsNotReadWholeAtStart) {
  open(options());
  std::vector<Change> changes;
  for (std::uint64_t number = 1; number <= 3000; ++number) {
    changes.emplace_back(put_event("box", 1, number, 5));
  }
  write(1, std::move(changes));
  ASSERT_TRUE(heard<Committed>());
  close();
  EXPECT_EQ(folder_.count("bellwether.db-wal"), 0U);
  const std::string path = folder_ / "bellwether.db";
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 4));  // behind what is read at start
  file << std::string(size - size / 4, 'x');
  file.close();
  open(options());
  EXPECT_EQ(folder_.count("bellwether.db.damaged-"), 0U);
  query(9, all_events());
  EXPECT_TRUE(heard<StoreOpened>()) << "the damage is found when it is read";
  EXPECT_EQ(folder_.count("bellwether.db.damaged-"), 1U);
}

TEST_F(StoreTest, AFileThatAQueryFindsDamagedIsSetAsideAndTheServiceGoesOn) {
  open(options());
  write(1, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(heard<Committed>());
  checkpoint_and_damage();
  query(9, all_events());
  ASSERT_TRUE(heard<QueryFinished>());
  EXPECT_TRUE(std::holds_alternative<api::QueryError>(heard<QueryFinished>()->result));
  const auto replaced = heard<StoreOpened>();
  ASSERT_TRUE(replaced);
  EXPECT_TRUE(replaced->nodes.empty());
  EXPECT_EQ(folder_.count("bellwether.db.damaged-"), 1U);
  write(2, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(heard<Committed>(1));
  query(10, all_events());
  const auto again = heard<QueryFinished>(1);
  ASSERT_TRUE(again);
  ASSERT_TRUE(std::holds_alternative<api::EventResult>(again->result));
  EXPECT_EQ(std::get<api::EventResult>(again->result).events.size(), 1U);
}

TEST_F(StoreTest, AFileThatABatchFindsDamagedFailsItAndIsSetAside) {
  open(options());
  write(1, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(heard<Committed>());
  close();
  auto cold = options();
  cold.setup_sql = "PRAGMA cache_size = 0; PRAGMA mmap_size = 0";
  open(std::move(cold));
  damage(folder_ / "bellwether.db");
  write(2, {put_event("other", 1, 1, 5)});
  const auto failed = heard<CommitFailed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->batch, 2U);
  ASSERT_TRUE(heard<StoreOpened>());
  EXPECT_EQ(folder_.count("bellwether.db.damaged-"), 1U);
  write(3, {put_event("other", 1, 1, 5)});
  ASSERT_TRUE(heard<Committed>(1));
  EXPECT_EQ(heard<Committed>(1)->batch, 3U);
}

TEST_F(StoreTest, BatchesAskedForBeforeTheFileWasReplacedFail) {
  open(options());
  write(1, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(heard<Committed>());
  checkpoint_and_damage();
  // The loop is held up: it hears of the new file only behind its next batch.
  thread_.call([&] {
    store_->query({9, all_events()});
    EXPECT_TRUE(eventually([&] { return folder_.count("bellwether.db.damaged-") == 1; }));
    store_->write({2, {put_event("box", 1, 2, 5)}});
  });
  const auto failed = heard<CommitFailed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->batch, 2U);
  EXPECT_THAT(failed->reason, HasSubstr("replaced"));
}

TEST_F(StoreTest, AStoreOfANewerVersionIsRefusedAndLeftAsItIs) {
  {
    auto database = Database::open(folder_ / "bellwether.db", true).value();
    ASSERT_TRUE(database.execute("PRAGMA user_version = 99"));
  }
  const auto store = thread_.call(
      [&] { return Store::open(thread_.loop(), options(), [](const Event&) {}).error().message; });
  EXPECT_THAT(store, HasSubstr("another version"));
  EXPECT_EQ(folder_.count("bellwether.db.damaged"), 0U);
}

TEST_F(StoreTest, ADirectoryThatIsNotThereIsAnError) {
  auto nowhere = options();
  nowhere.directory = folder_ / "none";
  const auto reason = thread_.call(
      [&] { return Store::open(thread_.loop(), nowhere, [](const Event&) {}).error().message; });
  EXPECT_THAT(reason, HasSubstr("none/bellwether.db"));
}

TEST_F(StoreTest, DrainingWaitsForWhatWasWritten) {
  open(options());
  bool drained = false;
  thread_.call([&] {
    for (std::uint64_t id = 1; id <= 20; ++id) {
      store_->write({id, {put_event("box", 1, id, 5)}});
    }
    store_->drain(kPatience, [&] {
      drained = true;
      EXPECT_EQ(events_.size(), 20U);
    });
  });
  EXPECT_TRUE(eventually([&] { return thread_.call([&] { return drained; }); }));
}

TEST_F(StoreTest, DrainingGivesUpAfterItsTime) {
  open(options());
  auto other = Database::open(folder_ / "bellwether.db", true).value();
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  bool drained = false;
  thread_.call([&] {
    store_->write({1, {put_event("box", 1, 1, 5)}});
    store_->drain(std::chrono::milliseconds{20}, [&] {
      drained = true;
      EXPECT_TRUE(events_.empty());
    });
  });
  EXPECT_TRUE(eventually([&] { return thread_.call([&] { return drained; }); }));
  ASSERT_TRUE(other.execute("ROLLBACK"));
}

TEST_F(StoreTest, FinishingWaitsForTheBatchInHandButNotForEver) {
  open(options());
  auto other = Database::open(folder_ / "bellwether.db", true).value();
  ASSERT_TRUE(other.execute("BEGIN IMMEDIATE"));
  write(1, {put_event("box", 1, 1, 5)});
  ASSERT_TRUE(eventually(
      [&] { return thread_.call([&] { return store_->writing_for() > Duration::zero(); }); }));
  EXPECT_FALSE(store_->finish(std::chrono::milliseconds{1}));
  ASSERT_TRUE(other.execute("ROLLBACK"));
  EXPECT_TRUE(store_->finish(kPatience));
}

}  // namespace
}  // namespace bw::coordinator
