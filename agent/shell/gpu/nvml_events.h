// What NVML tells without being asked for a value: Xids and memory errors, from an event set.
//
// The set belongs to one opening of the library: it is freed before that is closed. What happens
// while it is closed is not told.
#pragma once

#include <cstddef>
#include <vector>

#include "agent/core/collect/gpu/gpu_readings.h"
#include "agent/shell/gpu/nvml_calls.h"

namespace bw::agent {

class NvmlEvents {
 public:
  // `calls` must outlive it.
  explicit NvmlEvents(NvmlCalls& calls) : calls_(calls) {}
  ~NvmlEvents();
  NvmlEvents(const NvmlEvents&) = delete;
  NvmlEvents& operator=(const NvmlEvents&) = delete;

  // Has the events of a GPU told from now on, as those of `gpu`. Once for each handle: a GPU that
  // has none of the events is not asked again.
  void watch(nvml::Device handle, std::size_t gpu);

  // Appends what has happened since the last read, kMaxGpuEvents at most: the rest is for the next.
  // Waits for nothing. Where a GPU is lost, none is watched any longer: they have to be handed in
  // again, but for that one.
  void read(std::vector<GpuEventReading>& out);

 private:
  struct Watched {
    nvml::Device handle;
    std::size_t gpu;
  };
  bool prepare();
  void drop();

  NvmlCalls& calls_;
  nvml::EventSet set_ = nullptr;
  bool unsupported_ = false;
  std::vector<Watched> watched_;
  bool any_ = false;  // of them has events
};

}  // namespace bw::agent
