#include "coordinator/cli/arguments.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "coordinator/cli/display.h"
#include "coordinator/cli/help.h"

namespace bw::cli {

namespace {

using Values = std::vector<std::string>;

// One command of the table as CLI11 knows it, and where it puts what it reads.
struct Bound {
  const CommandSpec* spec = nullptr;
  CLI::App* app = nullptr;
  Values arguments;
  std::map<std::string, Values, std::less<>> flags;
};

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

class Parser {
 public:
  Parser() {
    prepare(root_);
    add_flags(root_, global_flags(), globals_);
    for (const CommandSpec& spec : commands()) bind(spec);
  }

  std::variant<Invocation, HelpWanted, WrongUsage> parse(const Values& arguments) {
    Values reversed(arguments.rbegin(), arguments.rend());  // as CLI11 takes a vector
    try {
      root_.parse(reversed);
    } catch (const CLI::ParseError& error) {
      return WrongUsage{library_words(error)};
    }
    const Bound* chosen = nullptr;
    for (const auto& bound : bound_) {
      if (bound->app->parsed()) chosen = bound.get();
    }
    if (globals_.contains("--help")) {
      if (chosen == nullptr && !rest().empty()) return WrongUsage{unknown_command(rest().front())};
      return HelpWanted{chosen != nullptr ? command_help(*chosen->spec) : overview_help()};
    }
    if (chosen == nullptr) return WrongUsage{no_command()};
    return check(*chosen);
  }

 private:
  static void prepare(CLI::App& app) {
    app.set_help_flag();
    app.allow_extras();
    app.fallthrough();
  }

  void add_flags(CLI::App& app, std::span<const FlagSpec> specs,
                 std::map<std::string, Values, std::less<>>& into) {
    for (const FlagSpec& spec : specs) {
      std::string names(spec.name);
      if (!spec.short_name.empty()) names.append(",").append(spec.short_name);
      const std::string name(spec.name);
      if (spec.value.empty()) {
        app.add_flag_function(names, [&into, name](std::int64_t) { into[name] = {""}; });
      } else {
        app.add_option_function<Values>(
               names, [&into, name](const Values& values) { into[name] = values; })
            ->expected(1)
            ->take_all();
      }
    }
  }

  void bind(const CommandSpec& spec) {
    CLI::App* parent = &root_;
    std::string name(spec.path);
    if (const std::size_t space = name.find(' '); space != std::string::npos) {
      const std::string group = name.substr(0, space);
      CLI::App*& known = groups_[group];
      if (known == nullptr) known = root_.add_subcommand(group);
      parent = known;
      prepare(*parent);
      name = name.substr(space + 1);
    }
    auto bound = std::make_unique<Bound>();
    bound->spec = &spec;
    bound->app = parent->add_subcommand(name);
    prepare(*bound->app);
    add_flags(*bound->app, spec.flags, bound->flags);
    if (!spec.argument.name.empty()) {
      bound->app->add_option(std::string(spec.argument.name), bound->arguments)->expected(-1);
    }
    bound_.push_back(std::move(bound));
  }

  // What nobody took.
  Values rest() const {
    Values left = root_.remaining(true);
    std::erase(left, "--");
    return left;
  }

  std::string library_words(const CLI::ParseError& error) const {
    const std::string text = error.what();
    // "--from: 1 required TEXT missing"
    const std::string flag = text.substr(0, text.find(':'));
    if (text.find("required") != std::string::npos) return flag + " needs a value";
    return text;
  }

  std::string no_command() const {
    const Values left = rest();
    if (!left.empty()) return unknown_command(left.front());
    for (const CLI::App* group : root_.get_subcommands()) {
      return unknown_command(group->get_name());
    }
    return "which command? 'bellwether --help' lists them";
  }

  std::string unknown_command(const std::string& word) const {
    if (word.starts_with('-')) {
      std::vector<std::string_view> names;
      for (const FlagSpec& flag : global_flags()) names.push_back(flag.name);
      return "unknown flag " + in_quotes(word) + suggestion(word, names);
    }
    // Within a group ("node shw") only what the group has is meant.
    std::vector<std::string_view> names;
    std::string group;
    for (const CLI::App* parsed : root_.get_subcommands()) group = parsed->get_name() + " ";
    for (const CommandSpec& spec : commands()) {
      if (spec.path.starts_with(group)) names.push_back(spec.path.substr(group.size()));
    }
    if (word + " " == group) {
      return in_quotes(word) + " needs one word more: " + listed(names);
    }
    return "unknown command " + in_quotes(group + word) + suggestion(word, names);
  }

  std::variant<Invocation, HelpWanted, WrongUsage> check(const Bound& bound) const {
    const CommandSpec& spec = *bound.spec;
    const std::string path(spec.path);
    for (const std::string& word : rest()) {
      if (word.starts_with('-')) return WrongUsage{unknown_flag(spec, word)};
      return WrongUsage{path + " takes no argument, but was given " + in_quotes(word)};
    }
    Invocation invocation{&spec, "", bound.flags};
    invocation.flags.insert(globals_.begin(), globals_.end());
    if (invocation.has("--output") && !spec.prints_data) {
      return WrongUsage{path + " takes no flag --output"};
    }
    const std::string_view argument = spec.argument.name;
    if (!argument.empty() && (bound.arguments.empty() || bound.arguments[0].empty())) {
      return WrongUsage{path + " needs " + std::string(argument) +
                        ", like this: " + std::string(spec.examples.front())};
    }
    if (bound.arguments.size() > 1) {
      return WrongUsage{path + " takes one " + std::string(argument) + ", but was given " +
                        in_quotes(bound.arguments[1]) + " too"};
    }
    if (!argument.empty()) invocation.argument = bound.arguments[0];
    if (const std::string wrong =
            wrong_choice(argument, spec.argument.choices, invocation.argument);
        !wrong.empty()) {
      return WrongUsage{wrong};
    }
    for (const std::string& wrong : wrong_values(invocation)) return WrongUsage{wrong};
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

  static Values wrong_values(const Invocation& invocation) {
    Values wrong;
    const auto look_at = [&](const FlagSpec& flag) {
      for (const std::string& value : invocation.values(flag.name)) {
        const std::string label = "value of " + std::string(flag.name);
        if (!flag.value.empty() && value.empty()) {
          wrong.push_back(std::string(flag.name) + " needs a value");
        } else if (const std::string text = wrong_choice(label, flag.choices, value);
                   !text.empty()) {
          wrong.push_back(text);
        }
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

  CLI::App root_;
  std::map<std::string, CLI::App*> groups_;
  std::vector<std::unique_ptr<Bound>> bound_;
  std::map<std::string, Values, std::less<>> globals_;
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
  Parser parser;
  return parser.parse(arguments);
}

}  // namespace bw::cli
