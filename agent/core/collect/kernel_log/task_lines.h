// Lines about tasks and the kernel itself: killed for memory, crashed, hanging; lock-ups, stalls,
// oopses and panics.
#pragma once

#include <string>

#include "agent/core/collect/kernel_log/finding.h"

namespace bw::agent {

class TaskLines {
 public:
  // Appends what the line tells; true where it is one of these.
  bool recognise(const KernelMessage& message, Findings& findings);

 private:
  // What "oom-kill:" told of the kill whose own line comes after it.
  struct Kill {
    std::string pid;
    std::string constraint;
    std::string limit_cgroup;  // whose limit was reached
    std::string task_cgroup;
  };
  bool recognise_kill(std::string_view line, Findings& findings);

  std::string asked_by_;  // the process that needed the memory
  Kill kill_;
};

}  // namespace bw::agent
