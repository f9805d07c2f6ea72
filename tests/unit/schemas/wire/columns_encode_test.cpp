#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/varint.h"
#include "tests/unit/schemas/wire/allocations.h"

namespace bw::wire {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The bytes of one column of these values, behind the head and the directory.
std::vector<int> column_bytes(const std::vector<double>& values) {
  ColumnEncoder encoder;
  const std::vector<std::int64_t> times(values.size(), 0);
  const auto bytes = encoder.encode(times, values, 1);
  // Version, rows, columns, size of the times, three bytes of them, size of the column.
  ByteReader in(bytes.subspan(4 + 3));
  const std::size_t size = *in.varint() - 1;
  EXPECT_EQ(size, in.size());
  const std::size_t head = bytes.size() - size;
  std::vector<int> out;
  for (const std::byte byte : bytes.subspan(head)) out.push_back(std::to_integer<int>(byte));
  return out;
}

using Column = std::vector<int>;

TEST(ColumnsEncode, writes_the_head_of_the_format_page) {
  ColumnEncoder encoder;
  const std::vector<std::int64_t> times{1000, 2000, 3001, 4000};
  const auto bytes = encoder.encode(times, {}, 0);
  std::vector<int> out;
  for (const std::byte byte : bytes) out.push_back(std::to_integer<int>(byte));
  // 1000 in zigzag, then by slopes: +1000, a millisecond more, two less, which are 2000, 2 and 3.
  // Exponential Golomb codes with parameter 2: 2000 is eight zeros, a one, and 980 in ten bits
  // (2000 - 4 * 255); 2 is a one and 2 in two bits, 3 a one and 3.
  EXPECT_EQ(out, (Column{2, 4, 0, 8, 0x42, 2, 0xd0, 0x0f, 0x00, 0xa9, 0xef, 0x01}));
}

std::vector<int> block_bytes(const std::vector<double>& values, std::size_t columns) {
  ColumnEncoder encoder;
  const std::vector<std::int64_t> times(values.size() / columns, 0);
  std::vector<int> out;
  // Behind version, rows, columns, and four bytes of times with their size.
  for (const std::byte byte : encoder.encode(times, values, columns).subspan(7)) {
    out.push_back(std::to_integer<int>(byte));
  }
  return out;
}

TEST(ColumnsEncode, counts_columns_without_values_and_columns_of_zeros) {
  EXPECT_EQ(block_bytes({kNaN, kNaN, 0, 0, 0, 7, kNaN, 0}, 8),
            (Column{0, 1, 1, 2, 3, 0, 0, 1, 0, 0x01, 14}));
  EXPECT_EQ(block_bytes({-0.0}, 1).size(), 1U + 9U) << "the bits of -0.0 are kept";
}

TEST(ColumnsEncode, writes_a_constant_once) {
  EXPECT_EQ(column_bytes({7, 7, 7}), (Column{0x01, 14}));
  EXPECT_EQ(column_bytes({-1.3, -1.3, -1.3}), (Column{0x11, 0x19}));
  EXPECT_EQ(column_bytes({0.000001}), (Column{0x61, 2}));
  EXPECT_EQ(column_bytes({-0.0, -0.0}), (Column{0x02, 0, 0, 0, 0, 0, 0, 0, 0x80}));
  EXPECT_EQ(column_bytes({1e300, 1e300}).size(), 9U);
}

TEST(ColumnsEncode, writes_whole_and_decimal_numbers_by_their_differences) {
  // 1 and 1, without signs, in Rice codes with parameter 0: 01 01.
  EXPECT_EQ(column_bytes({5, 6, 7}), (Column{0x05, 0x05, 0, 10, 0b1010}));
  // In units of 25 hundredths: zigzag -1 and 2.
  EXPECT_EQ(column_bytes({0.5, 0.25, 0.75, 0.5, 0.75, 0.5}).front(), 0x25);
}

TEST(ColumnsEncode, counts_zeros_instead_of_writing_them) {
  std::vector<double> values(60, 5);
  values.back() = 6;
  const Column bytes = column_bytes(values);
  EXPECT_EQ(bytes[1] & 0x20, 0x20);
  EXPECT_LE(bytes.size(), 6U);
}

TEST(ColumnsEncode, takes_a_common_factor_out_of_the_differences) {
  EXPECT_EQ(column_bytes({0, 4096, 8192, 8192}), (Column{0x05, 0x15, 0, 0x80, 0x20, 0, 0b11010}));
}

TEST(ColumnsEncode, writes_a_column_like_another_by_naming_it) {
  Rng rng(5);
  std::vector<double> values;
  double counter = 0;
  for (int row = 0; row < 60; ++row) {
    counter += static_cast<double>(rng.below(100));
    values.insert(values.end(), {counter, 7 - counter * 8});
  }
  std::vector<double> alone;
  for (std::size_t i = 0; i < values.size(); i += 2) alone.push_back(values[i]);
  const std::size_t one = column_bytes(alone).size();
  // Tag, form, parameters, unit, which, 7 less eight times the first; and its size.
  EXPECT_LE(block_bytes(values, 2).size(), 1 + 1 + one + 5 + 3 + 1);
}

TEST(ColumnsEncode, writes_other_numbers_by_what_their_bits_differ) {
  EXPECT_EQ(column_bytes({-0.0, 0.0}), (Column{0x04, 0x71, 0x80, 0x71, 0x80}));
}

TEST(ColumnsEncode, leaves_out_the_bits_that_numbers_of_full_precision_share) {
  Rng rng(6);
  std::vector<double> values(60);
  for (double& value : values) value = 1 + rng.unit();
  const Column noise = column_bytes(values);
  EXPECT_EQ(noise.front(), 0x06);
  EXPECT_LE(noise.size(), 11U + (59 * 52 + 7) / 8);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % 4 != 0) values[i] = values[i - 1];
  }
  const Column repeated = column_bytes(values);
  EXPECT_LE(repeated.size(), 11U + (14 * 52 + 59) / 8 + 1);
}

