#include "base/crc32c.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace bw {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Bit by bit, as the definition has it.
std::uint32_t by_definition(std::span<const std::byte> data) {
  std::uint32_t crc = 0xffffffffU;
  for (const std::byte byte : data) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0);
  }
  return ~crc;
}

TEST(Crc32c, GivesTheCheckValue) {
  EXPECT_EQ(crc32c(bytes("123456789")), 0xe3069283U);
}

// RFC 3720, B.4.
TEST(Crc32c, GivesTheValuesOfTheStandardThatUsesIt) {
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0})), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0xff})), 0x62a8ab43U);
  std::vector<std::byte> rising;
  for (int i = 0; i < 32; ++i) rising.push_back(static_cast<std::byte>(i));
  EXPECT_EQ(crc32c(rising), 0x46dd794eU);
}

TEST(Crc32c, OfNothingIsZero) {
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, EqualsTheDefinitionAtEveryLengthAndAlignment) {
  Rng rng(1);
  std::vector<std::byte> data(80);
  for (auto& byte : data) byte = static_cast<std::byte>(rng.below(256));
  const std::span<const std::byte> all(data);
  for (std::size_t offset = 0; offset < 8; ++offset) {
    for (std::size_t length = 0; length <= 64; ++length) {
      const auto part = all.subspan(offset, length);
      EXPECT_EQ(crc32c(part), by_definition(part)) << offset << " " << length;
    }
  }
}

TEST(Crc32c, ChangesWithEveryFlippedBit) {
  std::vector<std::byte> data(40, std::byte{0x5a});
  const auto before = crc32c(data);
  for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_NE(crc32c(data), before) << bit;
    data[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

}  // namespace
}  // namespace bw
