#include "coordinator/cli/help.h"

#include "coordinator/cli/table.h"

namespace bw::cli {

namespace {

std::string flag_text(const FlagSpec& flag) {
  std::string text = flag.short_name.empty() ? "    " : std::string(flag.short_name) + ", ";
  text += flag.name;
  if (!flag.value.empty()) text.append(" ").append(flag.value);
  return text;
}

std::string argument_text(const ArgumentSpec& argument) {
  if (argument.name.empty()) return "";
  const std::string name(argument.name);
  return argument.is_optional ? " [" + name + "]" : " " + name;
}

// Two columns, indented by two.
class Pairs {
 public:
  Pairs() { table_.column("").column("").column(""); }
  void add(std::string_view left, std::string_view right) { table_.row({"", left, right}); }
  std::string text() const { return table_.text(Style{}); }

 private:
  Table table_;
};

}  // namespace

std::string overview_help() {
  Pairs list;
  for (const CommandSpec& command : commands()) {
    list.add(std::string(command.path) + argument_text(command.argument), command.summary);
  }
  Pairs flags;
  for (const FlagSpec& flag : global_flags()) flags.add(flag_text(flag), flag.help);
  return "bellwether: the operator's command line of a Bellwether fleet\n\n"
         "Usage: bellwether COMMAND [ARGUMENT] [FLAGS]\n\nCommands:\n" +
         list.text() + "\nFlags of every command:\n" + flags.text() +
         "\nExit codes: 0 done, 1 failed, 2 wrong usage."
         "\n'bellwether COMMAND --help' tells more and gives examples.\n";
}

std::string command_help(const CommandSpec& command) {
  std::string text = "bellwether " + std::string(command.path) + ": " +
                     std::string(command.summary) + "\n\nUsage: bellwether " +
                     std::string(command.path) + argument_text(command.argument) + " [FLAGS]\n";
  if (!command.about.empty()) text.append("\n").append(command.about).append("\n");
  if (!command.argument.choices.empty()) {
    text.append("\n").append(command.argument.name).append(" is one of:");
    for (const auto choice : command.argument.choices) text.append(" ").append(choice);
    text += "\n";
  }
  Pairs flags;
  for (const FlagSpec& flag : command.flags) flags.add(flag_text(flag), flag.help);
  for (const FlagSpec& flag : global_flags()) {
    if (applies(flag, command)) flags.add(flag_text(flag), flag.help);
  }
  text += "\nFlags:\n" + flags.text() + "\nExamples:\n";
  for (const auto example : command.examples) text.append("  ").append(example).append("\n");
  return text;
}

}  // namespace bw::cli
