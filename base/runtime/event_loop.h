// The one thread of a shell: timers, signals and work handed over from other threads, on
// Boost.Asio.
//
// Asio itself stays in event_loop.cpp; those who need its io_context (the HTTP server) ask for it.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "base/time.h"

namespace boost::asio {
class io_context;
}

namespace bw {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until stop(). Call once.
  void run();
  void stop();

  // From any thread: `work` runs on the loop's.
  void post(std::function<void()> work);

  // `handler(signal number)` runs on the loop, each time one of these arrives.
  void on_signals(std::initializer_list<int> signals, std::function<void(int)> handler);

  boost::asio::io_context& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Runs a function once at a time on the monotonic clock; setting it anew replaces what was set. Not
// before: the kernel may be late. Destroying it cancels.
class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void at(Instant when, std::function<void()> work);
  void after(Duration wait, std::function<void()> work);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bw
