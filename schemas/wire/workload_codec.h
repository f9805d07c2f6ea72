// DesiredState and WorkloadReport to payloads and back, framed as all others (codec.h, FORMAT.md).
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/workload.h"

namespace bw::wire {

// Refuses what check() refuses, and what is too large for its topic: a command that was cut is
// another command.
Result<std::vector<std::byte>> encode_desired(const DesiredState& desired);

// Texts beyond their bounds are cut, lines and states beyond theirs left out: a report always fits.
std::vector<std::byte> encode_report(const WorkloadReport& report);

Decoded<DesiredState> decode_desired(Bytes payload);
Decoded<WorkloadReport> decode_report(Bytes payload);

}  // namespace bw::wire
