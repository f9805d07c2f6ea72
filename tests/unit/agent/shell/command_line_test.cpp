#include "agent/shell/command_line.h"

#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw::agent {
namespace {

using testing::HasSubstr;
using testing::Pair;

using Action = CommandLine::Action;

Result<CommandLine> parse(std::vector<std::string_view> arguments) {
  return parse_command_line(arguments);
}

std::string reason(std::vector<std::string_view> arguments) {
  const auto line = parse(std::move(arguments));
  return line ? "accepted" : line.error().message;
}

TEST(CommandLine, RunsWithTheDefaultFileWhereNothingIsSaid) {
  const auto line = parse({});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->action, Action::run);
  EXPECT_EQ(line->sources.file, "/etc/bellwether/agent.toml");
  EXPECT_FALSE(line->sources.file_required);
}

TEST(CommandLine, TakesValuesBehindABlankOrAnEqualsSign) {
  for (const auto& arguments : {std::vector<std::string_view>{"--config", "a.toml"},
                                std::vector<std::string_view>{"--config=a.toml"}}) {
    const auto line = parse(arguments);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->sources.file, "a.toml");
    EXPECT_TRUE(line->sources.file_required);
  }
}

TEST(CommandLine, CollectsKeysThatAreSet) {
  const auto line = parse({"--set", "node.id=a", "--set=broker.url=mqtt://b?c=d", "--set", "x="});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->sources.overrides,
              testing::ElementsAre(Pair("node.id", "a"), Pair("broker.url", "mqtt://b?c=d"),
                                   Pair("x", "")));
}

TEST(CommandLine, KnowsWhatToDoInsteadOfRunning) {
  EXPECT_EQ(parse({"--check"})->action, Action::check);
  EXPECT_EQ(parse({"--print-config"})->action, Action::print_config);
  EXPECT_EQ(parse({"--metrics"})->action, Action::print_metrics);
  EXPECT_EQ(parse({"--version"})->action, Action::version);
  EXPECT_EQ(parse({"--help"})->action, Action::help);
  EXPECT_EQ(parse({"-h"})->action, Action::help);
}

TEST(CommandLine, NamesTheNearestFlagToAnUnknownOne) {
  EXPECT_EQ(reason({"--confg"}), "unknown argument '--confg', did you mean '--config'?");
  EXPECT_EQ(reason({"--chekc"}), "unknown argument '--chekc', did you mean '--check'?");
  EXPECT_EQ(reason({"agent.toml"}), "unknown argument 'agent.toml'");
  EXPECT_EQ(reason({""}), "unknown argument ''");
  EXPECT_THAT(reason({"--check=yes"}), HasSubstr("unknown argument '--check=yes'"));
}

TEST(CommandLine, RefusesFlagsWithoutTheirValue) {
  EXPECT_EQ(reason({"--config"}), "--config needs a value");
  EXPECT_EQ(reason({"--check", "--set"}), "--set needs a value");
  EXPECT_EQ(reason({"--set", "node.id"}), "--set wants key=value, not 'node.id'");
  EXPECT_EQ(reason({"--set", "=a"}), "--set wants key=value, not '=a'");
}

TEST(CommandLine, HelpNamesEveryFlag) {
  for (const char* flag :
       {"--config", "--set", "--check", "--print-config", "--metrics", "--version", "--help"}) {
    EXPECT_THAT(std::string(kHelp), HasSubstr(flag));
  }
}

}  // namespace
}  // namespace bw::agent
