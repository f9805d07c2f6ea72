#include "base/runtime/state_lock.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace bw {

namespace {

Error failure(const std::string& what, int error) {
  return Error{what + ": " + std::system_category().message(error)};
}

// Always as many bytes, so that it can be written anew where the disk is full.
constexpr int kPidWidth = 16;

std::string holder_of(int fd) {
  char text[kPidWidth + 1] = {};
  if (pread(fd, text, kPidWidth, 0) <= 0) return "unknown";
  std::string pid(text);
  pid.erase(pid.find_last_not_of(" \n") + 1);
  return pid.empty() ? "unknown" : pid;
}

}  // namespace

Result<StateLock> StateLock::take(const std::string& directory, const std::string& daemon,
                                  bool& taken) {
  taken = false;
  std::error_code error;
  if (std::filesystem::create_directories(directory, error)) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  }
  if (error) return failure("create " + directory, error.value());
  const std::string path = directory + "/" + daemon + ".lock";
  StateLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd_ < 0) return failure("open " + path, errno);
  if (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failure("lock " + path, errno);
    taken = true;
    return Error{directory + " belongs to another " + daemon + " that is running, process " +
                 holder_of(lock.fd_)};
  }
  char text[kPidWidth + 1];
  std::snprintf(text, sizeof text, "%-*d\n", kPidWidth - 1, getpid());
  // Who holds it is told, not decided, by the text: without room on the disk it stays the old one.
  [[maybe_unused]] const ssize_t written = pwrite(lock.fd_, text, kPidWidth, 0);
  return lock;
}

StateLock::StateLock(StateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StateLock& StateLock::operator=(StateLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

StateLock::~StateLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace bw
