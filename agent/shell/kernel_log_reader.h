// Reads /dev/kmsg: what is there at a tick, never waiting for more.
//
// The device gives the whole ring from its oldest message after each opening, and one record a
// read; the core knows which it has told. A plain file or FIFO of the same lines serves as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/core/collect/kernel_log/kernel_log_reading.h"

namespace bw::agent {

class KernelLogReader {
 public:
  static constexpr std::size_t kMaxRecord = 8192;     // the kernel's own bound
  static constexpr std::size_t kMaxText = 64U << 10;  // handed out at a time
  // Reads in a row that found messages overwritten, in one tick: then there is more than can be
  // followed, and the rest is for the next.
  static constexpr int kMaxOverruns = 16;
  // Ticks between two tries to open it.
  static constexpr std::uint64_t kRetryTicks = 60;

  // `path` lies below `root`; empty: nothing is read.
  KernelLogReader(const std::string& root, const std::string& path);
  ~KernelLogReader();
  KernelLogReader(const KernelLogReader&) = delete;
  KernelLogReader& operator=(const KernelLogReader&) = delete;

  // `taken`: bytes of the last reading that are done with; the rest comes again. Valid until the
  // next call.
  KernelLogReading read(std::uint64_t tick, std::size_t taken);

 private:
  int open_log();         // 0 or errno
  int fill(bool& ended);  // the same
  void close_log();

  std::string path_;
  std::string boot_id_path_;
  std::string boot_id_;
  int fd_ = -1;
  int error_ = 0;
  std::uint64_t retry_at_ = 0;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
};

}  // namespace bw::agent
