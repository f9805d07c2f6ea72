#include "agent/shell/process_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bw::agent {

namespace {

// What getdents64(2) writes.
struct Entry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
  char name[1];
};

constexpr std::size_t kListBuffer = 32U << 10;

int pid_of(const char* name) {
  if (name[0] < '1' || name[0] > '9') return 0;
  char* end = nullptr;
  const long pid = std::strtol(name, &end, 10);
  return *end == '\0' && pid > 0 && pid < (1L << 30) ? static_cast<int>(pid) : 0;
}

}  // namespace

ProcessReader::ProcessReader(const std::string& root, std::vector<WatchedProcess> watched,
                             SlowLanes& lanes)
    : table_(std::move(watched), static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK)),
             static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))),
      memory_(root, lanes),
      buffer_(kListBuffer) {
  const std::string path = (root == "/" ? "" : root) + "/proc";
  proc_ = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc_ < 0) return;
  loadavg_ = openat(proc_, "loadavg", O_RDONLY | O_CLOEXEC);
  open_.reserve(kMaxOpen);
}

ProcessReader::~ProcessReader() {
  for (const Open& one : open_) close(one.fd);
  if (loadavg_ >= 0) close(loadavg_);
  if (proc_ >= 0) close(proc_);
}

// "0.20 0.18 0.12 1/80 11206": the last is the newest process.
bool ProcessReader::has_changed() {
  struct stat facts {};
  if (fstat(proc_, &facts) != 0 || loadavg_ < 0) return true;
  const ssize_t got = pread(loadavg_, buffer_.data(), buffer_.size(), 0);
  if (got <= 0) return true;
  std::string_view text(buffer_.data(), static_cast<std::size_t>(got));
  while (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t blank = text.rfind(' ');
  const std::string_view newest = blank == std::string_view::npos ? text : text.substr(blank + 1);
  const bool changed = newest != newest_ || facts.st_nlink != links_;
  newest_.assign(newest);
  links_ = facts.st_nlink;
  return changed;
}

void ProcessReader::list() {
  pids_.clear();
  if (lseek(proc_, 0, SEEK_SET) < 0) return;
  while (true) {
    const long got = syscall(SYS_getdents64, proc_, buffer_.data(), buffer_.size());
    if (got <= 0) break;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer_.data() + at);
      const int pid = pid_of(entry->name);
      if (pid != 0 && pids_.size() < kMaxPids) pids_.push_back(pid);
      at += entry->length;
    }
  }
  table_.list(pids_);
}

std::string_view ProcessReader::read_file(int pid, const char* name, int& error) {
  char path[64];
  std::snprintf(path, sizeof path, "%d/%s", pid, name);
  const int fd = openat(proc_, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    error = errno;
    return {};
  }
  const ssize_t got = ::read(fd, buffer_.data(), kMaxText);
  error = got < 0 ? errno : 0;
  close(fd);
  return {buffer_.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

// From a descriptor that is kept, or that takes the place of the one not used for longest. One of a
// process that is gone says so.
bool ProcessReader::read_stat(int pid, Instant now) {
  auto kept =
      std::find_if(open_.begin(), open_.end(), [&](const Open& one) { return one.pid == pid; });
  if (kept == open_.end()) {
    char path[64];
    std::snprintf(path, sizeof path, "%d/stat", pid);
    const int fd = openat(proc_, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    if (open_.size() < kMaxOpen) {
      kept = open_.insert(open_.end(), Open{});
    } else {
      kept = std::min_element(open_.begin(), open_.end(),
                              [](const Open& a, const Open& b) { return a.used < b.used; });
      close(kept->fd);
    }
    *kept = Open{.pid = pid, .fd = fd};
  }
  kept->used = tick_;
  const ssize_t got = pread(kept->fd, buffer_.data(), kMaxText, 0);
  if (got <= 0) {
    close(kept->fd);
    open_.erase(kept);
    return false;
  }
  table_.stat(pid, {buffer_.data(), static_cast<std::size_t>(got)}, now);
  return true;
}

// Since Linux 6.2 the folder's size is how many there are, and no right is needed to ask.
void ProcessReader::read_fds(int pid) {
  char path[64];
  std::snprintf(path, sizeof path, "%d/fd", pid);
  struct stat facts {};
  if (fstatat(proc_, path, &facts, 0) != 0) return;
  if (facts.st_size > 0) return table_.fds(pid, static_cast<std::uint64_t>(facts.st_size));
  const int fd = openat(proc_, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  std::uint64_t count = 0;
  while (true) {
    const long got = syscall(SYS_getdents64, fd, buffer_.data(), buffer_.size());
    if (got <= 0) break;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer_.data() + at);
      if (entry->name[0] != '.') ++count;
      at += entry->length;
    }
  }
  close(fd);
  table_.fds(pid, count);
}

void ProcessReader::carry_out(const ProcessAsk& ask, Instant now) {
  if (ask.stat && !read_stat(ask.pid, now)) return table_.gone(ask.pid);
  int error = 0;
  if (ask.io) {
    const std::string_view text = read_file(ask.pid, "io", error);
    if (error == EACCES || error == EPERM) table_.io_refused(ask.pid);
    if (error == 0) table_.io(ask.pid, text);
  }
  if (ask.fds) read_fds(ask.pid);
  if (ask.pss) ask_memory(ask.pid, ProcessMemory::What::pss);
  if (!ask.cmdline) return;
  // Our own command line may hold the very patterns that are looked for.
  if (ask.pid == getpid()) return table_.cmdline(ask.pid, {});
  ask_memory(ask.pid, ProcessMemory::What::cmdline);
}

void ProcessReader::ask_memory(int pid, ProcessMemory::What what) {
  const auto found = table_.processes().find(pid);
  if (found == table_.processes().end()) return;
  const bool asked = memory_.ask(pid, found->second.started, what);
  if (!asked && what == ProcessMemory::What::cmdline) table_.cmdline_unknown(pid);
}

void ProcessReader::take(const ProcessMemory::Item& item) {
  const auto found = table_.processes().find(item.pid);
  if (found == table_.processes().end() || found->second.started != item.started) return;
  if (item.what == ProcessMemory::What::pss) {
    if (item.error == 0) table_.pss(item.pid, item.text);
  } else if (item.error == 0) {
    table_.cmdline(item.pid, item.text);
  } else {
    table_.cmdline_unknown(item.pid);
  }
}

ProcessTable* ProcessReader::read(std::uint64_t tick, Instant now, std::string_view stat_text) {
  if (proc_ < 0) return nullptr;
  tick_ = tick;
  if (has_changed() || tick >= list_at_) {
    list();
    list_at_ = tick + kListTicks;
  }
  memory_.collect(now, [this](const ProcessMemory::Item& item) { take(item); });
  table_.machine_cpu(machine_cpu_seconds(stat_text, table_.ticks_a_second()));
  for (const ProcessAsk& ask : table_.plan(tick)) carry_out(ask, now);
  memory_.begin(now);
  return &table_;
}

}  // namespace bw::agent
