// A child process that cannot outlive this one: its standard error comes as lines, and it is asked
// to end (SIGTERM) by the kernel when this process ends, however that happens.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/runtime/event_loop.h"

namespace bw {

struct ChildHandlers {
  std::function<void(std::string_view line)> line;  // of its standard error; cut at 1 KiB
  // Once, after the last line: "exited with code 1", "killed by signal 9". May destroy the Child.
  std::function<void(std::string how)> ended;
};

class ChildProcess {
 public:
  // `arguments[0]` is the path of the program. It is started without a shell, in a process group of
  // its own (a Ctrl-C is not for it), with /dev/null as standard input and no descriptor of ours.
  // Call on the thread that lives as long as the process: the kernel ties the child to it.
  static Result<std::unique_ptr<ChildProcess>> start(EventLoop& loop,
                                                     const std::vector<std::string>& arguments,
                                                     ChildHandlers handlers);
  ~ChildProcess();  // kills it where it still runs; calls no handler

  void signal(int number);
  int pid() const;

 private:
  struct State;
  explicit ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace bw
