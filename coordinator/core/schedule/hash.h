// A stable hash of texts and numbers: what ties are broken by, the same on every machine.
//
// Source: FNV-1a (Fowler, Noll, Vo) for bytes; the finaliser of splitmix64 (Steele et al., 2014).
#pragma once

#include <cstdint>
#include <string_view>

namespace bw::coordinator::schedule {

constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

constexpr std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
  return mix(hash);
}

}  // namespace bw::coordinator::schedule
