#include "agent/shell/gpu/gpu_reader.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/runtime/clock.h"

namespace bw::agent {

namespace {

constexpr std::chrono::milliseconds kLastWait{300};

}  // namespace

// What the thread and the loop share. The thread keeps it alive for as long as it is stuck.
struct GpuReader::Worker {
  NvmlProgress progress;
  std::mutex mutex;
  std::condition_variable changed;
  // Below: under the mutex.
  NvmlSession::Round round;
  bool requested = false;
  bool busy = false;
  bool stop = false;         // end when the call returns
  bool left_behind = false;  // and tell what happened meanwhile
  bool ended = false;
  bool fresh = false;  // `done` has not been taken
  GpuReadings done;
  std::vector<GpuEventReading> events;  // told before the round: it may not return
  Instant idle_until{};
};

GpuReader::GpuReader(GpuReaderOptions options) : options_(std::move(options)) {
  start_worker();
}

GpuReader::~GpuReader() {
  if (!ended_) end(kLastWait);
}

bool GpuReader::end(Duration most) {
  ended_ = true;
  {
    const std::lock_guard lock(worker_->mutex);
    worker_->stop = true;
  }
  worker_->changed.notify_all();
  const auto is_ended = [most](Worker& worker) {
    std::unique_lock lock(worker.mutex);
    return worker.changed.wait_for(lock, most, [&] { return worker.ended; });
  };
  bool all = is_ended(*worker_);
  for (const Stuck& stuck : stuck_) {
    const std::lock_guard lock(stuck.worker->mutex);
    all = all && stuck.worker->ended;
  }
  return all;
}

// Detached: a thread that never returns must not keep the process from ending.
void GpuReader::start_worker() {
  worker_ = std::make_shared<Worker>();
  ten_due_ = true;
  sixty_due_ = true;
  busy_ = false;
  std::thread([worker = worker_, nvml = options_.nvml, known = current_.gpus] {
    run(worker, nvml, known);
  }).detach();
}

void GpuReader::run(const std::shared_ptr<Worker>& worker, const NvmlOptions& options,
                    const std::vector<GpuReading>& known) {
  {
    NvmlSession session(options, known, worker->progress);
    GpuReadings readings;
    std::vector<GpuEventReading> events;
    NvmlSession::Round round;
    std::unique_lock lock(worker->mutex);
    const auto read_events = [&] {
      lock.unlock();
      events.clear();
      session.read_events(round, events);
      lock.lock();
      worker->events.insert(worker->events.end(), events.begin(), events.end());
    };
    while (true) {
      worker->changed.wait(lock, [&] { return worker->stop || worker->requested; });
      if (worker->stop) break;
      worker->requested = false;
      std::swap(round, worker->round);
      read_events();
      if (worker->stop) break;
      lock.unlock();
      session.round(round, monotonic_now(), readings);
      lock.lock();
      if (worker->stop) break;
      std::swap(worker->done, readings);
      worker->fresh = true;
      worker->busy = false;
      worker->idle_until = session.idle_until();
    }
    if (worker->left_behind) read_events();
    lock.unlock();
  }
  {
    const std::lock_guard lock(worker->mutex);
    worker->ended = true;
  }
  worker->changed.notify_all();
}

const GpuReadings* GpuReader::read(std::uint64_t tick, Instant now) {
  ten_due_ = ten_due_ || tick % 10 == 0;
  sixty_due_ = sixty_due_ || tick % 60 == 0;
  free_returned(now);
  bool news = take(now);
  if (busy_) {
    news = (overdue(now) && tell_hung(now)) || news;
  } else {
    request(now);
  }
  return news ? &current_ : nullptr;
}

// The round that has ended, if one has.
bool GpuReader::take(Instant now) {
  const std::lock_guard lock(worker_->mutex);
  busy_ = worker_->busy;
  const std::uint64_t calls = worker_->progress.calls.load(std::memory_order_relaxed);
  if (std::exchange(calls_, calls) != calls) calls_since_ = now;
  for (const GpuEventReading& event : worker_->events) keep(event);
  worker_->events.clear();
  if (!worker_->fresh) return false;
  worker_->fresh = false;
  std::swap(current_, worker_->done);
  hand_over_events();
  told_hung_ = false;
  if (!stuck_.empty()) {
    current_.state = NvmlState::hung;
    current_.reason = stuck_.front().pci + ": a call does not return";
  }
  return true;
}

void GpuReader::keep(const GpuEventReading& event) {
  if (events_.size() < kMaxWaitingEvents) events_.push_back(event);
}

// In place of those that were told.
void GpuReader::hand_over_events() {
  const auto count = static_cast<std::ptrdiff_t>(std::min(events_.size(), kMaxGpuEvents));
  current_.events.assign(events_.begin(), events_.begin() + count);
  events_.erase(events_.begin(), events_.begin() + count);
}

void GpuReader::request(Instant now) {
  {
    const std::lock_guard lock(worker_->mutex);
    // Without the library GPUs are still looked at on the bus, if more rarely.
    if (now < worker_->idle_until && (current_.gpus.empty() || !ten_due_)) return;
    skip_list(now, worker_->round.skip);
    worker_->round.ten = std::exchange(ten_due_, false);
    worker_->round.sixty = std::exchange(sixty_due_, false);
    worker_->requested = true;
    worker_->busy = true;
  }
  worker_->changed.notify_all();
  busy_ = true;
  calls_since_ = now;
  round_since_ = now;
}

bool GpuReader::overdue(Instant now) const {
  if (worker_->progress.opening) return now - calls_since_ >= options_.open_deadline;
  return now - calls_since_ >= options_.call_deadline ||
         now - round_since_ >= options_.round_deadline + options_.open_deadline;
}

// Leaves the thread behind where it is known whose call hangs and there is room; else everything
// has to wait for it. True where that is news.
bool GpuReader::tell_hung(Instant now) {
  const int index = worker_->progress.gpu;
  const bool events = index == NvmlProgress::kEvents;
  const bool one =
      (events || (index >= 0 && static_cast<std::size_t>(index) < current_.gpus.size())) &&
      stuck_.size() < kMaxStuck;
  if (!one && std::exchange(told_hung_, true)) return false;
  current_.state = NvmlState::hung;
  current_.worth = true;
  hand_over_events();
  for (GpuReading& gpu : current_.gpus) {
    gpu.fresh = false;
    if (!one) gpu.condition = GpuCondition::hung;
  }
  current_.reason = "a call does not return";
  if (!one) return true;
  std::string name = NvmlSession::kEvents;
  if (!events) {
    GpuReading& gpu = current_.gpus[static_cast<std::size_t>(index)];
    gpu.condition = GpuCondition::hung;
    name = gpu.pci;
  }
  current_.reason.insert(0, name + ": ");
  {
    const std::lock_guard lock(worker_->mutex);
    worker_->stop = true;
    worker_->left_behind = true;
  }
  stuck_.push_back({worker_, std::move(name)});
  start_worker();
  request(now);
  return true;
}

// What the thread was told meanwhile is told, but for what the one after it was told as well: that
// watches the GPUs that did not hang.
void GpuReader::free_returned(Instant now) {
  for (std::size_t i = stuck_.size(); i-- > 0;) {
    const std::string& name = stuck_[i].pci;
    {
      const std::lock_guard lock(stuck_[i].worker->mutex);
      if (!stuck_[i].worker->ended) continue;
      for (const GpuEventReading& event : stuck_[i].worker->events) {
        const bool is_its =
            event.gpu < current_.gpus.size() && current_.gpus[event.gpu].pci == name;
        if (is_its || name == NvmlSession::kEvents) keep(event);
      }
    }
    rest(stuck_[i].pci, now);
    stuck_.erase(stuck_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void GpuReader::rest(const std::string& pci, Instant now) {
  auto found = std::find_if(rests_.begin(), rests_.end(),
                            [&](const Rest& known) { return known.pci == pci; });
  if (found == rests_.end()) {
    rests_.push_back({pci, options_.rest_first, {}});
    found = rests_.end() - 1;
  }
  found->until = now + found->wait;
  found->wait = std::min(found->wait * 2, options_.rest_most);
}

void GpuReader::skip_list(Instant now, std::vector<std::string>& skip) const {
  skip.clear();
  for (const Stuck& stuck : stuck_) skip.push_back(stuck.pci);
  for (const Rest& rest : rests_) {
    if (now < rest.until) skip.push_back(rest.pci);
  }
}

}  // namespace bw::agent
