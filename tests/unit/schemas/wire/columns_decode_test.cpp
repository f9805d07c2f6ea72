#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/varint.h"

namespace bw::wire {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Block {
  std::vector<std::int64_t> times;
  std::vector<double> values;  // row by row
  std::size_t columns = 0;
};

std::uint64_t bits(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

// What a reader must give back for `value`.
std::uint64_t expected_bits(double value) {
  return bits(std::isnan(value) ? kNaN : value);
}

void expect_round_trip(const Block& block) {
  ColumnEncoder encoder;
  const auto bytes = encoder.encode(block.times, block.values, block.columns);
  // A copy of exactly the size, so that a sanitizer sees a read behind its end.
  const std::vector<std::byte> copy(bytes.begin(), bytes.end());
  const auto reader = ColumnReader::open(copy);
  ASSERT_TRUE(reader.has_value());
  ASSERT_EQ(reader->rows(), block.times.size());
  ASSERT_EQ(reader->columns(), block.columns);
  EXPECT_TRUE(std::ranges::equal(reader->times_ms(), block.times));
  std::vector<double> column(block.times.size());
  for (std::size_t alias = 0; alias < block.columns; ++alias) {
    ASSERT_TRUE(reader->read(alias, column)) << "column " << alias;
    for (std::size_t row = 0; row < column.size(); ++row) {
      const double value = block.values[row * block.columns + alias];
      ASSERT_EQ(bits(column[row]), expected_bits(value))
          << "column " << alias << " row " << row << " value " << value;
    }
  }
}

Block one_column(const std::vector<double>& values) {
  Block block{{}, values, 1};
  for (std::size_t row = 0; row < values.size(); ++row) {
    block.times.push_back(1'700'000'000'000 + static_cast<std::int64_t>(row) * 1000);
  }
  return block;
}

// One value of a column of the given habit.
double draw(Rng& rng, std::uint64_t habit, double before) {
  const auto whole = [&](std::uint64_t bound) { return static_cast<double>(rng.below(bound)); };
  switch (habit) {
    case 0:
      return before + whole(1000);
    case 1:
      return whole(10'000) / 100;
    case 2:
      return std::bit_cast<double>(rng.next());
    case 3:
      return rng.chance(0.3) ? kNaN : whole(5);
    case 4:
      return rng.chance(0.1) ? std::bit_cast<double>(rng.next()) : before;
    case 5:
      return before + 4096 * (whole(64) - 32);
    case 6:
      return rng.unit() * 100;
    case 7:
      return rng.chance(0.5) ? kInfinity : -0.0;
    case 8:
      return before + (rng.chance(0.05) ? 1 : 0);
    case 9:
      return std::ldexp(whole(3) - 1, static_cast<int>(rng.below(80)) - 10);
    case 10:
      return whole(1'000'000'000) / 1e6;
    case 11:
      return kNaN;
    case 12:
      return std::bit_cast<double>(rng.below(1U << 20));  // denormals
    default:
      return before;
  }
}

Block draw_block(Rng& rng, std::size_t rows, std::size_t columns) {
  Block block;
  block.columns = columns;
  std::vector<std::uint64_t> habits(columns);
  std::vector<double> before(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    habits[i] = rng.below(14);
    before[i] = rng.chance(0.5) ? static_cast<double>(rng.below(1ULL << 50)) : rng.unit();
  }
  auto time = static_cast<std::int64_t>(rng.below(1ULL << 42));
  for (std::size_t row = 0; row < rows; ++row) {
    time += 1000 + static_cast<std::int64_t>(rng.below(5)) - 2;
    if (rng.chance(0.01)) time -= 3'600'000;
    block.times.push_back(time);
    for (std::size_t i = 0; i < columns; ++i) {
      const double value = draw(rng, habits[i], before[i]);
      if (!std::isnan(value)) before[i] = value;
      block.values.push_back(value);
    }
  }
  return block;
}

TEST(ColumnsDecode, gives_back_the_bits_of_random_columns_of_every_habit) {
  Rng rng(1);
  for (int round = 0; round < 400; ++round) {
    SCOPED_TRACE(round);
    expect_round_trip(draw_block(rng, 1 + rng.below(130), rng.below(30)));
    if (HasFatalFailure()) return;
  }
}

TEST(ColumnsDecode, gives_back_blocks_at_the_bounds) {
  Rng rng(2);
  expect_round_trip(draw_block(rng, 1, 40));
  expect_round_trip(draw_block(rng, kMaxRows, 40));
  expect_round_trip(draw_block(rng, 60, 0));
  expect_round_trip(draw_block(rng, 1, 0));
  expect_round_trip(draw_block(rng, 2, kMaxSeries));
}

TEST(ColumnsDecode, gives_back_values_at_the_edges_of_the_forms) {
  constexpr double kTwo53 = 9007199254740992.0;
  const double least = std::numeric_limits<double>::denorm_min();
  const double most = std::numeric_limits<double>::max();
  const std::vector<std::vector<double>> columns{
      {0.0},
      {-0.0},
      {kNaN},
      {kInfinity},
      {-kInfinity, kInfinity, 0.0},
      {0.0, -0.0, 0.0},
      {-0.0, -0.0, -0.0},
      {kTwo53, -kTwo53, kTwo53, 0},
      {kTwo53, kTwo53 + 2, kTwo53 + 4},
      {least, 0, -least, most, -most},
      {0.1, 0.2, 0.3, 0.1 + 0.2},
      {0.000001, 0.000002, 1e-7},
      {1e300, 1e-300},
      {4503599627370497.5, 0.1},
      {9007199254740991.0, 0.000001},
      {kNaN, 5, kNaN, kNaN, 5},
      {1, kNaN, 2, kNaN, 4, 7, 11, 16, 22},
      {kNaN, kNaN, -0.0, 1.5, kNaN},
      {1, 1, 1, 1, 1, 1, 1, 2},
      {2, 1, 1, 1, 1, 1, 1, 1},
  };
  for (const auto& column : columns) {
    SCOPED_TRACE(::testing::PrintToString(column));
    expect_round_trip(one_column(column));
  }
}

TEST(ColumnsDecode, reads_every_nan_as_the_one_that_says_no_value) {
  const double signalling = std::bit_cast<double>(0x7ff0000000000001U);
  const double negative = std::bit_cast<double>(0xfff8000000abcdefU);
  expect_round_trip(one_column({signalling, 1.25, negative, 1.5}));
  expect_round_trip(one_column({signalling, negative}));
}

TEST(ColumnsDecode, gives_back_any_times) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  expect_round_trip({{kLeast, kMost, 0, kMost, kLeast, -1, 1}, std::vector<double>(7, 1.0), 1});
  expect_round_trip({{5, 5, 5, 4, 3}, std::vector<double>(5, 1.0), 1});
}

TEST(ColumnsDecode, reads_one_column_without_the_others) {
  Rng rng(3);
  const Block block = draw_block(rng, 60, 3);
  ColumnEncoder encoder;
  const auto bytes = encoder.encode(block.times, block.values, 3);
  const auto reader = ColumnReader::open(bytes);
  ASSERT_TRUE(reader.has_value());
  std::vector<double> column(60);
  ASSERT_TRUE(reader->read(2, column));
  EXPECT_EQ(bits(column[7]), expected_bits(block.values[7 * 3 + 2]));
}

TEST(ColumnsDecode, answers_an_unknown_alias_with_no_values) {
  ColumnEncoder encoder;
  const std::vector<std::int64_t> times{1, 2};
  const std::vector<double> values{1, 2};
  const auto reader = ColumnReader::open(encoder.encode(times, values, 1));
  ASSERT_TRUE(reader.has_value());
  std::vector<double> column{7, 7};
  EXPECT_FALSE(reader->read(1, column));
  EXPECT_TRUE(std::isnan(column[0]));
  EXPECT_TRUE(std::isnan(column[1]));
}

std::vector<std::byte> raw(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

TEST(ColumnsDecode, refuses_a_damaged_head) {
  // Version 2, one row, no column, three bytes of times: slopes, Rice, 0.
  EXPECT_TRUE(ColumnReader::open(raw({2, 1, 0, 3, 2, 0, 0})).has_value());
  EXPECT_FALSE(ColumnReader::open({}).has_value());
  EXPECT_FALSE(ColumnReader::open(raw({3, 1, 0, 3, 2, 0, 0})).has_value()) << "another version";
  EXPECT_FALSE(ColumnReader::open(raw({0, 1, 0, 3, 2, 0, 0})).has_value()) << "another version";
  EXPECT_FALSE(ColumnReader::open(raw({2, 0, 0, 3, 2, 0, 0})).has_value()) << "no row";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1})).has_value()) << "no number of columns";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 3})).has_value()) << "no times";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 0})).has_value()) << "times without a form";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 1, 2})).has_value()) << "times without a parameter";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 2, 2, 0})).has_value()) << "no first time";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 3, 2, 0, 0x80})).has_value()) << "a time cut short";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 4, 2, 0, 0, 1})).has_value()) << "times too long";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 3, 1, 0, 0})).has_value()) << "not by slopes";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 3, 6, 0, 0})).has_value()) << "without signs";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 4, 0x12, 0, 2, 0})).has_value()) << "in units";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 0, 3, 2, 0, 0, 0})).has_value()) << "more behind it";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 1, 3, 2, 0, 0})).has_value()) << "no directory";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 1, 3, 2, 0, 0, 2})).has_value()) << "no column";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 1, 3, 2, 0, 0, 0x80})).has_value()) << "half a size";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 1, 3, 2, 0, 0, 0})).has_value()) << "no run length";
  EXPECT_FALSE(ColumnReader::open(raw({2, 1, 2, 3, 2, 0, 0, 1, 2})).has_value())
      << "a run too long";
  EXPECT_TRUE(ColumnReader::open(raw({2, 1, 2, 3, 2, 0, 0, 1, 1})).has_value());
  // As many rows and columns as there may be, and one more.
  const auto of_size = [](std::size_t rows, std::size_t columns) {
    std::vector<std::byte> bytes = raw({2});
    put_varint(bytes, rows);
    put_varint(bytes, columns);
    for (const int value : {3, 2, 0, 0, 1}) bytes.push_back(static_cast<std::byte>(value));
    put_varint(bytes, columns - 1);
    return bytes;
  };
  EXPECT_TRUE(ColumnReader::open(of_size(kMaxRows, kMaxSeries)).has_value());
  EXPECT_FALSE(ColumnReader::open(of_size(kMaxRows + 1, 1)).has_value());
  EXPECT_FALSE(ColumnReader::open(of_size(1, kMaxSeries + 1)).has_value());
  // A number beyond 64 bits, and one that is 2^64 - 1.
  const auto with_last = [](int last) {
    return raw({2, 1, 0, 12, 2, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, last});
  };
  EXPECT_FALSE(ColumnReader::open(with_last(2)).has_value());
  EXPECT_TRUE(ColumnReader::open(with_last(1)).has_value());
  // Sizes that wrap around 64 bits.
  EXPECT_FALSE(ColumnReader::open(
                   raw({2, 1, 2, 3, 2, 0, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1}))
                   .has_value());
}

