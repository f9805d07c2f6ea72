// The help texts, made from the command table.
#pragma once

#include <string>

#include "coordinator/cli/command_table.h"

namespace bw::cli {

std::string overview_help();
std::string command_help(const CommandSpec& command);

}  // namespace bw::cli
