#include "agent/shell/command_line.h"

#include <array>
#include <optional>

#include "agent/shell/settings.h"
#include "base/text.h"

namespace bw::agent {

const std::string_view kHelp =
    R"(bellwether-agent: measures this box and keeps its history until the coordinator has it

Usage: bellwether-agent [FLAGS]

  --config FILE      read this configuration instead of /etc/bellwether/agent.toml
  --set KEY=VALUE    set one key, over file and environment; may be repeated
  --check            check the configuration and stop
  --print-config     print the commented example of a configuration and stop
  --metrics          print the table of metrics and stop
  --version          print the version and stop
  --help             print this and stop

Signals: SIGHUP re-reads node.site, node.labels and log.level; SIGTERM and SIGINT stop.
Exit codes: 0 stopped as asked, 1 failed, 2 wrong usage or configuration, 3 another agent has this
node id or state directory.
)";

namespace {

using Action = CommandLine::Action;

constexpr std::array<std::pair<std::string_view, Action>, 5> kActions{{
    {"--check", Action::check},
    {"--print-config", Action::print_config},
    {"--metrics", Action::print_metrics},
    {"--version", Action::version},
    {"--help", Action::help},
}};
constexpr std::string_view kFlags[] = {"--config",  "--set",     "--check", "--print-config",
                                       "--metrics", "--version", "--help"};

Error unknown(std::string_view argument) {
  std::string text = "unknown argument '" + std::string(argument) + "'";
  const std::string_view meant = nearest(argument, kFlags);
  if (!meant.empty()) text += ", did you mean '" + std::string(meant) + "'?";
  return Error{text};
}

std::optional<Action> action_of(std::string_view flag) {
  for (const auto& [name, action] : kActions) {
    if (name == flag) return action;
  }
  if (flag == "-h") return Action::help;
  return std::nullopt;
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
    if (flag == "--config") {
      line.sources.file = value;
      line.sources.file_required = true;
      continue;
    }
    const std::size_t split = value.find('=');
    if (split == std::string_view::npos || split == 0) {
      return Error{"--set wants key=value, not '" + std::string(value) + "'"};
    }
    line.sources.overrides.emplace_back(value.substr(0, split), value.substr(split + 1));
  }
  return line;
}

}  // namespace bw::agent
