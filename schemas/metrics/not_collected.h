// What operators ask for and the agent does not measure, each with the reason: printed below the
// metric table, so that nobody looks for it in vain.
#pragma once

#include <string_view>

namespace bw::metrics {

struct NotCollected {
  std::string_view what;
  std::string_view why;
};

inline constexpr NotCollected kNotCollected[] = {
    {"Xids' sub-codes and processes where there is no kernel log",
     "NVML's events have the number alone; the kernel log has all of it."},
    {"SXid errors of NVSwitches where there is no kernel log", "NVML tells none of them."},
    {"Values of single NVLinks",
     "18 links of each GPU would be more series than the rest of the box; sums tell that one is "
     "bad, the events which."},
    {"`gpu.sm_active`, `gpu.tensor` and the like before Hopper",
     "Older GPUs tell them to profilers alone (DCGM), of which a GPU takes one at a time."},
    {"Temperature thresholds of a GPU as degrees from Ada on",
     "The driver tells them as margins only: compare `gpu.temp_margin` and `gpu.tlimit_slowdown`."},
    {"Utilisation and processes of Intel's GPUs, processes of AMD's",
     "i915 and xe tell them through perf events and the files of each open descriptor, not in "
     "sysfs; `gpu.gt_idle` is near."},
    {"The GPU's time of each process on Jetson boards",
     "No file tells it; `tegra.gpu_mem` has their memory."},
    {"Clock of the memory, IRAM, engines' clocks and processes' memory of Jetson boards without "
     "debugfs",
     "They are told in `/sys/kernel/debug`, which root alone reads and which may not be mounted."},
    {"`proc.top.pss` every 10 s",
     "Reading it walks the whole memory of a process under a lock that the process needs: it is "
     "read every 60 s."},
};

}  // namespace bw::metrics
