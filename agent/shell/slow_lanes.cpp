#include "agent/shell/slow_lanes.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include <pthread.h>

#include "base/assert.h"
#include "base/runtime/clock.h"

namespace bw::agent {

namespace {

constexpr std::size_t kLaneStackBytes = 256U << 10;
// Threads that sleep end at once; one that is at work gets this long.
constexpr Duration kGoodbye = std::chrono::milliseconds{100};

static_assert(std::accumulate(SlowLanes::kAtOnce.begin(), SlowLanes::kAtOnce.end(),
                              std::size_t{0}) == SlowLanes::kMaxThreads);

}  // namespace

struct SlowLanes::State {
  // Tasks that wait, first come first served, but for those whose device is at work.
  struct Queue {
    std::vector<std::shared_ptr<SlowTask>> waiting;
    std::vector<const SlowTask*> running;
    Instant progress{};  // when one of them began or ended last
    // Who is at work on the task's device; null: nobody.
    const SlowTask* holder(const SlowTask& task) const {
      const auto found = std::ranges::find_if(
          running, [&](const SlowTask* other) { return other->device_ == task.device_; });
      return found == running.end() ? nullptr : *found;
    }
  };

  bool has_work() const;
  std::shared_ptr<SlowTask> next_task();
  bool quiet() const;
  void work(std::unique_lock<std::mutex>& lock);
  static void* run_thread(void* self);

  mutable std::mutex mutex;
  std::condition_variable changed;  // there is work, or the end
  std::condition_variable settled;  // nothing waits or runs; or a thread has ended
  std::array<Queue, metrics::kLaneCount> queues;
  std::size_t threads = 0;
  std::size_t asleep = 0;
  bool stopping = false;
};

// A task waits, and its device and a place of its lane are free.
bool SlowLanes::State::has_work() const {
  for (std::size_t i = 0; i < queues.size(); ++i) {
    const Queue& queue = queues[i];
    if (queue.running.size() == kAtOnce[i]) continue;
    const auto free = [&](const auto& task) { return queue.holder(*task) == nullptr; };
    if (std::ranges::any_of(queue.waiting, free)) return true;
  }
  return false;
}

// The same one, which runs from now on; null where there is none.
std::shared_ptr<SlowTask> SlowLanes::State::next_task() {
  for (std::size_t i = 0; i < queues.size(); ++i) {
    Queue& queue = queues[i];
    if (queue.running.size() == kAtOnce[i]) continue;
    const auto free = std::ranges::find_if(
        queue.waiting, [&](const auto& task) { return queue.holder(*task) == nullptr; });
    if (free == queue.waiting.end()) continue;
    std::shared_ptr<SlowTask> task = std::move(*free);
    queue.waiting.erase(free);
    queue.running.push_back(task.get());
    return task;
  }
  return nullptr;
}

bool SlowLanes::State::quiet() const {
  return std::ranges::all_of(
      queues, [](const Queue& queue) { return queue.waiting.empty() && queue.running.empty(); });
}

void SlowLanes::State::work(std::unique_lock<std::mutex>& lock) {
  Instant now = monotonic_now();
  while (const std::shared_ptr<SlowTask> task = stopping ? nullptr : next_task()) {
    Queue& queue = queues[static_cast<std::size_t>(task->lane_)];
    task->state_ = SlowTask::State::running;
    task->since_ = now;
    queue.progress = now;
    lock.unlock();
    task->run();
    const Instant end = monotonic_now();
    lock.lock();
    task->took_ = end - std::exchange(now, end);
    task->state_ = SlowTask::State::done;
    std::erase(queue.running, task.get());
    queue.progress = end;
  }
  if (quiet()) settled.notify_all();
}

void* SlowLanes::State::run_thread(void* self) {
  const std::unique_ptr<std::shared_ptr<State>> owned(static_cast<std::shared_ptr<State>*>(self));
  State& state = **owned;
  std::unique_lock lock(state.mutex);
  while (!state.stopping) {
    state.work(lock);
    if (state.stopping) break;
    ++state.asleep;
    state.changed.wait(lock, [&] { return state.stopping || state.has_work(); });
    --state.asleep;
  }
  --state.threads;
  state.settled.notify_all();
  return nullptr;
}

SlowLanes::SlowLanes() : state_(std::make_shared<State>()) {
  for (std::size_t i = 0; i < kAtOnce.size(); ++i) state_->queues[i].running.reserve(kAtOnce[i]);
}

SlowLanes::~SlowLanes() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  // Threads that are not free by then hang: they are left to themselves, and to the state.
  state_->settled.wait_for(lock, kGoodbye, [this] { return state_->threads == 0; });
}

void SlowLanes::start(std::shared_ptr<SlowTask> task, Instant now) {
  const std::lock_guard lock(state_->mutex);
  BW_ASSERT(task->state_ == SlowTask::State::idle && metrics::is_slow(task->lane_));
  task->state_ = SlowTask::State::waiting;
  task->since_ = now;
  state_->queues[static_cast<std::size_t>(task->lane_)].waiting.push_back(std::move(task));
}

void SlowLanes::go() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->has_work()) return;
  if (state_->asleep > 0) {
    state_->changed.notify_one();
    return;
  }
  if (state_->threads == kMaxThreads) return;
  // Signals are the event loop's business: the thread is born with all of them blocked.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kLaneStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  auto shared = std::make_unique<std::shared_ptr<State>>(state_);
  pthread_t thread{};
  // A box that has no thread left now: the next tick tries again.
  if (pthread_create(&thread, &attributes, &State::run_thread, shared.get()) == 0) {
    static_cast<void>(shared.release());
    ++state_->threads;
  }
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void SlowLanes::wait(Duration most) {
  std::unique_lock lock(state_->mutex);
  state_->settled.wait_for(lock, most, [this] { return state_->quiet(); });
}

SlowLanes::Report SlowLanes::look(const SlowTask& task, Instant now) const {
  const std::lock_guard lock(state_->mutex);
  const auto lane = static_cast<std::size_t>(task.lane_);
  const State::Queue& queue = state_->queues[lane];
  Report report{.state = task.state_, .waited = now - task.since_, .took = task.took_};
  report.hangs = report.state == SlowTask::State::running && report.waited >= kLate;
  if (report.state != SlowTask::State::waiting) return report;
  const SlowTask* holder = queue.holder(task);
  report.blocked = (holder != nullptr && now - holder->since_ >= kLate) ||
                   (queue.running.size() == kAtOnce[lane] && now - queue.progress >= kLate);
  return report;
}

void SlowLanes::take(SlowTask& task) {
  const std::lock_guard lock(state_->mutex);
  BW_ASSERT(task.state_ == SlowTask::State::done);
  task.state_ = SlowTask::State::idle;
}

std::size_t SlowLanes::threads() const {
  const std::lock_guard lock(state_->mutex);
  return state_->threads;
}

}  // namespace bw::agent
