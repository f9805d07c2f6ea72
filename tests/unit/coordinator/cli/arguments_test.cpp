#include "coordinator/cli/arguments.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

Invocation parsed(const std::vector<std::string>& arguments) {
  const auto result = parse_arguments(arguments);
  if (const auto* wrong = std::get_if<WrongUsage>(&result)) ADD_FAILURE() << wrong->text;
  const auto* invocation = std::get_if<Invocation>(&result);
  return invocation == nullptr ? Invocation{} : *invocation;
}

std::string wrong(const std::vector<std::string>& arguments) {
  const auto result = parse_arguments(arguments);
  const auto* usage = std::get_if<WrongUsage>(&result);
  return usage == nullptr ? "nothing wrong" : usage->text;
}

std::string help(const std::vector<std::string>& arguments) {
  const auto result = parse_arguments(arguments);
  const auto* wanted = std::get_if<HelpWanted>(&result);
  return wanted == nullptr ? "no help" : wanted->text.substr(0, wanted->text.find(':'));
}

TEST(Arguments, EveryCommandOfTheTableIsUnderstood) {
  for (const CommandSpec& command : commands()) {
    std::vector<std::string> words;
    std::string path(command.path);
    if (const std::size_t space = path.find(' '); space != std::string::npos) {
      words = {path.substr(0, space), path.substr(space + 1)};
    } else {
      words = {path};
    }
    if (!command.argument.name.empty()) {
      words.emplace_back(command.argument.choices.empty() ? "x" : command.argument.choices[0]);
    }
    EXPECT_EQ(parsed(words).command, &command) << path;
    words.emplace_back("--help");
    EXPECT_EQ(help(words), "bellwether " + path);
  }
}

TEST(Arguments, AFlagTakesOneValueAndLeavesTheArgument) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--url", "http://a", "model", "train", "box-1", "--name", "e"},
        std::vector<std::string>{"model", "train", "--name", "e", "box-1", "--url", "http://a"},
        std::vector<std::string>{"model", "train", "box-1", "--name=e", "--url=http://a"}}) {
    const Invocation invocation = parsed(words);
    EXPECT_EQ(invocation.argument, "box-1");
    EXPECT_EQ(invocation.value("--name"), "e");
    EXPECT_EQ(invocation.value("--url"), "http://a");
  }
  EXPECT_EQ(parsed({"model", "deploy", "--node", "a", "--node", "b", "edge@3"}).values("--node"),
            (std::vector<std::string>{"a", "b"}));
}

TEST(Arguments, EveryExampleOfTheTableIsUnderstood) {
  for (const CommandSpec& command : commands()) {
    for (const auto example : command.examples) {
      std::vector<std::string> words;
      std::string word;
      bool in_quotes = false;
      const std::size_t begin = example.find("bellwether ") + 11;
      for (const char c : std::string(example.substr(begin)) + " ") {
        if (c == '\'') {
          in_quotes = !in_quotes;
        } else if (c == ')' || c == '>' || c == '&') {
          break;
        } else if (c != ' ' || in_quotes) {
          word += c;
          continue;
        } else if (!word.empty()) {
          words.push_back(word);
          word.clear();
        }
      }
      if (!word.empty()) words.push_back(word);
      EXPECT_EQ(parsed(words).command, &command) << example;
    }
  }
}

TEST(Arguments, FlagsMayStandBeforeAndBehindTheCommand) {
  const Invocation before = parsed({"--url", "http://a", "-o", "json", "nodes"});
  EXPECT_EQ(before.value("--url"), "http://a");
  EXPECT_EQ(before.value("--output"), "json");
  const Invocation behind = parsed({"node", "show", "box-1", "--url=http://b", "--no-color"});
  EXPECT_EQ(behind.value("--url"), "http://b");
  EXPECT_TRUE(behind.has("--no-color"));
  EXPECT_EQ(behind.argument, "box-1");
}

TEST(Arguments, ARepeatedFlagKeepsAllAndTheLastCounts) {
  const Invocation invocation = parsed({"nodes", "--label", "a=1", "--label", "b=2"});
  EXPECT_EQ(invocation.values("--label"), (std::vector<std::string>{"a=1", "b=2"}));
  EXPECT_EQ(invocation.value("--label"), "b=2");
  EXPECT_EQ(invocation.value("--site"), "");
  EXPECT_TRUE(invocation.values("--site").empty());
  EXPECT_FALSE(invocation.has("--site"));
}

TEST(Arguments, AValueMayBeginWithADash) {
  EXPECT_EQ(parsed({"query", "cpu.util", "--from", "-15m"}).value("--from"), "-15m");
}

