#include "base/runtime/sqlite.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bw {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr WallTime kNow = wall_from_ms(1795248425133);  // 2026-11-21 08:07:05.133 UTC

class SqliteTest : public testing::Test {
 protected:
  SqliteTest() {
    std::string pattern = testing::TempDir() + "bw_sqlite_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = (directory_ / "x.db").string();
  }
  ~SqliteTest() override { fs::remove_all(directory_); }

  Database opened() const {
    auto database = Database::open(path_, false);
    EXPECT_TRUE(database) << database.error().message;
    return *std::move(database);
  }

  static std::int64_t number(Database& database, std::string_view sql) {
    auto statement = database.prepare(sql);
    EXPECT_TRUE(statement) << statement.error().message;
    EXPECT_TRUE(*statement->step());
    return statement->integer(0);
  }

  // A file of some pages with rows in it.
  void fill() const {
    auto database = opened();
    ASSERT_TRUE(database.execute(
        "CREATE TABLE t(x INTEGER PRIMARY KEY, y BLOB);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 500)"
        "INSERT INTO t SELECT i, randomblob(200) FROM n;"));
  }

  void overwrite(std::streamoff offset, std::size_t length) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset);
    file << std::string(length, '\x5a');
  }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  fs::path directory_;
  std::string path_;
};

TEST_F(SqliteTest, KeepsWhatWasWrittenAcrossAnotherOpening) {
  const std::vector<std::byte> blob = {std::byte{0}, std::byte{0xff}, std::byte{7}};
  {
    auto database = opened();
    ASSERT_TRUE(database.execute("CREATE TABLE t(a INTEGER, b TEXT, c BLOB, d REAL, e TEXT)"));
    auto insert = database.prepare("INSERT INTO t VALUES(?,?,?,?,?)");
    ASSERT_TRUE(insert);
    ASSERT_TRUE(
        insert->bind(1, std::int64_t{-5}).bind(2, "text").bind(3, blob).bind_real(4, 0.5).run());
    EXPECT_EQ(database.changes(), 1);
  }
  auto database = opened();
  auto select = database.prepare("SELECT * FROM t");
  ASSERT_TRUE(*select->step());
  EXPECT_EQ(select->integer(0), -5);
  EXPECT_EQ(select->text(1), "text");
  EXPECT_THAT(select->blob(2), testing::ElementsAreArray(blob));
  EXPECT_EQ(select->real(3), 0.5);
  EXPECT_TRUE(select->is_null(4));
  EXPECT_EQ(select->text(4), "");
  EXPECT_FALSE(*select->step());
}

TEST_F(SqliteTest, WritesAheadAndKeepsForeignKeys) {
  auto database = opened();
  auto mode = database.prepare("PRAGMA journal_mode");
  ASSERT_TRUE(*mode->step());
  EXPECT_EQ(mode->text(0), "wal");
  EXPECT_EQ(number(database, "PRAGMA foreign_keys"), 1);
  EXPECT_EQ(number(database, "PRAGMA synchronous"), 1);
}

TEST_F(SqliteTest, SyncsEachCommitWhereAsked) {
  auto database = Database::open(path_, true);
  ASSERT_TRUE(database);
  EXPECT_EQ(number(*database, "PRAGMA synchronous"), 2);
}

TEST_F(SqliteTest, StoresAnEmptyTextOrBlobAsSuchAndNotAsNothing) {
  auto database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a TEXT NOT NULL, b BLOB NOT NULL)"));
  auto insert = database.prepare("INSERT INTO t VALUES(?,?)");
  const auto done = insert->bind(1, std::string_view{}).bind(2, std::span<const std::byte>{}).run();
  EXPECT_TRUE(done) << done.error().message;
}

TEST_F(SqliteTest, ForgetsTheParametersOfTheRunBefore) {
  auto database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a, b)"));
  auto insert = database.prepare("INSERT INTO t VALUES(?,?)");
  ASSERT_TRUE(insert->bind(1, std::int64_t{1}).bind(2, std::int64_t{2}).run());
  ASSERT_TRUE(insert->bind(1, std::int64_t{3}).run());
  EXPECT_EQ(number(database, "SELECT count(*) FROM t WHERE b IS NULL"), 1);
}

