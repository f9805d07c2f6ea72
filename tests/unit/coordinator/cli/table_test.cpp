#include "coordinator/cli/table.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

Table small_table() {
  Table table;
  table.column("NODE").column("CPU", Align::right).column("SITE");
  table.row({"box-1", {"7.0%", Tone::good}, "Zürich"});
  table.row({"b", {"100.0%", Tone::bad}, ""});
  return table;
}

TEST(Table, ColumnsAreAlignedAndLinesEndWithTheirText) {
  EXPECT_EQ(small_table().text({}),
            "NODE      CPU  SITE\n"
            "box-1    7.0%  Zürich\n"
            "b      100.0%\n");
}

TEST(Table, ColoursDoNotMoveAnything) {
  EXPECT_EQ(small_table().text({true, true}),
            "\x1b[2mNODE      CPU  SITE\x1b[0m\n"
            "box-1    \x1b[32m7.0%\x1b[0m  Zürich\n"
            "b      \x1b[31m100.0%\x1b[0m\n");
}

TEST(Table, WhatAServerSentCanNotBreakALine) {
  Table table;
  table.column("A").column("B");
  table.row({"x\ny", "1"});
  table.row({"\x1b[2J", "2"});
  EXPECT_EQ(table.text({}), "A        B\nx\\ny     1\n\\x1b[2J  2\n");
}

TEST(Table, WithoutATitleThereIsNoLineOfTitles) {
  Table table;
  table.column("").column("");
  table.row({"a", "b"});
  EXPECT_EQ(table.text({}), "a  b\n");
}

TEST(Table, CellsLeftOutAreEmpty) {
  Table table;
  table.column("A").column("B");
  table.row({"x"});
  EXPECT_EQ(table.text({}), "A  B\nx\n");
}

TEST(TableDeathTest, MoreCellsThanColumnsAreABug) {
  Table table;
  table.column("A");
  EXPECT_DEATH(table.row({"x", "y"}), "bug");
}

}  // namespace
}  // namespace bw::cli
