#include "agent/core/collect/filesystems.h"

#include <algorithm>
#include <cerrno>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

// Kinds that keep data on a device of this box. Images that are always full (squashfs, iso9660,
// erofs) are none of them.
constexpr std::string_view kLocal[] = {
    "ext4",  "xfs",   "btrfs",    "vfat",   "f2fs",    "ext3",    "ext2",
    "exfat", "zfs",   "bcachefs", "ntfs",   "ntfs3",   "fuseblk", "jfs",
    "ubifs", "jffs2", "reiserfs", "nilfs2", "hfsplus",
};

// Kinds that keep it elsewhere.
constexpr std::string_view kNetwork[] = {
    "nfs",       "nfs4",       "cifs",         "smb3",           "smbfs",
    "ceph",      "fuse.sshfs", "lustre",       "fuse.glusterfs", "beegfs",
    "gpfs",      "9p",         "afs",          "fuse.rclone",    "gfs2",
    "fuse.ceph", "fuse.s3fs",  "fuse.juicefs", "fuse.davfs2",    "virtiofs",
};

bool is_network(std::string_view type) {
  return std::find(std::begin(kNetwork), std::end(kNetwork), type) != std::end(kNetwork);
}

bool is_local(std::string_view type, std::string_view mount_point) {
  if (std::find(std::begin(kLocal), std::end(kLocal), type) != std::end(kLocal)) return true;
  // The root of containers, and of boxes that keep theirs read-only below.
  return type == "overlay" && mount_point == "/";
}

static_assert(std::size(metrics::kFileSystemMetrics) == FileSystemSource::kValues);
constexpr std::size_t kDeviceError = FileSystemSource::kValues - 1;

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

}  // namespace

std::string unescape_mount(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      const int byte = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      out.push_back(static_cast<char>(byte));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

FileSystemSource::FileSystemSource(Sample& sample) : Source(sample) {}

bool FileSystemSource::read(const TextReading& reading, Instant) {
  if (!text_.empty() && text_ == reading.text) return true;
  const bool understood = learn(reading.text);
  text_.assign(understood ? reading.text : std::string_view{});
  follow();
  return understood;
}

void FileSystemSource::lose() {
  text_.clear();
  mounts_.clear();
  ignored_ = 0;
  follow();
}

// "/dev/vda / ext4 rw,relatime 0 0": device, mount point, type, options.
bool FileSystemSource::learn(std::string_view text) {
  mounts_.clear();
  ignored_ = 0;
  bool understood = false;
  Scanner scanner(text);
  for (; !scanner.done(); scanner.skip_line()) {
    const std::string_view device = scanner.word();
    const std::string_view escaped = scanner.word();
    const std::string_view type = scanner.word();
    if (type.empty() || !escaped.starts_with('/')) continue;
    understood = true;
    std::string mount_point = unescape_mount(escaped);
    // What is mounted later lies over what was there.
    std::erase_if(mounts_, [&](const Mount& mount) { return mount.mount_point == mount_point; });
    const bool network = is_network(type);
    if (!network && !is_local(type, mount_point)) continue;
    if (mounts_.size() == kMaxFileSystems || mount_point.size() > kMaxMountPoint) {
      ++ignored_;
      continue;
    }
    const bool again = std::any_of(mounts_.begin(), mounts_.end(),
                                   [&](const Mount& mount) { return mount.device == device; });
    if (!again) mounts_.push_back({std::string(device), std::move(mount_point), network});
  }
  return understood;
}

// Brings the file systems up to date with the mounts.
void FileSystemSource::follow() {
  for (FileSystem& file_system : file_systems_) {
    const bool mounted = std::any_of(mounts_.begin(), mounts_.end(), [&](const Mount& mount) {
      return mount.mount_point == file_system.mount_point;
    });
    if (file_system.mounted && !mounted) lose(file_system);
    file_system.mounted = mounted;
  }
  for (const Mount& mount : mounts_) {
    if (FileSystem* known = find(mount.mount_point)) {
      known->network = mount.network;
      continue;
    }
    if (file_systems_.size() == kMaxFileSystems) {
      ++ignored_;
      continue;
    }
    FileSystem& added = file_systems_.emplace_back();
    added.mount_point = mount.mount_point;
    added.mounted = true;
    added.network = mount.network;
    for (std::size_t i = 0; i < kValues; ++i) {
      added.aliases[i] =
          sample_.declare(metrics::kFileSystemMetrics[i], {{"mount", added.mount_point}});
    }
  }
  mount_points_.clear();
  for (const FileSystem& file_system : file_systems_) {
    if (!file_system.mounted) continue;
    mount_points_.push_back({file_system.mount_point, file_system.network});
  }
}

FileSystemSource::FileSystem* FileSystemSource::find(std::string_view mount_point) {
  for (FileSystem& file_system : file_systems_) {
    if (file_system.mount_point == mount_point) return &file_system;
  }
  return nullptr;
}

bool FileSystemSource::read(const FileSystemReading& reading) {
  const FileSystem* file_system = find(reading.mount_point);
  if (file_system == nullptr || !file_system->mounted) return true;  // unmounted meanwhile
  if (reading.error != 0) {
    lose(*file_system);
    // Not where it was not even asked.
    if (reading.error != EBUSY) sample_.set(file_system->aliases[kDeviceError], 1);
    return false;
  }
  const auto block = static_cast<double>(reading.block_size);
  const auto used =
      static_cast<double>(reading.blocks - std::min(reading.blocks, reading.blocks_free));
  const auto available = static_cast<double>(reading.blocks_available);
  const double values[kValues] = {
      static_cast<double>(reading.blocks) * block,
      used * block,
      available * block,
      rounded_share(used, used + available),
      static_cast<double>(reading.inodes),
      static_cast<double>(reading.inodes - std::min(reading.inodes, reading.inodes_free)),
      reading.read_only ? 1.0 : 0.0,
      0,
  };
  for (std::size_t i = 0; i < kValues; ++i) sample_.set(file_system->aliases[i], values[i]);
  return true;
}

void FileSystemSource::lose(const FileSystem& file_system) {
  for (const auto alias : file_system.aliases) sample_.lose(alias);
}

}  // namespace bw::agent
