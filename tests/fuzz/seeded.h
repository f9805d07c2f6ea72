// Gives libFuzzer valid inputs to begin with: a target that has seeds mutates from them instead of
// from nothing, without a corpus on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace bw::fuzz {

using Seeds = std::vector<std::vector<std::byte>>;

// One mutation in 32 begins anew from a seed; so does every input that is almost empty.
inline std::size_t mutate(const Seeds& seeds, std::uint8_t* data, std::size_t size,
                          std::size_t max_size, unsigned random) {
  if (size < 4 || random % 32 == 0) {
    const auto& seed = seeds[(random / 32) % seeds.size()];
    if (seed.size() <= max_size) {
      std::memcpy(data, seed.data(), seed.size());
      size = seed.size();
      if (random % 64 == 0) return size;
    }
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

}  // namespace bw::fuzz
