// What the agent hands to the shim of a run: all it needs to begin the process, in one blob, so
// that neither an argument list nor an environment of the shim shows or changes any of it.
//
// Both are of one version as a rule; the number in front tells where they are not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bw::agent {

inline constexpr std::size_t kMaxLaunch = 4U << 20;

// Descriptors that the shim begins with, beside 0 to 2.
inline constexpr int kLaunchFd = 3;  // the blob, from its beginning
inline constexpr int kToldFd = 4;    // a pipe, to say on how it went
inline constexpr int kRunFd = 5;     // the run's directory

struct Launch {
  bool is_probe = false;  // no log, no files: only the exit code, told
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;
  std::string user;              // empty: as it is
  std::string cgroup;            // its cgroup.procs; empty: none
  std::uint64_t data_bytes = 0;  // most private memory of one process; 0: no bound
  std::uint8_t stop_signal = 15;
  std::uint64_t log_bytes = 0;
  bool operator==(const Launch&) const = default;
};

std::string encode_launch(const Launch& launch);
Result<Launch> decode_launch(std::string_view blob);

// What the shim says through kToldFd: one line. "started PID", "failed WHY", and of a probe "code
// N" or "signal N".
// Signals that the shim takes: SIGTERM forwards the stop signal, SIGUSR1 kills all.

// Files of a run's directory.
inline constexpr std::string_view kLockFile = "lock";  // held by the shim as long as it lives
inline constexpr std::string_view kPidFile = "pid";
inline constexpr std::string_view kExitFile = "exit";  // "code 3", "signal 9", "unstarted WHY"

}  // namespace bw::agent
