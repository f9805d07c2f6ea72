#include "agent/core/collect/processes/process_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/assert.h"

namespace bw::agent {

namespace {

// Fields of /proc/PID/stat behind the name, from 0: see proc_pid_stat(5).
constexpr std::size_t kUserTime = 11;
constexpr std::size_t kSystemTime = 12;
constexpr std::size_t kThreads = 17;
constexpr std::size_t kStartTime = 19;
constexpr std::size_t kRss = 21;
constexpr std::size_t kFields = 22;
constexpr std::uint64_t kMostPages = 1ULL << 48;

std::optional<std::uint64_t> whole(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::string_view next_word(std::string_view& text) {
  const std::size_t begin = text.find_first_not_of(" \n\t");
  if (begin == std::string_view::npos) {
    text = {};
    return {};
  }
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(" \n\t"));
  text.remove_prefix(word.size());
  return word;
}

// The number behind "key:" at the beginning of a line.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view key) {
  std::size_t at = text.starts_with(key) ? 0 : text.find(key);
  while (at != std::string_view::npos && at != 0 && text[at - 1] != '\n') {
    at = text.find(key, at + 1);
  }
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  return whole(next_word(text));
}

std::uint64_t rise(std::uint64_t before, std::uint64_t now) {
  return before == Process::kUnknown || now < before ? 0 : now - before;
}

}  // namespace

bool holds_pattern(std::string_view text, std::string_view pattern) {
  while (!pattern.empty()) {
    const std::string_view part = pattern.substr(0, pattern.find('*'));
    pattern.remove_prefix(std::min(pattern.size(), part.size() + 1));
    const std::size_t at = text.find(part);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + part.size());
  }
  return true;
}

// "cpu  113970 2 4511 ...": user, nice, system, idle, iowait, irq, softirq.
double machine_cpu_seconds(std::string_view text, std::uint64_t ticks_a_second) {
  if (next_word(text) != "cpu") return 0;
  std::uint64_t sum = 0;
  for (int i = 0; i < 3; ++i) {
    const auto value = whole(next_word(text));
    if (!value) return 0;
    sum += *value;
  }
  return static_cast<double>(sum) / static_cast<double>(ticks_a_second);
}

ProcessTable::ProcessTable(std::vector<WatchedProcess> watched, std::uint64_t ticks_a_second,
                           std::uint64_t page_size)
    : watched_(std::move(watched)),
      has_patterns_(
          std::ranges::any_of(watched_, [](const auto& one) { return !one.pattern.empty(); })),
      ticks_a_second_(ticks_a_second),
      page_size_(page_size) {
  BW_ASSERT(watched_.size() <= kMaxWatched && ticks_a_second > 0);
  asks_.reserve(256);
}

Process* ProcessTable::find(int pid) {
  const auto found = processes_.find(pid);
  return found == processes_.end() ? nullptr : &found->second;
}

void ProcessTable::list(std::span<const int> pids) {
  for (auto& [pid, process] : processes_) process.listed = false;
  total_ = 0;
  begun(pids);
  std::erase_if(processes_, [](const auto& entry) { return !entry.second.listed; });
}

void ProcessTable::begun(std::span<const int> pids) {
  for (const int pid : pids) {
    Process* process = find(pid);
    if (process == nullptr || !process->listed) ++total_;
    if (process == nullptr) {
      if (processes_.size() == kMaxProcesses) continue;
      process = &processes_[pid];
      process->pid = pid;
    }
    process->listed = true;
  }
}

bool ProcessTable::is_due(const Process& process, std::uint64_t tick) const {
  if (!process.read || process.watches != 0 || process.quiet < kQuietReadings) return true;
  // Spread by pid; and not later than it should be, where ticks were missed.
  const auto turn = static_cast<std::uint64_t>(process.pid);
  return tick % kIdleTicks == turn % kIdleTicks || tick - process.last_tick >= kIdleTicks;
}

// Time that idle processes, or ones that are gone already, must have used.
bool ProcessTable::is_unexplained(std::uint64_t tick) {
  const double used = machine_cpu_ - machine_cpu_then_;
  const bool known = machine_cpu_then_ > 0;
  machine_cpu_then_ = machine_cpu_;
  const double unexplained = used - explained_;
  explained_ = 0;
  if (!known || unexplained < kUnexplained || tick < full_again_) return false;
  full_again_ = tick + kFullTicks;
  return true;
}

std::span<const ProcessAsk> ProcessTable::plan(std::uint64_t tick) {
  tick_ = tick;
  pss_asked_ = false;
  const bool all = is_unexplained(tick);
  asks_.clear();
  for (auto& [pid, process] : processes_) {
    ProcessAsk ask{.pid = pid};
    ask.stat = all || is_due(process, tick);
    const auto turn = static_cast<std::uint64_t>(pid);
    const bool tenth = tick % kIdleTicks == turn % kIdleTicks;
    const bool minute = tick % kIoTicks == turn % kIoTicks;
    ask.io = !process.io_refused && ((process.detailed && tenth) || minute || !process.read);
    ask.fds = process.detailed && tenth;
    if (process.pss_wanted && !pss_asked_) {
      ask.pss = pss_asked_ = true;  // one a tick: it walks the process' whole memory
      process.pss_wanted = false;
    }
    ask.cmdline =
        has_patterns_ && ask.stat && process.cmdlines < kCmdlines && !process.command_asked;
    if (ask.cmdline) process.command_asked = true;
    if (ask.stat || ask.io || ask.fds || ask.pss) asks_.push_back(ask);
  }
  return asks_;
}