// Reads the last of the columns with these bytes, three rows long.
bool reads(const std::vector<std::vector<int>>& columns, std::vector<double>* values) {
  std::vector<std::byte> bytes = raw({2, 3, static_cast<int>(columns.size()), 3, 2, 0, 0});
  const auto add = [&](int value) { bytes.push_back(static_cast<std::byte>(value)); };
  for (const auto& column : columns) {
    add(column.empty() ? 0 : static_cast<int>(column.size()) + 1);
    if (column.empty()) add(0);  // and none more
  }
  for (const auto& column : columns) {
    for (const int value : column) add(value);
  }
  const auto reader = ColumnReader::open(bytes);
  EXPECT_TRUE(reader.has_value());
  std::vector<double> out(3, 7.0);
  const bool done = reader->read(columns.size() - 1, out);
  if (!done) {
    for (const double value : out) EXPECT_TRUE(std::isnan(value));
  }
  if (values != nullptr) *values = out;
  return done;
}

bool reads(std::vector<int> column, std::vector<double>* values = nullptr) {
  return reads(std::vector<std::vector<int>>{std::move(column)}, values);
}

TEST(ColumnsDecode, reads_the_bytes_of_the_format_page) {
  std::vector<double> values;
  ASSERT_TRUE(reads({0x11, 0x19}, &values));  // constant, tenths, zigzag 25 = -13
  EXPECT_EQ(values, (std::vector<double>{-1.3, -1.3, -1.3}));
  ASSERT_TRUE(reads({0x02, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, &values));
  EXPECT_EQ(values, (std::vector<double>{1.5, 1.5, 1.5}));
  ASSERT_TRUE(reads({0x04, 0x62, 0xf8, 0x3f, 0x00, 0x61, 0x04}, &values));
  EXPECT_EQ(values, (std::vector<double>{1.5, 1.5, 1.75}));
  // The high 8 and the low 48 bits never differ: 1.5, 1.75, 1.5. And so with a bit that says so.
  ASSERT_TRUE(reads({0x06, 8, 48, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x04, 0x04}, &values));
  EXPECT_EQ(values, (std::vector<double>{1.5, 1.75, 1.5}));
  ASSERT_TRUE(reads({0x06, 0x48, 48, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0b10010, 0}, &values));
  EXPECT_EQ(values, (std::vector<double>{1.5, 1.5, 1.75}));
  // By the value before, Rice with parameter 0: 5, then zigzag 2 (001) and 1 (01).
  ASSERT_TRUE(reads({0x05, 0x01, 0, 10, 0b10100}, &values));
  EXPECT_EQ(values, (std::vector<double>{5, 6, 5}));
  // The same with parameter 1: quotient 1, remainder 0 (01 0), quotient 0, remainder 1 (1 1).
  ASSERT_TRUE(reads({0x05, 0x01, 1, 10, 0b11010}, &values));
  EXPECT_EQ(values, (std::vector<double>{5, 6, 5}));
  // Exponential: 2 is 01 1, 1 is 01 0.
  ASSERT_TRUE(reads({0x05, 0x41, 0, 10, 0b010110}, &values));
  EXPECT_EQ(values, (std::vector<double>{5, 6, 5}));
  // No sign, by slope: +2, and then +1 more.
  ASSERT_TRUE(reads({0x05, 0x06, 0, 10, 0b10100}, &values));
  EXPECT_EQ(values, (std::vector<double>{5, 7, 10}));
  // A floor of 100 below both steps, in units of 10, hundredths.
  ASSERT_TRUE(reads({0x25, 0x19, 0, 10, 200, 1, 0, 0b101}, &values));
  EXPECT_EQ(values, (std::vector<double>{0, 10, 20.1}));
  // Above a base of -3: 0, 2 and 1.
  ASSERT_TRUE(reads({0x05, 0x04, 0, 5, 0b101001}, &values));
  EXPECT_EQ(values, (std::vector<double>{-3, -1, -2}));
  // Nothing behind the first: no step at all.
  ASSERT_TRUE(reads({0x05, 0x01, 0, 10}, &values));
  EXPECT_EQ(values, (std::vector<double>{5, 5, 5}));
  // One zero (01 0), then a 2, less one (01).
  ASSERT_TRUE(reads({0x05, 0x21, 0, 10, 0b10010}, &values));
  EXPECT_EQ(values, (std::vector<double>{5, 5, 6}));
  // Escaped: 32 zeros, and 64 bits; then a 0.
  ASSERT_TRUE(reads({0x05, 0x05, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1}, &values));
  EXPECT_EQ(values, (std::vector<double>{0, 7, 7}));
  ASSERT_TRUE(reads(std::vector<int>{}, &values));
  EXPECT_TRUE(std::isnan(values[0]));
}

TEST(ColumnsDecode, reads_which_rows_have_a_value) {
  const double none = kNaN;
  const auto same = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::ranges::equal(a, b, [](double x, double y) { return bits(x) == bits(y); });
  };
  std::vector<double> values;
  ASSERT_TRUE(reads({0x81, 0, 0x05, 0x02}, &values));  // a bitmap: rows 0 and 2
  EXPECT_TRUE(same(values, {1, none, 1}));
  ASSERT_TRUE(reads({0x81, 2, 0, 2, 0x02}, &values));  // every second from 0, two of them
  EXPECT_TRUE(same(values, {1, none, 1}));
  ASSERT_TRUE(reads({0x81, 1, 1, 2, 0x02}, &values));  // every one from 1
  EXPECT_TRUE(same(values, {none, 1, 1}));
  ASSERT_TRUE(reads({0x81, 3, 1, 1, 0x02}, &values));
  EXPECT_TRUE(same(values, {none, 1, none}));
  EXPECT_FALSE(reads({0x81}));
  EXPECT_FALSE(reads({0x81, 0})) << "no bitmap";
  EXPECT_FALSE(reads({0x81, 0, 0x00, 0x02})) << "an empty bitmap";
  EXPECT_FALSE(reads({0x81, 0, 0x09, 0x02})) << "a bit beyond the rows";
  EXPECT_FALSE(reads({0x81, 4, 0, 1, 0x02})) << "a period beyond the rows";
  EXPECT_FALSE(reads({0x81, 1})) << "no first row";
  EXPECT_FALSE(reads({0x81, 1, 0})) << "no count";
  EXPECT_FALSE(reads({0x81, 1, 3, 1, 0x02})) << "a first row beyond the last";
  EXPECT_FALSE(reads({0x81, 1, 0, 0, 0x02})) << "of no row";
  EXPECT_FALSE(reads({0x81, 1, 0, 4, 0x02})) << "of more than there are";
  EXPECT_FALSE(reads({0x81, 2, 1, 2, 0x02})) << "beyond the last";
}

