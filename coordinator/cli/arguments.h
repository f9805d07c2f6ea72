// The command line, checked whole against the command table.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/cli/command_table.h"

namespace bw::cli {

struct Invocation {
  const CommandSpec* command = nullptr;
  std::string argument;
  // By the flag's name; a switch that was given has one empty value.
  std::map<std::string, std::vector<std::string>, std::less<>> flags;

  bool has(std::string_view flag) const { return flags.contains(flag); }
  // The last one given; empty where none was.
  std::string value(std::string_view flag) const;
  std::vector<std::string> values(std::string_view flag) const;
};

struct HelpWanted {
  std::string text;
};
struct WrongUsage {
  std::string text;  // what is wrong, and the nearest right one
};

std::variant<Invocation, HelpWanted, WrongUsage> parse_arguments(
    const std::vector<std::string>& arguments);

}  // namespace bw::cli
