#include "coordinator/cli/terminal.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/assert.h"

namespace bw::cli {

namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?25h\x1b[?1049l";
constexpr std::array kAsked = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
constexpr std::array kFatal = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr int kWriteTimeoutMs = 1000;  // a terminal that takes nothing for so long is gone
constexpr int kLeaveTimeoutMs = 200;

// Signal handlers have no other way to what they need.
struct Shared {
  termios before{};
  termios ours{};
  int pipe_read = -1;
  int pipe_write = -1;
  volatile sig_atomic_t active = 0;  // the terminal is ours
  struct sigaction old_asked[kAsked.size()] = {};
  struct sigaction old_fatal[kFatal.size()] = {};
};
Shared g_shared;
bool g_taken = false;

bool write_within(std::string_view bytes, int timeout_ms) {
  while (!bytes.empty()) {
    pollfd ready{STDOUT_FILENO, POLLOUT, 0};
    const int polled = poll(&ready, 1, timeout_ms);
    if (polled < 0 && errno == EINTR) continue;
    if (polled <= 0 || (ready.revents & (POLLERR | POLLHUP)) != 0) return false;
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Only calls that may be made in a signal handler.
void put_back() {
  if (g_shared.active == 0) return;
  g_shared.active = 0;
  write_within(kLeave, kLeaveTimeoutMs);
  tcsetattr(STDIN_FILENO, TCSANOW, &g_shared.before);
}

void on_asked(int signal) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signal);
  // A full pipe holds enough to act on.
  [[maybe_unused]] const ssize_t written = ::write(g_shared.pipe_write, &byte, 1);
  errno = saved;
}

void on_fatal(int signal) {
  put_back();
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void handle(int signal, void (*handler)(int), struct sigaction* old) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, old);
}

void set_ours() {
  g_shared.active = 1;
  tcsetattr(STDIN_FILENO, TCSANOW, &g_shared.ours);
  write_within(kEnter, kWriteTimeoutMs);
}

Error system_error(const char* what) {
  return Error{std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

Result<std::unique_ptr<Terminal>> Terminal::take() {
  BW_ASSERT(!g_taken);
  if (tcgetattr(STDIN_FILENO, &g_shared.before) != 0)
    return system_error("read the terminal's modes");
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return system_error("open a pipe");
  g_shared.pipe_read = ends[0];
  g_shared.pipe_write = ends[1];
  g_shared.ours = g_shared.before;
  // Signals of keys stay: Ctrl-C and Ctrl-Z mean what they mean elsewhere.
  g_shared.ours.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
  g_shared.ours.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR);
  g_shared.ours.c_cc[VMIN] = 1;
  g_shared.ours.c_cc[VTIME] = 0;
  g_taken = true;
  for (std::size_t i = 0; i < kAsked.size(); ++i) {
    handle(kAsked[i], on_asked, &g_shared.old_asked[i]);
  }
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    handle(kFatal[i], on_fatal, &g_shared.old_fatal[i]);
  }
  set_ours();
  return std::unique_ptr<Terminal>(new Terminal);
}

Terminal::~Terminal() {
  put_back();
  for (std::size_t i = 0; i < kAsked.size(); ++i) {
    sigaction(kAsked[i], &g_shared.old_asked[i], nullptr);
  }
  for (std::size_t i = 0; i < kFatal.size(); ++i) {
    sigaction(kFatal[i], &g_shared.old_fatal[i], nullptr);
  }
  close(g_shared.pipe_read);
  close(g_shared.pipe_write);
  g_taken = false;
}

void Terminal::give_back() {
  put_back();
}

TopSize Terminal::size() const {
  winsize found{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_col == 0 || found.ws_row == 0) {
    return {};
  }
  return {found.ws_col, found.ws_row};
}

bool Terminal::write(std::string_view bytes) {
  return write_within(bytes, kWriteTimeoutMs);
}

bool Terminal::read(std::string& bytes) {
  pollfd ready{STDIN_FILENO, POLLIN, 0};
  if (poll(&ready, 1, 0) <= 0) return true;
  if ((ready.revents & POLLIN) == 0) return false;
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  bytes.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

int Terminal::signal_fd() const {
  return g_shared.pipe_read;
}

int Terminal::next_signal() {
  unsigned char byte = 0;
  return ::read(g_shared.pipe_read, &byte, 1) == 1 ? byte : 0;
}

void Terminal::stop_here() {
  put_back();
  ::signal(SIGTSTP, SIG_DFL);
  raise(SIGTSTP);  // goes on here after SIGCONT
  handle(SIGTSTP, on_asked, nullptr);
  take_again();
}

void Terminal::take_again() {
  set_ours();
}

void Terminal::wait(int other_fd, int timeout_ms) {
  std::array<pollfd, 3> watched = {
      {{STDIN_FILENO, POLLIN, 0}, {g_shared.pipe_read, POLLIN, 0}, {other_fd, POLLIN, 0}}};
  poll(watched.data(), watched.size(), timeout_ms);
}

void die_of(int signal) {
  ::signal(signal, SIG_DFL);
  raise(signal);
  _exit(128 + signal);
}

}  // namespace bw::cli
