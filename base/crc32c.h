// CRC-32C (Castagnoli), the checksum of payloads and blocks.
//
// Source: Castagnoli, Bräuer, Herrmann, IEEE Trans. Communications 41(6), 1993; computed eight
// bytes at a time after Kounavis and Berry, "A systematic approach to building high performance
// software-based CRC generators", ISCC 2005. Check value: crc32c("123456789") == 0xe3069283.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bw {

std::uint32_t crc32c(std::span<const std::byte> data);

}  // namespace bw
