// Reads the processes that the core's table asks for, below a root's proc.
//
// Whether there are new ones is seen by the number of the last process begun: then /proc is read
// from there on. Its number of links counts processes, so that all of it is read only where that
// disagrees with those that are known, and now and then. What it reads itself is the kernel's own
// memory, and answers at once; what is told under a lock of the process is read by ProcessMemory,
// and here a tick later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "agent/core/collect/processes/process_table.h"
#include "agent/shell/process_memory.h"
#include "base/time.h"

namespace bw::agent {

class ProcessReader {
 public:
  // Ticks between two listings of /proc where nothing seems to have changed.
  static constexpr std::uint64_t kListTicks = 10;
  static constexpr std::size_t kMaxText = 4096;  // of one file; all that is asked for stands before
  // Descriptors of stat files that stay open: a third of the cost of opening them. As many as a box
  // has processes as a rule, idle ones too: fewer, and each would be closed before its next turn.
  static constexpr std::size_t kMaxOpen = 256;
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
  static constexpr off_t kNoPlace = -1;
  struct Open {
    int pid = 0;
    int fd = -1;
    std::uint64_t used = 0;  // the tick
  };
  void look();
  bool read_pids(off_t from);
  void list();
  void list_new(int after);
  bool is_complete() const;
  void take(const ProcessMemory::Item& item);
  void ask_memory(int pid, ProcessMemory::What what);
  void carry_out(const ProcessAsk& ask, Instant now);
  bool read_stat(int pid, Instant now);
  std::vector<Open>::iterator open_stat(int pid);
  std::string_view read_file(int pid, const char* name, int& error);
  void read_fds(int pid);

  int proc_ = -1;
  int loadavg_ = -1;
  ProcessTable table_;
  ProcessMemory memory_;
  std::uint64_t tick_ = 0;
  std::uint64_t list_at_ = 0;
  int newest_ = 0;  // the last process or thread begun, as /proc/loadavg has it; 0: not known
  std::uint64_t links_ = 0;         // of /proc
  std::uint64_t listed_links_ = 0;  // when all of it was listed
  std::size_t listed_total_ = 0;
  off_t first_place_ = kNoPlace;  // in /proc, of a process numbered 0
  std::vector<int> pids_;
  std::vector<Open> open_;  // by pid
  std::vector<char> buffer_;
};

}  // namespace bw::agent
