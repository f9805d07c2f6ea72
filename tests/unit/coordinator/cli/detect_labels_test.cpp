#include "coordinator/cli/detect_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/scratch_folder.h"

namespace bw::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class DetectLabelsTest : public ::testing::Test {
 protected:
  // As one character a row, for rows 1 to 6 whose times are 1700000001 s and on.
  std::string labels(const std::string& text) {
    const auto read = DetectLabels::open(folder_.write("l.csv", text));
    if (!read) return read.error().message;
    std::string out;
    for (std::size_t row = 1; row <= 6; ++row) {
      const auto time_ms = static_cast<std::int64_t>(1'700'000'000 + row) * 1000;
      out += read->at(row, time_ms) ? '1' : '0';
    }
    return out;
  }
  std::string check(const std::string& text, std::size_t rows, bool has_times) {
    const auto checked =
        DetectLabels::open(folder_.write("l.csv", text)).value().check(rows, has_times);
    return checked ? "" : checked.error().message;
  }

  testing::ScratchFolder folder_;
};

TEST_F(DetectLabelsTest, MayBeOneARow) {
  EXPECT_EQ(labels("0\n0\n1\n1\n0\n1\n"), "001101");
  EXPECT_EQ(labels("label\n0\n1.0\ntrue\nfalse\n0\n1\n"), "011001");
  EXPECT_EQ(labels("0\n1\n"), "010000") << "none behind the last";
}

TEST_F(DetectLabelsTest, MayStandBesideTheirTimes) {
  EXPECT_EQ(labels("timestamp,label\n1700000001,0\n1700000002,1\n1700000003,1\n"), "011000");
}

TEST_F(DetectLabelsTest, MayBeRangesOfRowsWithBothEnds) {
  EXPECT_EQ(labels("begin,end\n2,3\n5,5\n"), "011010");
  EXPECT_EQ(labels("5,9\n1,2\n2,3\n"), "111011") << "in any order, one into the other";
  EXPECT_EQ(labels("1,1\n"), "100000");
}

TEST_F(DetectLabelsTest, MayBeRangesOfTimesWithBothEnds) {
  EXPECT_EQ(labels("2023-11-14T22:13:22Z,2023-11-14 22:13:23\n1700000006,1700000900\n"), "011001");
  const auto read = DetectLabels::open(folder_.write("l.csv", "1700000001,1700000900\n")).value();
  EXPECT_FALSE(read.at(1, {})) << "a row without a time is in none";
}

TEST_F(DetectLabelsTest, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_THAT(labels("0\n2\n"), EndsWith("l.csv:2: '2' is no label: write 0 or 1"));
  EXPECT_THAT(labels("0\nx\n"), EndsWith("l.csv:2: 'x' is no label: write 0 or 1"));
  EXPECT_THAT(labels("a,b,c\n1,2,3\n"), HasSubstr("l.csv:2: 3 cells: labels are 0 or 1,"));
  EXPECT_THAT(labels("1,2\n3\n"), EndsWith("l.csv:2: 1 cells, where the rows before have 2"));
  EXPECT_THAT(labels("4,2\n"), EndsWith("l.csv:1: the range ends before it begins"));
  EXPECT_THAT(labels("1,2\n0,2\n"), EndsWith("l.csv:2: '0' is no row: they are counted from 1"));
  EXPECT_THAT(labels("1700000006,soon\n"), EndsWith("l.csv:1: 'soon' is no time"));
  EXPECT_THAT(labels(""), EndsWith("l.csv: it has no labels"));
  EXPECT_THAT(labels("label\n"), EndsWith("l.csv: it has no labels"));
  EXPECT_THAT(labels("0\n\"1\n"), HasSubstr("a quote is not closed"));
  EXPECT_THAT(DetectLabels::open(folder_.path("none")).error().message,
              EndsWith("No such file or directory"));
}

TEST_F(DetectLabelsTest, HaveToFitTheRows) {
  EXPECT_EQ(check("0\n1\n", 2, false), "");
  EXPECT_THAT(check("0\n1\n", 3, false), EndsWith("l.csv: 2 labels, for 3 rows"));
  EXPECT_EQ(check("2,9\n", 9, false), "");
  EXPECT_THAT(check("2,9\n", 8, false), EndsWith("a range up to row 9, but there are 8 rows"));
  EXPECT_EQ(check("1700000006,1700000900\n", 2, true), "");
  EXPECT_THAT(check("1700000006,1700000900\n", 2, false),
              EndsWith("ranges of times, but the rows have none"));
}

}  // namespace
}  // namespace bw::cli
