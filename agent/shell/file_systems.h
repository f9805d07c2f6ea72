// Asks the kernel how full the mounted file systems are, in the slow lanes: a network file system
// whose server is gone answers when it is back.
//
// Which ones is the collector's choice. By path each time: an open descriptor would keep a file
// system from being unmounted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/core/collect/readings.h"
#include "agent/shell/slow_lanes.h"

namespace bw::agent {

class FileSystems {
 public:
  // They fill slowly: asked only so often. What the collector knows of them stays in between.
  static constexpr std::uint64_t kEveryTicks = 10;

  // Fills in what a mount point's path tells; on a thread of the lanes.
  using Ask = std::function<void(const std::string& path, FileSystemReading& reading)>;

  // `lanes` must outlive it. `ask` is for tests.
  FileSystems(const std::string& root, SlowLanes& lanes, Ask ask = {});
  ~FileSystems();

  // Asks them, where they were not asked for kEveryTicks or are others.
  void begin(std::span<const MountPoint> mount_points, std::uint64_t tick, Instant now);
  // One reading a mount point, once all have answered but for those that hang; else none. Valid
  // until the next call.
  std::span<const FileSystemReading> collect(Instant now);

 private:
  class MountTask;

  void follow(std::span<const MountPoint> mount_points);

  std::string root_;  // without a '/' at its end: empty for "/"
  SlowLanes& lanes_;
  Ask ask_;
  std::vector<MountPoint> asked_;
  std::vector<std::shared_ptr<MountTask>> tasks_;  // of `asked_`
  bool asking_ = false;
  std::uint64_t due_ = 0;
  std::vector<FileSystemReading> readings_;
};

// What FileSystems does by itself.
void ask_statvfs(const std::string& path, FileSystemReading& reading);

// Processor time of this process so far, user and system.
Duration process_cpu_time();

}  // namespace bw::agent
