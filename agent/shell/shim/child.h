// In the shim: begins the process of a run, and ends what it leaves behind.
#pragma once

#include <string>

#include <sys/types.h>

#include "agent/shell/shim/launch_format.h"

namespace bw::agent {

// Becomes the process of the run, in a session of its own, with what is written to `output` and
// `error` for its outputs; returns only where it could not, with the reason.
std::string become(const Launch& launch, int output, int error, pid_t parent);

// Kills every process whose parent this one is, whatever session it is in.
void kill_children();

}  // namespace bw::agent
