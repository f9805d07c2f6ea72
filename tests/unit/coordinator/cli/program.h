// Runs the built `bellwether` and says what came of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bw::cli::testing {

struct Outcome {
  int code = -1;   // exit code; -1 where a signal ended it
  int signal = 0;  // that signal
  std::string out;
  std::string err;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

// With an environment of PATH, HOME, TZ=UTC, LC_ALL=C.UTF-8 and `variables` alone; stdin is empty.
Outcome run_program(const std::vector<std::string>& arguments, const Variables& variables = {});
// The same for another program, found by PATH.
Outcome run_command(const std::vector<std::string>& words, const Variables& variables = {});

// Whether PATH has this program.
bool has_command(const std::string& name);

std::string program_path();
// argv and environ of a child, kept alive by `storage`.
std::vector<char*> pointers_to(std::vector<std::string>& storage);
std::vector<std::string> environment_of(const Variables& variables);

}  // namespace bw::cli::testing