TEST(ColumnsDecode, reads_columns_that_lean_on_others) {
  const std::vector<int> other{0x05, 0x01, 0, 10, 0b10100};  // 5, 6, 5
  const std::vector<int> slope{0x05, 0x06, 0, 10, 0b10100};  // 5, 7, 10
  const std::vector<int> based{0x05, 0x04, 0, 5, 0b101001};  // -3, -1, -2
  const std::vector<int> same{0x05, 0x03, 0, 2, 2};          // as one column before, from 1
  std::vector<double> values;
  ASSERT_TRUE(reads({other, same}, &values));
  EXPECT_EQ(values, (std::vector<double>{1, 2, 1}));
  ASSERT_TRUE(reads({other, {0x01, 0}, {0x15, 0x13, 0, 2, 5, 2}}, &values));
  EXPECT_EQ(values, (std::vector<double>{0.1, -0.1, 0.1})) << "against it, two to its one";
  ASSERT_TRUE(reads({slope, {0x05, 0x03, 0, 2, 2, 0b10001}}, &values));
  EXPECT_EQ(values, (std::vector<double>{1, 3, 4})) << "2 less in the second step";
  ASSERT_TRUE(reads({based, same}, &values));
  EXPECT_EQ(values, (std::vector<double>{1, 3, 2}));

  EXPECT_FALSE(reads({other, {0x05, 0x03, 0, 0, 2}}, &values)) << "on itself";
  EXPECT_FALSE(reads({other, {0x05, 0x03, 0, 4, 2}}, &values)) << "on none";
  EXPECT_FALSE(reads({other, {0x05, 0x03, 0, 2}}, &values)) << "without a first value";
  EXPECT_FALSE(reads({other, {0x85, 1, 0, 2, 0x03, 0, 2, 2}}, &values)) << "not in every row";
  EXPECT_FALSE(reads({{0x85, 1, 0, 2, 0x01, 0, 2}, same}, &values)) << "on one with gaps";
  EXPECT_FALSE(reads({{0x01, 2}, same}, &values)) << "on a constant";
  EXPECT_FALSE(reads({std::vector<int>{}, same}, &values)) << "on nothing";
  EXPECT_FALSE(reads({other, same, same}, &values)) << "on one that leans itself";
  EXPECT_FALSE(reads({{0x05, 0x01, 0, 10, 0, 0}, same}, &values)) << "on a damaged one";
  EXPECT_FALSE(reads({{0x05}, same}, &values)) << "on one cut short";
}

