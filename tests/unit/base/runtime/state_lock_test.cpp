#include "base/runtime/state_lock.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/base/runtime/temporary_folder.h"

namespace bw {
namespace {

using testing::HasSubstr;

class StateLockTest : public testing::Test {
 protected:
  Result<StateLock> take(const std::string& directory) {
    return StateLock::take(directory, "agent", taken_);
  }
  TemporaryFolder folder_;
  bool taken_ = false;
};

TEST_F(StateLockTest, MakesTheDirectoryForItsOwnerAlone) {
  const std::string state = folder_ / "a/b";
  ASSERT_TRUE(take(state));
  EXPECT_EQ(std::filesystem::status(state).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(StateLockTest, ASecondHolderIsRefusedAndToldTheFirst) {
  const auto first = take(folder_.path());
  ASSERT_TRUE(first);
  const auto second = take(folder_.path());
  ASSERT_FALSE(second);
  EXPECT_TRUE(taken_);
  EXPECT_THAT(second.error().message,
              HasSubstr("another agent that is running, process " + std::to_string(getpid())));
  EXPECT_THAT(second.error().message, HasSubstr(folder_.path()));
}

TEST_F(StateLockTest, SaysSoWhereTheHoldersNumberCantBeRead) {
  const auto first = take(folder_.path());
  ASSERT_TRUE(first);
  std::ofstream(folder_ / "agent.lock") << "";
  const auto second = take(folder_.path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("process unknown"));
}

TEST_F(StateLockTest, IsFreeAgainOnceItsHolderIsGone) {
  { ASSERT_TRUE(take(folder_.path())); }
  EXPECT_TRUE(take(folder_.path()));
  EXPECT_FALSE(taken_);
}

TEST_F(StateLockTest, AMovedLockIsHeldByItsNewOwner) {
  auto first = take(folder_.path());
  ASSERT_TRUE(first);
  std::optional<StateLock> moved(std::move(*first));
  EXPECT_FALSE(take(folder_.path()));
  moved.reset();
  EXPECT_TRUE(take(folder_.path()));
}

TEST_F(StateLockTest, ADirectoryThatCannotBeMadeIsAnErrorWithItsName) {
  std::ofstream(folder_ / "file") << "x";
  const auto lock = take(folder_ / "file/state");
  ASSERT_FALSE(lock);
  EXPECT_FALSE(taken_);
  EXPECT_THAT(lock.error().message, HasSubstr("create " + (folder_ / "file/state")));
}

TEST_F(StateLockTest, ALockFileThatCannotBeOpenedIsAnErrorWithItsName) {
  std::filesystem::create_directory(folder_ / "agent.lock");
  const auto lock = take(folder_.path());
  ASSERT_FALSE(lock);
  EXPECT_FALSE(taken_);
  EXPECT_THAT(lock.error().message, HasSubstr("open " + (folder_ / "agent.lock")));
}

}  // namespace
}  // namespace bw
