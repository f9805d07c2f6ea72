#include "coordinator/cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/cli/display.h"

namespace bw::cli {
namespace {

using ::testing::HasSubstr;

TEST(Help, TheOverviewListsEveryCommandAndGlobalFlag) {
  const std::string text = overview_help();
  for (const CommandSpec& command : commands()) {
    EXPECT_THAT(text, HasSubstr("  " + std::string(command.path)));
    EXPECT_THAT(text, HasSubstr(std::string(command.summary)));
  }
  for (const FlagSpec& flag : global_flags()) EXPECT_THAT(text, HasSubstr(std::string(flag.name)));
  EXPECT_THAT(text, HasSubstr("Exit codes: 0 done, 1 failed, 2 wrong usage."));
}

TEST(Help, ACommandShowsItsFlagsAndExamples) {
  for (const CommandSpec& command : commands()) {
    const std::string text = command_help(command);
    for (const FlagSpec& flag : command.flags) EXPECT_THAT(text, HasSubstr(std::string(flag.help)));
    for (const auto example : command.examples) EXPECT_THAT(text, HasSubstr(std::string(example)));
  }
}

TEST(Help, ACommandsHelpReadsLikeThis) {
  const CommandSpec& command = commands().back();
  ASSERT_EQ(command.path, "completion");
  EXPECT_THAT(command_help(command),
              HasSubstr("bellwether completion: the completion script of a shell\n\n"
                        "Usage: bellwether completion SHELL [FLAGS]\n\n"
                        "SHELL is one of: bash zsh fish\n\n"
                        "Flags:\n"
                        "      --url URL   the coordinator"));
}

TEST(Help, NoLineIsWiderThanATerminal) {
  std::string all = overview_help();
  for (const CommandSpec& command : commands()) all += command_help(command);
  std::size_t begin = 0;
  for (std::size_t end = all.find('\n'); end != std::string::npos; end = all.find('\n', begin)) {
    EXPECT_LE(display_width(all.substr(begin, end - begin)), 100U)
        << all.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(Help, AnOptionalArgumentStandsInBrackets) {
  for (const CommandSpec& command : commands()) {
    if (command.path != "metrics") continue;
    EXPECT_NE(command_help(command).find("Usage: bellwether metrics [PATTERN] [FLAGS]"),
              std::string::npos);
  }
  EXPECT_NE(overview_help().find("metrics [PATTERN]"), std::string::npos);
}

}  // namespace
}  // namespace bw::cli
