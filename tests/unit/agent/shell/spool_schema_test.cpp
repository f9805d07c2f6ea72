#include "agent/shell/spool_schema.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/shell/spool_store.h"
#include "base/assert.h"
#include "tests/unit/agent/shell/fake_root.h"
#include "tests/unit/agent/shell/spool_records.h"

namespace bw::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr WallTime kNow = wall_from_ms(1'700'000'000'000);

// As the first agents made it.
constexpr const char* kFirstForm = R"(
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE series_tables (table_id INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE records (
  sequence INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  number INTEGER NOT NULL,
  topic TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  table_id INTEGER NOT NULL,
  payload BLOB NOT NULL,
  UNIQUE (epoch, number)
);
CREATE INDEX records_by_table ON records (table_id) WHERE table_id != 0;
INSERT INTO meta VALUES ('store_id', 55);
)";

class SpoolSchemaTest : public testing::Test {
 protected:
  Database database() {
    auto opened = Database::open(path_, true);
    BW_ASSERT(opened.has_value());
    return std::move(*opened);
  }
  static void put(Database& to, const SpoolWrite& write) {
    auto insert = to.prepare(
        "INSERT INTO records (epoch, number, topic, time_ms, table_id, payload)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    ASSERT_TRUE(insert);
    const bool is_block = write.record.topic == wire::Topic::history;
    insert->bind(1, to_stored(write.record.key.epoch))
        .bind(2, to_stored(write.record.key.number))
        .bind(3, std::string_view(is_block ? "history" : "event"))
        .bind(4, write.record.time_ms)
        .bind(5, to_stored(write.table_id))
        .bind(6, std::span<const std::byte>(write.payload));
    ASSERT_TRUE(insert->run());
    if (!is_block) return;
    auto table = to.prepare("INSERT OR IGNORE INTO series_tables VALUES (?1, ?2)");
    ASSERT_TRUE(table->bind(1, to_stored(write.table_id)).bind(2, std::span(*write.table)).run());
  }

  FakeRoot root_;
  std::string path_ = root_.at("/outbox.db");
};

TEST_F(SpoolSchemaTest, IdsFollowTheOrderOfEpochsAndNumbers) {
  EXPECT_EQ(record_id(1, 1), (1LL << 32) + 1);
  EXPECT_LT(record_id(1, kMostNumber), record_id(2, 0));
}

TEST_F(SpoolSchemaTest, WhatTheFirstFormHeldIsTakenOver) {
  {
    Database first = database();
    ASSERT_TRUE(first.execute(kFirstForm));
    // The first run's second record had waited for room.
    for (const RecordKey key : {RecordKey{kEpoch, 1}, {kEpoch, 3}, {4, 1}, {kEpoch, 2}}) {
      put(first, history_write(key));
    }
    put(first, event_write({4, 2}));
  }
  SpoolStore store(path_, 64U << 20, 77);
  const OutboxOpened opened = store.open(kNow);
  EXPECT_EQ(opened.store_id, 55U);
  std::vector<RecordKey> keys;
  for (const StoredRecord& record : opened.records) keys.push_back(record.key);
  EXPECT_THAT(keys, ElementsAre(RecordKey{kEpoch, 1}, RecordKey{kEpoch, 2}, RecordKey{kEpoch, 3},
                                RecordKey{4, 1}, RecordKey{4, 2}));
  EXPECT_EQ(opened.records[0].time_ms, 5000);
  EXPECT_EQ(store.load({kEpoch, 3}, kNow).payload, history_write({kEpoch, 3}).payload);
  EXPECT_EQ(store.load({kEpoch, 3}, kNow).series, series_of("mem.free"));
  EXPECT_EQ(store.load({4, 2}, kNow).payload, event_write({4, 2}).payload);
  ASSERT_TRUE(store.write(event_write({5, 1}), kNow));
}

TEST_F(SpoolSchemaTest, ItIsTakenOverOnce) {
  {
    Database first = database();
    ASSERT_TRUE(first.execute(kFirstForm));
    put(first, event_write({4, 1}));
  }
  SpoolStore(path_, 64U << 20, 77).open(kNow);
  EXPECT_EQ(SpoolStore(path_, 64U << 20, 77).open(kNow).records.size(), 1U);
  Database today = database();
  EXPECT_TRUE(set_up_spool(today));
}

TEST_F(SpoolSchemaTest, ADiskThatTheFirstFormHasFilledIsRoomEnough) {
  {
    Database first = database();
    ASSERT_TRUE(first.execute(kFirstForm));
    ASSERT_TRUE(first.execute("BEGIN"));
    for (std::uint64_t number = 1; number <= 500; ++number) {
      SpoolWrite write = event_write({4, number});
      write.payload.resize(3000);
      put(first, write);
    }
    ASSERT_TRUE(first.execute("COMMIT"));
  }
  auto pages = database().prepare("PRAGMA page_count");
  ASSERT_TRUE(pages && pages->step());
  const auto bytes = static_cast<std::uint64_t>(pages->integer(0)) * 4096;
  ASSERT_GT(bytes, 1'500'000U);
  const OutboxOpened opened = SpoolStore(path_, bytes + 300'000, 77).open(kNow);
  ASSERT_EQ(opened.records.size(), 500U);
  EXPECT_EQ(opened.records.back().key, (RecordKey{4, 500}));
}

TEST_F(SpoolSchemaTest, LargeBlocksNeedNoMoreRoomThanSmallOnes) {
  {
    Database first = database();
    ASSERT_TRUE(first.execute(kFirstForm));
    ASSERT_TRUE(first.execute("BEGIN"));
    for (std::uint64_t number = 1; number <= 100; ++number) {
      SpoolWrite write = event_write({4, number});
      write.payload.resize(number == 50 ? 150'000 : 40'000);
      put(first, write);
    }
    ASSERT_TRUE(first.execute("COMMIT"));
  }
  auto pages = database().prepare("PRAGMA page_count");
  ASSERT_TRUE(pages && pages->step());
  const auto bytes = static_cast<std::uint64_t>(pages->integer(0)) * 4096;
  ASSERT_GT(bytes, 4'000'000U);
  EXPECT_EQ(SpoolStore(path_, bytes + 400'000, 77).open(kNow).records.size(), 100U);
}

TEST_F(SpoolSchemaTest, WhatIsMovedInPartIsMovedOnWhereThereIsRoomAgain) {
  {
    Database first = database();
    ASSERT_TRUE(first.execute(kFirstForm));
    SpoolWrite large = event_write({4, 1});
    large.payload.resize(200'000);
    put(first, large);
  }
  EXPECT_THAT(SpoolStore(path_, 70 * 4096, 77).open(kNow).records, IsEmpty());
  EXPECT_EQ(SpoolStore(path_, 64U << 20, 77).open(kNow).records.size(), 1U);
}

TEST_F(SpoolSchemaTest, AFormOfAVersionToComeIsRefusedAndLeftAlone) {
  Database later = database();
  ASSERT_TRUE(later.execute("PRAGMA user_version = 3"));
  const auto done = set_up_spool(later);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, testing::HasSubstr("version 3"));
}

TEST_F(SpoolSchemaTest, AnotherProgramsTablesAreToldAsAnError) {
  Database other = database();
  ASSERT_TRUE(other.execute("CREATE TABLE records (mine TEXT)"));
  EXPECT_FALSE(set_up_spool(other));
}

}  // namespace
}  // namespace bw::agent
