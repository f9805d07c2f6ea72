// bellwether-shim: stands between the agent and one run of a workload, and outlives the agent.
//
// It holds the run's lock, begins the process, writes its log, sees how it ended and writes that
// down; then it ends what the process left behind. So a run has one witness from its first moment
// to its last, whatever becomes of the agent. One thread, and no memory that grows.
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/shell/shim/child.h"
#include "agent/shell/shim/journal.h"
#include "agent/shell/shim/launch_format.h"

namespace {

using bw::agent::Journal;
using bw::agent::kExitFile;
using bw::agent::kLaunchFd;
using bw::agent::kLockFile;
using bw::agent::kMaxLaunch;
using bw::agent::kPidFile;
using bw::agent::kRunFd;
using bw::agent::kToldFd;
using bw::agent::Launch;

constexpr int kPartialWaitMs = 1000;  // a line without an end is written after this long
constexpr int kKillAgainMs = 100;

std::int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void tell(std::string line) {
  line += '\n';
  [[maybe_unused]] const ssize_t written = write(kToldFd, line.data(), line.size());
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> chunk{};
  while (text.size() <= kMaxLaunch) {
    const ssize_t length = read(fd, chunk.data(), chunk.size());
    if (length <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(length));
  }
  return text;
}

// `is_lasting`: power that fails leaves the old file or the new one, and after this the new one.
void write_file(std::string_view name, std::string text, bool is_lasting) {
  text += '\n';
  const std::string final_name(name);
  const std::string draft = final_name + ".new";
  const int file = openat(kRunFd, draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  const bool is_written =
      write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (is_lasting) fsync(file);
  close(file);
  if (is_written) renameat(kRunFd, draft.c_str(), kRunFd, final_name.c_str());
  if (is_lasting) fsync(kRunFd);
}

// The kernel lets go of it when this process ends, however it does, and tells who has it.
bool take_lock() {
  const std::string name(kLockFile);
  const int file = openat(kRunFd, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return fcntl(file, F_SETLK, &lock) == 0;
}

int open_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal : {SIGTERM, SIGUSR1, SIGCHLD, SIGINT, SIGHUP}) sigaddset(&taken, signal);
  sigprocmask(SIG_BLOCK, &taken, nullptr);
  return signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

class Shim {
 public:
  Shim(Launch launch, int signals) : launch_(std::move(launch)), signals_(signals) {
    if (launch_.is_probe) return;
    journal_.emplace(kRunFd, launch_.log_bytes);
    journal_->begin_run(now_ms());
  }

  int run() {
    if (const std::string why = begin(); !why.empty()) return end_unstarted(why);
    while (!is_over_) turn();
    drain(Journal::Stream::output);
    drain(Journal::Stream::error);
    if (journal_) journal_->flush(now_ms());
    if (!start_error_.empty()) return end_unstarted(start_error_);
    const bool is_killed = WIFSIGNALED(status_);
    const std::string how = (is_killed ? "signal " : "code ") +
                            std::to_string(is_killed ? WTERMSIG(status_) : WEXITSTATUS(status_));
    if (launch_.is_probe) {
      tell(how);
    } else {
      write_file(kExitFile, how, true);
    }
    return 0;
  }

 private:
  std::string begin() {
    std::array<int, 2> output{-1, -1};
    std::array<int, 2> error{-1, -1};
    std::array<int, 2> begun{-1, -1};
    if (pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(error.data(), O_CLOEXEC) != 0 ||
        pipe2(begun.data(), O_CLOEXEC) != 0) {
      return "no pipes";
    }
    const pid_t parent = getpid();
    child_ = fork();
    if (child_ == 0) {
      const std::string why = bw::agent::become(launch_, output[1], error[1], parent);
      [[maybe_unused]] const ssize_t told = write(begun[1], why.data(), why.size());
      _exit(127);
    }
    close(output[1]);
    close(error[1]);
    close(begun[1]);
    streams_ = {output[0], error[0]};
    begun_ = begun[0];
    for (const int fd : {output[0], error[0], begun[0]}) fcntl(fd, F_SETFL, O_NONBLOCK);
    return child_ < 0 ? "no process could be made" : "";
  }

  void turn() {
    std::array<pollfd, 4> fds{{{signals_, POLLIN, 0},
                               {streams_[0], POLLIN, 0},
                               {streams_[1], POLLIN, 0},
                               {begun_, POLLIN, 0}}};
    const bool has_partial = journal_ && journal_->has_partial();
    const int wait = child_ended_ ? kKillAgainMs : has_partial ? kPartialWaitMs : -1;
    if (poll(fds.data(), fds.size(), wait) == 0 && has_partial) journal_->flush(now_ms());
    if (fds[3].revents != 0) hear_begun();
    if (fds[1].revents != 0) hear(Journal::Stream::output);
    if (fds[2].revents != 0) hear(Journal::Stream::error);
    if (fds[0].revents != 0) hear_signals();
    if (child_ended_ && !is_over_) end_the_rest();
  }

  // The pipe closes when the program is executed; before that it may say why that can't be.
  void hear_begun() {
    std::array<char, 1024> chunk{};
    const ssize_t length = read(begun_, chunk.data(), chunk.size());
    if (length > 0) {
      start_error_.append(chunk.data(), static_cast<std::size_t>(length));
      return;
    }
    if (length < 0 && errno == EAGAIN) return;
    close(begun_);
    begun_ = -1;
    if (!start_error_.empty()) return;
    if (launch_.is_probe) return;
    write_file(kPidFile, std::to_string(child_), false);
    tell("started " + std::to_string(child_));
    close(kToldFd);
  }

  // At most one chunk a turn: who writes without end must not keep signals from being heard.
  bool hear(Journal::Stream stream) {
    int& fd = streams_[static_cast<std::size_t>(stream)];
    if (fd < 0) return false;
    static std::array<char, 65536> chunk;
    const ssize_t length = read(fd, chunk.data(), chunk.size());
    if (length > 0) {
      if (journal_) {
        journal_->take(stream, {chunk.data(), static_cast<std::size_t>(length)}, now_ms());
      }
      return true;
    }
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    close(fd);
    fd = -1;
    return false;
  }

  // Nobody writes any more: all that is left are two pipes' buffers.
  void drain(Journal::Stream stream) {
    while (hear(stream)) {
    }
  }

  void hear_signals() {
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof(info)) == sizeof(info)) {
      if (info.ssi_signo == SIGTERM && !child_ended_) {
        // Before it has a group of its own it is alone.
        if (kill(-child_, launch_.stop_signal) != 0) kill(child_, launch_.stop_signal);
        kill(-child_, SIGCONT);  // one that was stopped hears nothing
      }
      if (info.ssi_signo == SIGUSR1) {
        if (!child_ended_) kill(-child_, SIGKILL);
        bw::agent::kill_children();
      }
    }
    reap();
  }

