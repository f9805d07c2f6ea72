// Runs workloads as processes: carries out what the supervisor asks for, and tells what happens.
//
// Each run has a shim (shell/shim), which outlives this: a run is known by the lock that its shim
// holds, so that a next agent finds it, whatever this one came to, and none is ever started twice.
// Everything here happens on the thread of its loop. It writes small files, and so is to have a
// loop beside the one that must never wait for a disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/supervise/words.h"
#include "agent/shell/health_probe.h"
#include "agent/shell/process_launch.h"
#include "agent/shell/run_directory.h"
#include "agent/shell/workload_cgroup.h"
#include "base/runtime/descriptor_watch.h"
#include "base/runtime/event_loop.h"

namespace bw::agent {

struct ProcessHostOptions {
  std::string directory;  // of the runs: a folder of ours alone, made where it is missing
  std::string shim;       // the program, an absolute path
  std::string secrets;    // the folder of secrets
  std::string cgroup;     // see WorkloadCgroups
  std::string boot_id;
};

class ProcessHost {
 public:
  using Tell = std::function<void(const SupervisorEvent& event)>;

  // What one is told of its shim's start, at most.
  static constexpr std::size_t kMaxTold = 4096;

  // `tell` is called from the loop, never from within start(), stop() and so on.
  ProcessHost(EventLoop& loop, ProcessHostOptions options, Tell tell);
  ~ProcessHost();  // runs go on
  ProcessHost(const ProcessHost&) = delete;
  ProcessHost& operator=(const ProcessHost&) = delete;

  // What runs and what ran, and watches over the former from now on. Once, before all others. The
  // error: the folder can't be read, so that nothing may be started.
  Result<std::vector<RunFound>> scan();

  void start(const StartRun& effect);
  void stop(const StopRun& effect);
  void kill(const KillRun& effect);
  void probe(const ProbeRun& effect);
  void forget(const ForgetRun& effect);

  const ProcessHostOptions& options() const { return options_; }

 private:
  // A shim that lives.
  struct Live {
    RunKey key;
    pid_t pid = 0;
    int pidfd = -1;
    int told_fd = -1;
    std::string told;
    std::string limits;
    std::optional<DescriptorWatch> ended;
    std::optional<DescriptorWatch> telling;
    std::unique_ptr<HealthProbe> probe;
    ~Live();
  };
  // An exec health check on its way.
  struct Check {
    RunKey key;
    std::uint64_t probe = 0;
    std::uint64_t timeout_ms = 0;
    Spawned shim;
    std::optional<DescriptorWatch> ended;
    std::optional<Timer> timer;
    bool is_late = false;
    ~Check();
  };

  RunDirectory directory_of(std::string_view id) const;
  RunFound found_of(const RunDirectory& directory, const RunRecord& record, bool is_alive) const;
  std::optional<RunFound> look_at(const std::string& id);
  void watch(Live& live);
  bool watch_found(const std::string& id, std::uint64_t run, pid_t pid);
  void post(SupervisorEvent event);
  void could_not_start(const RunKey& key, const std::string& why);
  Result<void> begin(const StartRun& effect);
  void hear(const std::string& id);
  void take_told(Live& live);
  void has_ended(const std::string& id);
  void signal(const RunKey& key, int number);
  void probe_by_command(const ProbeRun& effect);
  void check_has_ended(const std::string& id);

  EventLoop& loop_;
  ProcessHostOptions options_;
  Tell tell_;
  WorkloadCgroups cgroups_;
  std::map<std::string, Live, std::less<>> live_;     // by id
  std::map<std::string, Check, std::less<>> checks_;  // by id
  std::shared_ptr<bool> is_here_ = std::make_shared<bool>(true);
};

}  // namespace bw::agent