TEST(ColumnsDecode, refuses_damaged_columns_and_fills_with_no_value) {
  EXPECT_FALSE(reads({0x00})) << "no such kind";
  EXPECT_FALSE(reads({0x0f, 0})) << "a kind of a later version";
  EXPECT_FALSE(reads({0x71, 0})) << "no such scale";
  EXPECT_FALSE(reads({0x01, 0, 0})) << "more behind the value";
  EXPECT_FALSE(reads({0x02, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0})) << "more behind the value";
  EXPECT_FALSE(reads({0x04, 0, 0, 0, 0})) << "a value too many";
  EXPECT_FALSE(reads({0x06, 8, 48, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x04})) << "a value short";
  EXPECT_FALSE(reads({0x06, 8, 48, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x04, 0x04, 0})) << "a byte more";
  EXPECT_FALSE(reads({0x06, 8, 48, 0, 0, 0, 0, 0, 0, 0xf8})) << "the first value cut short";
  EXPECT_FALSE(reads({0x06, 8})) << "no second byte";
  EXPECT_FALSE(reads({0x06, 0x88, 48, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x04, 0x04})) << "a free bit";
  EXPECT_FALSE(reads({0x06, 8, 0x70, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x04, 0x04})) << "a free bit";
  EXPECT_FALSE(reads({0x06, 16, 48, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f})) << "no bit left";
  EXPECT_FALSE(reads({0x16, 8, 48, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x04, 0x04})) << "scaled";
  EXPECT_FALSE(reads({0x05})) << "no form";
  EXPECT_FALSE(reads({0x05, 0x01})) << "no parameter";
  EXPECT_FALSE(reads({0x05, 0x81, 0, 10})) << "no such form";
  EXPECT_FALSE(reads({0x05, 0x0d, 0, 10})) << "no such sign";
  EXPECT_FALSE(reads({0x05, 0x00, 0, 10})) << "a base has no signs";
  EXPECT_FALSE(reads({0x05, 0x11, 0})) << "no unit";
  EXPECT_FALSE(reads({0x05, 0x09, 0})) << "no floor";
  EXPECT_FALSE(reads({0x05, 0x01, 0})) << "no first value";
  EXPECT_FALSE(reads({0x05, 0x01, 0, 10, 0b100})) << "a value short";
  EXPECT_FALSE(reads({0x05, 0x01, 0, 10, 0b1010100})) << "a bit behind the last value";
  EXPECT_FALSE(reads({0x05, 0x01, 0, 10, 0b10100, 0})) << "a byte behind the last value";
  EXPECT_FALSE(reads({0x05, 0x21, 0, 10, 0b0010100})) << "a run beyond the end";
  EXPECT_FALSE(reads({0x05, 0x05, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0})) << "half an escape";
  // 2^53 and one more.
  EXPECT_TRUE(reads({0x05, 0x05, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20}));
  EXPECT_FALSE(reads({0x05, 0x05, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0b110}));
  EXPECT_FALSE(reads({0x05, 0x05, 0, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20}));
}

