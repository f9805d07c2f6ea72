#include "agent/shell/workload_cgroup.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bw::agent {

namespace {

constexpr std::uint64_t kCpuPeriodUs = 100'000;
constexpr std::uint64_t kLeastQuotaUs = 1000;  // the kernel's own bound

// Empty: it was written; else why not.
std::string write_setting(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return std::system_category().message(errno);
  const ssize_t written = write(fd, text.data(), text.size());
  const int error = errno;
  close(fd);
  return written == static_cast<ssize_t>(text.size()) ? "" : std::system_category().message(error);
}

bool make_folder(const std::string& path) {
  return mkdir(path.c_str(), 0755) == 0 || errno == EEXIST;
}

// Children of a cgroup have only the controllers that it hands on.
void hand_on_controllers(const std::string& folder) {
  for (const char* controller : {"+cpu", "+memory", "+pids"}) {
    (void)write_setting(folder + "/cgroup.subtree_control", controller);
  }
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

void say_missing(std::string& missing, std::string_view what) {
  if (!missing.empty()) missing += "; ";
  missing += what;
}

}  // namespace

WorkloadCgroups::WorkloadCgroups(std::string root) : root_(std::move(root)) {
  if (root_.empty()) {
    why_not_ = "no cgroup is configured";
    return;
  }
  const std::string parent = parent_of(root_);
  if (access((parent + "/cgroup.controllers").c_str(), F_OK) != 0) {
    why_not_ = "no cgroup v2 at " + parent;
  } else if (!make_folder(root_)) {
    why_not_ = "make " + root_ + ": " + std::system_category().message(errno);
  }
  if (!why_not_.empty()) return;
  hand_on_controllers(parent);
  hand_on_controllers(root_);
}

std::string WorkloadCgroups::path(std::string_view folder, std::string_view file) const {
  return root_ + "/" + std::string(folder) + "/" + std::string(file);
}

RunLimits WorkloadCgroups::make(std::string_view folder, const wire::Resources& resources,
                                bool has_gpus) const {
  RunLimits limits;
  const auto without = [&](const std::string& why) {
    if (resources.cpu_millis > 0)
      say_missing(limits.missing, "its CPU share is not limited: " + why);
    if (resources.memory_bytes == 0) return;
    // Drivers of GPUs map far more than they use, so that bound would be another one.
    limits.data_bytes = has_gpus ? 0 : resources.memory_bytes;
    say_missing(limits.missing, has_gpus ? "its memory is not limited: " + why
                                         : "its memory is limited for each process alone: " + why);
  };
  if (!why_not_.empty()) {
    without(why_not_);
    return limits;
  }
  const std::string own = root_ + "/" + std::string(folder);
  if (!make_folder(own)) {
    without("make " + own + ": " + std::system_category().message(errno));
    return limits;
  }
  limits.procs = path(folder, "cgroup.procs");
  const std::uint64_t quota = std::max(kLeastQuotaUs, resources.cpu_millis * kCpuPeriodUs / 1000);
  const std::string cpu = (resources.cpu_millis == 0 ? "max" : std::to_string(quota)) + " " +
                          std::to_string(kCpuPeriodUs);
  const std::string cpu_why = write_setting(path(folder, "cpu.max"), cpu);
  if (resources.cpu_millis > 0 && !cpu_why.empty()) {
    say_missing(limits.missing, "its CPU share is not limited: cpu.max: " + cpu_why);
  }
  const std::string memory =
      resources.memory_bytes == 0 ? "max" : std::to_string(resources.memory_bytes);
  const std::string memory_why = write_setting(path(folder, "memory.max"), memory);
  if (resources.memory_bytes > 0 && !memory_why.empty()) {
    say_missing(limits.missing, "its memory is not limited: memory.max: " + memory_why);
  }
  // What doesn't fit is not to be paged out instead, nor one process of it to survive the others.
  (void)write_setting(path(folder, "memory.swap.max"), resources.memory_bytes == 0 ? "max" : "0");
  (void)write_setting(path(folder, "memory.oom.group"), "1");
  return limits;
}

std::string WorkloadCgroups::procs(std::string_view folder) const {
  if (!why_not_.empty()) return {};
  std::string file = path(folder, "cgroup.procs");
  return access(file.c_str(), F_OK) == 0 ? file : std::string();
}

void WorkloadCgroups::kill(std::string_view folder) const {
  if (why_not_.empty()) (void)write_setting(path(folder, "cgroup.kill"), "1");
}

void WorkloadCgroups::remove(std::string_view folder) const {
  if (why_not_.empty()) rmdir((root_ + "/" + std::string(folder)).c_str());
}

}  // namespace bw::agent
