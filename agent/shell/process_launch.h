// From an assignment to a shim that begins it: the environment with its secrets, and the fork.
#pragma once

#include <string>

#include <sys/types.h>

#include "agent/shell/shim/launch_format.h"
#include "base/result.h"
#include "schemas/wire/workload.h"

namespace bw::agent {

// A secret is a file of this folder, by its name; the error names it, never what is in it.
Result<Launch> launch_of(const wire::Assignment& assignment, const std::string& secrets);

// Its own command as an exec health check has it, with the same environment and user.
Result<Launch> probe_of(const wire::Assignment& assignment, const std::string& secrets);

struct Spawned {
  pid_t pid = 0;
  int pidfd = -1;    // of the shim; the caller's, as is the next
  int told_fd = -1;  // what the shim says: see launch_format.h
};

// Starts `shim` with `launch` in the folder `run_path`. It is a child of this process, and in a
// session of its own, so that it outlives it.
Result<Spawned> spawn_shim(const std::string& shim, const std::string& id, const Launch& launch,
                           const std::string& run_path);

}  // namespace bw::agent
