// Lines about the machine's own health: hardware errors of CPU, memory and PCI Express, heat and
// voltage.
#pragma once

#include "agent/core/collect/kernel_log/finding.h"

namespace bw::agent {

// Appends what the line tells; true where it is one of these.
bool recognise_machine(const KernelMessage& message, Findings& findings);

}  // namespace bw::agent
