#include "coordinator/cli/detect_table.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/scratch_folder.h"

namespace bw::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

class DetectTableTest : public ::testing::Test {
 protected:
  DetectTable open(const std::string& text, const Names& patterns = {}) {
    auto table = DetectTable::open(folder_.write("a.csv", text), patterns);
    EXPECT_TRUE(table) << (table ? "" : table.error().message);
    return std::move(table).value();
  }
  std::string trouble(const std::string& text, const Names& patterns = {}) {
    auto table = DetectTable::open(folder_.write("a.csv", text), patterns);
    if (!table) return table.error().message;
    DetectRow row;
    while (true) {
      const auto found = table->next(row);
      if (!found) return found.error().message;
      if (!*found) return "";
    }
  }
  static std::vector<DetectRow> rows(DetectTable& table) {
    std::vector<DetectRow> out;
    DetectRow row;
    while (table.next(row).value()) out.push_back(row);
    return out;
  }

  testing::ScratchFolder folder_;
};

TEST(DetectTable, ATimeMayBeWrittenInManyWays) {
  const auto ms = [](std::string_view text) {
    const auto time = parse_time_cell(text);
    return time ? time->ms : -1;
  };
  constexpr std::int64_t kMs = 1'772'359'200'000;  // 2026-03-01 10:00:00
  EXPECT_EQ(ms("2026-03-01T10:00:00Z"), kMs);
  EXPECT_EQ(ms("2026-03-01T11:00:00.250+01:00"), kMs + 250);
  EXPECT_EQ(ms("2026-03-01 10:00:00"), kMs);
  EXPECT_EQ(ms("2026-03-01 10:00"), kMs);
  EXPECT_EQ(ms("2026-03-01"), kMs - 36'000'000);
  EXPECT_EQ(ms("1772359200"), kMs);
  EXPECT_EQ(ms("1772359200.5"), kMs + 500);
  EXPECT_EQ(ms("1772359200000"), kMs);
  EXPECT_EQ(ms("1772359200000000"), kMs);
  EXPECT_EQ(ms("1772359200000000000"), kMs);
  EXPECT_TRUE(parse_time_cell("2026-03-01 10:00:00")->zoneless);
  EXPECT_FALSE(parse_time_cell("2026-03-01 10:00:00Z")->zoneless);
  for (const char* bad : {"", "x", "2026-13-01 10:00:00", "10:00:00", "-5", "nan", "1e30",
                          "2026-03-01 10:00:00 CET", "2026-03-01x"}) {
    EXPECT_EQ(ms(bad), -1) << bad;
  }
}

TEST(DetectTable, ANumberMayBeMissing) {
  EXPECT_EQ(parse_number_cell("-1.5e3"), -1500);
  EXPECT_EQ(parse_number_cell("+2"), 2);
  EXPECT_EQ(parse_number_cell("inf"), INFINITY);
  EXPECT_EQ(parse_number_cell("1e999"), INFINITY);
  for (const char* nothing : {"", "NaN", "na", "N/A", "NULL", "None", "?"}) {
    const auto number = parse_number_cell(nothing);
    ASSERT_TRUE(number) << nothing;
    EXPECT_TRUE(std::isnan(*number)) << nothing;
  }
  for (const char* bad : {"x", "1,5", "1.5 MB", "0x10", "--1", "+", "1e"}) {
    EXPECT_FALSE(parse_number_cell(bad)) << bad;
  }
}

