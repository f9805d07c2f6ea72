// The agent's own health: what it costs, whether it keeps time, what it could not read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "agent/core/collect/readings.h"
#include "agent/core/collect/sample.h"

namespace bw::agent {

// What the collector found wrong.
struct CollectorHealth {
  std::uint64_t source_errors = 0;    // since start
  std::uint64_t sources_failing = 0;  // now
  std::uint64_t devices_ignored = 0;  // now
};

class SelfMetrics {
 public:
  static constexpr std::size_t kValues = 10;

  explicit SelfMetrics(Sample& sample);

  void set(const SelfReading& reading, const CollectorHealth& health);

 private:
  Sample& sample_;
  std::array<Sample::Alias, kValues> aliases_;
};

}  // namespace bw::agent
