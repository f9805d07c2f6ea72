#include "coordinator/cli/terminal.h"

#include <csignal>

#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/canned_server.h"
#include "tests/unit/coordinator/cli/pseudo_terminal.h"

namespace bw::cli {
namespace {

using testing::expect_restored;
using testing::kAlternateScreen;
using testing::kNormalScreen;
using testing::PseudoTerminal;

// The terminal is a process's own: tried through the program that takes it.
class TerminalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.answer("/api/v1/nodes", R"({"nodes":[{"id":"box-1"},{"id":"box-2"}],"next":null})");
  }

  testing::CannedServer server_;
  testing::Variables at_server_ = {{"BELLWETHER_URL", server_.url()}};
};

TEST_F(TerminalTest, CtrlCLeavesItAsDone) {
  PseudoTerminal terminal({"top"}, at_server_);
  ASSERT_TRUE(terminal.wait_for("box-2"));
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  expect_restored(terminal);
}

TEST_F(TerminalTest, SignalsEndItAndFindTheTerminalAsItWas) {
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT}) {
    PseudoTerminal terminal({"top"}, at_server_);
    ASSERT_TRUE(terminal.wait_for("box-2"));
    terminal.send(signal);
    EXPECT_EQ(terminal.wait_until_ended(), -signal);
    expect_restored(terminal);
  }
}

TEST_F(TerminalTest, ACrashLeavesTheTerminalAsItWas) {
  PseudoTerminal terminal({"top"}, at_server_);
  ASSERT_TRUE(terminal.wait_for("box-2"));
  terminal.send(SIGABRT);
  EXPECT_EQ(terminal.wait_until_ended(), -SIGABRT);
  expect_restored(terminal);
}

TEST_F(TerminalTest, CtrlZGivesTheTerminalBackAndGoingOnTakesItAgain) {
  PseudoTerminal terminal({"top"}, at_server_);
  ASSERT_TRUE(terminal.wait_for("box-2"));
  terminal.send(SIGTSTP);
  // Its process group is orphaned here: the system then lets no Ctrl-Z stop it, but it does all
  // else.
  ASSERT_TRUE(terminal.wait_for(kNormalScreen));
  ASSERT_TRUE(terminal.wait_for(kAlternateScreen));
  ASSERT_TRUE(terminal.wait_for("box-2"));
  terminal.send(SIGSTOP);
  ASSERT_TRUE(terminal.wait_until_stopped());
  terminal.send(SIGCONT);
  ASSERT_TRUE(terminal.wait_for(kAlternateScreen));
  ASSERT_TRUE(terminal.wait_for("box-2"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  expect_restored(terminal);
}

TEST_F(TerminalTest, ANewSizeIsDrawnAnew) {
  PseudoTerminal terminal({"top"}, at_server_);
  ASSERT_TRUE(terminal.wait_for("SEEN"));
  terminal.resize(40, 10);
  ASSERT_TRUE(terminal.wait_for("\x1b[2J"));
  ASSERT_TRUE(terminal.wait_for("\x1b[10;1H"));  // the keys' line, where the bottom is now
  terminal.type("q");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
}

TEST(Terminal, WithoutATerminalThereIsNothingToTake) {
  const auto outcome = testing::run_program({"top", "--url", testing::unused_url()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
}

}  // namespace
}  // namespace bw::cli
