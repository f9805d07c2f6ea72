#include "base/runtime/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bw {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostLine = 1024;

std::string told(int status) {
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return "exited with code " + std::to_string(WEXITSTATUS(status));
}

// Ours, without what is meant for this process alone: the child is no service of its own, and must
// not tell the service manager that it is ready.
std::vector<char*> environment_of_child() {
  std::vector<char*> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.starts_with("NOTIFY_SOCKET=") || text.starts_with("WATCHDOG_")) continue;
    result.push_back(*entry);
  }
  result.push_back(nullptr);
  return result;
}

// Between fork and exec: only calls that are safe there.
[[noreturn]] void become(const std::vector<char*>& arguments, const std::vector<char*>& environment,
                         int error_output, pid_t parent) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  const int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  dup2(error_output, STDERR_FILENO);
  // Sockets of the API and the lock of the state directory must not live on in the child.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);  // the parent ended before the kernel knew of our wish
  execve(arguments[0], arguments.data(), environment.data());
  constexpr std::string_view kCannot = "Error: this program cannot be executed\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kCannot.data(), kCannot.size());
  _exit(127);
}

}  // namespace

struct ChildProcess::State : std::enable_shared_from_this<ChildProcess::State> {
  State(asio::io_context& context, ChildHandlers child_handlers)
      : handlers(std::move(child_handlers)), output(context) {}

  void read() {
    output.async_read_some(
        asio::buffer(chunk),
        [weak = weak_from_this()](const boost::system::error_code& error, std::size_t length) {
          const auto self = weak.lock();
          if (!self || self->is_abandoned || error == asio::error::operation_aborted) return;
          if (error) return self->end();
          self->take(std::string_view(self->chunk.data(), length));
          self->read();
        });
  }

  void take(std::string_view text) {
    for (const char c : text) {
      if (c != '\n') {
        if (line.size() < kMostLine) line += c;
      } else {
        handlers.line(line);
        line.clear();
      }
    }
  }

  // Its standard error is closed: it has ended, or is made to, since it can't be watched any more.
  void end() {
    const std::string how = reap();
    // Moved out first: the handler may destroy us.
    const auto ended = std::move(handlers.ended);
    ended(how);
  }

  std::string reap() {
    if (pid <= 0) return {};
    // It may have closed its standard error on its way out: what it says of itself counts.
    int status = 0;
    for (int tries = 0; tries < 100; ++tries) {
      if (waitpid(pid, &status, WNOHANG) == pid) {
        pid = 0;
        return told(status);
      }
      usleep(1000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    pid = 0;
    return told(status);
  }

  ChildHandlers handlers;
  asio::posix::stream_descriptor output;
  std::array<char, 4096> chunk;
  std::string line;
  pid_t pid = 0;
  bool is_abandoned = false;
};

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(EventLoop& loop,
                                                          const std::vector<std::string>& arguments,
                                                          ChildHandlers handlers) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{"pipe: " + std::system_category().message(errno)};
  }
  auto state = std::make_shared<State>(loop.context(), std::move(handlers));
  state->output.assign(ends[0]);
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const std::vector<char*> environment = environment_of_child();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(pointers, environment, ends[1], parent);
  const int failure = errno;
  close(ends[1]);
  if (pid < 0) return Error{"fork: " + std::system_category().message(failure)};
  state->pid = pid;
  state->read();
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(state)));
}

ChildProcess::~ChildProcess() {
  state_->is_abandoned = true;
  if (state_->pid > 0) {
    kill(state_->pid, SIGKILL);
    state_->reap();
  }
}

void ChildProcess::signal(int number) {
  if (state_->pid > 0) kill(state_->pid, number);
}

int ChildProcess::pid() const {
  return state_->pid;
}

}  // namespace bw
