// What the shell reads of the kernel log at a tick.
#pragma once

#include <string_view>

namespace bw::agent {

// What /dev/kmsg gave: records from where the last reading ended, but for what the collector left
// untaken of it (Collector::kernel_log_taken()), which comes again.
struct KernelLogReading {
  bool available = false;    // there is a kernel log, and it may be read
  std::string_view text;     // whole lines
  std::string_view boot_id;  // of the boot whose log it is
  bool caught_up = false;    // there was nothing more
  int error = 0;             // errno, where it could not be opened or read
};

}  // namespace bw::agent
