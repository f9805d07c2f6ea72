// Waits on the event loop until a descriptor of someone else's can be read or written: a pidfd (its
// process ended), a socket that connects, a pipe.
#pragma once

#include <functional>
#include <memory>

#include "base/runtime/event_loop.h"

namespace bw {

class DescriptorWatch {
 public:
  enum class For { reading, writing };

  // Owns a duplicate of nothing: `fd` stays its owner's, who closes it after this is gone.
  // `ready` runs on the loop, once for each call of wait(), and may destroy this.
  DescriptorWatch(EventLoop& loop, int fd, std::function<void()> ready);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  void wait(For what = For::reading);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace bw
