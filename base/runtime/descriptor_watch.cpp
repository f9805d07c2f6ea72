#include "base/runtime/descriptor_watch.h"

#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace bw {

struct DescriptorWatch::State {
  State(boost::asio::io_context& context, int fd, std::function<void()> when_ready)
      : descriptor(context, fd), ready(std::move(when_ready)) {}

  boost::asio::posix::stream_descriptor descriptor;
  std::function<void()> ready;
  bool is_gone = false;
};

DescriptorWatch::DescriptorWatch(EventLoop& loop, int fd, std::function<void()> ready)
    : state_(std::make_shared<State>(loop.context(), fd, std::move(ready))) {}

DescriptorWatch::~DescriptorWatch() {
  state_->is_gone = true;
  state_->descriptor.release();  // and cancels what waits; the descriptor stays open
}

void DescriptorWatch::wait(For what) {
  using Descriptor = boost::asio::posix::stream_descriptor;
  state_->descriptor.async_wait(
      what == For::reading ? Descriptor::wait_read : Descriptor::wait_write,
      [state = state_](const boost::system::error_code& error) {
        if (state->is_gone || error == boost::asio::error::operation_aborted) return;
        // A copy, for it may destroy the watch, and with it what it was made of.
        const auto ready = state->ready;
        ready();
      });
}

}  // namespace bw
