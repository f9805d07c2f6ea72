#include "agent/shell/file_systems.h"

#include <algorithm>
#include <cerrno>

#include <sys/resource.h>
#include <sys/statvfs.h>

namespace bw::agent {

namespace {

Duration duration_of(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

}  // namespace

FileSystems::FileSystems(const std::string& root) : root_(root) {
  while (root_.ends_with('/')) root_.pop_back();
}

std::span<const FileSystemReading> FileSystems::read(std::span<const std::string> mount_points,
                                                     std::uint64_t tick) {
  readings_.clear();
  if (tick - asked_at_ < kEveryTicks && std::ranges::equal(asked_, mount_points)) return {};
  asked_.assign(mount_points.begin(), mount_points.end());
  asked_at_ = tick;
  for (const std::string& mount_point : mount_points) {
    path_.assign(root_).append(mount_point);
    FileSystemReading& reading = readings_.emplace_back();
    reading.mount_point = mount_point;
    struct statvfs facts {};
    if (statvfs(path_.c_str(), &facts) != 0) {
      reading.error = errno;
      continue;
    }
    reading.block_size = facts.f_frsize;
    reading.blocks = facts.f_blocks;
    reading.blocks_free = facts.f_bfree;
    reading.blocks_available = facts.f_bavail;
    reading.inodes = facts.f_files;
    reading.inodes_free = facts.f_ffree;
    reading.read_only = (facts.f_flag & ST_RDONLY) != 0;
  }
  return readings_;
}

Duration process_cpu_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);  // fails only for bad arguments
  return duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
}

}  // namespace bw::agent