TEST(Arguments, AnArgumentMayBeCalledLikeACommand) {
  EXPECT_EQ(parsed({"node", "show", "status"}).argument, "status");
  EXPECT_EQ(parsed({"node", "show", "show"}).argument, "show");
  EXPECT_EQ(parsed({"query", "query"}).argument, "query");
  EXPECT_EQ(parsed({"query", "nodes"}).argument, "nodes");
}

TEST(Arguments, AnUnknownCommandGetsTheNearestOne) {
  EXPECT_EQ(wrong({"nodess"}), "unknown command 'nodess'. Did you mean nodes?");
  EXPECT_EQ(wrong({"node", "shw"}), "unknown command 'node shw'. Did you mean node show?");
  EXPECT_EQ(wrong({"x\x1b[2J"}).find('\x1b'), std::string::npos);
  std::string all;
  for (const CommandSpec& command : commands()) {
    const bool is_last = &command == &commands().back();
    all += (all.empty() ? "" : is_last ? " or " : ", ") + std::string(command.path);
  }
  EXPECT_EQ(wrong({"zzzzzzzz"}), "unknown command 'zzzzzzzz': it is one of " + all);
  EXPECT_EQ(wrong({"nodess", "--help"}), "unknown command 'nodess'. Did you mean nodes?");
}

TEST(Arguments, WithoutACommandItSaysWhereTheyAre) {
  EXPECT_EQ(wrong({}), "which command? 'bellwether --help' lists them");
  EXPECT_EQ(wrong({"node"}), "'node' needs one word more: show, health or silence");
  EXPECT_EQ(wrong({"--hlp"}), "unknown flag '--hlp'. Did you mean --help?");
  EXPECT_EQ(help({"--help"}), "bellwether");
  EXPECT_EQ(help({"-h"}), "bellwether");
}

TEST(Arguments, AnUnknownFlagGetsTheNearestOne) {
  EXPECT_EQ(wrong({"nodes", "--sit", "x"}), "nodes has no flag '--sit'. Did you mean --site?");
  EXPECT_EQ(wrong({"nodes", "--sit=x"}), "nodes has no flag '--sit'. Did you mean --site?");
  EXPECT_EQ(wrong({"query", "m", "--accross", "avg"}),
            "query has no flag '--accross'. Did you mean --across?");
  EXPECT_EQ(wrong({"status", "-x"}).substr(0, 23), "status has no flag '-x'");
}

TEST(Arguments, AWrongValueGetsTheNearestOne) {
  EXPECT_EQ(wrong({"nodes", "-o", "jsn"}), "'jsn' is no value of --output. Did you mean json?");
  EXPECT_EQ(wrong({"nodes", "--status", "onlin"}),
            "'onlin' is no value of --status. Did you mean online?");
  EXPECT_EQ(wrong({"completion", "powershell"}),
            "'powershell' is no SHELL: it is one of bash, zsh or fish");
}

TEST(Arguments, WhatIsMissingOrTooMuchIsNamed) {
  EXPECT_EQ(wrong({"query"}),
            "query needs METRIC, like this: bellwether query cpu.util --node box-1");
  EXPECT_EQ(wrong({"node", "show", ""}),
            "node show needs ID, like this: bellwether node show box-1");
  EXPECT_EQ(wrong({"query", "a", "b"}), "query takes one METRIC, but was given 'b' too");
  EXPECT_EQ(wrong({"nodes", "box-1"}), "nodes takes no argument, but was given 'box-1'");
  EXPECT_EQ(wrong({"nodes", "--site"}), "--site needs a value");
  EXPECT_EQ(wrong({"nodes", "--site="}), "--site needs a value");
  EXPECT_EQ(wrong({"nodes", "-o"}), "--output needs a value");
}

TEST(Arguments, OutputIsOnlyForCommandsThatPrintData) {
  EXPECT_EQ(wrong({"top", "-o", "json"}), "top takes no flag --output");
}

TEST(Arguments, AnArgumentMayBeOptional) {
  const auto without = parse_arguments({"metrics"});
  ASSERT_TRUE(std::holds_alternative<Invocation>(without));
  EXPECT_EQ(std::get<Invocation>(without).argument, "");
  const auto with = parse_arguments({"metrics", "cpu.*", "--node", "box-1"});
  ASSERT_TRUE(std::holds_alternative<Invocation>(with));
  EXPECT_EQ(std::get<Invocation>(with).argument, "cpu.*");
  EXPECT_TRUE(std::holds_alternative<WrongUsage>(parse_arguments({"metrics", "a", "b"})));
}

}  // namespace
}  // namespace bw::cli
