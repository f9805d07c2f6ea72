// Lines about disks, arrays and file systems.
#pragma once

#include "agent/core/collect/kernel_log/finding.h"

namespace bw::agent {

// Appends what the line tells; true where it is one of these.
bool recognise_storage(const KernelMessage& message, Findings& findings);

}  // namespace bw::agent
