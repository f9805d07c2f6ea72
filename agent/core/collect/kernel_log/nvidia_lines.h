// Lines of NVIDIA's kernel modules: Xid and SXid errors, GPUs that are gone, versions that do not
// match, the fabric.
#pragma once

#include "agent/core/collect/kernel_log/finding.h"

namespace bw::agent {

// Appends what the line tells; true where it is one of these.
bool recognise_nvidia(const KernelMessage& message, Findings& findings);

}  // namespace bw::agent
