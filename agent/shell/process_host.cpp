#include "agent/shell/process_host.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

std::uint64_t since_boot_ms() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec / 1'000'000);
}

// Where it was a child of ours it would stay as a zombie; where it was not, there is nothing to do.
void reap(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, WNOHANG);
}

int open_pidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

void close_if_open(int fd) {
  if (fd >= 0) close(fd);
}

std::string handle_of(pid_t pid) {
  return pid > 0 ? "pid " + std::to_string(pid) : "";
}

}  // namespace

ProcessHost::Live::~Live() {
  ended.reset();
  telling.reset();
  close_if_open(pidfd);
  close_if_open(told_fd);
}

ProcessHost::Check::~Check() {
  ended.reset();
  // One that is still on its way is nobody's any more.
  if (shim.pidfd >= 0) syscall(SYS_pidfd_send_signal, shim.pidfd, SIGUSR1, nullptr, 0);
  close_if_open(shim.pidfd);
  close_if_open(shim.told_fd);
}

ProcessHost::ProcessHost(EventLoop& loop, ProcessHostOptions options, Tell tell)
    : loop_(loop),
      options_(std::move(options)),
      tell_(std::move(tell)),
      cgroups_(options_.cgroup) {}

ProcessHost::~ProcessHost() {
  *is_here_ = false;
}

void ProcessHost::post(SupervisorEvent event) {
  loop_.post([this, is_here = is_here_, event = std::move(event)] {
    if (*is_here) tell_(event);
  });
}

RunDirectory ProcessHost::directory_of(std::string_view id) const {
  return RunDirectory(options_.directory + "/" + run_folder(id));
}

