#include "coordinator/cli/command_wait.h"

#include <algorithm>
#include <utility>

namespace bw::cli {

Result<CommandInfo> wait_for_command(
    CommandInfo command, const std::function<Result<CommandInfo>(const std::string& id)>& ask,
    const std::function<void(std::chrono::milliseconds)>& pause, std::chrono::milliseconds most) {
  std::chrono::milliseconds next = kFirstPause;
  std::chrono::milliseconds waited{0};
  while (command.is_open() && waited < most) {
    const auto now = std::min(next, most - waited);
    pause(now);
    waited += now;
    next = std::min(next * 2, kLongestPause);
    auto told = ask(command.id);
    if (!told) return told.error();
    command = *std::move(told);
  }
  return command;
}

}  // namespace bw::cli
