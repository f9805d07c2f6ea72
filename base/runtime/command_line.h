// The flags that daemons have in common: --config FILE, --set KEY=VALUE, and flags that ask for
// something else than to run.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime/config.h"

namespace bw {

struct CommandLine {
  std::string action;     // one of the actions that were offered, such as "--check"; empty: run
  ConfigSources sources;  // without the environment
};

// `arguments` without the program's name. "-h" stands for "--help" where that is offered. An error
// names the nearest right flag.
Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments,
                                       std::span<const std::string_view> actions,
                                       std::string_view default_config_file);

}  // namespace bw
