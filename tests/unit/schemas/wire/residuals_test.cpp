#include "schemas/wire/residuals.h"

#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace bw::wire {
namespace {

using Numbers = std::vector<std::uint64_t>;

std::vector<std::byte> written(const Numbers& numbers, const ResidualCode& code) {
  std::vector<std::byte> out;
  put_residuals(out, numbers, code);
  out.shrink_to_fit();  // so that a sanitizer sees a read behind the end
  return out;
}

void expect_back(const Numbers& numbers, const ResidualCode& code) {
  const auto bytes = written(numbers, code);
  Numbers back(numbers.size(), 12345);
  ASSERT_TRUE(read_residuals(bytes, code, back))
      << "exponential " << code.exponential << " parameter " << code.parameter << " runs "
      << code.runs << " " << code.run_parameter;
  EXPECT_EQ(back, numbers);
}

// Numbers up to a width drawn anew for each, and often zero.
Numbers draw_numbers(Rng& rng, std::size_t count) {
  Numbers numbers(count);
  const std::uint64_t most = rng.below(64) + 1;
  for (std::uint64_t& number : numbers) {
    if (!rng.chance(0.3)) number = rng.next() >> (64 - (rng.below(most) + 1));
  }
  return numbers;
}

TEST(Residuals, come_back_from_every_code_with_every_parameter) {
  Rng rng(1);
  for (const bool exponential : {false, true}) {
    for (unsigned parameter = 0; parameter <= ResidualCode::kMaxParameter; ++parameter) {
      for (const bool runs : {false, true}) {
        for (unsigned run = 0; run <= (runs ? ResidualCode::kMaxRunParameter : 0U); ++run) {
          expect_back(draw_numbers(rng, rng.below(70)), {exponential, parameter, runs, run});
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Residuals, come_back_at_the_edges_of_the_codes) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t last = (std::uint64_t{1} << 32) - 2;  // that the exponential code can say
  for (const bool exponential : {false, true}) {
    for (const unsigned parameter : {0U, 1U, 30U, 31U}) {
      const std::uint64_t scale = std::uint64_t{1} << parameter;
      const Numbers edges{1,
                          0,
                          31,
                          32,
                          33,
                          31 * scale,
                          32 * scale - 1,
                          32 * scale,
                          last * scale,
                          last * scale + scale - 1,
                          (last + 1) * scale,
                          kMost,
                          kMost - 1,
                          kMost / 2,
                          1};
      expect_back(edges, {exponential, parameter, false, 0});
      expect_back(edges, {exponential, parameter, true, 0});
    }
  }
}

TEST(Residuals, of_zeros_alone_take_no_byte) {
  const Numbers zeros(60, 0);
  std::vector<std::uint64_t> scratch;
  const ResidualChoice choice = choose_residual_code(zeros, scratch);
  EXPECT_EQ(choice.bits, 0U);
  EXPECT_TRUE(written(zeros, choice.code).empty());
  expect_back(zeros, choice.code);
  expect_back({}, choice.code);
}

TEST(Residuals, take_as_many_bits_as_the_choice_says_and_none_of_the_codes_fewer) {
  Rng rng(2);
  std::vector<std::uint64_t> scratch;
  std::size_t chosen = 0;
  std::size_t least = 0;
  for (int round = 0; round < 200; ++round) {
    Numbers numbers(60);
    const std::uint64_t width = rng.below(20) + 1;
    const double zeros = rng.unit();
    for (auto& number : numbers) number = rng.chance(zeros) ? 0 : rng.below(1ULL << width);
    numbers[7] = 1;  // not zeros alone
    const ResidualChoice choice = choose_residual_code(numbers, scratch);
    const std::size_t size = written(numbers, choice.code).size();
    ASSERT_EQ(size, (choice.bits + 7) / 8);
    chosen += size;
    std::size_t best = size;
    for (unsigned parameter = 0; parameter <= 31; ++parameter) {
      for (const bool exponential : {false, true}) {
        best = std::min(best, written(numbers, {exponential, parameter, false, 0}).size());
        for (unsigned run = 0; run <= 7; ++run) {
          best = std::min(best, written(numbers, {exponential, parameter, true, run}).size());
        }
      }
    }
    least += best;
  }
  // The search looks at few of the 576 codes, and misses little.
  EXPECT_LE(chosen, least + least / 100);
}

TEST(Residuals, refuse_bytes_that_do_not_fit) {
  Numbers out(3);
  const auto reads = [&](std::vector<int> values, const ResidualCode& code) {
    std::vector<std::byte> bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    bytes.shrink_to_fit();
    return read_residuals(bytes, code, out);
  };
  const ResidualCode plain{false, 0, false, 0};
  EXPECT_TRUE(reads({0b111}, plain));
  EXPECT_FALSE(reads({0b011}, plain)) << "the third never ends";
  EXPECT_FALSE(reads({0b1111}, plain)) << "a bit more";
  EXPECT_FALSE(reads({0b111, 0}, plain)) << "a byte more";
  EXPECT_FALSE(reads({0b111, 0, 0, 0, 0, 0, 0, 0, 0, 0}, plain)) << "many bytes more";
  const ResidualCode runs{false, 0, true, 0};
  EXPECT_TRUE(reads({0b00100}, runs)) << "a run of three: 001 00";
  EXPECT_FALSE(reads({0b10100}, runs)) << "a run of four: 001 01";
  EXPECT_FALSE(reads({0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, runs))
      << "a run of 2^64 - 1";
}

TEST(Residuals, survive_any_bytes) {
  Rng rng(3);
  Numbers out;
  std::size_t read = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::vector<std::byte> bytes(rng.below(24));
    for (std::byte& byte : bytes) {
      byte = rng.chance(0.3) ? std::byte{0} : static_cast<std::byte>(rng.next());
    }
    bytes.shrink_to_fit();
    out.resize(rng.below(20));
    const ResidualCode code{rng.chance(0.5), static_cast<unsigned>(rng.below(32)), rng.chance(0.5),
                            static_cast<unsigned>(rng.below(8))};
    if (read_residuals(bytes, code, out)) ++read;
  }
  EXPECT_GT(read, 100U);
}

}  // namespace
}  // namespace bw::wire
