// NVIDIA's GPUs, read by a thread of its own, so that a call of NVML that hangs delays nobody.
//
// Each tick asks the thread for a round, and takes the last one that is complete. A thread whose
// call does not return within a deadline is left behind, and another one goes on without the GPU
// that the call was for, or without events; when the call does return, they are asked again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/shell/gpu/nvml_session.h"

namespace bw::agent {

struct GpuReaderOptions {
  NvmlOptions nvml;
  Duration call_deadline = std::chrono::seconds{3};
  Duration round_deadline = std::chrono::seconds{10};
  Duration open_deadline = std::chrono::seconds{30};  // opening, and starting an unused GPU
  // A GPU that hung is left alone for so long after its call returned, twice as long each time.
  Duration rest_first = std::chrono::seconds{5};
  Duration rest_most = std::chrono::minutes{5};
};

class GpuReader {
 public:
  // Threads that wait for calls that don't return, at most: then all GPUs are left alone.
  static constexpr std::size_t kMaxStuck = 4;
  // Events that wait to be told; what comes beyond is dropped.
  static constexpr std::size_t kMaxWaitingEvents = 4 * kMaxGpuEvents;

  explicit GpuReader(GpuReaderOptions options);
  // Ends the thread, for which it waits a short while, if end() was not called.
  ~GpuReader();
  GpuReader(const GpuReader&) = delete;
  GpuReader& operator=(const GpuReader&) = delete;

  // The newest complete round, null where there is nothing new; never waits. Valid until the next
  // call. `tick` says what is due: every tenth, every sixtieth.
  const GpuReadings* read(std::uint64_t tick, Instant now);

  // Has the thread end, and waits for it for `most` at the longest. False where a thread is stuck
  // in a call: then the process must be left by _exit(), or the library is taken down under it.
  bool end(Duration most);

 private:
  struct Worker;
  struct Stuck {
    std::shared_ptr<Worker> worker;
    std::string pci;
  };
  struct Rest {
    std::string pci;
    Duration wait{};
    Instant until{};
  };

  void start_worker();
  static void run(const std::shared_ptr<Worker>& worker, const NvmlOptions& options,
                  const std::vector<GpuReading>& known);
  bool take(Instant now);
  void request(Instant now);
  bool overdue(Instant now) const;
  bool tell_hung(Instant now);
  void free_returned(Instant now);
  void keep(const GpuEventReading& event);
  void hand_over_events();
  void rest(const std::string& pci, Instant now);
  void skip_list(Instant now, std::vector<std::string>& skip) const;

  GpuReaderOptions options_;
  std::shared_ptr<Worker> worker_;
  std::vector<Stuck> stuck_;
  std::vector<Rest> rests_;
  GpuReadings current_;
  std::vector<GpuEventReading> events_;  // that go with the next readings
  bool ten_due_ = true;
  bool sixty_due_ = true;
  bool busy_ = false;
  bool told_hung_ = false;
  std::uint64_t calls_ = 0;  // as seen last, and since when
  Instant calls_since_{};
  Instant round_since_{};
  bool ended_ = false;
};

}  // namespace bw::agent
