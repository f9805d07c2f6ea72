#include "schemas/wire/packed_column.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace bw::wire {
namespace {

std::vector<std::byte> raw(const std::vector<int>& values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  bytes.shrink_to_fit();
  return bytes;
}

TEST(PackedColumn, says_what_its_head_says) {
  // By reference, above a floor, in units, runs, exponential; 3 and 5.
  const auto bytes = raw({0x7b, 0xa3, 0x80, 0x20, 0x0d, 3, 20});
  ByteReader in(bytes);
  const auto head = read_packed_head(in);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->prediction, Prediction::reference);
  EXPECT_EQ(head->sign, Sign::floor);
  EXPECT_TRUE(head->code.runs);
  EXPECT_TRUE(head->code.exponential);
  EXPECT_EQ(head->code.parameter, 3U);
  EXPECT_EQ(head->code.run_parameter, 5U);
  EXPECT_EQ(head->unit, 4096U);
  EXPECT_EQ(head->behind, 6U);
  EXPECT_TRUE(head->falls);
  EXPECT_EQ(static_cast<std::int64_t>(head->floor), -2);
  EXPECT_EQ(static_cast<std::int64_t>(head->base), 10);
  EXPECT_EQ(in.size(), 0U);
}

TEST(PackedColumn, has_no_head_where_a_byte_of_it_lacks) {
  const auto bytes = raw({0x7b, 0xa3, 0x80, 0x20, 0x0d, 3, 20});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<int>(size));
    ByteReader in(cut);
    EXPECT_FALSE(read_packed_head(in).has_value()) << size;
  }
}

// The steps behind a head of this prediction and sign, three rows, Rice with parameter 0.
std::vector<std::int64_t> steps(Prediction prediction, Sign sign, int bits) {
  Packed head;
  head.prediction = prediction;
  head.sign = sign;
  head.floor = 10;
  head.base = 100;
  head.unit = 5;
  const auto bytes = raw({bits});
  ByteReader in(bytes);
  Steps out;
  EXPECT_TRUE(read_steps(head, in, 3, out));
  EXPECT_EQ(out.unit, 5U);
  return {static_cast<std::int64_t>(out.start), static_cast<std::int64_t>(out.step[1]),
          static_cast<std::int64_t>(out.step[2])};
}

TEST(PackedColumn, undoes_predictions_and_signs) {
  using Numbers = std::vector<std::int64_t>;
  // 2 and 1.
  EXPECT_EQ(steps(Prediction::value, Sign::none, 0b10100), (Numbers{100, 2, 1}));
  EXPECT_EQ(steps(Prediction::value, Sign::zigzag, 0b10100), (Numbers{100, 1, -1}));
  EXPECT_EQ(steps(Prediction::value, Sign::floor, 0b10100), (Numbers{100, 12, 11}));
  EXPECT_EQ(steps(Prediction::slope, Sign::none, 0b10100), (Numbers{100, 2, 3}));
  EXPECT_EQ(steps(Prediction::reference, Sign::none, 0b10100), (Numbers{100, 2, 1}));
  // 2, 1 and 0 above the base.
  EXPECT_EQ(steps(Prediction::base, Sign::none, 0b110100), (Numbers{110, -1, -1}));
}

TEST(PackedColumn, stays_in_the_range_of_scaled_integers) {
  Steps steps;
  steps.start = static_cast<std::uint64_t>(kMaxScaled);
  steps.step[1] = 0;
  steps.step[2] = static_cast<std::uint64_t>(-2 * kMaxScaled);
  std::vector<double> values(3);
  EXPECT_TRUE(put_values(steps, 10, values));
  EXPECT_EQ(values[2], -900719925474099.2);
  steps.step[1] = 1;
  EXPECT_FALSE(put_values(steps, 1, values)) << "though it comes back";
  steps.step[1] = static_cast<std::uint64_t>(-1);
  EXPECT_FALSE(put_values(steps, 1, values)) << "below";
  steps.start += 1;
  EXPECT_FALSE(put_values(steps, 1, std::span(values).first(1))) << "the first";
}

TEST(PackedColumn, gives_times_that_wrap_around) {
  // From -1 in steps of 2^63, and none: zigzag of 2^63 is 2^64 - 1, which is escaped; the second
  // difference of the other is -2^63, the same.
  std::vector<int> bytes{0x02, 0, 1, 0, 0, 0, 0};
  for (int i = 0; i < 8; ++i) bytes.push_back(0xff);
  for (int i = 0; i < 4; ++i) bytes.push_back(0);
  for (int i = 0; i < 8; ++i) bytes.push_back(0xff);
  const auto block = raw(bytes);
  std::vector<std::int64_t> times(3);
  ASSERT_TRUE(read_times(ByteReader(block), times));
  EXPECT_EQ(times, (std::vector<std::int64_t>{-1, INT64_MAX, INT64_MAX}));
}

}  // namespace
}  // namespace bw::wire
