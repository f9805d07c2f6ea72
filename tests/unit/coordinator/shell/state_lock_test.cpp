#include "coordinator/shell/state_lock.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;

TEST(CoordinatorStateLock, MakesTheDirectoryForItsOwnerAlone) {
  const TemporaryFolder folder;
  const std::string state = folder / "a/b";
  ASSERT_TRUE(StateLock::take(state));
  EXPECT_EQ(std::filesystem::status(state).permissions(), std::filesystem::perms::owner_all);
}

TEST(CoordinatorStateLock, ASecondHolderIsRefusedAndToldTheFirst) {
  const TemporaryFolder folder;
  const auto first = StateLock::take(folder.path());
  ASSERT_TRUE(first);
  const auto second = StateLock::take(folder.path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another coordinator that is running, process " +
                                                std::to_string(getpid())));
}

TEST(CoordinatorStateLock, IsFreeAgainOnceItsHolderIsGone) {
  const TemporaryFolder folder;
  {
    const auto first = StateLock::take(folder.path());
    ASSERT_TRUE(first);
  }
  EXPECT_TRUE(StateLock::take(folder.path()));
}

TEST(CoordinatorStateLock, AMovedLockIsHeldByItsNewOwner) {
  const TemporaryFolder folder;
  auto first = StateLock::take(folder.path());
  ASSERT_TRUE(first);
  std::optional<StateLock> moved(std::move(*first));
  EXPECT_FALSE(StateLock::take(folder.path()));
  moved.reset();
  EXPECT_TRUE(StateLock::take(folder.path()));
}

TEST(CoordinatorStateLock, ADirectoryThatCannotBeMadeIsAnErrorWithItsName) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  const auto lock = StateLock::take(folder / "file/state");
  ASSERT_FALSE(lock);
  EXPECT_THAT(lock.error().message, HasSubstr("create " + (folder / "file/state")));
}

TEST(CoordinatorStateLock, ALockFileThatCannotBeOpenedIsAnErrorWithItsName) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "coordinator.lock");
  const auto lock = StateLock::take(folder.path());
  ASSERT_FALSE(lock);
  EXPECT_THAT(lock.error().message, HasSubstr("open " + (folder / "coordinator.lock")));
}

}  // namespace
}  // namespace bw::coordinator
