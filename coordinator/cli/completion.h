// Completion scripts for shells, made from the command table. Node ids are asked of the coordinator
// when they are needed.
#pragma once

#include <string>
#include <string_view>

namespace bw::cli {

// shell: bash, zsh or fish; another is a bug.
std::string completion_script(std::string_view shell);

}  // namespace bw::cli
