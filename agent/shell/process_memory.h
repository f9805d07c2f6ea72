// Reads what a process tells only under the lock of its memory: its command line and its share of
// shared memory. A process that is stuck there (behind a mapping of a file whose server is gone,
// say) may hold that lock for ever, so they are read in the slow lanes.
//
// What is asked for at a tick is one task. Where it hangs, it is left behind with the process at
// which it does, which is not asked again until then, and another task goes on with the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/shell/slow_lanes.h"

namespace bw::agent {

class ProcessMemory {
 public:
  static constexpr std::size_t kMaxText = 4096;  // of one file; the rest is cut off
  // Asked for and not yet read; those beyond it are not read.
  static constexpr std::size_t kMaxAsks = 16384;

  enum class What : std::uint8_t { cmdline, pss };
  struct Item {
    int pid = 0;
    std::uint64_t started = 0;  // tells it from another one under the same number
    What what = What::cmdline;
    int error = 0;  // errno
    std::string text;
  };

  // `lanes` must outlive it.
  ProcessMemory(const std::string& root, SlowLanes& lanes);
  ~ProcessMemory();
  ProcessMemory(const ProcessMemory&) = delete;
  ProcessMemory& operator=(const ProcessMemory&) = delete;

  // False where it is not going to be read.
  bool ask(int pid, std::uint64_t started, What what);
  // Starts what was asked for.
  void begin(Instant now);
  // Hands over what was read since.
  void collect(Instant now, const std::function<void(const Item&)>& answer);

  std::size_t hanging() const { return stuck_.size(); }

 private:
  class Batch;
  struct Stuck {
    std::shared_ptr<Batch> batch;
    std::size_t index = 0;  // of the item
    int pid = 0;
  };
  void leave_behind(std::size_t done);
  void collect_stuck(Instant now, const std::function<void(const Item&)>& answer);

  SlowLanes& lanes_;
  std::shared_ptr<const int> proc_;  // of the batches too
  std::vector<Item> asked_;
  std::shared_ptr<Batch> batch_;
  bool reading_ = false;
  std::size_t seen_ = 0;  // of the batch, at the last look
  std::uint64_t batches_ = 0;
  std::vector<Stuck> stuck_;  // as many as the lane has places, at most
};

}  // namespace bw::agent
