#include "agent/shell/state_lock.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using testing::HasSubstr;

TEST(StateLock, MakesTheDirectoryAndHoldsItUntilDestroyed) {
  const FakeRoot root;
  bool taken = true;
  {
    const auto lock = StateLock::take(root.at("/a/state"), taken);
    ASSERT_TRUE(lock) << lock.error().message;
    EXPECT_FALSE(taken);
    EXPECT_TRUE(std::filesystem::is_directory(root.at("/a/state")));
  }
  EXPECT_TRUE(StateLock::take(root.at("/a/state"), taken));
}

TEST(StateLock, RefusesASecondHolderAndNamesTheFirst) {
  const FakeRoot root;
  bool taken = false;
  const auto first = StateLock::take(root.path(), taken);
  ASSERT_TRUE(first);
  const auto second = StateLock::take(root.path(), taken);
  ASSERT_FALSE(second);
  EXPECT_TRUE(taken);
  EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(getpid())));
  EXPECT_THAT(second.error().message, HasSubstr(root.path()));
}

TEST(StateLock, SaysSoWhereTheHoldersNumberCantBeRead) {
  const FakeRoot root;
  bool taken = false;
  const auto first = StateLock::take(root.path(), taken);
  ASSERT_TRUE(first);
  root.write("/agent.lock", "");
  const auto second = StateLock::take(root.path(), taken);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("process unknown"));
}

TEST(StateLock, SaysWhyADirectoryCantBeUsed) {
  const FakeRoot root;
  root.write("/file", "not a directory");
  bool taken = true;
  const auto below_a_file = StateLock::take(root.at("/file/state"), taken);
  ASSERT_FALSE(below_a_file);
  EXPECT_FALSE(taken);
  EXPECT_THAT(below_a_file.error().message, HasSubstr("create " + root.at("/file/state")));

  std::filesystem::create_directories(root.at("/state/agent.lock"));
  const auto no_file = StateLock::take(root.at("/state"), taken);
  ASSERT_FALSE(no_file);
  EXPECT_FALSE(taken);
  EXPECT_THAT(no_file.error().message, HasSubstr("open " + root.at("/state/agent.lock")));
}

}  // namespace
}  // namespace bw::agent
