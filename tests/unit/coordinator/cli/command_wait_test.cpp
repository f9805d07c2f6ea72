#include "coordinator/cli/command_wait.h"

#include <vector>

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

using std::chrono::milliseconds;

class CommandWait : public ::testing::Test {
 protected:
  // Waits for a command that is answered as `states` say, one after the other; the last stays.
  Result<CommandInfo> wait(std::vector<std::string> states, milliseconds most = kCommandPatience) {
    std::size_t next = 0;
    const auto ask = [&, states](const std::string& id) -> Result<CommandInfo> {
      EXPECT_EQ(id, "c1");
      ++asked;
      const std::string state = states[std::min(next++, states.size() - 1)];
      if (state == "error") return Error{"gone"};
      return CommandInfo{"c1", "box-1", "train", state, "", ""};
    };
    const auto pause = [&](milliseconds time) {
      waited += time;
      longest = std::max(longest, time);
    };
    return wait_for_command({"c1", "box-1", "train", "sent", "", ""}, ask, pause, most);
  }

  int asked = 0;
  milliseconds waited{0};
  milliseconds longest{0};
};

TEST_F(CommandWait, EndsAsSoonAsTheCommandIsSettled) {
  EXPECT_EQ(wait({"sent", "storing", "done"})->state, "done");
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(waited, milliseconds{100 + 200 + 400});
}

TEST_F(CommandWait, DoesNotAskForOneThatIsSettledAlready) {
  const auto never = [](const std::string&) -> Result<CommandInfo> { return Error{"asked"}; };
  const auto end =
      wait_for_command({"c1", "box-1", "train", "failed", "", ""}, never, [](milliseconds) {});
  EXPECT_EQ(end->state, "failed");
}

TEST_F(CommandWait, GivesUpInTime) {
  EXPECT_EQ(wait({"sent"}, milliseconds{5050})->state, "sent");
  EXPECT_EQ(waited, milliseconds{5050});
  EXPECT_EQ(longest, kLongestPause);
}

TEST_F(CommandWait, EndsWhereTheCoordinatorCannotTell) {
  const auto end = wait({"sent", "error"});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().message, "gone");
}

}  // namespace
}  // namespace bw::cli
