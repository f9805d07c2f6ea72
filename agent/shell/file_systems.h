// Asks the kernel how full the mounted file systems are.
//
// Which ones is the collector's choice: only local ones, since asking a network file system can
// block for ever. By path each time: an open descriptor would keep a file system from being
// unmounted.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/core/collect/readings.h"

namespace bw::agent {

class FileSystems {
 public:
  explicit FileSystems(const std::string& root);

  // One reading a mount point, in their order. Valid until the next call, and as long as
  // `mount_points`.
  std::span<const FileSystemReading> read(std::span<const std::string> mount_points);

 private:
  std::string root_;  // without a '/' at its end: empty for "/"
  std::string path_;
  std::vector<FileSystemReading> readings_;
};

// Processor time of this process so far, user and system.
Duration process_cpu_time();

}  // namespace bw::agent