TEST_F(SqliteTest, SaysWhatIsWrongWithAStatement) {
  auto database = opened();
  EXPECT_EQ(database.prepare("SELECT * FROM nowhere").error().message,
            path_ + ": no such table: nowhere");
  EXPECT_EQ(database.last_fault(), SqliteFault::other);
  EXPECT_THAT(database.execute("SELEKT").error().message, HasSubstr("syntax error"));
}

TEST_F(SqliteTest, GoesOnAfterARunThatFailed) {
  auto database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)"));
  auto insert = database.prepare("INSERT INTO t VALUES(?)");
  ASSERT_TRUE(insert->bind(1, std::int64_t{1}).run());
  EXPECT_FALSE(insert->bind(1, std::int64_t{1}).run());
  EXPECT_TRUE(insert->bind(1, std::int64_t{2}).run());
}

TEST_F(SqliteTest, KeepsNothingOfATransactionThatWasNotCommitted) {
  auto database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a)"));
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 0);
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(2)"));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteTest, DoesNotBeginATransactionWithinAnother) {
  auto database = opened();
  auto outer = Transaction::begin(database);
  ASSERT_TRUE(outer);
  EXPECT_FALSE(Transaction::begin(database));
  EXPECT_TRUE(outer->commit());
}

TEST_F(SqliteTest, SaysThatTheDiskIsFullAndGoesOnWhereThereIsRoomAgain) {
  auto database = opened();
  ASSERT_TRUE(database.execute("CREATE TABLE t(a BLOB)"));
  ASSERT_TRUE(database.execute("PRAGMA max_page_count=4"));
  {
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction);
    auto insert = database.prepare("INSERT INTO t VALUES(zeroblob(50000))");
    const auto full = insert->run();
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().message, path_ + ": database or disk is full");
    EXPECT_EQ(database.last_fault(), SqliteFault::full);
  }
  EXPECT_EQ(database.last_fault(), SqliteFault::full) << "the rollback is no news of the disk";
  ASSERT_TRUE(database.execute("PRAGMA max_page_count=1000"));
  auto transaction = Transaction::begin(database);
  ASSERT_TRUE(database.execute("INSERT INTO t VALUES(zeroblob(50000))"));
  EXPECT_TRUE(transaction->commit());
  EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteTest, ReadsWhileAnotherConnectionWrites) {
  auto writer = opened();
  ASSERT_TRUE(writer.execute("CREATE TABLE t(a); INSERT INTO t VALUES(1)"));
  auto reader = Database::open_read_only(path_);
  ASSERT_TRUE(reader) << reader.error().message;
  auto transaction = Transaction::begin(writer);
  ASSERT_TRUE(writer.execute("INSERT INTO t VALUES(2)"));
  EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 1);
  EXPECT_FALSE(reader->execute("INSERT INTO t VALUES(3)"));
}

TEST_F(SqliteTest, DoesNotMakeAFileThatIsOnlyToBeRead) {
  const auto database = Database::open_read_only(path_);
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().message,
            "open: " + path_ + ": unable to open database file (No such file or directory)");
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SqliteTest, SaysWhyAFileCanNotBeOpened) {
  const auto missing = Database::open((directory_ / "no" / "x.db").string(), false);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, EndsWith("(No such file or directory)"));
  const auto directory = Database::open(directory_.string(), false);
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error().message, StartsWith("open: " + directory_.string()));
}

TEST_F(SqliteTest, SetsNothingAsideWhereNoFileCanBeMade) {
  // Not even root may make a file there, as it may in a directory without write permission.
  std::string set_aside;
  const auto database = Database::open_or_set_aside("/proc/x.db", false, kNow, &set_aside);
  ASSERT_FALSE(database);
  EXPECT_THAT(database.error().message, StartsWith("open: /proc/x.db: unable to open"));
  EXPECT_EQ(set_aside, "");
}

