// Runs the built `bellwether` on a pseudo-terminal: what it writes, what it is typed, and what it
// leaves behind.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>
#include <termios.h>

#include "tests/unit/coordinator/cli/program.h"

namespace bw::cli::testing {

class PseudoTerminal {
 public:
  PseudoTerminal(const std::vector<std::string>& arguments, const Variables& variables,
                 unsigned short columns = 100, unsigned short rows = 20);
  // Kills what still runs.
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  void type(const std::string& keys);
  void resize(unsigned short columns, unsigned short rows);
  void send(int signal);
  // Reads until `text` was written since the last wait; false once that took too long.
  bool wait_for(const std::string& text);
  // Waits until it has stopped, as by Ctrl-Z.
  bool wait_until_stopped();
  // Waits until it ends: its exit code, or minus the signal that ended it.
  int wait_until_ended();

  // Modes of the terminal before the program began, and now.
  const termios& modes_before() const { return before_; }
  termios modes_now() const;
  // All that was written.
  const std::string& output() const { return output_; }

 private:
  bool read_more();

  int master_ = -1;
  int slave_ = -1;
  pid_t child_ = -1;
  bool ended_ = false;
  int status_ = 0;
  termios before_{};
  std::string output_;
  std::size_t searched_ = 0;
};

inline constexpr const char* kAlternateScreen = "\x1b[?1049h";
inline constexpr const char* kNormalScreen = "\x1b[?1049l";

// The terminal is as it was before: its modes, the normal screen, the cursor.
void expect_restored(const PseudoTerminal& terminal);

bool same_modes(const termios& a, const termios& b);

}  // namespace bw::cli::testing
