#include "coordinator/cli/arguments.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "coordinator/cli/display.h"
#include "coordinator/cli/help.h"

namespace bw::cli {

namespace {

using Values = std::vector<std::string>;
using Flags = std::map<std::string, Values, std::less<>>;

std::string in_quotes(std::string_view text) {
  return "'" + visible(text) + "'";
}

std::string listed(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

// " Did you mean x?", or the choices where none is near.
std::string suggestion(std::string_view text, const std::vector<std::string_view>& choices) {
  const std::string_view near = nearest(text, choices);
  if (!near.empty()) return ". Did you mean " + std::string(near) + "?";
  return ": it is one of " + listed(choices);
}

// Where the command's words end: CLI11 would take a node that is called like a command for one.
struct Split {
  const CommandSpec* command = nullptr;
  std::string words;  // of the command, as far as they came
  Values rest;        // all else, in its order
  std::string wrong;
};

const FlagSpec* global_flag(std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  for (const FlagSpec& flag : global_flags()) {
    if (name == flag.name) return &flag;
    if (!flag.short_name.empty() && word.substr(0, 2) == flag.short_name) return &flag;
  }
  return nullptr;
}

std::string unknown_command(const std::string& words) {
  std::vector<std::string_view> paths;
  for (const CommandSpec& command : commands()) paths.push_back(command.path);
  return "unknown command " + in_quotes(words) + suggestion(words, paths);
}

bool is_group(std::string_view words) {
  return std::any_of(commands().begin(), commands().end(), [&](const CommandSpec& command) {
    return command.path.size() > words.size() && command.path.starts_with(words) &&
           command.path[words.size()] == ' ';
  });
}

Split split(const Values& arguments) {
  Split found;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (found.command != nullptr) {
      found.rest.push_back(word);
    } else if (word.starts_with('-')) {
      const FlagSpec* flag = global_flag(word);
      if (flag == nullptr) {
        std::vector<std::string_view> names;
        for (const FlagSpec& global : global_flags()) names.push_back(global.name);
        found.wrong = "unknown flag " + in_quotes(word) + suggestion(word, names);
        return found;
      }
      found.rest.push_back(word);
      const bool is_alone = word == flag->name || word == flag->short_name;
      if (!flag->value.empty() && is_alone && i + 1 < arguments.size()) {
        found.rest.push_back(arguments[++i]);
      }
    } else {
      found.words.append(found.words.empty() ? "" : " ").append(word);
      for (const CommandSpec& command : commands()) {
        if (command.path == found.words) found.command = &command;
      }
      if (found.command == nullptr && !is_group(found.words)) {
        found.wrong = unknown_command(found.words);
        return found;
      }
    }
  }
  return found;
}

// One command's flags and argument as CLI11 knows them.
class Parser {
 public:
  // No command: the global flags alone.
  explicit Parser(const CommandSpec* command) : command_(command) {
    app_.set_help_flag();
    app_.allow_extras();
    add_flags(global_flags());
    if (command == nullptr) return;
    add_flags(command->flags);
    if (!command->argument.name.empty()) {
      app_.add_option(std::string(command->argument.name), arguments_)->expected(-1);
    }
  }

  std::variant<Invocation, HelpWanted, WrongUsage> parse(const Split& found) {
    Values reversed(found.rest.rbegin(), found.rest.rend());  // as CLI11 takes a vector
    try {
      app_.parse(reversed);
    } catch (const CLI::ParseError& error) {
      return WrongUsage{library_words(error)};
    }
    if (flags_.contains("--help")) {
      return HelpWanted{command_ == nullptr ? overview_help() : command_help(*command_)};
    }
    if (command_ != nullptr) return check();
    if (found.words.empty()) return WrongUsage{"which command? 'bellwether --help' lists them"};
    return WrongUsage{unfinished_command(found.words)};
  }

 private:
  void add_flags(std::span<const FlagSpec> specs) {
    for (const FlagSpec& spec : specs) {
      std::string names(spec.name);
      if (!spec.short_name.empty()) names.append(",").append(spec.short_name);
      const std::string name(spec.name);
      if (spec.value.empty()) {
        app_.add_flag_function(names, [this, name](std::int64_t) { flags_[name] = {""}; });
      } else {
        const auto take = [this, name](const Values& values) { flags_[name] = values; };
        app_.add_option_function<Values>(names, take)
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);
      }
    }
  }

