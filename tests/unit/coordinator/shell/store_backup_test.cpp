#include "coordinator/shell/store_backup.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_writer.h"
#include "schemas/wire/model.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoreBackupTest : public testing::Test {
 protected:
  StoreBackupTest() {
    auto database = Database::open(path(), true, nullptr, kStorePageBytes).value();
    EXPECT_TRUE(prepare_schema(database));
    writer_.emplace(StoreWriter::open(std::move(database)).value());
    put({put_node("a", series_table()), put_block("a", 1, 1, {1000, 2000}, {1, 2, 3, 4, 5, kNone}),
         put_block("a", 1, 2, {3000}, {1, 2, 3}), put_event("a", 1, 3, 5),
         PutGap{node_id("a"), 1, 4, 6, 7}});
    put({put_node("b", {}), put_block("b", 1, 1, {1000}, {1, 2, 3})});
  }
  void put(std::vector<Change> changes) { ASSERT_TRUE(writer_->carry_out(changes)); }
  void execute(const char* sql) { ASSERT_TRUE(writer_->database().execute(sql)); }
  std::string path() const { return folder_ / "a.db"; }
  std::string copy() const { return folder_ / "copy.db"; }
  Result<void> back_up(bool replaces = false) {
    return back_up_store(path(), copy(), replaces, [this](int percent) { percent_ = percent; });
  }
  static StoreCheck check(const std::string& file) {
    auto check = check_store(file, [](int) {});
    EXPECT_TRUE(check) << check.error().message;
    return std::move(*check);
  }

  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  TemporaryFolder folder_;
  std::optional<StoreWriter> writer_;
  std::atomic<int> percent_ = 0;
};

TEST_F(StoreBackupTest, ACopyMadeWhileTheStoreIsInUseIsWhole) {
  ASSERT_TRUE(back_up());
  EXPECT_EQ(percent_, 100);
  put({put_block("b", 1, 2, {2000}, {1, 2, 3})});  // not in the copy
  const StoreCheck found = check(copy());
  EXPECT_TRUE(found.troubles.empty());
  ASSERT_EQ(found.nodes.size(), 2U);
  EXPECT_EQ(found.nodes[0].name, "a");
  EXPECT_EQ(found.nodes[0].blocks, 2U);
  EXPECT_EQ(found.nodes[0].samples, 8U);
  EXPECT_EQ(found.nodes[0].events, 1U);
  EXPECT_EQ(found.nodes[0].gaps, 3U);
  EXPECT_EQ(found.nodes[1].blocks, 1U);
  EXPECT_THAT(text_of(found), HasSubstr("a  2  8  1  3\n"));
  EXPECT_THAT(text_of(found), HasSubstr("\nok\n"));
  EXPECT_EQ(check(path()).nodes[1].blocks, 2U);
}

TEST_F(StoreBackupTest, ACopyIsAStore) {
  ASSERT_TRUE(back_up());
  auto database = Database::open(copy(), true).value();
  ASSERT_TRUE(prepare_schema(database));
  EXPECT_EQ(load_nodes(database)->size(), 2U);
}

TEST_F(StoreBackupTest, AnExistingFileIsReplacedOnlyWhereThatIsWished) {
  std::ofstream(copy()) << "precious";
  const auto refused = back_up();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--force"));
  EXPECT_EQ(std::filesystem::file_size(copy()), 8U);
  ASSERT_TRUE(back_up(true));
  EXPECT_TRUE(check(copy()).troubles.empty());
}

TEST_F(StoreBackupTest, TheStoreIsNotReplacedByItsCopy) {
  EXPECT_FALSE(back_up_store(path(), path(), true, [](int) {}));
  EXPECT_TRUE(check(path()).troubles.empty());
}

