// Asks the kernel how full the mounted file systems are.
//
// Which ones is the collector's choice: only local ones, since asking a network file system can
// block for ever. By path each time: an open descriptor would keep a file system from being
// unmounted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/core/collect/readings.h"

namespace bw::agent {

class FileSystems {
 public:
  explicit FileSystems(const std::string& root);

  // They fill slowly, and each is a call to the kernel: asked only so often. What the collector
  // knows of them stays in between.
  static constexpr std::uint64_t kEveryTicks = 10;

  // One reading a mount point, in their order; none where they were asked less than kEveryTicks
  // ago and are the same. Valid until the next call, and as long as `mount_points`.
  std::span<const FileSystemReading> read(std::span<const std::string> mount_points,
                                          std::uint64_t tick);

 private:
  std::string root_;  // without a '/' at its end: empty for "/"
  std::string path_;
  std::vector<FileSystemReading> readings_;
  std::vector<std::string> asked_;  // at tick asked_at_
  std::uint64_t asked_at_ = 0;
};

// Processor time of this process so far, user and system.
Duration process_cpu_time();

}  // namespace bw::agent