  void reap() {
    while (true) {
      errno = 0;
      siginfo_t ended{};
      if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) {
        is_over_ = ended.si_pid == 0 && errno == ECHILD && child_ended_;
        return;
      }
      // While it is not reaped its group's number is nobody else's.
      if (ended.si_pid == child_) kill(-child_, SIGKILL);
      int status = 0;
      waitpid(ended.si_pid, &status, 0);
      if (ended.si_pid != child_) continue;
      child_ended_ = true;
      status_ = status;
      // What it said of its start may still lie in the pipe.
      while (begun_ >= 0) hear_begun();
    }
  }

  // What it left behind has this shim for its parent now, generation after generation.
  void end_the_rest() {
    bw::agent::kill_children();
    reap();
  }

  int end_unstarted(const std::string& why) {
    if (!launch_.is_probe) write_file(kExitFile, "unstarted " + why, false);
    tell("failed " + why);
    return 1;
  }

  Launch launch_;
  int signals_;
  std::optional<Journal> journal_;
  std::array<int, 2> streams_{-1, -1};
  int begun_ = -1;
  std::string start_error_;
  pid_t child_ = -1;
  bool child_ended_ = false;
  bool is_over_ = false;
  int status_ = 0;
};

}  // namespace

int main() {
  for (const int fd : {kLaunchFd, kToldFd, kRunFd}) fcntl(fd, F_SETFD, FD_CLOEXEC);
  const int signals = open_signals();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  auto launch = bw::agent::decode_launch(read_all(kLaunchFd));
  close(kLaunchFd);
  if (!launch || signals < 0) {
    tell("failed " + (launch ? std::string("no signals") : launch.error().message));
    return 2;
  }
  if (!launch->is_probe && !take_lock()) {
    tell("failed another copy of it runs");
    return 3;
  }
  return Shim(std::move(*launch), signals).run();
}
