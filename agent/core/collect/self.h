// The agent's own health: what it costs, whether it keeps time, what it could not read or send.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/core/collect/readings.h"
#include "agent/core/collect/sample.h"

namespace bw::agent {

// What the collector found wrong.
struct CollectorHealth {
  std::uint64_t source_errors = 0;    // since start
  std::uint64_t sources_failing = 0;  // now
  std::uint64_t devices_ignored = 0;  // now
};

// What became of the record: told by those who keep it.
struct RecordHealth {
  std::uint64_t depth = 0;  // records not yet acknowledged
  std::uint64_t bytes = 0;
  Duration oldest_age{};
  std::uint64_t dropped = 0;       // since start
  std::uint64_t samples_sent = 0;  // since start
  // Events that the record told itself, since start.
  std::uint64_t outbox_gaps = 0;
  std::uint64_t history_gaps = 0;
};

// How one source fared, since start.
struct SourceHealth {
  Duration took{};
  std::uint64_t errors = 0;
  std::uint64_t timeouts = 0;
};

class SelfMetrics {
 public:
  static constexpr std::size_t kTickValues = 2;
  static constexpr std::size_t kValues = 16;
  static constexpr std::size_t kSourceValues = 3;

  explicit SelfMetrics(Sample& sample);

  // Every tick.
  void set(const SelfReading& reading);
  // Every tenth: see is_due().
  void set(const SelfReading& reading, const CollectorHealth& health, const RecordHealth& record);
  // Those of a source of this box; `index` below kSourceCount.
  void set(std::size_t index, const SourceHealth& health);

  // True where the tier of these numbers is due at this tick, or was in a tick that was missed.
  bool is_due(std::uint64_t tick);

 private:
  using SourceAliases = std::array<Sample::Alias, kSourceValues>;

  Sample& sample_;
  std::uint64_t due_ = 0;
  std::array<Sample::Alias, kTickValues> tick_aliases_;
  std::array<Sample::Alias, kValues> aliases_;
  std::array<SourceAliases, kSourceCount> source_aliases_;
};

}  // namespace bw::agent