TEST_F(StoreBackupTest, ACopyThatCannotBeWrittenLeavesNothing) {
  const auto failed = back_up_store(path(), folder_ / "none/copy.db", false, [](int) {});
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("backup"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none/copy.db.part"));
}

TEST_F(StoreBackupTest, WhatIsNoStoreIsRefused) {
  std::ofstream(folder_ / "text") << std::string(5000, 'x');
  EXPECT_FALSE(check_store(folder_ / "text", [](int) {}));
  EXPECT_FALSE(check_store(folder_ / "nothing", [](int) {}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "nothing"));
  { auto other = Database::open(folder_ / "other.db", false).value(); }
  const auto refused = check_store(folder_ / "other.db", [](int) {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is no store"));
}

TEST_F(StoreBackupTest, DamagedBlocksEventsAndRollupsAreNamed) {
  execute("UPDATE blocks SET columns = x'01' WHERE id = 1");
  execute("UPDATE blocks SET rows = 9 WHERE id = 2");
  execute("UPDATE events SET record = x'01'");
  execute("INSERT INTO minutes VALUES (1, 5, 1, 1, 0, x'01')");
  execute("INSERT INTO hours VALUES (1, 6, 1, 1, 0, x'01')");
  const StoreCheck found = check(path());
  EXPECT_THAT(
      found.troubles,
      ElementsAre("block 1 of a cannot be decoded", "block 2 of a has not the rows that it says",
                  "event 1 cannot be decoded", "the rollup 5 of a cannot be decoded",
                  "the rollup 6 of a cannot be decoded"));
  EXPECT_EQ(found.rollups, 2U);
  EXPECT_THAT(text_of(found), HasSubstr("damaged: block 1 of a"));
}

TEST_F(StoreBackupTest, ModelsThatAreDamagedOrNoneAreNamed) {
  wire::Model model;
  model.id = "edge@1";
  PutModel put_model;
  put_model.model.id = {"edge", 1};
  put_model.payload = wire::encode_model(model).value();
  put_model.model.crc = crc32c(put_model.payload);
  put({put_model});
  const StoreCheck whole = check(path());
  EXPECT_TRUE(whole.troubles.empty());
  EXPECT_THAT(text_of(whole), HasSubstr("1 models\n"));
  put_model.model.id.version = 2;
  put_model.payload = {std::byte{1}};
  put_model.model.crc = crc32c(put_model.payload);
  put({put_model});
  execute("UPDATE models SET crc = 5 WHERE version = 1");
  EXPECT_THAT(check(path()).troubles,
              ElementsAre("model edge@1 is not what was stored", HasSubstr("it is no model")));
}

TEST_F(StoreBackupTest, RecordsKeptTwiceAreNamed) {
  execute(
      "INSERT INTO blocks SELECT 99, node, epoch, number, table_id, start_ms + 1, end_ms, rows,"
      " columns FROM blocks WHERE id = 1");
  EXPECT_THAT(check(path()).troubles, ElementsAre("record 1 of a is kept 2 times"));
}

TEST_F(StoreBackupTest, ManyTroublesAreCounted) {
  execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
      " INSERT INTO minutes SELECT 1, i, 1, 1, 0, x'01' FROM n");
  const StoreCheck found = check(path());
  EXPECT_EQ(found.troubles.size(), kMostTroubles);
  EXPECT_EQ(found.troubles_in_all, 30U);
  EXPECT_THAT(text_of(found), HasSubstr("and 10 more\n"));
}

TEST_F(StoreBackupTest, ASeriesTableThatIsDamagedOrAnotherIsTold) {
  auto more = series_table();
  more.pop_back();
  put({PutTable{node_id("a"), wire::series_table_id(more), more}});
  EXPECT_TRUE(check(path()).troubles.empty());
  execute("UPDATE tables SET table_id = 77 WHERE id = 1");
  EXPECT_THAT(check(path()).troubles, ElementsAre(HasSubstr("series table 77 of a is another")));
  execute("UPDATE tables SET series = x'0105'");
  EXPECT_EQ(check(path()).troubles_in_all, 2U);
  EXPECT_THAT(check(path()).troubles[0], HasSubstr("of a cannot be decoded"));
}

}  // namespace
}  // namespace bw::coordinator
