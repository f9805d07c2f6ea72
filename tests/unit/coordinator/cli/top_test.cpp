#include "coordinator/cli/top.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/canned_server.h"
#include "tests/unit/coordinator/cli/pseudo_terminal.h"

namespace bw::cli {
namespace {

using testing::CannedServer;
using testing::expect_restored;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PseudoTerminal;
using testing::run_program;
using testing::same_modes;
using testing::unused_url;

constexpr const char* kNodes =
    R"({"nodes":[{"id":"box-1","status":"online","summary":{"cpu_util":12.5}},
                 {"id":"box-2","status":"online","summary":{"cpu_util":99}}],"next":null})";
constexpr const char* kSeries =
    R"({"node":"box-2","series":[{"name":"cpu.util","unit":"%","value":42.5},
                                 {"name":"net.rx","unit":"B","value":7}]})";

class Top : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.answer("/api/v1/nodes", kNodes);
    server_.answer("/api/v1/nodes/box-2/series", kSeries);
  }

  testing::Variables at_server() const { return {{"BELLWETHER_URL", server_.url()}}; }

  CannedServer server_;
};

TEST_F(Top, ShowsNodesOnTheAlternateScreenAndPutsAllBack) {
  PseudoTerminal terminal({"top"}, at_server());
  ASSERT_TRUE(terminal.wait_for(testing::kAlternateScreen));
  ASSERT_TRUE(terminal.wait_for("2 nodes: 2 online"));
  ASSERT_TRUE(terminal.wait_for("box-2"));
  EXPECT_FALSE(same_modes(terminal.modes_before(), terminal.modes_now()));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  expect_restored(terminal);
}

TEST_F(Top, EnterShowsTheSeriesOfANodeAndEscapeGoesBack) {
  PseudoTerminal terminal({"top"}, at_server());
  ASSERT_TRUE(terminal.wait_for("box-2"));
  terminal.type("\r");
  ASSERT_TRUE(terminal.wait_for("NEWEST VALUES"));
  ASSERT_TRUE(terminal.wait_for("42.5%"));
  terminal.type("/rx");
  ASSERT_TRUE(terminal.wait_for("with 'rx_'"));
  terminal.type("\x1b");
  ASSERT_TRUE(terminal.wait_for("1H\x1b[2mNEWEST VALUES"));
  terminal.type("\x1b");
  ASSERT_TRUE(terminal.wait_for("2 nodes"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
}

TEST_F(Top, AnUnreachableCoordinatorIsSaidAndTriedAgain) {
  server_.answer("/api/v1/nodes", R"({"title":"Busy","detail":"later"})", 503);
  PseudoTerminal terminal({"top"}, at_server());
  ASSERT_TRUE(terminal.wait_for("trying again: Busy: later"));
  server_.answer("/api/v1/nodes", kNodes);
  ASSERT_TRUE(terminal.wait_for("box-2"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  expect_restored(terminal);
}

TEST_F(Top, WhereNobodyAnswersItStillLeaves) {
  PseudoTerminal terminal({"top", "--url", unused_url()}, {});
  ASSERT_TRUE(terminal.wait_for("trying again: no coordinator answers"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  expect_restored(terminal);
}

TEST_F(Top, ASilentCoordinatorDoesNotHoldUpKeys) {
  server_.stay_silent("/api/v1/nodes");
  PseudoTerminal terminal({"top"}, at_server());
  ASSERT_TRUE(terminal.wait_for("waiting for the first answer"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  expect_restored(terminal);
}

TEST_F(Top, WithoutColoursNoColourIsSent) {
  PseudoTerminal terminal({"top", "--no-color"}, at_server());
  ASSERT_TRUE(terminal.wait_for("box-2"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  EXPECT_THAT(terminal.output(), Not(HasSubstr("\x1b[32m")));
}

TEST_F(Top, OnceIsPlainTextOnATerminalToo) {
  PseudoTerminal terminal({"top", "--once"}, at_server(), 60, 20);
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  EXPECT_THAT(terminal.output(), HasSubstr("box-2"));
  EXPECT_THAT(terminal.output(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(terminal.output(), Not(HasSubstr("TEMP")));  // 60 columns have no room for it
}

TEST_F(Top, IntoAPipeItIsOneFrameSortedAsAsked) {
  const auto by_cpu = run_program({"top"}, at_server());
  EXPECT_EQ(by_cpu.code, 0) << by_cpu.err;
  EXPECT_LT(by_cpu.out.find("box-2"), by_cpu.out.find("box-1"));
  EXPECT_THAT(by_cpu.out, Not(HasSubstr("\x1b")));
  const auto by_name = run_program({"top", "--once", "--sort", "name"}, at_server());
  EXPECT_LT(by_name.out.find("box-1"), by_name.out.find("box-2"));
  EXPECT_THAT(by_name.out, HasSubstr("TEMP"));
  testing::Variables narrow = at_server();
  narrow.emplace_back("COLUMNS", "40");
  EXPECT_THAT(run_program({"top"}, narrow).out, Not(HasSubstr("TEMP")));
}

TEST_F(Top, OnceFailsWhereNobodyAnswers) {
  const auto outcome = run_program({"top", "--once", "--url", unused_url()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("no coordinator answers"));
}

}  // namespace
}  // namespace bw::cli
