#include "agent/shell/kernel_log_reader.h"

#include <cerrno>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

constexpr std::string_view kPath = "/dev/kmsg";

class KernelLogReaderTest : public testing::Test {
 protected:
  KernelLogReaderTest() {
    root_.write("/proc/sys/kernel/random/boot_id", "a-boot\n");
    std::filesystem::create_directories(root_.at("/dev"));
  }
  void append(std::string_view text) {
    std::ofstream(root_.at(kPath), std::ios::binary | std::ios::app) << text;
  }
  FakeRoot root_;
};

TEST_F(KernelLogReaderTest, ReadsWhatIsThereAndThenWhatCame) {
  append("4,1,2,-;one\n4,2,3,-;two\n");
  KernelLogReader reader(root_.path(), std::string(kPath));
  auto reading = reader.read(0, 0);
  EXPECT_TRUE(reading.available);
  EXPECT_TRUE(reading.caught_up);
  EXPECT_EQ(reading.boot_id, "a-boot");
  EXPECT_EQ(reading.text, "4,1,2,-;one\n4,2,3,-;two\n");
  EXPECT_EQ(reading.error, 0);
  reading = reader.read(1, reading.text.size());
  EXPECT_EQ(reading.text, "");
  append("4,3,4,-;three\n4,4,");
  reading = reader.read(2, 0);
  EXPECT_EQ(reading.text, "4,3,4,-;three\n");
  append("5,-;four\n");
  EXPECT_EQ(reader.read(3, reading.text.size()).text, "4,4,5,-;four\n");
}

TEST_F(KernelLogReaderTest, WhatWasNotTakenComesAgain) {
  append("4,1,2,-;one\n4,2,3,-;two\n");
  KernelLogReader reader(root_.path(), std::string(kPath));
  reader.read(0, 0);
  EXPECT_EQ(reader.read(1, 12).text, "4,2,3,-;two\n");
  EXPECT_EQ(reader.read(2, 0).text, "4,2,3,-;two\n");
  EXPECT_EQ(reader.read(3, 1000).text, "");
}

TEST_F(KernelLogReaderTest, AFullRingIsReadOverSeveralTicks) {
  std::string ring;
  for (int i = 0; i < 4000; ++i) {
    ring += "6," + std::to_string(i) + "," + std::to_string(i) + ",-;a line of some length\n";
  }
  append(ring);
  KernelLogReader reader(root_.path(), std::string(kPath));
  std::string all;
  std::size_t taken = 0;
  std::uint64_t ticks = 0;
  bool caught_up = false;
  for (; !caught_up && ticks < 100; ++ticks) {
    const auto reading = reader.read(ticks, taken);
    EXPECT_LE(reading.text.size(), KernelLogReader::kMaxText);
    all += reading.text;
    taken = reading.text.size();
    caught_up = reading.caught_up;
  }
  EXPECT_EQ(all, ring);
  EXPECT_GT(ticks, 2U);
}

TEST_F(KernelLogReaderTest, NothingIsWaitedFor) {
  ASSERT_EQ(mkfifo(root_.at(kPath).c_str(), 0600), 0);
  KernelLogReader reader(root_.path(), std::string(kPath));
  EXPECT_TRUE(reader.read(0, 0).caught_up);
  const int writer = open(root_.at(kPath).c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  EXPECT_TRUE(reader.read(1, 0).caught_up);
  ASSERT_EQ(write(writer, "4,1,2,-;x\n", 10), 10);
  EXPECT_EQ(reader.read(2, 0).text, "4,1,2,-;x\n");
  close(writer);
}

TEST_F(KernelLogReaderTest, ABoxWithoutAKernelLogIsLookedAtAgainLater) {
  KernelLogReader reader(root_.path(), std::string(kPath));
  auto reading = reader.read(0, 0);
  EXPECT_FALSE(reading.available);
  EXPECT_EQ(reading.error, 0);
  append("4,1,2,-;x\n");
  EXPECT_FALSE(reader.read(1, 0).available);
  EXPECT_TRUE(reader.read(KernelLogReader::kRetryTicks, 0).available);
}

TEST_F(KernelLogReaderTest, WhatCantBeReadIsSaidAndTriedAgain) {
  std::filesystem::create_directories(root_.at(kPath));
  KernelLogReader reader(root_.path(), std::string(kPath));
  EXPECT_EQ(reader.read(0, 0).error, EISDIR);
  EXPECT_EQ(reader.read(1, 0).error, EISDIR);
  EXPECT_FALSE(reader.read(2, 0).available);
  root_.remove(kPath);
  append("4,1,2,-;x\n");
  const auto reading = reader.read(KernelLogReader::kRetryTicks, 0);
  EXPECT_EQ(reading.error, 0);
  EXPECT_EQ(reading.text, "4,1,2,-;x\n");
}

TEST_F(KernelLogReaderTest, ALineWithoutEndIsGivenUp) {
  append(std::string(KernelLogReader::kMaxText + 10, 'x'));
  KernelLogReader reader(root_.path(), std::string(kPath));
  for (std::uint64_t tick = 0; tick < 4; ++tick) EXPECT_EQ(reader.read(tick, 0).text, "");
  append("\n4,1,2,-;x\n");
  EXPECT_TRUE(reader.read(5, 0).text.ends_with("4,1,2,-;x\n"));
}

TEST_F(KernelLogReaderTest, WithoutAPathNothingIsRead) {
  KernelLogReader reader(root_.path(), "");
  EXPECT_FALSE(reader.read(0, 0).available);
}

TEST(KernelLogReader, ReadsTheKernelsOwn) {
  if (access("/dev/kmsg", R_OK) != 0) GTEST_SKIP() << "no /dev/kmsg here";
  KernelLogReader reader("/", std::string(kPath));
  const auto reading = reader.read(0, 0);
  if (reading.error == EPERM) GTEST_SKIP() << "/dev/kmsg may not be read here";
  EXPECT_EQ(reading.error, 0);
  EXPECT_FALSE(reading.boot_id.empty());
  EXPECT_TRUE(reading.text.empty() || reading.text.ends_with('\n'));
}

}  // namespace
}  // namespace bw::agent
