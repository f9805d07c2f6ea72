#include "agent/shell/kernel_log_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace bw::agent {

namespace {

std::string first_line(const std::string& path) {
  char text[128];
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t got = ::read(fd, text, sizeof text);
  close(fd);
  if (got <= 0) return {};
  const std::string_view line(text, static_cast<std::size_t>(got));
  return std::string(line.substr(0, line.find('\n')));
}

}  // namespace

KernelLogReader::KernelLogReader(const std::string& root, const std::string& path) {
  if (path.empty()) return;
  path_ = root == "/" ? path : root + path;
  boot_id_path_ = (root == "/" ? "" : root) + "/proc/sys/kernel/random/boot_id";
}

KernelLogReader::~KernelLogReader() {
  close_log();
}

int KernelLogReader::open_log() {
  fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) return errno;
  boot_id_ = first_line(boot_id_path_);
  buffer_.resize(kMaxText);
  used_ = 0;
  return 0;
}

void KernelLogReader::close_log() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

// Reads until there is no more, or no room for another record.
int KernelLogReader::fill(bool& ended) {
  int overruns = 0;
  while (used_ + kMaxRecord <= buffer_.size() && overruns < kMaxOverruns) {
    const ssize_t got = ::read(fd_, buffer_.data() + used_, kMaxRecord);
    if (got > 0) {
      used_ += static_cast<std::size_t>(got);
    } else if (got == 0 || errno == EAGAIN) {
      ended = true;
      return 0;
    } else if (errno == EPIPE) {
      ++overruns;  // overwritten before it was read: the sequence numbers tell how many
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

KernelLogReading KernelLogReader::read(std::uint64_t tick, std::size_t taken) {
  KernelLogReading reading;
  if (path_.empty()) return reading;
  if (fd_ < 0) {
    if (tick < retry_at_) {
      reading.error = error_;
      return reading;
    }
    retry_at_ = tick + kRetryTicks;
    error_ = open_log();
    if (error_ == ENOENT) error_ = 0;  // a box without it
    reading.error = error_;
    if (fd_ < 0) return reading;
    taken = 0;
  }
  taken = std::min(taken, used_);
  std::memmove(buffer_.data(), buffer_.data() + taken, used_ - taken);
  used_ -= taken;
  bool ended = false;
  error_ = fill(ended);
  const std::string_view all(buffer_.data(), used_);
  const std::size_t end = all.rfind('\n');
  reading.text = end == std::string_view::npos ? std::string_view{} : all.substr(0, end + 1);
  reading.available = true;
  reading.boot_id = boot_id_;
  reading.caught_up = ended;
  reading.error = error_;
  if (error_ != 0) {
    close_log();
    retry_at_ = tick + kRetryTicks;
  } else if (end == std::string_view::npos && used_ + kMaxRecord > buffer_.size()) {
    used_ = 0;  // a line without end is no kernel log
  }
  return reading;
}

}  // namespace bw::agent
