#include "tests/unit/coordinator/cli/pseudo_terminal.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

namespace bw::cli::testing {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kMostTime{20};  // sanitizers are slow

}  // namespace

PseudoTerminal::PseudoTerminal(const std::vector<std::string>& arguments,
                               const Variables& variables, unsigned short columns,
                               unsigned short rows) {
  winsize size{rows, columns, 0, 0};
  EXPECT_EQ(openpty(&master_, &slave_, nullptr, nullptr, &size), 0);
  EXPECT_EQ(tcgetattr(slave_, &before_), 0);
  std::vector<std::string> words = {program_path()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Variables all = variables;
  all.emplace_back("TERM", "xterm-256color");
  std::vector<std::string> environment = environment_of(all);
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<char*> envp = pointers_to(environment);
  child_ = fork();
  if (child_ == 0) {
    close(master_);
    login_tty(slave_);
    alarm(60);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
}

PseudoTerminal::~PseudoTerminal() {
  if (!ended_) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  close(master_);
  close(slave_);
}

void PseudoTerminal::type(const std::string& keys) {
  EXPECT_EQ(write(master_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

void PseudoTerminal::resize(unsigned short columns, unsigned short rows) {
  winsize size{rows, columns, 0, 0};
  EXPECT_EQ(ioctl(master_, TIOCSWINSZ, &size), 0);
}

void PseudoTerminal::send(int signal) {
  EXPECT_EQ(kill(child_, signal), 0);
}

bool PseudoTerminal::read_more() {
  pollfd ready{master_, POLLIN, 0};
  if (poll(&ready, 1, 20) <= 0 || (ready.revents & POLLIN) == 0) return false;
  std::array<char, 4096> buffer{};
  const ssize_t count = read(master_, buffer.data(), buffer.size());
  if (count <= 0) return false;
  output_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

bool PseudoTerminal::wait_for(const std::string& text) {
  const Clock::time_point deadline = Clock::now() + kMostTime;
  while (Clock::now() < deadline) {
    if (const std::size_t at = output_.find(text, searched_); at != std::string::npos) {
      searched_ = at + text.size();
      return true;
    }
    read_more();
  }
  return false;
}

bool PseudoTerminal::wait_until_stopped() {
  const Clock::time_point deadline = Clock::now() + kMostTime;
  while (Clock::now() < deadline) {
    read_more();
    int status = 0;
    if (waitpid(child_, &status, WUNTRACED | WNOHANG) == child_) return WIFSTOPPED(status);
  }
  return false;
}

int PseudoTerminal::wait_until_ended() {
  const Clock::time_point deadline = Clock::now() + kMostTime;
  while (!ended_ && Clock::now() < deadline) {
    read_more();
    ended_ = waitpid(child_, &status_, WNOHANG) == child_;
  }
  while (read_more()) {
  }
  if (!ended_) return -1000;
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

termios PseudoTerminal::modes_now() const {
  termios modes{};
  EXPECT_EQ(tcgetattr(slave_, &modes), 0);
  return modes;
}

bool same_modes(const termios& a, const termios& b) {
  return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag &&
         a.c_lflag == b.c_lflag && std::equal(std::begin(a.c_cc), std::end(a.c_cc), b.c_cc);
}

void expect_restored(const PseudoTerminal& terminal) {
  EXPECT_TRUE(same_modes(terminal.modes_before(), terminal.modes_now()));
  const std::string& all = terminal.output();
  const std::size_t taken = all.rfind(kAlternateScreen);
  const std::size_t left = all.rfind(kNormalScreen);
  ASSERT_NE(taken, std::string::npos);
  ASSERT_NE(left, std::string::npos);
  EXPECT_GT(left, taken);
  const std::size_t shown = all.rfind("\x1b[?25h");
  ASSERT_NE(shown, std::string::npos);
  EXPECT_GT(shown, all.rfind("\x1b[?25l"));
}

}  // namespace bw::cli::testing
