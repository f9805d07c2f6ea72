#include "agent/shell/process_launch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bw::agent {

namespace {

constexpr std::size_t kMaxSecret = 64U << 10;
constexpr int kFirstFree = kRunFd + 1;

Error launch_error(std::string_view what) {
  return Error{std::string(what) + ": " + std::system_category().message(errno)};
}

Result<std::string> read_secret(const std::string& folder, const std::string& name) {
  const int fd = open((folder + "/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return launch_error("secret " + name);
  std::string text(kMaxSecret + 1, '\0');
  const ssize_t length = read(fd, text.data(), text.size());
  Result<std::string> result = launch_error("secret " + name);
  close(fd);
  if (length < 0) return result;
  text.resize(static_cast<std::size_t>(length));
  if (text.size() > kMaxSecret) return Error{"secret " + name + ": is over 64 KiB"};
  // Editors end a file with one; in a variable it would be a part of it.
  if (text.ends_with('\n')) text.pop_back();
  if (text.find('\0') != std::string::npos) return Error{"secret " + name + ": has a NUL byte"};
  return text;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& one : texts) text.append(text.empty() ? "" : ",").append(one);
  return text;
}

// Of the variables that are ours to say, the assignment's own ones of the same name are left out.
constexpr std::array<std::string_view, 5> kOurs{"BELLWETHER_WORKLOAD", "BELLWETHER_REPLICA",
                                                "BELLWETHER_FENCING_TOKEN", "CUDA_VISIBLE_DEVICES",
                                                "NVIDIA_VISIBLE_DEVICES"};

struct Descriptors {
  int blob = -1;
  int told = -1;
  int run = -1;
};

// Between fork and exec: only calls that are safe there. The three are moved above their places
// first, so that none falls onto another.
[[noreturn]] void become_shim(const char* shim, char* const* argv, Descriptors fds) {
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = open("/dev/null", O_RDWR);
  const int blob = fcntl(fds.blob, F_DUPFD, kFirstFree);
  const int told = fcntl(fds.told, F_DUPFD, kFirstFree);
  const int run = fcntl(fds.run, F_DUPFD, kFirstFree);
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  if (dup2(blob, kLaunchFd) < 0 || dup2(told, kToldFd) < 0 || dup2(run, kRunFd) < 0) _exit(127);
  close_range(kFirstFree, ~0U, 0);
  char* const environment[] = {nullptr};
  execve(shim, argv, environment);
  constexpr std::string_view kCannot = "failed the shim cannot be executed\n";
  [[maybe_unused]] const ssize_t written = write(kToldFd, kCannot.data(), kCannot.size());
  _exit(127);
}

Result<int> blob_of(const Launch& launch) {
  const std::string blob = encode_launch(launch);
  if (blob.size() > kMaxLaunch) return Error{"command and environment are too large"};
  const int fd = memfd_create("launch", MFD_CLOEXEC);
  if (fd < 0) return launch_error("memfd");
  if (write(fd, blob.data(), blob.size()) != static_cast<ssize_t>(blob.size()) ||
      lseek(fd, 0, SEEK_SET) != 0) {
    const Error error = launch_error("memfd");
    close(fd);
    return error;
  }
  return fd;
}

void close_descriptors(Descriptors fds) {
  for (const int fd : {fds.blob, fds.told, fds.run}) {
    if (fd >= 0) close(fd);
  }
}

}  // namespace

Result<Launch> launch_of(const wire::Assignment& assignment, const std::string& secrets) {
  const wire::WorkloadSpec& spec = assignment.spec;
  Launch launch;
  launch.argv = spec.argv;
  launch.directory = spec.directory;
  launch.user = spec.user;
  launch.stop_signal = spec.stop_signal;
  launch.log_bytes = spec.log_bytes;
  bool has_path = false;
  for (const wire::EnvironmentVariable& one : spec.environment) {
    if (std::find(kOurs.begin(), kOurs.end(), one.name) != kOurs.end()) continue;
    has_path = has_path || one.name == "PATH";
    std::string value = one.value;
    if (!one.secret.empty()) {
      auto secret = read_secret(secrets, one.secret);
      if (!secret) return secret.error();
      value = std::move(*secret);
    }
    launch.environment.push_back(one.name + "=" + value);
  }
  if (!has_path) {
    launch.environment.emplace_back(
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  }
  const std::string gpus = joined(assignment.gpus);
  launch.environment.push_back("BELLWETHER_WORKLOAD=" + assignment.workload);
  launch.environment.push_back("BELLWETHER_REPLICA=" + std::to_string(assignment.replica));
  if (assignment.fencing_token != 0) {
    launch.environment.push_back("BELLWETHER_FENCING_TOKEN=" +
                                 std::to_string(assignment.fencing_token));
  }
  // Empty hides all: who was given no GPU sees none.
  launch.environment.push_back("CUDA_VISIBLE_DEVICES=" + gpus);
  launch.environment.push_back("NVIDIA_VISIBLE_DEVICES=" + (gpus.empty() ? "void" : gpus));
  return launch;
}

Result<Launch> probe_of(const wire::Assignment& assignment, const std::string& secrets) {
  auto launch = launch_of(assignment, secrets);
  if (!launch) return launch;
  launch->argv = assignment.spec.health.argv;
  launch->is_probe = true;
  return launch;
}

Result<Spawned> spawn_shim(const std::string& shim, const std::string& id, const Launch& launch,
                           const std::string& run_path) {
  Descriptors fds;
  const auto blob = blob_of(launch);
  if (!blob) return blob.error();
  fds.blob = *blob;
  fds.run = open(run_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::array<int, 2> told{-1, -1};
  if (fds.run < 0 || pipe2(told.data(), O_CLOEXEC) != 0) {
    const Error error = launch_error(fds.run < 0 ? run_path : "pipe");
    close_descriptors(fds);
    return error;
  }
  fds.told = told[1];
  std::string name = "bellwether-shim";
  std::string what = id;
  char* const argv[] = {name.data(), what.data(), nullptr};
  Spawned spawned;
  spawned.pid = fork();
  if (spawned.pid == 0) become_shim(shim.c_str(), argv, fds);
  const Error fork_error = launch_error("fork");
  close_descriptors(fds);
  if (spawned.pid < 0) {
    close(told[0]);
    return fork_error;
  }
  fcntl(told[0], F_SETFL, O_NONBLOCK);
  spawned.told_fd = told[0];
  // It is our child and not waited for yet: the number is its own.
  spawned.pidfd = static_cast<int>(syscall(SYS_pidfd_open, spawned.pid, 0));
  if (spawned.pidfd >= 0) return spawned;
  const Error no_pidfd = launch_error("pidfd (Linux 5.3 has it)");
  kill(spawned.pid, SIGKILL);
  waitpid(spawned.pid, nullptr, 0);
  close(told[0]);
  return no_pidfd;
}

}  // namespace bw::agent