TEST_F(DetectTableTest, TheFirstLineMayNameTheColumns) {
  auto named = open("cpu,,cpu\n1,2,3\n4,,nan\n");
  EXPECT_EQ(named.metrics(), (Names{"cpu", "column_2", "cpu_2"}));
  const auto named_rows = rows(named);
  ASSERT_EQ(named_rows.size(), 2U);
  EXPECT_EQ(named_rows[0].values, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(named_rows[1].number, 2U);
  EXPECT_TRUE(std::isnan(named_rows[1].values[1]));
  EXPECT_FALSE(named_rows[0].time_ms);
  auto bare = open("1,2\n3,4\n");
  EXPECT_EQ(bare.metrics(), (Names{"column_1", "column_2"}));
  EXPECT_EQ(rows(bare).size(), 2U);
}

TEST_F(DetectTableTest, TheFirstColumnIsTheTimeWhereItReadsLikeOne) {
  auto text = open("when,v\n2026-03-01 10:00:00,1\n2026-03-01 10:05:00,2\n2026-03-01 10:10:00,3\n");
  EXPECT_TRUE(text.has_times());
  EXPECT_EQ(text.metrics(), Names{"v"});
  EXPECT_EQ(text.period_ms(), 300'000);
  EXPECT_EQ(rows(text)[1].time_ms, 1'772'359'500'000);
  EXPECT_EQ(text.when(1, 1'772'359'500'000), "2026-03-01 10:05:00") << "as the file has it";
  EXPECT_TRUE(open("1772359200,1\n1772359201,2\n").has_times()) << "seconds of our days";
  EXPECT_TRUE(open("timestamp,v\n0,1\n1,2\n").has_times()) << "by its name";
  EXPECT_FALSE(open("v,w\n0,1\n1,2\n").has_times());
  EXPECT_FALSE(open("v,w\n1772359200,1\n1772359100,2\n").has_times()) << "it falls";
  EXPECT_FALSE(open("1772359200,1\n").has_times()) << "one row tells nothing";
  EXPECT_EQ(open("v\n5\n").when(7, {}), "row 7");
}

TEST_F(DetectTableTest, OddTimesDoNotSpoilThePeriod) {
  auto table = open(
      "ts,v\n1772359200,1\n1772359260,1\n1772359260,1\n1772359200,1\n1772359260,1\n"
      "1772959380,1\n1772959440,1\n");
  EXPECT_EQ(table.period_ms(), 60'000);
  EXPECT_EQ(rows(table).size(), 7U);
}

TEST_F(DetectTableTest, ColumnsMayBeChosenByPatterns) {
  auto table = open("host,cpu.util,cpu.load,disk\na,1,2,3\nb,4,5,6\n", {"cpu.*", "dis?"});
  EXPECT_EQ(table.metrics(), (Names{"cpu.util", "cpu.load", "disk"}));
  EXPECT_EQ(rows(table)[1].values, (std::vector<double>{4, 5, 6})) << "text elsewhere is no matter";
  EXPECT_THAT(trouble("a,b\n1,2\n", {"c*"}),
              EndsWith("a.csv: no column matches --columns; there are a, b"));
}

TEST_F(DetectTableTest, OfTooManyColumnsTheFirstAreTakenAndTheOthersNamed) {
  std::string names = "time";
  std::string values = "5";
  for (int i = 1; i <= 66; ++i) {
    names += ",m" + std::to_string(i);
    values += "," + std::to_string(i);
  }
  auto table = open(names + "\n" + values + "\n");
  EXPECT_EQ(table.metrics().size(), 64U);
  EXPECT_EQ(table.left_out(), (Names{"m65", "m66"}));
  EXPECT_EQ(rows(table)[0].values.size(), 64U);
}

TEST_F(DetectTableTest, RowsBehindTheFirstThousandAreReadAsTheyCome) {
  std::string text = "v\n";
  for (int i = 0; i < 2500; ++i) text += std::to_string(i) + "\n";
  auto table = open(text);
  const auto all = rows(table);
  ASSERT_EQ(all.size(), 2500U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].values[0], static_cast<double>(i));
    ASSERT_EQ(all[i].number, i + 1);
  }
}

TEST_F(DetectTableTest, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_THAT(trouble(""), EndsWith("a.csv: it has no rows"));
  EXPECT_THAT(trouble("\n \n"), EndsWith("a.csv: it has no rows"));
  EXPECT_THAT(trouble("cpu,mem\n"), EndsWith("it has a line of names, but no rows"));
  EXPECT_THAT(trouble("a,b\n1,2\n3\n"), EndsWith("a.csv:3: 1 cells, where the rows before have 2"));
  EXPECT_THAT(trouble("a,b\n1,2\n\n3,x y\n"),
              EndsWith("a.csv:4: column 2 (b): 'x y' is no number; --columns chooses others"));
  EXPECT_THAT(trouble("1,2\n3,\x1b[2J\n"), HasSubstr("column 2 (column_2): '\\x1b[2J'"));
  std::string late = "time,v\n";
  for (int i = 0; i < 1200; ++i) late += std::to_string(i) + ",1\n";
  EXPECT_THAT(trouble(late + "soon,1\n"), HasSubstr(":1202: column 1 (time): 'soon' is no time"));
  EXPECT_THAT(trouble(late + "\"x\n"), HasSubstr(":1202: a quote is not closed"));
}

}  // namespace
}  // namespace bw::cli
