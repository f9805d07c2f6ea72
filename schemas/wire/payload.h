// The frame of every payload: which identifier it carries and where its checksum lies. For the
// codec's own files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/crc32c.h"

namespace bw::wire {

inline constexpr std::string_view kBirthIdentifier = "BWBI";
inline constexpr std::string_view kStateIdentifier = "BWST";
inline constexpr std::string_view kLiveIdentifier = "BWLV";
inline constexpr std::string_view kHistoryIdentifier = "BWHB";
inline constexpr std::string_view kEventIdentifier = "BWEV";
inline constexpr std::string_view kResultIdentifier = "BWCR";
inline constexpr std::string_view kAckIdentifier = "BWAK";
inline constexpr std::string_view kCommandIdentifier = "BWCM";
inline constexpr std::string_view kReportIdentifier = "BWWR";
inline constexpr std::string_view kDesiredIdentifier = "BWDS";

inline constexpr std::size_t kChecksumBytes = 4;
inline constexpr std::size_t kIdentifierAt = 4;  // behind the offset of the root table
inline constexpr std::size_t kIdentifierBytes = 4;

// `payload` must have room for the checksum: kChecksumBytes at least.
inline void store_checksum(std::span<std::byte> payload) {
  const std::size_t body = payload.size() - kChecksumBytes;
  const std::uint32_t checksum = crc32c(payload.first(body));
  for (std::size_t i = 0; i < kChecksumBytes; ++i) {
    payload[body + i] = static_cast<std::byte>(checksum >> (8 * i));
  }
}

inline bool checksum_holds(std::span<const std::byte> payload) {
  if (payload.size() < kChecksumBytes) return false;
  const std::size_t body = payload.size() - kChecksumBytes;
  std::uint32_t stored = 0;
  for (std::size_t i = 0; i < kChecksumBytes; ++i) {
    stored |= std::to_integer<std::uint32_t>(payload[body + i]) << (8 * i);
  }
  return stored == crc32c(payload.first(body));
}

}  // namespace bw::wire
