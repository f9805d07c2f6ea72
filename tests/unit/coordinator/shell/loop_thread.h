// An event loop that runs on a thread of its own, for tests that wait on theirs.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "base/runtime/event_loop.h"

namespace bw::coordinator {

inline constexpr std::chrono::seconds kPatience{20};  // a test that waits longer has failed

class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.run(); }) {}
  ~LoopThread() {
    loop_.stop();
    join();
  }
  EventLoop& loop() { return loop_; }

  // Waits until the loop is left, as something that runs on it may ask for.
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  // Runs `work` on the loop, which is not left yet, and waits for what it returns.
  template <typename Work>
  auto call(Work work) {
    std::promise<decltype(work())> promise;
    auto result = promise.get_future();
    loop_.post([&] {
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        promise.set_value();
      } else {
        promise.set_value(work());
      }
    });
    return result.get();
  }

 private:
  EventLoop loop_;
  std::thread thread_;
};

// Asks every few milliseconds until it holds; false where it never did.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds most = kPatience) {
  const auto deadline = std::chrono::steady_clock::now() + most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

}  // namespace bw::coordinator
