// Blocks of version 1 lie in stores: they stay readable.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "schemas/wire/columns.h"

namespace bw::wire {
namespace {

std::vector<std::byte> raw(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

// Reads the one column with these bytes, three rows long.
bool reads(std::initializer_list<int> column, std::vector<double>* values = nullptr) {
  std::vector<std::byte> bytes = raw({1, 3, 1, 3, 0, 0, 0, static_cast<int>(column.size())});
  for (const int value : column) bytes.push_back(static_cast<std::byte>(value));
  const auto reader = ColumnReader::open(bytes);
  EXPECT_TRUE(reader.has_value());
  std::vector<double> out(3, 7.0);
  const bool done = reader->read(0, out);
  if (!done) {
    for (const double value : out) EXPECT_TRUE(std::isnan(value));
  }
  if (values != nullptr) *values = out;
  return done;
}

TEST(ColumnsVersion1, is_refused_where_its_head_is_damaged) {
  // One row, no column, one byte of times: zero.
  EXPECT_TRUE(ColumnReader::open(raw({1, 1, 0, 1, 0})).has_value());
  EXPECT_FALSE(ColumnReader::open(raw({1, 1, 0, 0})).has_value()) << "times too short";
  EXPECT_FALSE(ColumnReader::open(raw({1, 1, 0, 1, 0x80})).has_value()) << "a time cut short";
  EXPECT_FALSE(ColumnReader::open(raw({1, 1, 0, 2, 0, 0})).has_value()) << "times too long";
  EXPECT_FALSE(ColumnReader::open(raw({1, 1, 0, 1, 0, 0})).has_value()) << "more behind the end";
  EXPECT_FALSE(ColumnReader::open(raw({1, 1, 1, 1, 0})).has_value()) << "no directory";
  EXPECT_FALSE(ColumnReader::open(raw({1, 1, 1, 1, 0, 1})).has_value()) << "no column";
  EXPECT_TRUE(ColumnReader::open(raw({1, 1, 1, 1, 0, 0})).has_value());
}

TEST(ColumnsVersion1, comes_back_as_the_format_page_says) {
  std::vector<double> values;
  ASSERT_TRUE(reads({0x11, 0x19}, &values));  // constant, tenths, zigzag 25 = -13
  EXPECT_EQ(values, (std::vector<double>{-1.3, -1.3, -1.3}));
  ASSERT_TRUE(reads({0x02, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, &values));
  EXPECT_EQ(values, (std::vector<double>{1.5, 1.5, 1.5}));
  ASSERT_TRUE(reads({0x03, 0x00, 10, 2, 1}, &values));  // 5, +1, -1
  EXPECT_EQ(values, (std::vector<double>{5, 6, 5}));
  ASSERT_TRUE(reads({0x03, 0x01, 10, 4, 2}, &values));  // 5, +2, +3
  EXPECT_EQ(values, (std::vector<double>{5, 7, 10}));
  ASSERT_TRUE(reads({0x03, 0x02, 10, 0, 1}, &values));  // 5 and two zeros
  EXPECT_EQ(values, (std::vector<double>{5, 5, 5}));
  ASSERT_TRUE(reads({0x03, 0x04, 0x80, 0x20, 0, 2, 1}, &values));  // in units of 4096
  EXPECT_EQ(values, (std::vector<double>{0, 4096, 0}));
  ASSERT_TRUE(reads({0x04, 0x62, 0xf8, 0x3f, 0x00, 0x61, 0x04}, &values));
  EXPECT_EQ(values, (std::vector<double>{1.5, 1.5, 1.75}));
  ASSERT_TRUE(reads({0x81, 0x05, 0x02}, &values));  // rows 0 and 2
  EXPECT_EQ(values[0], 1.0);
  EXPECT_TRUE(std::isnan(values[1]));
  EXPECT_EQ(values[2], 1.0);
  ASSERT_TRUE(reads({}, &values));
  EXPECT_TRUE(std::isnan(values[0]));
}

TEST(ColumnsVersion1, is_refused_where_a_column_is_damaged) {
  EXPECT_FALSE(reads({0x00})) << "no such kind";
  EXPECT_FALSE(reads({0x0f, 0})) << "a kind of a later version";
  EXPECT_FALSE(reads({0x71, 0})) << "no such scale";
  EXPECT_FALSE(reads({0x12, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f})) << "bits have no scale";
  EXPECT_FALSE(reads({0x14, 0, 0, 0})) << "bits have no scale";
  EXPECT_FALSE(reads({0x01})) << "no value";
  EXPECT_FALSE(reads({0x01, 0, 0})) << "more behind the value";
  EXPECT_FALSE(reads({0x01, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20})) << "beyond 2^53";
  EXPECT_FALSE(reads({0x02, 0, 0, 0, 0, 0, 0, 0})) << "seven bytes";
  EXPECT_FALSE(reads({0x03})) << "no form";
  EXPECT_FALSE(reads({0x03, 0x08, 0, 0, 0})) << "no such form";
  EXPECT_FALSE(reads({0x03, 0x04})) << "no unit";
  EXPECT_FALSE(reads({0x03, 0x00})) << "no first value";
  EXPECT_FALSE(reads({0x03, 0x00, 0, 0})) << "a value short";
  EXPECT_FALSE(reads({0x03, 0x00, 0, 0, 0, 0})) << "a value too many";
  EXPECT_FALSE(reads({0x03, 0x02, 0, 0})) << "a run without its length";
  EXPECT_FALSE(reads({0x03, 0x02, 0, 0, 2})) << "a run beyond the end";
  EXPECT_FALSE(reads({0x03, 0x02, 0, 0, 200, 1})) << "a run of a silly length";
  EXPECT_FALSE(reads({0x04, 0x62, 0xf8})) << "a value cut short";
  EXPECT_FALSE(reads({0x04, 0x72, 0, 0, 0, 0})) << "nine bytes";
  EXPECT_FALSE(reads({0x04, 0, 0})) << "a value short";
  EXPECT_FALSE(reads({0x81})) << "no bitmap";
  EXPECT_FALSE(reads({0x81, 0x00, 0x02})) << "an empty bitmap";
  EXPECT_FALSE(reads({0x81, 0x09, 0x02})) << "a bit beyond the rows";
}

}  // namespace
}  // namespace bw::wire
