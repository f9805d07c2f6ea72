#include "agent/shell/nvme_log.h"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/assert.h"

namespace bw::agent {

namespace {

// NVM Express Base Specification 1.4, figure 191 and section 5.14.
constexpr std::uint8_t kGetLogPage = 0x02;
constexpr std::uint32_t kHealthPage = 0x02;
constexpr std::uint32_t kAllNamespaces = 0xFFFFFFFF;
constexpr std::uint32_t kTimeoutMs = 5000;

}  // namespace

int read_nvme_log(int root, const std::string& path, std::span<char> buffer, std::size_t& length) {
  BW_ASSERT(buffer.size() >= kNvmeLogBytes);
  const std::string device = "dev" + path.substr(path.rfind('/'));
  const int fd = openat(root, device.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno;
  nvme_admin_cmd command{};
  command.opcode = kGetLogPage;
  command.nsid = kAllNamespaces;
  command.addr = reinterpret_cast<std::uintptr_t>(buffer.data());
  command.data_len = kNvmeLogBytes;
  // How many double words less one, and which page.
  command.cdw10 = ((kNvmeLogBytes / 4 - 1) << 16) | kHealthPage;
  command.timeout_ms = kTimeoutMs;
  const int answer = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
  int error = 0;
  if (answer < 0) error = errno;
  if (answer > 0) error = EIO;  // a status of the drive
  close(fd);
  length = error == 0 ? kNvmeLogBytes : 0;
  return error;
}

}  // namespace bw::agent
