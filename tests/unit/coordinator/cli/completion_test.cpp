#include "coordinator/cli/completion.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "coordinator/cli/command_table.h"
#include "tests/unit/coordinator/cli/canned_server.h"
#include "tests/unit/coordinator/cli/program.h"

namespace bw::cli {
namespace {

using testing::has_command;
using ::testing::HasSubstr;
using testing::program_path;
using testing::run_command;

class Completion : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    path_ = folder_ + "/script";
    std::ofstream(path_) << completion_script(GetParam());
  }
  void TearDown() override {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }

  std::string folder_ = "/tmp/bellwether-completion-XXXXXX";
  std::string path_;
};

TEST_P(Completion, TheShellFindsNoFaultInTheScript) {
  if (!has_command(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  const auto outcome = run_command({GetParam(), "-n", path_});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

TEST_P(Completion, EveryCommandAndFlagIsInTheScript) {
  const std::string script = completion_script(GetParam());
  const bool is_fish = std::string(GetParam()) == "fish";
  for (const CommandSpec& command : commands()) {
    EXPECT_THAT(script, HasSubstr(std::string(command.path)));
    for (const FlagSpec& flag : command.flags) {
      EXPECT_THAT(script, HasSubstr(is_fish ? "-l " + std::string(flag.name.substr(2))
                                            : std::string(flag.name)));
      for (const auto choice : flag.choices) EXPECT_THAT(script, HasSubstr(std::string(choice)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shells, Completion, ::testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string(shell.param); });

// What bash offers for the last of these words.
std::string offered(const std::string& url, const std::string& words) {
  const std::string script = completion_script("bash") + "\nCOMP_WORDS=(" + program_path() + " " +
                             words +
                             ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                             "COMP_LINE=\"${COMP_WORDS[*]}\"\n_bellwether\n"
                             "echo \"${COMPREPLY[*]}\"";
  const auto outcome = run_command({"bash", "-c", script}, {{"BELLWETHER_URL", url}});
  EXPECT_EQ(outcome.err, "");
  return outcome.out;
}

TEST(BashCompletion, OffersCommandsFlagsAndValues) {
  const std::string url = testing::unused_url();
  EXPECT_EQ(offered(url, "''"),
            "status nodes node model top query events anomalies anomaly detect metrics version "
            "completion\n");
  EXPECT_EQ(offered(url, "no"), "nodes node\n");
  EXPECT_EQ(offered(url, "node ''"), "show health silence\n");
  EXPECT_EQ(offered(url, "nodes --st"), "--status\n");
  EXPECT_EQ(offered(url, "nodes -o ''"), "table wide json yaml name\n");
  EXPECT_EQ(offered(url, "nodes --status s"), "silent\n");
  EXPECT_EQ(offered(url, "query cpu.util --func m"), "min max\n");
  EXPECT_EQ(offered(url, "completion ''"), "bash zsh fish\n");
  EXPECT_EQ(offered(url, "top --o"), "--once\n");
}

TEST(BashCompletion, ValuesBeforeTheCommandAreNotTakenForIt) {
  const std::string url = testing::unused_url();
  EXPECT_EQ(offered(url, "-o json nodes --si"), "--site\n");
  EXPECT_EQ(offered(url, "--url http : //c : 1 nodes --si"), "--site\n");
}

TEST(BashCompletion, OffersTheIdsOfNodes) {
  testing::CannedServer server;
  server.answer("/api/v1/nodes", R"({"nodes":[{"id":"box-1"},{"id":"box-2"},{"id":"x"}]})");
  EXPECT_EQ(offered(server.url(), "node show ''"), "box-1 box-2 x\n");
  EXPECT_EQ(offered(server.url(), "query cpu.util --node b"), "box-1 box-2\n");
}

TEST(CompletionDeathTest, AnotherShellIsABug) {
  EXPECT_DEATH(static_cast<void>(completion_script("tcsh")), "bug");
}

}  // namespace
}  // namespace bw::cli