  static std::string library_words(const CLI::ParseError& error) {
    const std::string text = error.what();  // "--from: 1 required TEXT missing"
    if (text.find("required") == std::string::npos) return text;
    return text.substr(0, text.find(':')) + " needs a value";
  }

  // "node" alone.
  static std::string unfinished_command(const std::string& words) {
    std::vector<std::string_view> next;
    for (const CommandSpec& command : commands()) {
      if (command.path.starts_with(words + " ")) {
        next.push_back(command.path.substr(words.size() + 1));
      }
    }
    return in_quotes(words) + " needs one word more: " + listed(next);
  }

  std::variant<Invocation, HelpWanted, WrongUsage> check() const {
    const CommandSpec& spec = *command_;
    const std::string path(spec.path);
    for (const std::string& word : app_.remaining()) {
      if (word == "--") continue;
      if (word.starts_with('-')) return WrongUsage{unknown_flag(spec, word)};
      return WrongUsage{path + " takes no argument, but was given " + in_quotes(word)};
    }
    Invocation invocation{&spec, "", flags_};
    if (invocation.has("--output") && !spec.prints_data) {
      return WrongUsage{path + " takes no flag --output"};
    }
    const std::string_view argument = spec.argument.name;
    const bool is_missing = arguments_.empty() || arguments_[0].empty();
    if (!argument.empty() && !spec.argument.is_optional && is_missing) {
      return WrongUsage{path + " needs " + std::string(argument) +
                        ", like this: " + std::string(spec.examples.front())};
    }
    if (arguments_.size() > 1) {
      return WrongUsage{path + " takes one " + std::string(argument) + ", but was given " +
                        in_quotes(arguments_[1]) + " too"};
    }
    if (!arguments_.empty()) invocation.argument = arguments_[0];
    std::string wrong = wrong_choice(argument, spec.argument.choices, invocation.argument);
    if (wrong.empty()) wrong = wrong_value(invocation);
    if (!wrong.empty()) return WrongUsage{wrong};
    return invocation;
  }

  static std::string wrong_choice(std::string_view name, std::span<const std::string_view> choices,
                                  const std::string& value) {
    if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) {
      return "";
    }
    return in_quotes(value) + " is no " + std::string(name) +
           suggestion(value, {choices.begin(), choices.end()});
  }

  static std::string wrong_value(const Invocation& invocation) {
    std::string wrong;
    const auto look_at = [&](const FlagSpec& flag) {
      for (const std::string& value : invocation.values(flag.name)) {
        if (!wrong.empty()) return;
        const std::string label = "value of " + std::string(flag.name);
        wrong = !flag.value.empty() && value.empty() ? std::string(flag.name) + " needs a value"
                                                     : wrong_choice(label, flag.choices, value);
      }
    };
    for (const FlagSpec& flag : invocation.command->flags) look_at(flag);
    for (const FlagSpec& flag : global_flags()) look_at(flag);
    return wrong;
  }

  static std::string unknown_flag(const CommandSpec& spec, const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string_view> names;
    for (const FlagSpec& flag : spec.flags) names.push_back(flag.name);
    for (const FlagSpec& flag : global_flags()) {
      if (applies(flag, spec)) names.push_back(flag.name);
    }
    return std::string(spec.path) + " has no flag " + in_quotes(name) + suggestion(name, names);
  }

  const CommandSpec* command_;
  CLI::App app_;
  Values arguments_;
  Flags flags_;
};

}  // namespace

std::string Invocation::value(std::string_view flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() || found->second.empty() ? "" : found->second.back();
}

std::vector<std::string> Invocation::values(std::string_view flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? std::vector<std::string>{} : found->second;
}

std::variant<Invocation, HelpWanted, WrongUsage> parse_arguments(
    const std::vector<std::string>& arguments) {
  const Split found = split(arguments);
  if (!found.wrong.empty()) return WrongUsage{found.wrong};
  return Parser(found.command).parse(found);
}

}  // namespace bw::cli