TEST_F(SqliteTest, TakesASoundFileAsItIs) {
  fill();
  std::string set_aside = "before";
  auto database = Database::open_or_set_aside(path_, false, kNow, &set_aside);
  ASSERT_TRUE(database);
  EXPECT_EQ(set_aside, "");
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 500);
}

TEST_F(SqliteTest, TakesAnEmptyFileForANewOne) {
  std::ofstream{path_};
  std::string set_aside;
  auto database = Database::open_or_set_aside(path_, false, kNow, &set_aside);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ(set_aside, "");
  EXPECT_TRUE(database->execute("CREATE TABLE t(a)"));
}

TEST_F(SqliteTest, SetsAFileOfGarbageAside) {
  std::ofstream(path_) << std::string(10000, 'g');
  std::string set_aside;
  auto database = Database::open_or_set_aside(path_, false, kNow, &set_aside);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ(set_aside, path_ + ".damaged-20261121T080705Z");
  EXPECT_EQ(fs::file_size(set_aside), 10000U);
  EXPECT_TRUE(database->execute("CREATE TABLE t(a)"));
}

TEST_F(SqliteTest, SetsAFileWithDamagedPagesAside) {
  fill();
  overwrite(8192, 20000);
  std::string set_aside;
  auto database = Database::open_or_set_aside(path_, false, kNow, &set_aside);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ(set_aside, path_ + ".damaged-20261121T080705Z");
  EXPECT_EQ(number(*database, "SELECT count(*) FROM sqlite_schema"), 0);
}

TEST_F(SqliteTest, SetsATruncatedFileAside) {
  fill();
  fs::resize_file(path_, fs::file_size(path_) / 2);
  std::string set_aside;
  ASSERT_TRUE(Database::open_or_set_aside(path_, false, kNow, &set_aside));
  EXPECT_NE(set_aside, "");
}

TEST_F(SqliteTest, SetsTheLogAsideWithItsFile) {
  fill();
  {
    // A copy of file and log from under an open database: as a crash leaves them.
    auto database = opened();
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES(501, x'00')"));
    for (const char* suffix : {"", "-wal", "-shm"}) {
      fs::copy_file(path_ + suffix, (directory_ / "y.db").string() + suffix);
    }
  }
  path_ = (directory_ / "y.db").string();
  overwrite(8192, 20000);
  std::string set_aside;
  {
    auto database = Database::open_or_set_aside(path_, false, kNow, &set_aside);
    ASSERT_TRUE(database) << database.error().message;
  }
  EXPECT_THAT(files(), ElementsAre("x.db", "y.db", "y.db.damaged-20261121T080705Z",
                                   "y.db.damaged-20261121T080705Z-shm",
                                   "y.db.damaged-20261121T080705Z-wal"));
  EXPECT_GT(fs::file_size(set_aside + "-wal"), 0U) << "what it held can still be looked into";
}

TEST_F(SqliteTest, LooksOnlyAtTheSchemaOfAFileThatWasEndedCleanly) {
  fill();
  ASSERT_THAT(files(), ElementsAre("x.db")) << "a clean end leaves no log";
  overwrite(8192, 20000);
  std::string set_aside;
  {
    auto database =
        Database::open_or_set_aside(path_, false, kNow, &set_aside, SqliteCheck::after_crash);
    ASSERT_TRUE(database) << database.error().message;
    EXPECT_EQ(set_aside, "");
    EXPECT_FALSE(database->execute("SELECT sum(length(y)) FROM t"));
    EXPECT_EQ(database->last_fault(), SqliteFault::corrupt);
  }
  overwrite(100, 3000);  // behind the header, where the schema lies
  ASSERT_TRUE(
      Database::open_or_set_aside(path_, false, kNow, &set_aside, SqliteCheck::after_crash));
  EXPECT_NE(set_aside, "");
}

