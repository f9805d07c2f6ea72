#include "coordinator/shell/command_line.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw::coordinator {
namespace {

using testing::HasSubstr;
using testing::Pair;

using Action = CommandLine::Action;

Result<CommandLine> parse(const std::vector<std::string_view>& arguments) {
  return parse_command_line(arguments);
}

std::string reason(const std::vector<std::string_view>& arguments) {
  const auto line = parse(arguments);
  return line ? "accepted" : line.error().message;
}

TEST(CoordinatorCommandLine, RunsWithTheDefaultFileWhereNothingIsSaid) {
  const auto line = parse({});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->action, Action::run);
  EXPECT_EQ(line->sources.file, "/etc/bellwether/coordinator.toml");
  EXPECT_FALSE(line->sources.file_required);
}

TEST(CoordinatorCommandLine, AFileThatIsNamedMustBeThere) {
  for (const auto& arguments : {std::vector<std::string_view>{"--config", "a.toml"},
                                std::vector<std::string_view>{"--config=a.toml"}}) {
    const auto line = parse(arguments);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->sources.file, "a.toml");
    EXPECT_TRUE(line->sources.file_required);
  }
}

TEST(CoordinatorCommandLine, CollectsKeysThatAreSet) {
  const auto line = parse({"--set", "broker.port=1", "--set=broker.url=mqtt://b?c=d"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->sources.overrides,
              testing::ElementsAre(Pair("broker.port", "1"), Pair("broker.url", "mqtt://b?c=d")));
}

TEST(CoordinatorCommandLine, KnowsWhatToDoInsteadOfRunning) {
  EXPECT_EQ(parse({"--check"})->action, Action::check);
  EXPECT_EQ(parse({"--print-config"})->action, Action::print_config);
  EXPECT_EQ(parse({"--version"})->action, Action::version);
  EXPECT_EQ(parse({"--help"})->action, Action::help);
  EXPECT_EQ(parse({"-h"})->action, Action::help);
}

TEST(CoordinatorCommandLine, NamesTheNearestFlagToAnUnknownOne) {
  EXPECT_EQ(reason({"--confg"}), "unknown argument '--confg', did you mean '--config'?");
  EXPECT_EQ(reason({"--prnt-config"}),
            "unknown argument '--prnt-config', did you mean '--print-config'?");
  EXPECT_EQ(reason({"--sat=a=b"}), "unknown argument '--sat=a=b', did you mean '--set'?");
  EXPECT_EQ(reason({"coordinator.toml"}), "unknown argument 'coordinator.toml'");
}

TEST(CoordinatorCommandLine, RefusesFlagsWithoutTheirValue) {
  EXPECT_EQ(reason({"--config"}), "--config needs a value");
  EXPECT_EQ(reason({"--check", "--set"}), "--set needs a value");
  EXPECT_EQ(reason({"--set", "broker.port"}), "--set wants key=value, not 'broker.port'");
  EXPECT_EQ(reason({"--set", "=a"}), "--set wants key=value, not '=a'");
}

TEST(CoordinatorCommandLine, HelpNamesEveryFlag) {
  for (const char* flag :
       {"--config", "--set", "--check", "--print-config", "--version", "--help"}) {
    EXPECT_THAT(std::string(kHelp), HasSubstr(flag));
  }
}

}  // namespace
}  // namespace bw::coordinator
