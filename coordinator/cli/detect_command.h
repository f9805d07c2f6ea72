// The command `detect`: its flags, and where what it says goes.
#pragma once

#include "coordinator/cli/anomaly_commands.h"
#include "coordinator/cli/arguments.h"
#include "coordinator/cli/detect_file.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

// What the flags ask for, or which of them is wrong.
Result<DetectOptions> detect_options(const Invocation& invocation);

// Code 2 for flags and files that are wrong, 1 where something can't be written.
Shown run_detect(const Invocation& invocation, const View& view);

}  // namespace bw::cli
