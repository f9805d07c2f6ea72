// How much of what is left on a node will be of no use to the work that is to be expected: the
// potentials that the fragmentation policy keeps low. Expectation comes from a mix of requests.
//
// fragments(): Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with
// Fragmentation Gradient Descent", USENIX ATC'23, section 3. The others are ours: see SCHEDULE.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "coordinator/core/schedule/rooms.h"

namespace bw::coordinator::schedule {

// A request, and how often it comes in comparison with the others.
struct MixItem {
  Resources resources;
  double weight = 1;
};

// By thousandths left on a device: how many of them stay unused in the end.
using Residuals = std::array<float, kWholeGpu + 1>;

// What is to be expected of work to come.
struct Expectations {
  std::vector<MixItem> mix;
  Residuals residuals{};
};

struct Tuning {
  // In the fragments, a request counts by its GPUs to this power: 0 as published.
  double gpu_power = 0;
  // CPU beyond so many times of what the mix asks beside a GPU counts as stranded...
  double stranded_cpu_from = 1;
  // ... and GPUs that have less than so many times of it.
  double stranded_gpu_from = 1;
};

class Yardstick {
 public:
  static constexpr std::size_t kMaxKept = std::size_t{1} << 20;  // of fragments(); then anew

  // `expected` is read during construction only.
  Yardstick(const Rooms& rooms, const Expectations& expected, const Tuning& tuning);

  // All in thousandths of GPUs.
  double fragments(const Room& room);  // expected not to be usable by the next request
  double residuals(const Room& room) const;
  double stranded_cpu(const Room& room) const;   // CPU that the GPUs left there won't use
  double stranded_gpus(const Room& room) const;  // GPUs that lack CPU
  // The share of a device's time that requests which can't go everywhere will ask for, where all of
  // the mix arrives: 0 to about 1. By kind and device.
  double scarcity(std::uint16_t kind, unsigned device) const { return scarcity_[kind][device]; }

 private:
  struct Item {
    Ask ask;
    double weight = 0;
  };
  using Key = std::array<std::uint64_t, 3>;
  struct Entry {
    Key key{};
    double fragments = -1;  // below 0: free
  };
  Key key_of(const Room& room) const;
  double compute_fragments(const Room& room) const;
  void grow();
  void weigh(const std::vector<MixItem>& mix, const Rooms& rooms);
  void find_scarcity(const Rooms& rooms);

  std::vector<Item> items_;         // those that ask for GPUs
  std::vector<std::int64_t> cpus_;  // that they ask for, ascending
  std::vector<bool> is_uniform_;    // kinds whose devices are all alike
  std::vector<std::array<double, kMaxGpusOfNode>> scarcity_;
  Residuals residuals_;
  Tuning tuning_;
  double cpu_per_gpu_ = 0;  // milli a thousandth; 0: not known
  std::vector<Entry> kept_;
  std::size_t kept_count_ = 0;
};

}  // namespace bw::coordinator::schedule
