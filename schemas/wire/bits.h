// Single bits in a row of bytes, the lowest bit of the first byte first.
//
// A reader never reads outside its bytes: behind their end it gives zeros, and says so at the end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace bw::wire {

class BitWriter {
 public:
  explicit BitWriter(std::vector<std::byte>& out) : out_(out) {}

  // The low `count` bits of `bits`, at most 64; the others must be zero.
  void put(std::uint64_t bits, unsigned count) {
    if (count > 32) {
      put_few(bits & 0xffffffff, 32);
      put_few(bits >> 32, count - 32);
    } else {
      put_few(bits, count);
    }
  }

  // Fills the last byte with zeros.
  void finish() {
    if (held_ > 0) out_.push_back(static_cast<std::byte>(buffer_));
    buffer_ = 0;
    held_ = 0;
  }

 private:
  void put_few(std::uint64_t bits, unsigned count) {  // at most 32
    buffer_ |= bits << held_;
    held_ += count;
    for (; held_ >= 8; held_ -= 8, buffer_ >>= 8) out_.push_back(static_cast<std::byte>(buffer_));
  }

  std::vector<std::byte>& out_;
  std::uint64_t buffer_ = 0;
  unsigned held_ = 0;  // bits in buffer_: below 8 between two calls
};

class BitReader {
 public:
  static constexpr unsigned kMostAtOnce = 56;

  explicit BitReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // Makes kMostAtOnce bits ready for peek() and skip().
  void refill() {
    if (at_ + 8 <= bytes_.size()) [[likely]] {
      buffer_ |= load(at_) << held_;
      const unsigned whole = (63 - held_) / 8;
      at_ += whole;
      held_ += 8 * whole;
      return;
    }
    for (; held_ < kMostAtOnce; held_ += 8, ++at_) {
      if (at_ < bytes_.size()) {
        buffer_ |= std::to_integer<std::uint64_t>(bytes_[at_]) << held_;
      }
    }
  }
  std::uint64_t peek() const { return buffer_; }
  void skip(unsigned count) {  // of those made ready
    buffer_ >>= count;
    held_ -= count;
  }
  std::uint64_t take(unsigned count) {  // of those made ready, at most kMostAtOnce
    const std::uint64_t bits = buffer_ & ((std::uint64_t{1} << count) - 1);
    skip(count);
    return bits;
  }

  // All bytes were read, none beyond, and what is left of the last is zeros.
  bool ended() const {
    const std::size_t read = at_ * 8 - held_;
    return (read + 7) / 8 == bytes_.size() && (held_ == 0 || (buffer_ & low(held_)) == 0);
  }

 private:
  static std::uint64_t low(unsigned count) { return ~std::uint64_t{0} >> (64 - count); }
  std::uint64_t load(std::size_t at) const {
    std::uint64_t bits = 0;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&bits, bytes_.data() + at, 8);
    } else {
      for (unsigned i = 0; i < 8; ++i) {
        bits |= std::to_integer<std::uint64_t>(bytes_[at + i]) << (8 * i);
      }
    }
    return bits;
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;        // the first byte that is not in buffer_; may lie behind the end
  std::uint64_t buffer_ = 0;  // the next bits, the lowest first
  unsigned held_ = 0;         // how many of them count
};

}  // namespace bw::wire