void ProcessTable::take_stat(Process& process, std::uint64_t cpu, Instant now) {
  const double seconds = to_seconds(now - process.when);
  const auto used = static_cast<double>(cpu >= process.cpu ? cpu - process.cpu : 0) /
                    static_cast<double>(ticks_a_second_);
  if (!process.read) {
    // Its whole life, until there are two readings.
    const std::uint64_t age = now_ticks_ > process.started ? now_ticks_ - process.started : 1;
    process.cpu_share = 100.0 * static_cast<double>(cpu) / static_cast<double>(age);
  } else if (seconds > 0) {
    process.cpu_share = 100 * used / seconds;
    explained_ += used;
  }
  process.quiet = process.read && process.cpu_share < kIdleShare ? process.quiet + 1 : 0;
  process.cpu = cpu;
  process.when = now;
  process.last_tick = tick_;
  process.read = true;
}

// "123 (name) S 1 ...": a name may hold brackets and blanks, so its end is the last bracket.
bool ProcessTable::stat(int pid, std::string_view text, Instant now) {
  Process* process = find(pid);
  if (process == nullptr) return false;
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return false;
  }
  const std::string_view name = text.substr(open + 1, std::min<std::size_t>(close - open - 1, 15));
  text.remove_prefix(close + 1);
  const std::string_view state = next_word(text);
  std::uint64_t fields[kFields] = {};
  for (std::size_t i = 1; i < kFields; ++i) {
    const std::string_view word = next_word(text);
    if (i != kUserTime && i != kSystemTime && i != kThreads && i != kStartTime && i != kRss) {
      continue;
    }
    const auto value = whole(word);
    if (!value) return false;
    fields[i] = *value;
  }
  if (state.size() != 1) return false;
  now_ticks_ = static_cast<std::uint64_t>(std::max(0.0, to_seconds(now.time_since_epoch())) *
                                          static_cast<double>(ticks_a_second_));
  if (process->read && process->started != fields[kStartTime]) {
    *process = Process{};  // another one, under the same number
    process->pid = pid;
    process->listed = true;
  }
  if (process->name != name) {
    process->name = name;
    process->cmdlines = 0;  // it has become another program
    process->quiet = 0;     // to be read again soon
    process->watches = 0;
    for (std::size_t i = 0; i < watched_.size(); ++i) {
      if (watched_[i].pattern.empty() && watched_[i].name == name) process->watches |= 1U << i;
    }
  }
  process->state = state[0];
  process->started = fields[kStartTime];
  process->threads = fields[kThreads];
  process->rss = std::min(fields[kRss], kMostPages) * page_size_;
  take_stat(*process, fields[kUserTime] + fields[kSystemTime], now);
  return true;
}

bool ProcessTable::io(int pid, std::string_view text) {
  Process* process = find(pid);
  const auto read = number_of(text, "read_bytes:");
  const auto written = number_of(text, "write_bytes:");
  if (process == nullptr || !read || !written) return false;
  process->read_rise += rise(process->read_bytes, *read);
  process->write_rise += rise(process->write_bytes, *written);
  process->read_bytes = *read;
  process->write_bytes = *written;
  return true;
}

void ProcessTable::io_refused(int pid) {
  if (Process* process = find(pid)) process->io_refused = true;
}

void ProcessTable::fds(int pid, std::uint64_t count) {
  if (Process* process = find(pid)) process->fds = count;
}

bool ProcessTable::pss(int pid, std::string_view text) {
  Process* process = find(pid);
  const auto kilobytes = number_of(text, "Pss:");
  if (process == nullptr || !kilobytes) return false;
  process->pss = std::min(*kilobytes, kMostPages) * 1024;
  return true;
}

void ProcessTable::watch(Process& process, std::string_view command) {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (watched_[i].pattern.empty()) continue;
    const std::uint32_t bit = 1U << i;
    process.watches &= ~bit;
    if (!command.empty() && holds_pattern(command, watched_[i].pattern)) process.watches |= bit;
  }
}

// Arguments end with a NUL each.
void ProcessTable::cmdline(int pid, std::string_view text) {
  Process* process = find(pid);
  if (process == nullptr) return;
  process->command_asked = false;
  ++process->cmdlines;
  std::string command(text);
  std::replace(command.begin(), command.end(), '\0', ' ');
  while (!command.empty() && command.back() == ' ') command.pop_back();
  watch(*process, command);
}

void ProcessTable::cmdline_unknown(int pid) {
  if (Process* process = find(pid)) process->command_asked = false;
}

bool ProcessTable::commands_pending() const {
  return std::ranges::any_of(processes_, [](const auto& entry) {
    return entry.second.command_asked && entry.second.cmdlines == 0;
  });
}

void ProcessTable::gone(int pid) {
  if (processes_.erase(pid) > 0 && total_ > 0) --total_;
}

}  // namespace bw::agent
