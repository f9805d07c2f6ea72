#include "base/runtime/command_line.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace bw {

namespace {

Error unknown(std::string_view argument, std::span<const std::string_view> actions) {
  std::vector<std::string_view> flags{"--config", "--set"};
  flags.insert(flags.end(), actions.begin(), actions.end());
  std::string text = "unknown argument '" + std::string(argument) + "'";
  const std::string_view meant = nearest(argument.substr(0, argument.find('=')), flags);
  if (!meant.empty()) text += ", did you mean '" + std::string(meant) + "'?";
  return Error{text};
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

Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments,
                                       std::span<const std::string_view> actions,
                                       std::string_view default_config_file) {
  CommandLine line;
  line.sources.file = default_config_file;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i] == "-h" ? "--help" : arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string_view flag = argument.substr(0, equals);
    if (flag != "--config" && flag != "--set") {
      if (std::find(actions.begin(), actions.end(), argument) == actions.end()) {
        return unknown(arguments[i], actions);
      }
      line.action = argument;
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

}  // namespace bw
