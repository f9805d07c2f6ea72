#include "agent/shell/spool_store.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime/sqlite.h"
#include "schemas/wire/limits.h"
#include "tests/unit/agent/shell/fake_root.h"
#include "tests/unit/agent/shell/spool_records.h"

namespace bw::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr WallTime kNow = wall_from_ms(1'700'000'000'000);
constexpr std::uint64_t kRoom = 64U << 20;

std::vector<RecordKey> keys(const std::vector<StoredRecord>& records) {
  std::vector<RecordKey> keys;
  for (const StoredRecord& record : records) keys.push_back(record.key);
  return keys;
}

class SpoolStoreTest : public testing::Test {
 protected:
  SpoolStore store(std::uint64_t room = kRoom) { return SpoolStore(path_, room, 77); }

  // What a new start finds.
  std::vector<StoredRecord> reopened() { return store().open(kNow).records; }

  void sql(const char* text) {
    auto database = Database::open(path_, false);
    ASSERT_TRUE(database);
    const auto done = database->execute(text);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::int64_t count(const char* table) {
    auto database = Database::open_read_only(path_);
    auto statement = database->prepare(std::string("SELECT count(*) FROM ") + table);
    BW_ASSERT(statement && *statement->step());
    return statement->integer(0);
  }
  // Overwrites the file from `offset`, behind the back of whoever has it open.
  void damage(std::streamoff offset) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0, std::ios::end);
    const std::streamoff size = file.tellp();
    ASSERT_GT(size, offset);
    file.seekp(offset);
    file << std::string(static_cast<std::size_t>(size - offset), '\xa5');
  }
  std::size_t set_aside() {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root_.path())) {
      const std::string name = entry.path().filename().string();
      found += name.starts_with("outbox.db.damaged-") && name.find("Z-") == std::string::npos;
    }
    return found;
  }

  FakeRoot root_;
  std::string path_ = root_.at("/outbox.db");
};

std::vector<std::byte> model_of(std::size_t bytes, char letter) {
  return std::vector<std::byte>(bytes, static_cast<std::byte>(letter));
}

