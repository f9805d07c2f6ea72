// The flags of bellwether-coordinator.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/runtime/config.h"

namespace bw::coordinator {

struct CommandLine {
  enum class Action : std::uint8_t { run, check, print_config, version, help };
  Action action = Action::run;
  ConfigSources sources;  // without the environment
};

// `arguments` without the program's name.
Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments);

extern const std::string_view kHelp;

}  // namespace bw::coordinator
