// A cgroup (v2) a run, for its CPU and memory: below a folder that is delegated to the agent.
//
// Where the kernel gives none, or not all of it, the run goes without, and its report says so: a
// node with old cgroups is no reason not to run.
#pragma once

#include <string>
#include <string_view>

#include "schemas/wire/workload.h"

namespace bw::agent {

struct RunLimits {
  std::string procs;             // the file to join by; empty: no cgroup
  std::uint64_t data_bytes = 0;  // instead of it: most private memory of each process; 0: no bound
  std::string missing;           // what it is not held to, in words; empty: nothing
};

class WorkloadCgroups {
 public:
  // `root`: the folder, made where it is missing; empty: none is to be used.
  explicit WorkloadCgroups(std::string root);

  // `folder` names the run's replica, see run_folder().
  RunLimits make(std::string_view folder, const wire::Resources& resources, bool has_gpus) const;
  // The file to join a run's by; empty: it has none.
  std::string procs(std::string_view folder) const;
  // Kills all that is in it, at once (since Linux 5.14); without effect where there is none.
  void kill(std::string_view folder) const;
  void remove(std::string_view folder) const;

 private:
  std::string path(std::string_view folder, std::string_view file) const;

  std::string root_;
  std::string why_not_;  // no cgroups at all
};

}  // namespace bw::agent
