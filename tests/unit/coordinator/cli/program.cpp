#include "tests/unit/coordinator/cli/program.h"

#include <array>
#include <cstdlib>
#include <map>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bw::cli::testing {

namespace {

constexpr unsigned kMostSeconds = 60;

struct Pipe {
  Pipe() { EXPECT_EQ(0, pipe2(ends.data(), O_CLOEXEC)); }
  std::array<int, 2> ends{};
};

// Both at once: neither may fill up while the other is read.
void drain(int out, int err, Outcome& into) {
  std::array<pollfd, 2> watched = {{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  int open = 2;
  while (open > 0 && poll(watched.data(), watched.size(), -1) > 0) {
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (watched[i].fd < 0 || watched[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t count = read(watched[i].fd, buffer.data(), buffer.size());
      if (count > 0) {
        (i == 0 ? into.out : into.err).append(buffer.data(), static_cast<std::size_t>(count));
      } else {
        close(watched[i].fd);
        watched[i].fd = -1;
        --open;
      }
    }
  }
}

}  // namespace

std::string program_path() {
  return BW_BINARY_DIR "/bin/bellwether";
}

std::vector<char*> pointers_to(std::vector<std::string>& storage) {
  std::vector<char*> pointers;
  for (std::string& text : storage) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_of(const Variables& variables) {
  std::map<std::string, std::string> chosen = {{"TZ", "UTC"}, {"LC_ALL", "C.UTF-8"}};
  for (const char* name : {"PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name); value != nullptr) chosen[name] = value;
  }
  for (const auto& [name, value] : variables) chosen[name] = value;
  std::vector<std::string> environment;
  for (const auto& [name, value] : chosen) {
    std::string& entry = environment.emplace_back(name);
    entry.append("=").append(value);
  }
  return environment;
}

Outcome run_command(const std::vector<std::string>& words, const Variables& variables) {
  std::vector<std::string> arguments = words;
  std::vector<std::string> environment = environment_of(variables);
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(environment);
  Pipe out;
  Pipe err;
  const pid_t child = fork();
  if (child == 0) {
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(out.ends[1], STDOUT_FILENO);
    dup2(err.ends[1], STDERR_FILENO);
    alarm(kMostSeconds);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(out.ends[1]);
  close(err.ends[1]);
  Outcome outcome;
  drain(out.ends[0], err.ends[0], outcome);
  int status = 0;
  EXPECT_EQ(child, waitpid(child, &status, 0));
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

Outcome run_program(const std::vector<std::string>& arguments, const Variables& variables) {
  std::vector<std::string> words = {program_path()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_command(words, variables);
}

bool has_command(const std::string& name) {
  return run_command({"sh", "-c", "command -v " + name}).code == 0;
}

}  // namespace bw::cli::testing