TEST(ColumnsEncode, says_which_rows_have_a_value_only_where_some_lack) {
  // From the second row on; every second row from the first; and by a bitmap.
  EXPECT_EQ(column_bytes({kNaN, 1, 1}), (Column{0x81, 1, 1, 2, 2}));
  EXPECT_EQ(column_bytes({1, kNaN, 1, kNaN}), (Column{0x81, 2, 0, 2, 2}));
  EXPECT_EQ(column_bytes({kNaN, 1, kNaN}), (Column{0x81, 1, 1, 1, 2}));
  EXPECT_EQ(column_bytes({1, 1, kNaN, 1}), (Column{0x81, 0, 0x0b, 2}));
  EXPECT_EQ(column_bytes({kNaN, 5, 6, kNaN, 7, kNaN, kNaN, kNaN, kNaN}),
            (Column{0x85, 0, 0x16, 0x00, 0x05, 0, 10, 0b1010}));
}

TEST(ColumnsEncode, stays_within_the_bound_where_nothing_can_be_saved) {
  Rng rng(1);
  ColumnEncoder encoder;
  // Long and narrow, and short and wide.
  for (const std::size_t columns : {kMaxBlockValues / kMaxRows, kMaxSeries}) {
    std::vector<std::int64_t> times(kMaxBlockValues / columns);
    for (auto& time : times) time = static_cast<std::int64_t>(rng.next());
    std::vector<double> values(times.size() * columns);
    for (double& value : values) {
      value = rng.chance(0.01) ? kNaN : std::bit_cast<double>(rng.next());
    }
    EXPECT_LE(encoder.encode(times, values, columns).size(), kMaxColumnBytes);
  }
}

