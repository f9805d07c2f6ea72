// Every process there is, as far as it is known, and which to read of them next.
//
// Reading all of them each second costs more than all other sources together. So a process that
// used the CPU of late is read every second, one that is new at once, all others in rotation; and
// all of them again, every ten ticks at most, when CPU time was used that nobody read accounts for.
// Driven by the shell's reader: list, plan, then what was read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace bw::agent {

// What to look for: a process of this name, or one whose command line holds `pattern`, where '*'
// stands for anything.
struct WatchedProcess {
  std::string name;
  std::string pattern;  // empty: the process' own name is `name`
};

struct Process {
  static constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();

  int pid = 0;
  std::string name;  // the kernel's: at most 15 bytes
  char state = '?';
  bool read = false;          // at all
  std::uint64_t started = 0;  // clock ticks after boot
  std::uint64_t cpu = 0;      // clock ticks used
  double cpu_share = 0;       // of one CPU, in percent, between its last two readings
  std::uint64_t rss = 0;      // bytes
  std::uint64_t threads = 0;
  std::uint64_t fds = kUnknown;
  std::uint64_t pss = kUnknown;
  std::uint64_t read_bytes = kUnknown;  // since it began
  std::uint64_t write_bytes = kUnknown;
  std::uint64_t read_rise = 0;  // against the reading before; taken by whoever adds it up
  std::uint64_t write_rise = 0;
  std::uint32_t watches = 0;  // bit i: it is what watched()[i] looks for
  bool detailed = false;      // its files and I/O are wanted every 10 s

  // Bookkeeping of the table.
  Instant when{};
  std::uint64_t last_tick = 0;
  unsigned quiet = 0;  // readings in a row in which it was idle
  unsigned cmdlines = 0;
  bool command_asked = false;  // and not yet told
  bool listed = false;
  bool io_refused = false;
  bool pss_wanted = false;
};

// What the shell is to read of a process.
struct ProcessAsk {
  int pid = 0;
  bool stat = false;
  bool io = false;
  bool fds = false;
  bool pss = false;
  bool cmdline = false;
};

class ProcessTable {
 public:
  // Processes that are followed; those beyond it are counted only.
  static constexpr std::size_t kMaxProcesses = 4096;
  static constexpr std::size_t kMaxWatched = 16;
  // Readings without use of the CPU worth a name after which a process counts as idle: one clock
  // tick in two seconds, in percent.
  static constexpr unsigned kQuietReadings = 3;
  static constexpr double kIdleShare = 0.5;
  // Ticks between two readings of an idle process, and between two of everybody's I/O.
  static constexpr std::uint64_t kIdleTicks = 10;
  static constexpr std::uint64_t kIoTicks = 60;
  // A full reading is made where this many seconds of CPU time are not accounted for, and no more
  // often than every so many ticks.
  static constexpr double kUnexplained = 0.10;
  static constexpr std::uint64_t kFullTicks = 10;
  // Command lines are read again at the first readings of a process: it may still become another.
  static constexpr unsigned kCmdlines = 3;

  ProcessTable(std::vector<WatchedProcess> watched, std::uint64_t ticks_a_second,
               std::uint64_t page_size);

  // All pids there are, in any order. Those that are not among them are gone.
  void list(std::span<const int> pids);
  // Pids begun since, beside those.
  void begun(std::span<const int> pids);
  // What all CPUs together have used, in seconds: the first line of /proc/stat.
  void machine_cpu(double seconds) { machine_cpu_ = seconds; }
  // What to read at this tick. Valid until the next call.
  std::span<const ProcessAsk> plan(std::uint64_t tick);

  // What was read: /proc/PID/stat, io, smaps_rollup and cmdline, the last
  // two a tick or more after they were asked for. False where it is not understood.
  bool stat(int pid, std::string_view text, Instant now);
  bool io(int pid, std::string_view text);
  void io_refused(int pid);  // not permitted: not asked again
  void fds(int pid, std::uint64_t count);
  bool pss(int pid, std::string_view text);
  void cmdline(int pid, std::string_view text);
  void cmdline_unknown(int pid);  // it could not be read
  void gone(int pid);

  // By pid. Details are asked for what is marked `detailed`.
  std::map<int, Process>& processes() { return processes_; }
  const std::map<int, Process>& processes() const { return processes_; }
  const std::vector<WatchedProcess>& watched() const { return watched_; }
  // There are processes whose command line was asked for and of which none was told so far.
  bool commands_pending() const;
  std::size_t total() const { return total_; }  // those beyond kMaxProcesses too
  std::uint64_t now_ticks() const { return now_ticks_; }
  std::uint64_t ticks_a_second() const { return ticks_a_second_; }

 private:
  Process* find(int pid);
  bool is_due(const Process& process, std::uint64_t tick) const;
  bool is_unexplained(std::uint64_t tick);
  void take_stat(Process& process, std::uint64_t cpu, Instant now);
  void watch(Process& process, std::string_view command);

  std::vector<WatchedProcess> watched_;
  bool has_patterns_ = false;
  std::uint64_t ticks_a_second_;
  std::uint64_t page_size_;
  std::map<int, Process> processes_;
  std::size_t total_ = 0;
  std::vector<ProcessAsk> asks_;
  std::uint64_t tick_ = 0;
  bool pss_asked_ = false;

  double machine_cpu_ = 0;       // now
  double machine_cpu_then_ = 0;  // at the last plan
  double explained_ = 0;         // seconds that processes read since then used
  std::uint64_t full_again_ = 0;
  std::uint64_t now_ticks_ = 0;  // clock ticks after boot, at the last reading
};

// Whether `text` holds `pattern`, in which '*' stands for anything.
bool holds_pattern(std::string_view text, std::string_view pattern);

// Busy time of all CPUs in seconds, of the text of /proc/stat; 0 where it is not understood.
double machine_cpu_seconds(std::string_view text, std::uint64_t ticks_a_second);

}  // namespace bw::agent
