// /proc/self/mounts and statvfs: how full the file systems are.
//
// A file system is followed at the first mount point it is listed with, if it is of a kind that
// holds data, on this box or elsewhere. What is mounted over is not seen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/source.h"

namespace bw::agent {

class FileSystemSource : public Source {
 public:
  static constexpr std::size_t kMaxFileSystems = 64;
  static constexpr std::size_t kMaxMountPoint = 1024;  // longer ones are ignored, and counted
  static constexpr std::size_t kValues = 8;

  explicit FileSystemSource(Sample& sample);

  // The text of mounts.
  bool read(const TextReading& reading, Instant when) override;
  void lose() override;
  std::uint64_t ignored() const override { return ignored_; }

  // What statvfs told. False where it could not tell.
  bool read(const FileSystemReading& reading);

  // To be asked about, in the order of their series.
  std::span<const MountPoint> mount_points() const { return mount_points_; }

 private:
  // A line of mounts that may be a file system to follow.
  struct Mount {
    std::string device;
    std::string mount_point;
    bool network = false;
  };
  struct FileSystem {
    std::string mount_point;
    bool mounted = false;
    bool network = false;
    std::array<Sample::Alias, kValues> aliases{};
  };

  bool learn(std::string_view text);
  void follow();
  FileSystem* find(std::string_view mount_point);
  void lose(const FileSystem& file_system);

  std::string text_;  // as read last: mounts seldom change
  std::vector<Mount> mounts_;
  std::vector<FileSystem> file_systems_;
  std::vector<MountPoint> mount_points_;
  std::uint64_t ignored_ = 0;
};

// Blanks, tabs, newlines and backslashes of mounts are written as \040 and the like.
std::string unescape_mount(std::string_view text);

}  // namespace bw::agent
