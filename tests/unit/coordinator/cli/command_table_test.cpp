#include "coordinator/cli/command_table.h"

#include <set>

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

TEST(CommandTable, EveryCommandHasItsSummaryAndExamples) {
  std::set<std::string_view> paths;
  for (const CommandSpec& command : commands()) {
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_FALSE(command.examples.empty()) << command.path;
    EXPECT_TRUE(paths.insert(command.path).second) << command.path;
    for (const auto example : command.examples) {
      EXPECT_NE(example.find("bellwether " + std::string(command.path)), std::string_view::npos)
          << example;
    }
  }
}

TEST(CommandTable, AFlagWithChoicesOffersThem) {
  for (const CommandSpec& command : commands()) {
    for (const FlagSpec& flag : command.flags) {
      EXPECT_TRUE(flag.name.starts_with("--"));
      EXPECT_EQ(flag.completes == Completes::choices, !flag.choices.empty()) << flag.name;
      for (const auto choice : flag.choices) {
        EXPECT_NE(flag.help.find(choice), std::string_view::npos) << flag.name << " " << choice;
      }
    }
  }
}

TEST(CommandTable, OutputIsForCommandsThatPrintData) {
  for (const CommandSpec& command : commands()) {
    for (const FlagSpec& flag : global_flags()) {
      EXPECT_EQ(applies(flag, command), flag.name != "--output" || command.prints_data);
    }
  }
}

}  // namespace
}  // namespace bw::cli