TEST(ColumnsEncode, stops_at_shapes_that_are_a_bug_of_the_caller) {
  ColumnEncoder encoder;
  const std::vector<std::int64_t> times(kMaxRows + 1, 0);
  EXPECT_DEATH((void)encoder.encode({}, {}, 0), "rows >= 1");
  EXPECT_DEATH((void)encoder.encode(times, {}, 0), "kMaxRows");
  const std::vector<double> values(kMaxSeries + 1, 0.0);
  EXPECT_DEATH((void)encoder.encode(std::span(times).first(1), values, values.size()),
               "kMaxSeries");
  EXPECT_DEATH((void)encoder.encode(std::span(times).first(2), values, 1), "values.size");
}

// A minute of a box as /proc shows it. Shares as measured on a small server at work: two thirds of
// the series do not move within a minute, some move now and then, the rest every second.
struct HostLike {
  static constexpr std::size_t kRows = 60;
  static constexpr std::size_t kColumns = 370;

  std::vector<std::int64_t> times;
  std::vector<double> values;

  explicit HostLike(std::uint64_t seed) {
    Rng rng(seed);
    std::vector<double> now(kColumns);
    for (double& value : now) value = static_cast<double>(rng.below(1U << 30));
    std::int64_t time = 1'700'000'000'000;
    for (std::size_t row = 0; row < kRows; ++row) {
      time += 1000 + static_cast<std::int64_t>(rng.below(3)) - 1;
      times.push_back(time);
      for (std::size_t i = 0; i < kColumns; ++i) values.push_back(move(rng, i, now[i]));
    }
  }

  static double move(Rng& rng, std::size_t column, double& now) {
    const auto whole = [&](std::uint64_t bound) { return static_cast<double>(rng.below(bound)); };
    switch (column % 30) {
      case 0:  // busy counter: bytes
        return now += 100'000 + whole(50'000);
      case 1:  // packets, switches, interrupts
        return now += 900 + whole(200);
      case 2:  // processor time in hundredths of seconds
        now += whole(8);
        return now / 100;
      case 3:  // idle time in hundredths of seconds
        now += 92 + whole(8);
        return now / 100;
      case 4:  // memory in pages
        return now += 4096 * (whole(200) - 100);
      case 5:  // load and pressure in hundredths
        now = std::max(0.0, now + (rng.chance(0.2) ? whole(5) - 2 : 0));
        return now / 100;
      case 6:  // temperature in tenths
        now += rng.chance(0.3) ? whole(3) - 1 : 0;
        return now / 10;
      case 7:
      case 8:  // quiet counter
        return now += rng.chance(0.04) ? 1 + whole(20) : 0;
      case 9:  // not on this box
        return kNaN;
      default:  // errors, drops, sizes, limits
        return now;
    }
  }
};

TEST(ColumnsEncode, needs_at_most_a_third_of_a_byte_for_a_sample_of_a_host) {
  ColumnEncoder encoder;
  std::size_t bytes = 0;
  std::size_t samples = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const HostLike block(seed);
    bytes += encoder.encode(block.times, block.values, HostLike::kColumns).size();
    samples += block.values.size();
  }
  const double per_sample = static_cast<double>(bytes) / static_cast<double>(samples);
  RecordProperty("bytes_per_sample", std::to_string(per_sample));
  EXPECT_LE(per_sample, 0.33);
}

TEST(ColumnsEncode, allocates_nothing_in_the_steady_state) {
  ColumnEncoder encoder;
  const HostLike first(1);
  const HostLike second(2);
  // Sizes differ a little from block to block: the first gives the room for the others.
  (void)encoder.encode(first.times, first.values, HostLike::kColumns);
  (void)encoder.encode(second.times, second.values, HostLike::kColumns);
  const std::size_t before = allocations();
  (void)encoder.encode(first.times, first.values, HostLike::kColumns);
  (void)encoder.encode(second.times, second.values, HostLike::kColumns);
  EXPECT_EQ(allocations(), before);
}

}  // namespace
}  // namespace bw::wire
