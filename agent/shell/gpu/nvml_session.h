// NVML from the opening of its library to the closing, over and over: finds the GPUs, reads them
// round after round, and opens everything anew where the driver or a GPU has gone.
//
// Lives on one thread, and may be stuck there in a call for ever: whoever watches it reads
// NvmlProgress.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/shell/gpu/nvml_device.h"
#include "agent/shell/gpu/nvml_events.h"
#include "agent/shell/gpu/pci_gpus.h"
#include "base/time.h"

namespace bw::agent {

// Where a round is, for a thread that does not wait for it.
struct NvmlProgress {
  static constexpr int kNoGpu = -1;
  static constexpr int kEvents = -2;  // none's: those of the event set
  std::atomic<std::uint64_t> calls{0};
  std::atomic<int> gpu{kNoGpu};      // whose calls they are, by index
  std::atomic<bool> opening{false};  // what is asked now may take long: a GPU is being woken
};

struct NvmlOptions {
  std::string library = kNvmlName;
  std::string root = "/";
  Duration retry_first = std::chrono::seconds{2};  // opening anew: doubles from here
  Duration retry_most = std::chrono::minutes{5};
};

class NvmlSession {
 public:
  // A GPU that the kernel may switch off is left alone after it was idle for so long, and looked
  // at again after a rest: each question would begin its time of idleness anew.
  static constexpr Duration kIdle = std::chrono::minutes{1};
  static constexpr Duration kRest = std::chrono::seconds{30};
  // Among the addresses to be skipped: the event set.
  static constexpr const char* kEvents = "events";

  // `known`: the GPUs that an earlier session found, in the order of their indexes.
  NvmlSession(NvmlOptions options, const std::vector<GpuReading>& known, NvmlProgress& progress);
  ~NvmlSession();
  NvmlSession(const NvmlSession&) = delete;
  NvmlSession& operator=(const NvmlSession&) = delete;

  struct Round {
    bool ten = false;
    bool sixty = false;
    std::vector<std::string> skip;  // addresses of GPUs that are not to be asked, or kEvents
  };
  // Reads what is due into `out`, but for the events, or opens NVML where it is time to.
  void round(const Round& round, Instant now, GpuReadings& out);

  // Appends what has happened since it was asked last. Before each round: a GPU that hangs in it
  // has often told why, and with a new session begins a new set of events.
  void read_events(const Round& round, std::vector<GpuEventReading>& out);

  // Nothing is to be read before.
  Instant idle_until() const { return calls_ ? Instant{} : retry_at_; }

 private:
  struct Gpu {
    std::string pci;
    bool on_pci = false;
    RuntimePower power;
    bool may_sleep = false;
    std::shared_ptr<const GpuIdentity> identity;
    std::unique_ptr<NvmlDevice> device;
    bool lost = false;
    bool gone = false;                        // from the bus
    GpuCondition trouble = GpuCondition::ok;  // failing, or reset_required
    bool idle = false;
    Instant idle_since{};
    Instant rest_until{};
    Instant ask_at{};  // again for a handle, where it was refused
  };

  void open(Instant now);
  void close();
  void fail(NvmlState state, std::string reason, Instant now);
  void find_gpus();
  void find_gpus_without_pci();
  void add(const std::string& pci, bool on_pci);
  bool reopens(Instant now) const;
  void read(std::size_t index, const Round& round, bool is_new, Instant now, GpuReading& out);
  void acquire(std::size_t index, Instant now);
  void ask(Gpu& gpu, Instant now, GpuReading& out);
  void name(Gpu& gpu);
  void notice_idleness(Gpu& gpu, Instant now, const GpuReading& out);
  void watch_events(const Round& round);
  static bool skipped(const Round& round, const std::string& name);

  NvmlOptions options_;
  NvmlProgress& progress_;
  ProcessNames names_;
  std::shared_ptr<const NvmlLibrary> library_;
  std::optional<NvmlCalls> calls_;    // while it is open
  std::optional<NvmlEvents> events_;  // the same; once they were asked for
  std::string driver_;
  NvmlState state_ = NvmlState::missing;
  std::string reason_;
  bool had_library_ = false;
  Instant retry_at_{};
  Duration retry_wait_;
  Instant reopen_at_{};  // for a lost GPU's sake
  Duration reopen_wait_;
  bool returned_ = false;  // a GPU that was gone is on the bus again
  std::vector<Gpu> gpus_;
};

}  // namespace bw::agent