Result<std::vector<RunFound>> ProcessHost::scan() {
  if (mkdir(options_.directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{"make " + options_.directory + ": " + std::system_category().message(errno)};
  }
  DIR* folder = opendir(options_.directory.c_str());
  if (folder == nullptr) {
    return Error{"read " + options_.directory + ": " + std::system_category().message(errno)};
  }
  std::vector<RunFound> found;
  while (const dirent* entry = readdir(folder)) {
    const auto id = run_id(entry->d_name);
    if (!id) continue;
    if (auto one = look_at(*id)) found.push_back(std::move(*one));
  }
  closedir(folder);
  return found;
}

std::optional<RunFound> ProcessHost::look_at(const std::string& id) {
  const RunDirectory directory = directory_of(id);
  auto record = directory.record();
  if (!record) {
    // Whoever it is, it holds the lock of this replica. So it is known, and the supervisor, who
    // finds no such launch wanted, ends it.
    RunRecord unknown;
    const std::size_t slash = id.find('/');
    unknown.workload = id.substr(0, slash);
    unknown.replica = static_cast<std::uint32_t>(std::stoul(id.substr(slash + 1)));
    unknown.started_ms = since_boot_ms();
    unknown.boot_id = options_.boot_id;
    record = unknown;
  }
  const auto holder = directory.holder();
  const bool is_alive = holder && watch_found(id, record->run, *holder);
  return found_of(directory, *record, is_alive);
}

// A number may be another's by the time it is looked at: only while the lock is still held by it,
// the descriptor is surely its own.
bool ProcessHost::watch_found(const std::string& id, std::uint64_t run, pid_t pid) {
  const int pidfd = open_pidfd(pid);
  if (pidfd < 0) return false;
  if (directory_of(id).holder() != pid) {
    close(pidfd);
    return false;
  }
  Live& live = live_[id];
  live.key = {id, run};
  live.pid = pid;
  live.pidfd = pidfd;
  watch(live);
  return true;
}

RunFound ProcessHost::found_of(const RunDirectory& directory, const RunRecord& record,
                               bool is_alive) const {
  RunFound found;
  found.workload = record.workload;
  found.replica = record.replica;
  found.run = record.run;
  found.launch = record.launch;
  found.spec_generation = record.spec_generation;
  found.fencing_token = record.fencing_token;
  found.failures = record.failures;
  found.restarts = record.restarts;
  found.stop_grace = std::chrono::milliseconds{record.grace_ms};
  found.gpus = record.gpus;
  found.limits = record.limits;
  found.is_alive = is_alive;
  found.rebooted = record.boot_id != options_.boot_id;
  const std::uint64_t now = since_boot_ms();
  if (is_alive) {
    found.age = std::chrono::milliseconds{now - std::min(now, record.started_ms)};
    found.handle = handle_of(directory.main_pid());
    return found;
  }
  found.exit = directory.end().exit;
  found.is_heard = directory.is_heard();
  found.log = directory.last_lines(wire::kMaxReportLines, wire::kMaxReportLine);
  return found;
}

void ProcessHost::watch(Live& live) {
  live.ended.emplace(loop_, live.pidfd, [this, id = live.key.id] { has_ended(id); });
  live.ended->wait();
  if (live.told_fd < 0) return;
  live.telling.emplace(loop_, live.told_fd, [this, id = live.key.id] { hear(id); });
  live.telling->wait();
}

void ProcessHost::start(const StartRun& effect) {
  auto begun = begin(effect);
  if (!begun) could_not_start(effect.key, begun.error().message);
}

void ProcessHost::could_not_start(const RunKey& key, const std::string& why) {
  post(RunEnded{key, {}, why, {}});
}

Result<void> ProcessHost::begin(const StartRun& effect) {
  const std::string& id = effect.key.id;
  const wire::Assignment& assignment = *effect.assignment;
  const RunDirectory directory = directory_of(id);
  // Not to be: the supervisor starts nothing before the last run has ended. But if so, this is the
  // last to know.
  if (live_.contains(id)) return Error{"a run of it has not ended"};
  if (const auto holder = directory.holder()) {
    return Error{"another copy of it runs, held by process " + std::to_string(*holder)};
  }
  auto launch = launch_of(assignment, options_.secrets);
  if (!launch) return launch.error();
  const RunLimits limits =
      cgroups_.make(run_folder(id), assignment.spec.resources, !assignment.gpus.empty());
  launch->cgroup = limits.procs;
  launch->data_bytes = limits.data_bytes;
  const RunRecord record{assignment.workload,
                         assignment.replica,
                         effect.key.run,
                         effect.launch,
                         assignment.spec_generation,
                         assignment.fencing_token,
                         effect.failures,
                         effect.restarts,
                         assignment.spec.stop_grace_ms,
                         since_boot_ms(),
                         options_.boot_id,
                         assignment.gpus,
                         limits.missing};
  if (auto written = directory.begin(record); !written) return written;
  auto spawned = spawn_shim(options_.shim, id, *launch, directory.path());
  if (!spawned) {
    directory.note_unstarted(spawned.error().message);
    return spawned.error();
  }
  Live& live = live_[id];
  live.key = effect.key;
  live.pid = spawned->pid;
  live.pidfd = spawned->pidfd;
  live.told_fd = spawned->told_fd;
  live.limits = limits.missing;
  watch(live);
  return {};
}

void ProcessHost::hear(const std::string& id) {
  const auto found = live_.find(id);
  if (found != live_.end()) take_told(found->second);
}

void ProcessHost::take_told(Live& live) {
  if (live.told_fd < 0) return;
  std::array<char, 1024> chunk{};
  ssize_t length = 0;
  while ((length = read(live.told_fd, chunk.data(), chunk.size())) > 0) {
    live.told.append(chunk.data(), static_cast<std::size_t>(length));
    if (live.told.size() > kMaxTold) live.told.resize(kMaxTold);
  }
  if (length < 0 && errno == EAGAIN) {
    live.telling->wait();
  } else {
    live.telling.reset();
    close(std::exchange(live.told_fd, -1));
  }
  constexpr std::string_view kStarted = "started ";
  const std::size_t end = live.told.find('\n');
  if (end == std::string::npos || !live.told.starts_with(kStarted)) return;
  const std::string handle = "pid " + live.told.substr(kStarted.size(), end - kStarted.size());
  live.told.clear();
  post(RunStarted{live.key, handle, live.limits});
}

void ProcessHost::has_ended(const std::string& id) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;
  Live& live = found->second;
  take_told(live);  // what it said last
  reap(live.pid);
  const RunDirectory directory = directory_of(id);
  RunDirectory::End end = directory.end();
  constexpr std::string_view kFailed = "failed ";
  if (end.exit.kind == wire::ExitKind::unknown && live.told.starts_with(kFailed)) {
    end = {{}, live.told.substr(kFailed.size(), live.told.find('\n') - kFailed.size())};
  }
  if (end.exit.kind == wire::ExitKind::unknown) cgroups_.kill(run_folder(id));
  directory.note_heard();
  const RunKey key = live.key;
  live_.erase(found);
  cgroups_.remove(run_folder(id));
  post(RunEnded{key, end.exit, end.reason,
                directory.last_lines(wire::kMaxReportLines, wire::kMaxReportLine)});
}

