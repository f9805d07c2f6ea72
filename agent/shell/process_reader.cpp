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
// So many entries of /proc must agree on where processes lie in it.
constexpr std::size_t kAgreeing = 4;

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
void ProcessReader::look() {
  struct stat facts {};
  newest_ = 0;
  if (fstat(proc_, &facts) != 0 || loadavg_ < 0) return;
  links_ = facts.st_nlink;
  const ssize_t got = pread(loadavg_, buffer_.data(), buffer_.size() - 1, 0);
  if (got <= 0) return;
  buffer_[static_cast<std::size_t>(got)] = '\0';
  std::string_view text(buffer_.data(), static_cast<std::size_t>(got));
  while (text.ends_with('\n')) text.remove_suffix(1);
  buffer_[text.size()] = '\0';
  const std::size_t blank = text.rfind(' ');
  if (blank != std::string_view::npos) newest_ = pid_of(buffer_.data() + blank + 1);
}

// From a place in the folder on. Each entry tells the place of the next: where that is always as
// far from the next one's number, as in a real /proc, the place of any number is known.
bool ProcessReader::read_pids(off_t from) {
  pids_.clear();
  if (lseek(proc_, from, SEEK_SET) < 0) return false;
  off_t place = kNoPlace;  // as the entry before told
  off_t first = kNoPlace;
  std::size_t agreeing = 0;
  bool agree = true;
  while (true) {
    const long got = syscall(SYS_getdents64, proc_, buffer_.data(), buffer_.size());
    if (got < 0) return false;
    if (got == 0) break;
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer_.data() + at);
      const int pid = pid_of(entry->name);
      if (pid != 0 && pids_.size() < kMaxPids) pids_.push_back(pid);
      if (pid != 0 && pids_.size() > 1) {
        agree = agree && (first == kNoPlace || first == place - pid);
        first = place - pid;
        ++agreeing;
      }
      place = entry->offset;
      at += entry->length;
    }
  }
  if (from == 0) first_place_ = agree && agreeing >= kAgreeing ? first : kNoPlace;
  return true;
}

void ProcessReader::list() {
  look();
  if (!read_pids(0)) return;
  table_.list(pids_);
  listed_links_ = links_;
  listed_total_ = table_.total();
  list_at_ = tick_ + kListTicks;
}

void ProcessReader::list_new(int after) {
  if (read_pids(first_place_ + after + 1)) table_.begun(pids_);
}

// As many have come and gone as the kernel says.
bool ProcessReader::is_complete() const {
  return first_place_ == kNoPlace || links_ + listed_total_ == listed_links_ + table_.total();
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

// Takes the place of the one not used for longest where there are too many.
std::vector<ProcessReader::Open>::iterator ProcessReader::open_stat(int pid) {
  char path[64];
  std::snprintf(path, sizeof path, "%d/stat", pid);
  const int fd = openat(proc_, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return open_.end();
  if (open_.size() == kMaxOpen) {
    const auto oldest = std::ranges::min_element(open_, {}, &Open::used);
    close(oldest->fd);
    open_.erase(oldest);
  }
  return open_.insert(std::ranges::lower_bound(open_, pid, {}, &Open::pid),
                      Open{.pid = pid, .fd = fd});
}

// From a descriptor that is kept, or is from now on. One of a process that is gone says so.
bool ProcessReader::read_stat(int pid, Instant now) {
  auto kept = std::ranges::lower_bound(open_, pid, {}, &Open::pid);
  if (kept == open_.end() || kept->pid != pid) kept = open_stat(pid);
  if (kept == open_.end()) return false;
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
  const int before = newest_;
  const std::uint64_t links = links_;
  look();
  const bool has_changed = newest_ == 0 || newest_ != before || links_ != links;
  if (tick >= list_at_ || (has_changed && (first_place_ == kNoPlace || newest_ < before))) {
    list();
  } else if (newest_ != before) {
    list_new(before);
  }
  memory_.collect(now, [this](const ProcessMemory::Item& item) { take(item); });
  table_.machine_cpu(machine_cpu_seconds(stat_text, table_.ticks_a_second()));
  for (const ProcessAsk& ask : table_.plan(tick)) carry_out(ask, now);
  if (!is_complete()) list();  // idle ones have gone, or there are other containers
  memory_.begin(now);
  return &table_;
}

}  // namespace bw::agent