TEST_F(SqliteTest, LooksAtEveryPageAfterACrashWhereTheFileIsNotTooLarge) {
  fill();
  for (const std::uint64_t beyond : {0U, 1U}) {
    const std::string crashed = (directory_ / ("y" + std::to_string(beyond))).string();
    {
      auto database = opened();
      ASSERT_TRUE(database.execute("CREATE TABLE IF NOT EXISTS u(a); INSERT INTO u VALUES(1)"));
      for (const char* suffix : {"", "-wal"}) fs::copy_file(path_ + suffix, crashed + suffix);
    }
    std::fstream file(crashed, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8192) << std::string(20000, '\x5a');
    file.close();
    fs::resize_file(crashed, Database::kMostCheckedBytes + beyond);  // sparse
    std::string set_aside;
    ASSERT_TRUE(
        Database::open_or_set_aside(crashed, false, kNow, &set_aside, SqliteCheck::after_crash));
    EXPECT_EQ(set_aside.empty(), beyond > 0);
  }
}

TEST_F(SqliteTest, OverwritesNothingThatWasSetAsideBefore) {
  std::set<std::string> names;
  for (int i = 0; i < 3; ++i) {
    std::ofstream(path_) << std::string(5000, 'g');
    std::string set_aside;
    ASSERT_TRUE(Database::open_or_set_aside(path_, false, kNow, &set_aside));
    names.insert(fs::path(set_aside).filename().string());
  }
  EXPECT_THAT(names, ElementsAre("x.db.damaged-20261121T080705Z", "x.db.damaged-20261121T080705Z-2",
                                 "x.db.damaged-20261121T080705Z-3"));
}

TEST_F(SqliteTest, NoticesDamageThatComesWhileItIsOpen) {
  fill();
  auto database = Database::open_read_only(path_);
  ASSERT_TRUE(database);
  overwrite(4096, 100000);
  EXPECT_FALSE(database->execute("SELECT sum(length(y)) FROM t"));
  EXPECT_EQ(database->last_fault(), SqliteFault::corrupt);
}

TEST_F(SqliteTest, CanBeMovedWithItsStatementsAtWork) {
  auto first = opened();
  ASSERT_TRUE(first.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)"));
  auto insert = first.prepare("INSERT INTO t VALUES(?)");
  Database second = std::move(first);
  ASSERT_TRUE(insert->bind(1, std::int64_t{1}).run());
  EXPECT_FALSE(insert->bind(1, std::int64_t{1}).run());
  EXPECT_EQ(second.last_fault(), SqliteFault::other);
  *insert = *second.prepare("SELECT count(*) FROM t");
  ASSERT_TRUE(*insert->step());
  EXPECT_EQ(insert->integer(0), 1);
}

TEST_F(SqliteTest, ShowsOneStateUntilASnapshotEnds) {
  auto writer = opened();
  ASSERT_TRUE(writer.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)"));
  auto reader = Database::open_read_only(path_);
  auto count = reader->prepare("SELECT count(*) FROM t");
  const auto rows = [&] {
    const InUse use(*count);
    EXPECT_TRUE(*count->step());
    return count->integer(0);
  };
  {
    auto snapshot = Snapshot::begin(*reader);
    ASSERT_TRUE(snapshot);
    const Snapshot moved = std::move(*snapshot);
    EXPECT_EQ(rows(), 0);
    ASSERT_TRUE(writer.execute("INSERT INTO t VALUES(1)"));
    EXPECT_EQ(rows(), 0);
    EXPECT_FALSE(Snapshot::begin(*reader));  // one at a time
    EXPECT_EQ(rows(), 0);
  }
  EXPECT_EQ(rows(), 1);
}

TEST_F(SqliteTest, EndsTheProgramWhereAParameterDoesNotExist) {
  auto database = opened();
  auto statement = database.prepare("SELECT ?");
  EXPECT_DEATH(statement->bind(2, std::int64_t{1}), "bug: ");
}

}  // namespace
}  // namespace bw
