// Everything that is read of the box at a tick, from all its readers, as the core's Readings.
//
// What may be slow or hang is read by threads: read() waits for none of them, but for a moment the
// first time, so that the first sample has it all. What the tick reads itself are files that the
// kernel answers from its own memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "agent/core/collect/readings.h"
#include "agent/shell/cpu_counters.h"
#include "agent/shell/file_reader.h"
#include "agent/shell/file_systems.h"
#include "agent/shell/gpu/gpu_reader.h"
#include "agent/shell/kernel_log_reader.h"
#include "agent/shell/process_reader.h"
#include "agent/shell/settings.h"
#include "agent/shell/slow_files.h"
#include "agent/shell/slow_lanes.h"
#include "agent/shell/systemd_units.h"

namespace bw::agent {

class BoxReader {
 public:
  // What the first tick waits for the slow sources, at most.
  static constexpr Duration kFirstWait = std::chrono::milliseconds{40};

  explicit BoxReader(const Settings& settings);

  // All but `when`, `wall` and `self`. `mount_points`: what the core wants to know the room of.
  // Valid until the next call.
  Readings read(std::uint64_t tick, Instant now, std::span<const MountPoint> mount_points);

  // Bytes of the kernel log that the core is done with, of what was read last.
  void kernel_log_taken(std::size_t bytes) { kernel_log_taken_ = bytes; }

  // Has the thread of NVML end. False where one is stuck in a call, and stays behind.
  bool end(Duration most) { return !gpus_ || gpus_->end(most); }

  // Files found and not read, for want of room, at the last look.
  std::size_t left_out() const { return files_.left_out() + slow_files_.left_out(); }

 private:
  std::string_view text_of(SourceId source) const;
  bool is_due(SourceId source, std::uint64_t tick, std::uint64_t& due) const;

  std::uint64_t page_size_;
  FileReader files_;
  SlowLanes lanes_;
  SlowFiles slow_files_;
  FileSystems file_systems_;
  CpuCounterReader cpu_counters_;
  KernelLogReader kernel_log_;
  std::size_t kernel_log_taken_ = 0;
  ProcessReader processes_;
  SystemdUnits systemd_;
  std::optional<GpuReader> gpus_;
  bool first_ = true;
  std::uint64_t clock_due_ = 0;
  std::uint64_t counters_due_ = 0;
  std::vector<TextReading> texts_;
};

}  // namespace bw::agent
