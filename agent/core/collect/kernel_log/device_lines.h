// Lines about what is plugged in: links and resets of network interfaces, USB.
#pragma once

#include "agent/core/collect/kernel_log/finding.h"

namespace bw::agent {

// Appends what the line tells; true where it is one of these.
bool recognise_device(const KernelMessage& message, Findings& findings);

}  // namespace bw::agent
