// Recognises messages of the drivers of GPUs but for NVIDIA's own on PCI: Jetson boards (nvgpu),
// AMD (amdgpu) and Intel (i915, xe).
#pragma once

#include "agent/core/collect/kernel_log/finding.h"

namespace bw::agent {

bool recognise_graphics(const KernelMessage& message, Findings& findings);

}  // namespace bw::agent
