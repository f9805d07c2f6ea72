#include "agent/shell/shim/child.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bw::agent {

namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string failed(std::string_view what, int error) {
  return std::string(what) + ": " + std::strerror(error);
}

bool write_file(const char* path, std::string_view text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool is_written =
      write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(file);
  errno = error;
  return is_written;
}

// What the agent has for itself is not the workload's: its place in the kernel's list of victims,
// its priority, its mask of file modes.
void shed_the_agents_own() {
  write_file("/proc/self/oom_score_adj", "0");
  setpriority(PRIO_PROCESS, 0, 0);
  umask(022);
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

std::string become_user(const std::string& name) {
  if (name.empty()) return {};
  errno = 0;
  const passwd* user = getpwnam(name.c_str());
  if (user == nullptr) {
    return errno == 0 ? "user " + name + ": there is none of this name"
                      : failed("user " + name, errno);
  }
  if (geteuid() == user->pw_uid && getegid() == user->pw_gid) return {};
  if (initgroups(name.c_str(), user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
      setuid(user->pw_uid) != 0) {
    return failed("become user " + name, errno);
  }
  return {};
}

std::string hold_to_limits(const Launch& launch) {
  if (!launch.cgroup.empty() && !write_file(launch.cgroup.c_str(), "0")) {
    return failed("join " + launch.cgroup, errno);
  }
  if (launch.data_bytes > 0) {
    const auto bytes = static_cast<rlim_t>(
        std::min<std::uint64_t>(launch.data_bytes, std::numeric_limits<rlim_t>::max()));
    const rlimit limit{bytes, bytes};
    if (setrlimit(RLIMIT_DATA, &limit) != 0) return failed("limit its memory", errno);
  }
  return {};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::string_view search_path(const Launch& launch) {
  for (const std::string_view variable : launch.environment) {
    if (variable.starts_with("PATH=")) return variable.substr(5);
  }
  return kDefaultPath;
}

// As execvp() does it, but for one thing: what is no program is never given to a shell.
std::string execute(const Launch& launch) {
  const std::vector<char*> argv = pointers(launch.argv);
  const std::vector<char*> environment = pointers(launch.environment);
  const std::string& name = launch.argv.front();
  int error = ENOENT;
  if (name.find('/') != std::string::npos) {
    execve(name.c_str(), argv.data(), environment.data());
    error = errno;
  } else {
    std::string_view left = search_path(launch);
    while (!left.empty()) {
      const std::size_t colon = left.find(':');
      const std::string path = std::string(left.substr(0, colon)) + "/" + name;
      execve(path.c_str(), argv.data(), environment.data());
      if (errno != ENOENT && errno != ENOTDIR) error = errno;
      if (colon == std::string_view::npos) break;
      left.remove_prefix(colon + 1);
    }
  }
  std::string why = failed("execute " + name, error);
  if (error == ENOEXEC) why += " (a program for another machine, or a script without #!)";
  return why;
}

int parent_of(std::string_view pid) {
  const std::string path = "/proc/" + std::string(pid) + "/stat";
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  char text[512];
  const ssize_t length = read(file, text, sizeof(text));
  close(file);
  // "PID (NAME) S PPID": the name may hold anything, brackets too.
  const std::string_view stat(text, length > 0 ? static_cast<std::size_t>(length) : 0);
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos || name_end + 4 >= stat.size()) return -1;
  const std::string_view number = stat.substr(name_end + 4);
  int parent = -1;
  std::from_chars(number.data(), number.data() + number.size(), parent);
  return parent;
}

}  // namespace

std::string become(const Launch& launch, int output, int error, pid_t parent) {
  setsid();
  shed_the_agents_own();
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
      dup2(error, STDERR_FILENO) < 0) {
    return failed("open its inputs and outputs", errno);
  }
  if (auto why = hold_to_limits(launch); !why.empty()) return why;
  if (auto why = become_user(launch.user); !why.empty()) return why;
  // After the user was changed, which forgets it. Without its shim nobody would read its log.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) return "its shim ended";
  const std::string directory = launch.directory.empty() ? "/" : launch.directory;
  if (chdir(directory.c_str()) != 0) return failed("directory " + directory, errno);
  return execute(launch);
}

void kill_children() {
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return;
  const int self = getpid();
  while (const dirent* entry = readdir(proc)) {
    const std::string_view name = entry->d_name;
    int pid = 0;
    const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (code != std::errc() || end != name.data() + name.size() || pid <= 1) continue;
    if (parent_of(name) == self) kill(pid, SIGKILL);
  }
  closedir(proc);
}

}  // namespace bw::agent
