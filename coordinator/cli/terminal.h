// The terminal while the live view has it: alternate screen, no echo, signals turned into bytes of
// a pipe. It is put back as it was by the destructor, before a stop (Ctrl-Z) and when the program
// crashes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "coordinator/cli/top_state.h"

namespace bw::cli {

// One at a time in a process; all calls from one thread.
class Terminal {
 public:
  static Result<std::unique_ptr<Terminal>> take();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Puts it back now: nothing but the destructor may follow.
  void give_back();

  TopSize size() const;
  // False where the terminal is gone or takes nothing for too long.
  bool write(std::string_view bytes);
  // What was typed; false where the terminal is gone.
  bool read(std::string& bytes);

  // Readable while signals wait.
  int signal_fd() const;
  // The next that came, 0: none. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT.
  int next_signal();

  // Puts the terminal back, stops the process as Ctrl-Z would, and takes it again afterwards.
  void stop_here();
  // After others may have changed it.
  void take_again();

  // Waits until something is typed, a signal came, `other_fd` is readable, or the time is over.
  void wait(int other_fd, int timeout_ms);

 private:
  Terminal() = default;
};

// Ends the process as that signal does.
[[noreturn]] void die_of(int signal);

}  // namespace bw::cli
