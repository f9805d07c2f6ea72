// Variable-length integers of the column codec: seven bits a byte, the lowest first, the high bit
// set on all bytes but the last.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bw::wire {

inline constexpr std::size_t kMaxVarintBytes = 10;

// Small numbers of either sign become small unsigned ones: 0, -1, 1, -2, ...
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
}

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline void put_varint(std::vector<std::byte>& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>(value | 0x80));
  out.push_back(static_cast<std::byte>(value));
}

// Reads from the front of a span; every read says whether there was enough.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : left_(bytes) {}

  std::size_t size() const { return left_.size(); }

  std::optional<std::span<const std::byte>> take(std::size_t count) {
    if (count > left_.size()) return std::nullopt;
    const auto taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }

  std::optional<std::uint8_t> byte() {
    if (left_.empty()) return std::nullopt;
    const auto value = std::to_integer<std::uint8_t>(left_.front());
    left_ = left_.subspan(1);
    return value;
  }

  // Nothing where it ends too early or says more than 64 bits.
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kMaxVarintBytes && i < left_.size(); ++i) {
      const auto byte = std::to_integer<std::uint64_t>(left_[i]);
      if (i == kMaxVarintBytes - 1 && byte > 1) return std::nullopt;
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        left_ = left_.subspan(i + 1);
        return value;
      }
    }
    return std::nullopt;
  }

 private:
  std::span<const std::byte> left_;
};

}  // namespace bw::wire
