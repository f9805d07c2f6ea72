#include "base/runtime/command_line.h"

#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw {
namespace {

using testing::HasSubstr;
using testing::Pair;

constexpr std::string_view kActions[] = {"--check", "--print-config", "--version", "--help"};

Result<CommandLine> parse(std::vector<std::string_view> arguments) {
  return parse_command_line(arguments, kActions, "/etc/bellwether/agent.toml");
}

std::string reason(std::vector<std::string_view> arguments) {
  const auto line = parse(std::move(arguments));
  return line ? "accepted" : line.error().message;
}

TEST(CommandLine, RunsWithTheDefaultFileWhereNothingIsSaid) {
  const auto line = parse({});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->action, "");
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
  EXPECT_EQ(parse({"--check"})->action, "--check");
  EXPECT_EQ(parse({"--print-config"})->action, "--print-config");
  EXPECT_EQ(parse({"--help"})->action, "--help");
  EXPECT_EQ(parse({"-h"})->action, "--help");
  EXPECT_EQ(reason({"--metrics"}), "unknown argument '--metrics'") << "not offered";
}

TEST(CommandLine, NamesTheNearestFlagToAnUnknownOne) {
  EXPECT_EQ(reason({"--confg"}), "unknown argument '--confg', did you mean '--config'?");
  EXPECT_EQ(reason({"--chekc"}), "unknown argument '--chekc', did you mean '--check'?");
  EXPECT_EQ(reason({"--sat=a=b"}), "unknown argument '--sat=a=b', did you mean '--set'?");
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

}  // namespace
}  // namespace bw
