// Control groups, version 2: the pressure on memory, the memory and its limits of the box's slices
// and services.
//
// Groups of containers (scopes) and of short jobs come and go under names of their own: one that is
// gone gives its series to another where all are taken.
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
