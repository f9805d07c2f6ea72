#include "agent/shell/nvme_log.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

TEST(NvmeLog, ADriveIsLookedForInDevAndWhatIsNoDriveIsRefused) {
  const FakeRoot root;
  root.write("/dev/nvme0", "no drive");
  const int fd = open(root.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  std::array<char, kNvmeLogBytes> buffer{};
  std::size_t length = 1;
  EXPECT_EQ(read_nvme_log(fd, "/sys/class/nvme/nvme0", buffer, length), ENOTTY);
  EXPECT_EQ(length, 0U);
  EXPECT_EQ(read_nvme_log(fd, "/sys/class/nvme/nvme1", buffer, length), ENOENT);
  close(fd);
}

}  // namespace
}  // namespace bw::agent
