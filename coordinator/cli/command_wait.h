// Waits for what becomes of a command, by asking again and again.
#pragma once

#include <chrono>
#include <functional>

#include "base/result.h"
#include "coordinator/cli/model_model.h"

namespace bw::cli {

// The coordinator gives up after 30 s, or 180 s where a model is to come; a little more, for its
// own last word.
inline constexpr std::chrono::milliseconds kCommandPatience{185000};
inline constexpr std::chrono::milliseconds kFirstPause{100};
inline constexpr std::chrono::milliseconds kLongestPause{1000};

// `ask` tells how the command does now, `pause` lets time pass. The command as it was told last:
// settled, or open still after `most` of pauses.
Result<CommandInfo> wait_for_command(
    CommandInfo command, const std::function<Result<CommandInfo>(const std::string& id)>& ask,
    const std::function<void(std::chrono::milliseconds)>& pause,
    std::chrono::milliseconds most = kCommandPatience);

}  // namespace bw::cli
