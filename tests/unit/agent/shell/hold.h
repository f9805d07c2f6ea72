// Something that threads of a test wait for, until it is let go: a task that hangs.
#pragma once

#include <condition_variable>
#include <mutex>

namespace bw::agent {

class Hold {
 public:
  // Waits; says that it does.
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return free_; });
    --waiting_;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    free_ = true;
    changed_.notify_all();
  }
  // Until so many hang.
  void await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool free_ = false;
  int waiting_ = 0;
};

}  // namespace bw::agent
