// One seed, one world: draws the boxes, the faults and their times, runs, heals, lets it settle,
// and judges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/coordinator_host.h"

namespace bw::sim {

struct Outcome {
  std::vector<std::string> faults;  // empty: all promises were kept
  std::size_t records_made = 0;
  std::size_t records_stored = 0;
  std::string history;  // the faults that were injected, with their times
};

Outcome simulate(std::uint64_t seed, Canary canary = Canary::none);

}  // namespace bw::sim
