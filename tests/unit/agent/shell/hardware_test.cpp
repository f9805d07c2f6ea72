#include "agent/shell/hardware.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

TEST(Hardware, IsReadFromTheFilesOfAnX86Box) {
  const FakeRoot root;
  root.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  root.write("/proc/sys/kernel/random/boot_id", "5f7e8a52-3b0c-4f3e-9d53-0c1f3b9f7a11\n");
  root.write("/etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n");
  root.write("/proc/cpuinfo",
             "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Fast CPU @ 3.00GHz\nprocessor\t: 1\n");
  root.write("/sys/devices/system/cpu/online", "0-3,8\n");
  root.write("/proc/meminfo", "MemTotal:       16384 kB\nMemFree:  1 kB\n");
  const wire::Hardware hardware = read_hardware(root.path());
  EXPECT_EQ(hardware.machine_id, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(hardware.boot_id, "5f7e8a52-3b0c-4f3e-9d53-0c1f3b9f7a11");
  EXPECT_EQ(hardware.os, "Debian GNU/Linux 12");
  EXPECT_EQ(hardware.cpu_model, "Fast CPU @ 3.00GHz");
  EXPECT_EQ(hardware.cpus, 5U);
  EXPECT_EQ(hardware.memory_bytes, 16384U * 1024);
  EXPECT_FALSE(hardware.hostname.empty());
  EXPECT_FALSE(hardware.kernel.empty());
  EXPECT_FALSE(hardware.arch.empty());
}

TEST(Hardware, TakesTheBoardsNameWhereTheProcessorHasNone) {
  const FakeRoot root;
  root.write("/proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
  EXPECT_EQ(read_hardware(root.path()).cpu_model, "implementer 0x41 part 0xd0c");
  root.write("/proc/device-tree/model", std::string_view("Edge Board 4 Rev 1.2\0", 21));
  EXPECT_EQ(read_hardware(root.path()).cpu_model, "Edge Board 4 Rev 1.2");
}

TEST(Hardware, LeavesEmptyWhatItCantFindOut) {
  const FakeRoot root;
  root.write("/proc/meminfo", "MemTotal: lots\n");
  root.write("/sys/devices/system/cpu/online", "3-1\n");
  const wire::Hardware hardware = read_hardware(root.path());
  EXPECT_EQ(hardware.machine_id, "");
  EXPECT_EQ(hardware.os, "");
  EXPECT_EQ(hardware.cpu_model, "");
  EXPECT_EQ(hardware.cpus, 0U);
  EXPECT_EQ(hardware.memory_bytes, 0U);
}

TEST(Hardware, PassesOnPrintableTextOfBoundedLengthOnly) {
  const FakeRoot root;
  root.write("/etc/machine-id", "a\x01\xff z\nsecond line");
  root.write("/proc/device-tree/model", std::string(5000, 'm'));
  const wire::Hardware hardware = read_hardware(root.path());
  EXPECT_EQ(hardware.machine_id, "a?? z");
  EXPECT_EQ(hardware.cpu_model.size(), 256U);
}

TEST(Hardware, KnowsThisMachine) {
  const wire::Hardware hardware = read_hardware("/");
  EXPECT_GT(hardware.cpus, 0U);
  EXPECT_GT(hardware.memory_bytes, 1U << 20);
  EXPECT_EQ(hardware.boot_id.size(), 36U);
}

TEST(Hardware, ShortHostNameEndsBeforeTheFirstDot) {
  EXPECT_FALSE(short_host_name().empty());
  EXPECT_EQ(short_host_name().find('.'), std::string::npos);
}

}  // namespace
}  // namespace bw::agent
