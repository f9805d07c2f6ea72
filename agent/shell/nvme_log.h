// The health log page of an NVMe drive, by the kernel's pass-through of admin commands. Needs
// CAP_SYS_ADMIN, and leave to open the drive.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace bw::agent {

inline constexpr std::size_t kNvmeLogBytes = 512;

// `path` ends in the controller's name ("/sys/class/nvme/nvme0"); its device is looked for in dev,
// below the directory `root`. `buffer` has room for kNvmeLogBytes. 0 or errno.
int read_nvme_log(int root, const std::string& path, std::span<char> buffer, std::size_t& length);

}  // namespace bw::agent
