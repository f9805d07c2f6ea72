// Reads the processes that the core's table asks for, below a root's proc.
//
// Whether there are new ones is seen by the number of the last process begun and the number of
// links of /proc, which counts processes: the folder itself is read only where they have changed,
// and now and then. What it reads itself is the kernel's own memory, and answers at once; what is
// told under a lock of the process is read by ProcessMemory, and here a tick later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/processes/process_table.h"
#include "agent/shell/process_memory.h"
#include "base/time.h"

namespace bw::agent {

class ProcessReader {
 public:
  // Ticks between two listings of /proc where nothing seems to have changed.
  static constexpr std::uint64_t kListTicks = 10;
  static constexpr std::size_t kMaxText = 4096;  // of one file; all that is asked for stands before
  // Descriptors of busy processes' stat files that stay open: a third of the cost of opening them.
  static constexpr std::size_t kMaxOpen = 64;
  // Pids of one listing.
  static constexpr std::size_t kMaxPids = 65536;

  // `lanes` must outlive it.
  ProcessReader(const std::string& root, std::vector<WatchedProcess> watched, SlowLanes& lanes);
  ~ProcessReader();
  ProcessReader(const ProcessReader&) = delete;
  ProcessReader& operator=(const ProcessReader&) = delete;

  // `stat_text`: this tick's /proc/stat, if it was read. Null where there is no /proc. Valid until
  // the next call.
  ProcessTable* read(std::uint64_t tick, Instant now, std::string_view stat_text);

 private:
  struct Open {
    int pid = 0;
    int fd = -1;
    std::uint64_t used = 0;  // the tick
  };
  bool has_changed();
  void list();
  void take(const ProcessMemory::Item& item);
  void ask_memory(int pid, ProcessMemory::What what);
  void carry_out(const ProcessAsk& ask, Instant now);
  bool read_stat(int pid, Instant now);
  std::string_view read_file(int pid, const char* name, int& error);
  void read_fds(int pid);

  int proc_ = -1;
  int loadavg_ = -1;
  ProcessTable table_;
  ProcessMemory memory_;
  std::uint64_t tick_ = 0;
  std::uint64_t list_at_ = 0;
  std::string newest_;       // the last process begun, as /proc/loadavg has it
  std::uint64_t links_ = 0;  // of /proc
  std::vector<int> pids_;
  std::vector<Open> open_;
  std::vector<char> buffer_;
};

}  // namespace bw::agent
