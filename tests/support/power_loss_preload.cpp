// Loaded into the real programs (LD_PRELOAD): keeps a journal of what they write and have not
// synced, so that a test that kills them can take it away again as a loss of power would; and
// answers /proc/loadavg itself, with numbers that never repeat, noting each in a file of its own.
//
// Environment: BW_POWER_DIRECTORY, whose files are journaled into BW_POWER_JOURNAL; BW_TRUTH, the
// file of the numbers. The journal: for each change a line "op length old_length offset size path",
// the old bytes, the new bytes; see power_loss.cpp, which reads it.
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr std::size_t kMaxFd = 1024;

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

using Open = int(const char*, int, ...);
using Openat = int(int, const char*, int, ...);
using Pread = ssize_t(int, void*, size_t, off_t);
using Pwrite = ssize_t(int, const void*, size_t, off_t);
using Write = ssize_t(int, const void*, size_t);
using Truncate = int(int, off_t);
using OnFd = int(int);

struct State {
  std::mutex mutex;
  std::array<std::string, kMaxFd> paths;  // of files that are journaled
  int load_fd = -1;                       // /proc/loadavg
  int journal = -1;
  int truth = -1;
  long next_number = 1;
  std::string directory;

  State() {
    const auto text = [](const char* name) {
      const char* value = getenv(name);
      return std::string(value == nullptr ? "" : value);
    };
    directory = text("BW_POWER_DIRECTORY");
    const auto open_file = [](const std::string& path) {
      if (path.empty()) return -1;
      return real<Open>("open")(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    };
    journal = open_file(text("BW_POWER_JOURNAL"));
    truth = open_file(text("BW_TRUTH"));
    if (truth >= 0) next_number = last_number() + 1;
  }
  long last_number() const {
    struct stat it {};
    fstat(truth, &it);
    std::array<char, 256> end{};
    const off_t from = std::max<off_t>(0, it.st_size - 200);
    const ssize_t got = real<Pread>("pread")(truth, end.data(), 200, from);
    if (got <= 1) return 0;
    std::string tail(end.data(), static_cast<std::size_t>(got));
    while (!tail.empty() && tail.back() != '\n') tail.pop_back();  // died in the middle of a line
    if (tail.empty()) return 0;
    tail.pop_back();
    const auto begin = tail.rfind('\n');
    return std::atol(tail.c_str() + (begin == std::string::npos ? 0 : begin + 1));
  }
};

State& state() {
  static State& instance = *new State;
  return instance;
}

void note_open(int fd, const char* path) {
  if (fd < 0 || fd >= static_cast<int>(kMaxFd)) return;
  State& it = state();
  const std::lock_guard lock(it.mutex);
  const std::string name = path;
  it.paths[static_cast<std::size_t>(fd)] =
      !it.directory.empty() && name.starts_with(it.directory) && !name.ends_with("-shm") ? name
                                                                                         : "";
  if (it.truth >= 0 && name.ends_with("proc/loadavg")) it.load_fd = fd;
}

void journal(char op, const std::string& path, off_t offset, const void* bytes, std::size_t length,
             off_t size, const std::vector<char>& old) {
  State& it = state();
  std::string entry = std::string(1, op) + " " + std::to_string(length) + " " +
                      std::to_string(old.size()) + " " + std::to_string(offset) + " " +
                      std::to_string(size) + " " + path + "\n";
  entry.append(old.data(), old.size());
  entry.append(static_cast<const char*>(bytes), length);
  (void)!real<Write>("write")(it.journal, entry.data(), entry.size());
}

std::string path_of(int fd) {
  State& it = state();
  if (it.journal < 0 || fd < 0 || fd >= static_cast<int>(kMaxFd)) return {};
  return it.paths[static_cast<std::size_t>(fd)];
}

off_t size_of(int fd) {
  struct stat it {};
  return fstat(fd, &it) == 0 ? it.st_size : 0;
}

ssize_t journaled_write(int fd, const void* bytes, std::size_t length, off_t offset) {
  State& it = state();
  const std::lock_guard lock(it.mutex);
  if (const std::string path = path_of(fd); !path.empty()) {
    std::vector<char> old(length);
    const ssize_t got = real<Pread>("pread")(fd, old.data(), length, offset);
    old.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
    journal('w', path, offset, bytes, length, size_of(fd), old);
  }
  return real<Pwrite>("pwrite")(fd, bytes, length, offset);
}

int journaled_truncate(int fd, off_t size) {
  State& it = state();
  const std::lock_guard lock(it.mutex);
  if (const std::string path = path_of(fd); !path.empty()) {
    const off_t before = size_of(fd);
    std::vector<char> old(static_cast<std::size_t>(std::max<off_t>(0, before - size)));
    if (!old.empty()) (void)!real<Pread>("pread")(fd, old.data(), old.size(), size);
    journal('t', path, size, nullptr, 0, before, old);
  }
  return real<Truncate>("ftruncate")(fd, size);
}

int journaled_sync(int fd, const char* name) {
  const int done = real<OnFd>(name)(fd);
  State& it = state();
  const std::lock_guard lock(it.mutex);
  if (const std::string path = path_of(fd); done == 0 && !path.empty()) {
    journal('s', path, 0, nullptr, 0, 0, {});
  }
  return done;
}

ssize_t read_load(void* to, std::size_t length, off_t offset) {
  State& it = state();
  if (offset > 0) return 0;
  const std::lock_guard lock(it.mutex);
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::array<char, 128> line{};
  const long number = it.next_number++;
  const int noted =
      std::snprintf(line.data(), line.size(), "%ld %lld\n", number,
                    static_cast<long long>(now.tv_sec) * 1000 + now.tv_nsec / 1000000);
  (void)!real<Write>("write")(it.truth, line.data(), static_cast<std::size_t>(noted));
  const int made = std::snprintf(line.data(), line.size(), "%ld.00 0.50 0.25 1/200 4242\n", number);
  const auto size = std::min(length, static_cast<std::size_t>(made));
  std::memcpy(to, line.data(), size);
  return static_cast<ssize_t>(size);
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

// The names are the C library's. Each hides the one below it.
extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = real<Open>("open")(path, flags, mode_of(flags, arguments));
  va_end(arguments);
  note_open(fd, path);
  return fd;
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = real<Open>("open64")(path, flags, mode_of(flags, arguments));
  va_end(arguments);
  note_open(fd, path);
  return fd;
}

int openat(int directory, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int fd = real<Openat>("openat")(directory, path, flags, mode_of(flags, arguments));
  va_end(arguments);
  note_open(fd, path);
  return fd;
}

int close(int fd) {
  State& it = state();
  {
    const std::lock_guard lock(it.mutex);
    if (fd >= 0 && fd < static_cast<int>(kMaxFd)) it.paths[static_cast<std::size_t>(fd)].clear();
    if (fd == it.load_fd) it.load_fd = -1;
  }
  return real<OnFd>("close")(fd);
}

ssize_t pread(int fd, void* to, size_t length, off_t offset) {
  if (fd >= 0 && fd == state().load_fd) return read_load(to, length, offset);
  return real<Pread>("pread")(fd, to, length, offset);
}

ssize_t pread64(int fd, void* to, size_t length, off_t offset) {
  return pread(fd, to, length, offset);
}

ssize_t pwrite(int fd, const void* bytes, size_t length, off_t offset) {
  return journaled_write(fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t length, off_t offset) {
  return journaled_write(fd, bytes, length, offset);
}

int ftruncate(int fd, off_t size) noexcept {
  return journaled_truncate(fd, size);
}

int ftruncate64(int fd, off_t size) noexcept {
  return journaled_truncate(fd, size);
}

int fsync(int fd) {
  return journaled_sync(fd, "fsync");
}

int fdatasync(int fd) {
  return journaled_sync(fd, "fdatasync");
}
}