void ProcessHost::signal(const RunKey& key, int number) {
  const auto found = live_.find(key.id);
  if (found == live_.end() || found->second.key.run != key.run) return;
  syscall(SYS_pidfd_send_signal, found->second.pidfd, number, nullptr, 0);
}

void ProcessHost::stop(const StopRun& effect) {
  signal(effect.key, SIGTERM);
}

void ProcessHost::kill(const KillRun& effect) {
  signal(effect.key, SIGUSR1);
  cgroups_.kill(run_folder(effect.key.id));
}

void ProcessHost::forget(const ForgetRun& effect) {
  if (live_.contains(effect.id)) return;  // it is not over
  checks_.erase(effect.id);
  directory_of(effect.id).remove();
}

void ProcessHost::probe(const ProbeRun& effect) {
  const auto found = live_.find(effect.key.id);
  if (found == live_.end() || found->second.key.run != effect.key.run) return;
  const wire::HealthCheck& health = effect.assignment->spec.health;
  if (health.probe == wire::HealthProbe::exec) return probe_by_command(effect);
  found->second.probe = std::make_unique<HealthProbe>(
      loop_, health,
      [this, key = effect.key, number = effect.probe](bool is_well, std::string text) {
        tell_(RunProbed{key, number, is_well, std::move(text)});
      });
}

void ProcessHost::probe_by_command(const ProbeRun& effect) {
  const std::string& id = effect.key.id;
  if (checks_.contains(id)) return;  // the last one does not end; the supervisor counts that
  const auto fail = [&](const std::string& why) {
    post(RunProbed{effect.key, effect.probe, false, why});
  };
  auto launch = probe_of(*effect.assignment, options_.secrets);
  if (!launch) return fail(launch.error().message);
  launch->cgroup = cgroups_.procs(run_folder(id));  // it is the workload's work, too
  auto spawned = spawn_shim(options_.shim, id + " health", *launch, directory_of(id).path());
  if (!spawned) return fail(spawned.error().message);
  Check& check = checks_[id];
  check.key = effect.key;
  check.probe = effect.probe;
  check.timeout_ms = effect.assignment->spec.health.timeout_ms;
  check.shim = *spawned;
  check.ended.emplace(loop_, check.shim.pidfd, [this, id] { check_has_ended(id); });
  check.ended->wait();
  check.timer.emplace(loop_);
  check.timer->after(std::chrono::milliseconds{check.timeout_ms}, [&check] {
    check.is_late = true;
    syscall(SYS_pidfd_send_signal, check.shim.pidfd, SIGUSR1, nullptr, 0);
  });
}

void ProcessHost::check_has_ended(const std::string& id) {
  const auto found = checks_.find(id);
  if (found == checks_.end()) return;
  const Check& check = found->second;
  reap(check.shim.pid);
  std::array<char, 1024> chunk{};
  const ssize_t length = read(check.shim.told_fd, chunk.data(), chunk.size());
  std::string_view told(chunk.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  told = told.substr(0, told.find('\n'));
  std::string text = "its command could not be run";
  if (check.is_late) {
    text = "its command took over " + std::to_string(check.timeout_ms) + " ms";
  } else if (told.starts_with("code ")) {
    text = "its command exited with " + std::string(told);
  } else if (told.starts_with("signal ")) {
    text = "its command was killed by " + std::string(told);
  } else if (told.starts_with("failed ")) {
    text = std::string(told.substr(7));
  }
  const RunProbed event{check.key, check.probe, told == "code 0" && !check.is_late, text};
  checks_.erase(found);
  tell_(event);
}

}  // namespace bw::agent
