#include "base/runtime/event_loop.h"

#include <list>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace bw {

namespace asio = boost::asio;

namespace {

// One registration: a set of signals and who hears of them.
struct SignalWatch {
  explicit SignalWatch(asio::io_context& context) : set(context) {}

  void wait() {
    set.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;  // cancelled: the loop is going away
      wait();
      handler(signal);
    });
  }

  asio::signal_set set;
  std::function<void(int)> handler;
};

}  // namespace

struct EventLoop::State {
  // The hint says that one thread runs it, which spares wake-ups; posting stays thread-safe.
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  std::list<SignalWatch> watches;
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
  state_->context.run();
}

void EventLoop::stop() {
  state_->context.stop();
}

void EventLoop::post(std::function<void()> work) {
  asio::post(state_->context, std::move(work));
}

void EventLoop::on_signals(std::initializer_list<int> signals, std::function<void(int)> handler) {
  SignalWatch& watch = state_->watches.emplace_back(state_->context);
  for (const int signal : signals) watch.set.add(signal);
  watch.handler = std::move(handler);
  watch.wait();
}

asio::io_context& EventLoop::context() {
  return state_->context;
}

struct Timer::State {
  explicit State(asio::io_context& context) : timer(context) {}

  asio::steady_timer timer;
  std::function<void()> work;
  // Tells an expiry that was already on its way from the one that replaced it.
  std::uint64_t generation = 0;
};

Timer::Timer(EventLoop& loop) : state_(std::make_shared<State>(loop.context())) {}

Timer::~Timer() {
  cancel();
}

void Timer::at(Instant when, std::function<void()> work) {
  const std::uint64_t generation = ++state_->generation;
  state_->work = std::move(work);
  // Both clocks are CLOCK_MONOTONIC. Setting the expiry cancels the wait before.
  using Steady = std::chrono::steady_clock;
  state_->timer.expires_at(
      Steady::time_point{std::chrono::duration_cast<Steady::duration>(when.time_since_epoch())});
  state_->timer.async_wait(
      [weak = std::weak_ptr<State>(state_), generation](const boost::system::error_code& error) {
        const auto state = weak.lock();
        if (error || !state || state->generation != generation) return;
        // Moved out first: it may set the timer anew, or destroy it.
        const auto due = std::move(state->work);
        state->work = nullptr;
        due();
      });
}

void Timer::after(Duration wait, std::function<void()> work) {
  at(Instant{std::chrono::steady_clock::now().time_since_epoch() + wait}, std::move(work));
}

void Timer::cancel() {
  ++state_->generation;
  state_->work = nullptr;
  state_->timer.cancel();
}

}  // namespace bw
