#include "coordinator/cli/csv_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/coordinator/cli/scratch_folder.h"

namespace bw::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class CsvFileTest : public ::testing::Test {
 protected:
  Rows rows(const std::string& text) {
    auto file = CsvFile::open(folder_.write("a.csv", text));
    if (!file) {
      ADD_FAILURE() << file.error().message;
      return {};
    }
    Rows out;
    std::vector<std::string> cells;
    for (auto found = file->next(cells); found && *found; found = file->next(cells)) {
      out.push_back(cells);
    }
    return out;
  }
  // What is wrong with a file of this text, without its folder.
  std::string trouble(const std::string& text) {
    auto file = CsvFile::open(folder_.write("a.csv", text));
    if (!file) return file.error().message;
    std::vector<std::string> cells;
    while (true) {
      const auto found = file->next(cells);
      if (!found) return found.error().message;
      if (!*found) return "";
    }
  }

  testing::ScratchFolder folder_;
};

TEST_F(CsvFileTest, CellsAreSeparatedByCommaSemicolonOrTab) {
  EXPECT_EQ(rows("a,b\n1,2\n"), (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(rows("a;b\n1,5;2\n"), (Rows{{"a", "b"}, {"1,5", "2"}}));
  EXPECT_EQ(rows("a\tb,c\n1\t2;3\n"), (Rows{{"a", "b,c"}, {"1", "2;3"}}));
  EXPECT_EQ(rows("\"a;b\",c\n"), (Rows{{"a;b", "c"}})) << "what is quoted separates nothing";
}

TEST_F(CsvFileTest, LinesMayEndInAnyWayAndTheLastInNone) {
  const Rows expected = {{"1", "2"}, {"3", "4"}};
  EXPECT_EQ(rows("1,2\n3,4"), expected);
  EXPECT_EQ(rows("1,2\r\n3,4\r\n"), expected);
  EXPECT_EQ(rows("1,2\r3,4\r"), expected);
  EXPECT_EQ(rows("\xef\xbb\xbf\n\n1,2\n  \n3,4\n\n"), expected) << "blank lines, a mark in front";
}

TEST_F(CsvFileTest, QuotedCellsMayHoldAnything) {
  EXPECT_EQ(rows("\"a,b\", \"c\"\"d\" ,\"e\nf\"\n1,2,3\n"),
            (Rows{{"a,b", "c\"d", "e\nf"}, {"1", "2", "3"}}));
  EXPECT_EQ(rows("\"\",\"x\""), (Rows{{"", "x"}}));
}

TEST_F(CsvFileTest, EmptyCellsAndSpacesAroundThemAreKeptApart) {
  EXPECT_EQ(rows("a,,c,\n , 1 ,\n"), (Rows{{"a", "", "c", ""}, {"", "1", ""}}));
}

TEST_F(CsvFileTest, ALineIsCountedWhereItsRowBegins) {
  auto file = CsvFile::open(folder_.write("a.csv", "h\n\n\"1\n2\"\n3\n")).value();
  std::vector<std::string> cells;
  std::vector<std::size_t> lines;
  while (file.next(cells).value()) lines.push_back(file.line());
  EXPECT_EQ(lines, (std::vector<std::size_t>{1, 3, 5}));
  EXPECT_THAT(file.error("odd").message, EndsWith("a.csv:6: odd"));
}

TEST_F(CsvFileTest, WhatCannotBeReadIsSaid) {
  EXPECT_THAT(CsvFile::open(folder_.path("none")).error().message,
              EndsWith("none: No such file or directory"));
  EXPECT_THAT(CsvFile::open(folder_.path("")).error().message,
              EndsWith(": it is a folder, not a file"));
  const std::string locked = folder_.write("locked.csv", "1\n");
  ASSERT_EQ(chmod(locked.c_str(), 0), 0);
  if (access(locked.c_str(), R_OK) != 0) {  // root may read everything
    EXPECT_THAT(CsvFile::open(locked).error().message, EndsWith("Permission denied"));
  }
}

TEST_F(CsvFileTest, WhatIsNoTextIsSaid) {
  EXPECT_THAT(trouble("\x1f\x8b\x08 and so on"), HasSubstr("compressed: unpack it first ('gzip"));
  EXPECT_THAT(trouble("\x28\xb5\x2f\xfd..."), HasSubstr("'zstd -dc"));
  EXPECT_THAT(trouble(std::string("1,2\n3,\0,4\n", 10)),
              EndsWith("a.csv:2: a byte 0: this is no text file"));
  EXPECT_THAT(trouble(std::string(CsvFile::kMaxRowBytes + 2, 'x')),
              HasSubstr("a.csv:1: a row of more than 1048576 bytes"));
  EXPECT_THAT(trouble(std::string(CsvFile::kMaxCells, ',')),
              EndsWith("a.csv:1: more than 10000 cells in a row"));
}

TEST_F(CsvFileTest, QuotesThatDoNotFitAreSaid) {
  EXPECT_THAT(trouble("1\n\"2\n3\n"), EndsWith("a.csv:2: a quote is not closed"));
  EXPECT_THAT(trouble("\"" + std::string(CsvFile::kMaxRowBytes + 2, 'x')),
              EndsWith("bytes: is a quote not closed?"));
  EXPECT_THAT(trouble("1,\"2\" x,3\n"),
              EndsWith("a.csv:1: cell 2 goes on behind its closing quote"));
}

}  // namespace
}  // namespace bw::cli
