// Control groups, version 2: the pressure on memory, the memory and its limits of the box's slices
// and services.
//
// Groups of containers come and go under names of their own: those below the first level are
// followed only where they are slices or services, whose names stay.
#pragma once

#include <cstddef>

#include "agent/core/collect/device_files.h"

namespace bw::agent {

class CgroupSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxGroups = 64;
  // SourceId::cgroup_pressure, cgroup_memory or cgroup_events.
  CgroupSource(SourceId source, Sample& sample);
};

}  // namespace bw::agent
