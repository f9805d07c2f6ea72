#include "coordinator/shell/command_line.h"

#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "coordinator/shell/settings.h"

namespace bw::coordinator {

const std::string_view kHelp =
    R"(bellwether-coordinator: takes in what a fleet's nodes send, keeps it, and answers the API

Usage: bellwether-coordinator [FLAGS]

  --config FILE      read this configuration instead of /etc/bellwether/coordinator.toml
  --set KEY=VALUE    set one key, over file and environment; may be repeated
  --check            check the configuration and stop
  --print-config     print the commented example of a configuration and stop
  --version          print the version and stop
  --help             print this and stop

Signals: SIGHUP re-reads log.level; SIGTERM and SIGINT stop.
Exit codes: 0 stopped as asked, 1 failed, 2 wrong usage or configuration.
)";

namespace {

using Action = CommandLine::Action;

constexpr std::pair<std::string_view, Action> kActions[] = {
    {"--check", Action::check},     {"--print-config", Action::print_config},
    {"--version", Action::version}, {"--help", Action::help},
    {"-h", Action::help},
};
constexpr std::string_view kFlags[] = {"--config",       "--set",     "--check",
                                       "--print-config", "--version", "--help"};

Error unknown(std::string_view argument) {
  std::string text = "unknown argument '" + std::string(argument) + "'";
  const std::string_view meant = nearest(argument.substr(0, argument.find('=')), kFlags);
  if (!meant.empty()) text += ", did you mean '" + std::string(meant) + "'?";
  return Error{text};
}

std::optional<Action> action_of(std::string_view flag) {
  for (const auto& [name, action] : kActions) {
    if (name == flag) return action;
  }
  return std::nullopt;
}

Result<void> take_value(std::string_view flag, std::string_view value, ConfigSources& sources) {
  if (flag == "--config") {
    sources.file = value;
    sources.file_required = true;
    return {};
  }
  const std::size_t split = value.find('=');
  if (split == std::string_view::npos || split == 0) {
    return Error{"--set wants key=value, not '" + std::string(value) + "'"};
  }
  sources.overrides.emplace_back(value.substr(0, split), value.substr(split + 1));
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments) {
  CommandLine line;
  line.sources.file = kDefaultConfigFile;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string_view flag = argument.substr(0, equals);
    if (flag != "--config" && flag != "--set") {
      const auto action = action_of(argument);
      if (!action) return unknown(argument);
      line.action = *action;
      continue;
    }
    if (equals == std::string_view::npos && i + 1 == arguments.size()) {
      return Error{std::string(flag) + " needs a value"};
    }
    const std::string_view value =
        equals == std::string_view::npos ? arguments[++i] : argument.substr(equals + 1);
    if (const auto taken = take_value(flag, value, line.sources); !taken) return taken.error();
  }
  return line;
}

}  // namespace bw::coordinator
