// Small fleets for the scheduler's tests.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "coordinator/core/schedule/schedule.h"

namespace bw::coordinator::schedule {

inline constexpr std::int64_t kGiB = std::int64_t{1} << 30;

inline Node node(std::string id, std::int64_t cpu = 8000, int gpus = 0,
                 const std::string& model = "T4") {
  Node made;
  made.id = std::move(id);
  made.site = "x";
  made.cpu_milli = cpu;
  made.memory_bytes = 32 * kGiB;
  for (int i = 0; i < gpus; ++i) {
    Gpu gpu;
    gpu.uuid = made.id + "-" + std::to_string(i);
    gpu.model = model;
    gpu.memory_bytes = 16 * kGiB;
    made.gpus.push_back(gpu);
  }
  return made;
}

inline Resources cpus(std::int64_t milli) {
  Resources asked;
  asked.cpu_milli = milli;
  asked.memory_bytes = kGiB;
  return asked;
}

inline Resources gpus(int count, std::int64_t milli = 1000) {
  Resources asked = cpus(milli);
  asked.gpus = count;
  return asked;
}

inline Resources share(int gpu_milli, std::int64_t milli = 1000) {
  Resources asked = cpus(milli);
  asked.gpu_milli = gpu_milli;
  return asked;
}

inline Workload workload(std::string name, Resources asked, int replicas = 1) {
  Workload made;
  made.name = std::move(name);
  made.resources = std::move(asked);
  made.replicas = replicas;
  return made;
}

inline Assignment run(const Workload& of, int replica, std::string on,
                      std::vector<std::string> uuids = {}) {
  return {of.name, replica, of.revision, std::move(on), std::move(uuids), of.resources};
}

inline PlanOptions by(std::string_view policy) {
  PlanOptions options;
  options.policy = *policy_of(policy);
  return options;
}

}  // namespace bw::coordinator::schedule