TEST(ColumnsDecode, survives_damage_of_any_kind) {
  Rng rng(4);
  ColumnEncoder encoder;
  std::vector<double> column;
  std::size_t opened = 0;
  std::size_t read = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Block block = draw_block(rng, 1 + rng.below(20), rng.below(8));
    const auto bytes = encoder.encode(block.times, block.values, block.columns);
    std::vector<std::byte> damaged(bytes.begin(), bytes.end());
    for (std::uint64_t i = rng.below(4) + 1; i > 0; --i) {
      damaged[rng.below(damaged.size())] = static_cast<std::byte>(rng.next());
    }
    if (rng.chance(0.2)) damaged.resize(rng.below(damaged.size() + 1));
    damaged.shrink_to_fit();
    const auto reader = ColumnReader::open(damaged);
    if (!reader) continue;
    ++opened;
    ASSERT_LE(reader->rows(), kMaxRows);
    column.resize(reader->rows());
    for (std::size_t alias = 0; alias < reader->columns(); ++alias) {
      if (reader->read(alias, column)) ++read;
    }
  }
  // The damage got behind the head, and not all of it was seen: the payload's checksum is for that.
  EXPECT_GT(opened, 1000U);
  EXPECT_GT(read, 1000U);
}

}  // namespace
}  // namespace bw::wire