TEST_F(SpoolStoreTest, KeepsTheNewestModelBesideTheRecordsUntilItIsTakenBack) {
  {
    SpoolStore first = store();
    EXPECT_THAT(first.open(kNow).model, IsEmpty());
    ASSERT_TRUE(first.keep_model(model_of(100'000, 'a'), kNow));
    ASSERT_TRUE(first.keep_model(model_of(1'500'000, 'b'), kNow));
    ASSERT_TRUE(first.write(history_write({kEpoch, 1}), kNow));
  }
  {
    SpoolStore second = store();
    const OutboxOpened opened = second.open(kNow);
    EXPECT_EQ(opened.model, model_of(1'500'000, 'b'));
    EXPECT_THAT(keys(opened.records), ElementsAre(RecordKey{kEpoch, 1}));
    ASSERT_TRUE(second.keep_model({}, kNow));
  }
  EXPECT_THAT(store().open(kNow).model, IsEmpty());
  EXPECT_EQ(reopened().size(), 1U);
}

TEST_F(SpoolStoreTest, AModelThatFindsNoRoomLeavesTheOldOneAndTheRecords) {
  constexpr std::uint64_t kSmall = 1U << 20;
  SpoolStore small = store(kSmall);
  (void)small.open(kNow);
  ASSERT_TRUE(small.keep_model(model_of(100'000, 'a'), kNow));
  EXPECT_FALSE(small.keep_model(model_of(2'000'000, 'b'), kNow));
  EXPECT_TRUE(small.write(history_write({kEpoch, 1}), kNow));
  EXPECT_EQ(store().open(kNow).model, model_of(100'000, 'a'));
}

TEST_F(SpoolStoreTest, WhatIsLargerThanAModelMayBeIsNotReadWhole) {
  {
    SpoolStore large = store();
    (void)large.open(kNow);
    ASSERT_TRUE(large.keep_model(model_of(wire::kMaxModelPayload + 1000, 'a'), kNow));
  }
  EXPECT_EQ(store().open(kNow).model.size(), wire::kMaxModelPayload + 1);
}

TEST_F(SpoolStoreTest, KeepsNoModelBeforeItKnowsWhatTheOutboxHeld) {
  SpoolStore unopened = store();
  const auto kept = unopened.keep_model(model_of(10, 'a'), kNow);
  ASSERT_FALSE(kept);
  EXPECT_THAT(kept.error().message, HasSubstr("not known yet"));
}

TEST_F(SpoolStoreTest, AnOutboxOfBeforeThereWereModelsGetsRoomForOne) {
  ASSERT_TRUE(store().open(kNow).facts.empty());
  sql("DROP TABLE models");
  SpoolStore again = store();
  EXPECT_FALSE(again.open(kNow).unread);
  EXPECT_TRUE(again.keep_model(model_of(10, 'a'), kNow));
}

TEST_F(SpoolStoreTest, KeepsRecordsAndItsNameOverRestarts) {
  {
    SpoolStore first = store();
    EXPECT_THAT(first.open(kNow).records, IsEmpty());
    EXPECT_EQ(first.store_id(), 77U);
    ASSERT_TRUE(first.write(history_write({kEpoch, 1}), kNow));
    ASSERT_TRUE(first.write(event_write({kEpoch, 2}), kNow));
  }
  SpoolStore second(path_, kRoom, 99);
  const auto records = second.open(kNow).records;
  EXPECT_EQ(second.store_id(), 77U);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].key, (RecordKey{kEpoch, 1}));
  EXPECT_EQ(records[0].topic, wire::Topic::history);
  EXPECT_EQ(records[0].time_ms, 5000);
  EXPECT_EQ(records[0].bytes, history_write({kEpoch, 1}).payload.size());
  EXPECT_EQ(records[1].key, (RecordKey{kEpoch, 2}));
  EXPECT_EQ(records[1].topic, wire::Topic::event);
}

TEST_F(SpoolStoreTest, LoadsARecordWithItsSeriesTable) {
  SpoolStore spool = store();
  spool.open(kNow);
  const SpoolWrite block = history_write({kEpoch, 1});
  const SpoolWrite event = event_write({kEpoch, 2});
  ASSERT_TRUE(spool.write(block, kNow));
  ASSERT_TRUE(spool.write(event, kNow));
  const RecordLoaded loaded = spool.load({kEpoch, 1}, kNow);
  EXPECT_EQ(loaded.key, (RecordKey{kEpoch, 1}));
  EXPECT_EQ(loaded.payload, block.payload);
  EXPECT_EQ(loaded.series, series_of("mem.free"));
  EXPECT_EQ(spool.load({kEpoch, 2}, kNow).payload, event.payload);
  EXPECT_THAT(spool.load({kEpoch, 2}, kNow).series, IsEmpty());
}

TEST_F(SpoolStoreTest, ListsEpochsInTheirOrderAndEachByItsNumbers) {
  SpoolStore spool = store();
  spool.open(kNow);
  // The second record of the first run had to wait for room on the disk.
  for (const RecordKey key : {RecordKey{9, 1}, {9, 3}, {4, 1}, {9, 2}, {4, 2}}) {
    ASSERT_TRUE(spool.write(event_write(key), kNow));
  }
  EXPECT_THAT(keys(reopened()), ElementsAre(RecordKey{9, 1}, RecordKey{9, 2}, RecordKey{9, 3},
                                            RecordKey{4, 1}, RecordKey{4, 2}));
}

TEST_F(SpoolStoreTest, ForgetsWhatWasAcknowledgedAndWhatIsDroppedWithTheNextWrite) {
  SpoolStore spool = store();
  spool.open(kNow);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(spool.write(event_write({kEpoch, i}), kNow));
    ASSERT_TRUE(spool.write(event_write({3, i}), kNow));
  }
  SpoolWrite write = event_write({kEpoch, 6});
  write.trims = {{.epoch = kEpoch, .number = 4}, {.epoch = 12345, .number = 1}};
  write.drops = {{3, 1}, {3, 2}};
  ASSERT_TRUE(spool.write(write, kNow));
  EXPECT_THAT(keys(reopened()),
              UnorderedElementsAre(RecordKey{kEpoch, 5}, RecordKey{kEpoch, 6}, RecordKey{3, 3},
                                   RecordKey{3, 4}, RecordKey{3, 5}));
}

TEST_F(SpoolStoreTest, RemembersFactsTheNewestOfANameAndForgetsEmptyOnes) {
  {
    SpoolStore spool = store();
    EXPECT_THAT(spool.open(kNow).facts, IsEmpty());
    SpoolWrite write = event_write({kEpoch, 1});
    write.facts = {{"kernel_log.next", "41"}, {"unit.state", "failed"}, {"boot", "b1"}};
    ASSERT_TRUE(spool.write(write, kNow));
    write = event_write({kEpoch, 2});
    write.facts = {{"kernel_log.next", "57"}, {"unit.state", ""}};
    ASSERT_TRUE(spool.write(write, kNow));
  }
  EXPECT_THAT(store().open(kNow).facts,
              UnorderedElementsAre(Fact{"kernel_log.next", "57"}, Fact{"boot", "b1"}));
}

TEST_F(SpoolStoreTest, AFactIsNotRememberedWithoutItsRecord) {
  SpoolStore spool = store(4096 * 16);
  spool.open(kNow);
  SpoolWrite write = event_write({kEpoch, 1});
  write.payload.resize(100'000);
  write.facts = {{"kernel_log.next", "41"}};
  EXPECT_FALSE(spool.write(write, kNow));
  EXPECT_THAT(store().open(kNow).facts, IsEmpty());
}

TEST_F(SpoolStoreTest, KeepsASeriesTableAsLongAsABlockNeedsIt) {
  SpoolStore spool = store();
  spool.open(kNow);
  ASSERT_TRUE(spool.write(history_write({kEpoch, 1}, "old"), kNow));
  ASSERT_TRUE(spool.write(history_write({kEpoch, 2}, "old"), kNow));
  EXPECT_EQ(count("series_tables"), 1);
  SpoolWrite write = history_write({kEpoch, 3}, "new");
  write.trims = {{.epoch = kEpoch, .number = 1}};
  ASSERT_TRUE(spool.write(write, kNow));
  EXPECT_EQ(count("series_tables"), 2);
  EXPECT_EQ(spool.load({kEpoch, 2}, kNow).series, series_of("old"));
  write = history_write({kEpoch, 4}, "new");
  write.trims = {{.epoch = kEpoch, .number = 2}};
  ASSERT_TRUE(spool.write(write, kNow));
  EXPECT_EQ(count("series_tables"), 1);
  EXPECT_EQ(spool.load({kEpoch, 3}, kNow).series, series_of("new"));
}

TEST_F(SpoolStoreTest, TakesARecordThatIsWrittenAgainOnce) {
  SpoolStore spool = store();
  spool.open(kNow);
  ASSERT_TRUE(spool.write(event_write({kEpoch, 1}), kNow));
  ASSERT_TRUE(spool.write(event_write({kEpoch, 1}), kNow));
  EXPECT_THAT(keys(reopened()), ElementsAre(RecordKey{kEpoch, 1}));
}

TEST_F(SpoolStoreTest, AnswersWithNothingWhereARecordIsNotThere) {
  SpoolStore spool = store();
  spool.open(kNow);
  const RecordLoaded loaded = spool.load({kEpoch, 1}, kNow);
  EXPECT_EQ(loaded.key, (RecordKey{kEpoch, 1}));
  EXPECT_THAT(loaded.payload, IsEmpty());
}

TEST_F(SpoolStoreTest, AnswersWithNothingWhereAPayloadIsDamaged) {
  SpoolStore spool = store();
  spool.open(kNow);
  ASSERT_TRUE(spool.write(history_write({kEpoch, 1}), kNow));
  ASSERT_TRUE(spool.write(event_write({kEpoch, 2}), kNow));
  ASSERT_TRUE(spool.write(event_write({kEpoch, 3}), kNow));
  sql("UPDATE records SET payload = CAST(substr(payload, 1, 20) || 'x' || substr(payload, 22)"
      " AS BLOB) WHERE (id & 4294967295) < 3");
  EXPECT_THAT(spool.load({kEpoch, 1}, kNow).payload, IsEmpty());
  EXPECT_THAT(spool.load({kEpoch, 2}, kNow).payload, IsEmpty());
  EXPECT_THAT(spool.load({kEpoch, 3}, kNow).payload, testing::Not(IsEmpty()));
}

TEST_F(SpoolStoreTest, AnswersWithNothingWhereTheSeriesTableIsDamagedOrGone) {
  SpoolStore spool = store();
  spool.open(kNow);
  ASSERT_TRUE(spool.write(history_write({kEpoch, 1}), kNow));
  sql("UPDATE series_tables SET payload = x'00010203'");
  EXPECT_THAT(spool.load({kEpoch, 1}, kNow).payload, IsEmpty());
  sql("DELETE FROM series_tables");
  EXPECT_THAT(spool.load({kEpoch, 1}, kNow).payload, IsEmpty());
}

TEST_F(SpoolStoreTest, RefusesWhatItHasNoRoomForAndRecoversWhenThereIsSome) {
  SpoolStore spool = store(256U << 10);
  spool.open(kNow);
  const std::string text(1000, 't');
  std::uint64_t number = 0;
  Result<void> written;
  while (written && number < 2000)
    written = spool.write(event_write({kEpoch, ++number}, text), kNow);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("full"));
  // All or nothing: the records before are there, this one is not.
  EXPECT_EQ(count("records"), static_cast<std::int64_t>(number - 1));
  EXPECT_FALSE(spool.write(event_write({kEpoch, number}, text), kNow));

  SpoolWrite write = event_write({kEpoch, number}, text);
  write.trims = {{.epoch = kEpoch, .number = number / 2}};
  ASSERT_TRUE(spool.write(write, kNow));
  EXPECT_EQ(reopened().back().key, (RecordKey{kEpoch, number}));
}

TEST_F(SpoolStoreTest, SaysWhereWhatEarlierRunsLeftIsNotKnownYet) {
  EXPECT_FALSE(store().open(kNow).unread);
  SpoolStore spool(root_.at("/nowhere/outbox.db"), kRoom, 7);
  EXPECT_TRUE(spool.open(kNow).unread);
}

TEST_F(SpoolStoreTest, SetsADamagedFileAsideAtStartAndGoesOn) {
  {
    SpoolStore spool = store();
    spool.open(kNow);
    for (std::uint64_t i = 1; i <= 50; ++i) {
      ASSERT_TRUE(spool.write(event_write({kEpoch, i}), kNow));
    }
  }
  damage(4096);
  SpoolStore spool(path_, kRoom, 99);
  EXPECT_THAT(spool.open(kNow).records, IsEmpty());
  EXPECT_EQ(set_aside(), 1U);
  EXPECT_EQ(spool.store_id(), 99U);
  ASSERT_TRUE(spool.write(event_write({5, 1}), kNow));
  EXPECT_THAT(keys(reopened()), ElementsAre(RecordKey{5, 1}));
}

TEST_F(SpoolStoreTest, SetsAsideAFileThatIsNoDatabase) {
  root_.write("/outbox.db", std::string(8192, 'x'));
  SpoolStore spool = store();
  EXPECT_THAT(spool.open(kNow).records, IsEmpty());
  EXPECT_EQ(set_aside(), 1U);
  EXPECT_TRUE(spool.write(event_write({kEpoch, 1}), kNow));
}

TEST_F(SpoolStoreTest, SetsAsideAFileThatTurnsOutDamagedWhileRunning) {
  SpoolStore spool = store();
  spool.open(kNow);
  SpoolWrite large = event_write({kEpoch, 1});
  large.payload.resize(50'000);
  for (std::uint64_t i = 1; i <= 20; ++i) {  // more than the cache holds
    large.record.key.number = i;
    ASSERT_TRUE(spool.write(large, kNow));
  }
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  damage(4096);
  EXPECT_THAT(spool.load({kEpoch, 1}, kNow).payload, IsEmpty());
  // The next write, or the one after, finds a new file.
  const auto first = spool.write(event_write({kEpoch, 21}), kNow);
  if (!first) {
    ASSERT_TRUE(spool.write(event_write({kEpoch, 21}), kNow));
  }
  EXPECT_EQ(set_aside(), 1U);
  EXPECT_THAT(keys(reopened()), ElementsAre(RecordKey{kEpoch, 21}));
}

TEST_F(SpoolStoreTest, GoesOnWithoutAFileThatCantBeOpenedAndTakesItUpLater) {
  std::filesystem::create_directories(path_);  // a directory in its place
  SpoolStore spool = store();
  EXPECT_THAT(spool.open(kNow).records, IsEmpty());
  EXPECT_EQ(spool.store_id(), 77U);
  const auto failed = spool.write(event_write({kEpoch, 1}), kNow);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("outbox.db"));
  EXPECT_TRUE(spool.load({kEpoch, 1}, kNow).later);
  std::filesystem::remove(path_);
  ASSERT_TRUE(spool.write(event_write({kEpoch, 1}), kNow));
  EXPECT_THAT(keys(reopened()), ElementsAre(RecordKey{kEpoch, 1}));
  EXPECT_EQ(spool.store_id(), 77U);
}

TEST_F(SpoolStoreTest, ListsWithTheFirstWriteThatCanWhatItCouldNotOpenAtStart) {
  {
    SpoolStore first = store();
    first.open(kNow);
    ASSERT_TRUE(first.write(event_write({9, 1}), kNow));
    SpoolWrite write = event_write({9, 2});
    write.facts = {{"boot", "b1"}};
    ASSERT_TRUE(first.write(write, kNow));
  }
  std::filesystem::create_directories(path_ + "-shm");  // as if there were no room for its index
  SpoolStore spool(path_, kRoom, 99);
  EXPECT_THAT(spool.open(kNow).records, IsEmpty());
  EXPECT_EQ(spool.store_id(), 99U);
  EXPECT_FALSE(spool.write(event_write({kEpoch, 1}), kNow));
  EXPECT_FALSE(spool.take_opened_late());
  std::filesystem::remove(path_ + "-shm");
  ASSERT_TRUE(spool.write(event_write({kEpoch, 1}), kNow));
  const auto opened = spool.take_opened_late();
  ASSERT_TRUE(opened);
  EXPECT_THAT(keys(opened->records), ElementsAre(RecordKey{9, 1}, RecordKey{9, 2}));
  EXPECT_EQ(opened->store_id, 77U);
  EXPECT_THAT(opened->facts, ElementsAre(Fact{"boot", "b1"}));
  ASSERT_TRUE(spool.write(event_write({kEpoch, 2}), kNow));
  EXPECT_FALSE(spool.take_opened_late()) << "once";
}

TEST_F(SpoolStoreTest, ListsLaterWhatItCouldOpenButNotListAndLeavesOutItsOwn) {
  {
    SpoolStore first = store();
    EXPECT_THAT(first.open(kNow).records, IsEmpty());
    ASSERT_TRUE(first.write(event_write({9, 1}), kNow));
    EXPECT_FALSE(first.take_opened_late()) << "it was listed at start";
  }
  sql("ALTER TABLE epochs ADD COLUMN id INTEGER");  // which of them is meant by "id"?
  SpoolStore spool = store();
  EXPECT_THAT(spool.open(kNow).records, IsEmpty());
  ASSERT_TRUE(spool.write(event_write({kEpoch, 1}), kNow));
  EXPECT_FALSE(spool.take_opened_late());
  sql("ALTER TABLE epochs DROP COLUMN id");
  ASSERT_TRUE(spool.write(event_write({kEpoch, 2}), kNow));
  const auto opened = spool.take_opened_late();
  ASSERT_TRUE(opened);
  EXPECT_THAT(keys(opened->records), ElementsAre(RecordKey{9, 1}));
}

TEST_F(SpoolStoreTest, TellsARecordThatCantBeReadNowFromOneThatIsLost) {
  SpoolStore spool = store();
  spool.open(kNow);
  ASSERT_TRUE(spool.write(history_write({kEpoch, 1}), kNow));
  sql("ALTER TABLE records RENAME TO hidden");
  const RecordLoaded unread = spool.load({kEpoch, 1}, kNow);
  EXPECT_THAT(unread.payload, IsEmpty());
  EXPECT_TRUE(unread.later);
  sql("ALTER TABLE hidden RENAME TO records");
  sql("ALTER TABLE series_tables RENAME TO hidden");
  const RecordLoaded without_table = spool.load({kEpoch, 1}, kNow);
  EXPECT_THAT(without_table.payload, IsEmpty());
  EXPECT_TRUE(without_table.later);
  sql("ALTER TABLE hidden RENAME TO series_tables");
  const RecordLoaded read = spool.load({kEpoch, 1}, kNow);
  EXPECT_EQ(read.payload, history_write({kEpoch, 1}).payload);
  EXPECT_FALSE(read.later);
  EXPECT_FALSE(spool.load({kEpoch, 2}, kNow).later) << "it is not there";
  sql("UPDATE records SET payload = x'00010203'");
  EXPECT_FALSE(spool.load({kEpoch, 1}, kNow).later) << "it is damaged";
}

TEST_F(SpoolStoreTest, SaysThatAnotherProgramsDatabaseCantBeSetUp) {
  sql("CREATE TABLE records (something INTEGER)");
  SpoolStore spool = store();
  EXPECT_THAT(spool.open(kNow).records, IsEmpty());
  const auto failed = spool.write(event_write({kEpoch, 1}), kNow);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("set up "));
}

}  // namespace
}  // namespace bw::agent
