// Threads for what may take long or hang: a network file system whose server is gone, a sensor
// behind a bus that is stuck. Nobody waits for them.
//
// A task is started by the tick and looked after at a later one. While all answer in time one
// thread does them all, and is woken once for all that a tick starts. What is still waiting a tick
// later gets another thread, up to as many as the lanes allow to run at once. A device hangs as a
// whole, with all its files, so one task of it runs at a time: it takes one place of its own lane
// at most, and none of another's. A thread that hangs is left behind when the agent ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/time.h"
#include "schemas/metrics/sources.h"

namespace bw::agent {

using metrics::Lane;

// Something to be done on one of the threads, again and again. Between start() and the state `done`
// it is its thread's alone.
class SlowTask {
 public:
  enum class State : std::uint8_t { idle, waiting, running, done };

  // `device`: what hangs together, of this lane.
  SlowTask(Lane lane, std::string device) : lane_(lane), device_(std::move(device)) {}
  virtual ~SlowTask() = default;
  SlowTask(const SlowTask&) = delete;
  SlowTask& operator=(const SlowTask&) = delete;

 protected:
  // On a thread of the lanes. May take for ever.
  virtual void run() = 0;

 private:
  friend class SlowLanes;
  const Lane lane_;
  const std::string device_;
  State state_ = State::idle;  // this and below: guarded by the lanes' mutex
  Instant since_{};            // when it was started, or took up its work
  Duration took_{};
};

class SlowLanes {
 public:
  // Devices of a lane that are at work at once. Where so many hang, the others of the lane are not
  // done.
  static constexpr std::array<std::size_t, metrics::kLaneCount> kAtOnce = {0, 0, 8, 2, 8, 4,
                                                                           8, 8, 1, 2, 4};
  static constexpr std::size_t kMaxThreads = 45;
  // From here on a task that has not answered counts as hanging.
  static constexpr Duration kLate = std::chrono::seconds{2};

  SlowLanes();
  ~SlowLanes();
  SlowLanes(const SlowLanes&) = delete;
  SlowLanes& operator=(const SlowLanes&) = delete;

  // The task waits for its turn; it must be idle.
  void start(std::shared_ptr<SlowTask> task, Instant now);
  // Has a thread for what waits. Once a tick, after all were started.
  void go();
  // Until nothing waits or runs, for `most` at the longest.
  void wait(Duration most);

  struct Report {
    SlowTask::State state = SlowTask::State::idle;
    Duration waited{};   // for its turn, or for its end
    Duration took{};     // where it is done
    bool hangs = false;  // it runs, and has not answered for kLate
    // It waits, and its device hangs, or as many others as its lane has places.
    bool blocked = false;
    bool is_over() const { return state == SlowTask::State::done || hangs || blocked; }
  };
  Report look(const SlowTask& task, Instant now) const;
  // A task that is done: back to idle, to be started again.
  void take(SlowTask& task);

  std::size_t threads() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // of the threads too: some may outlive this
};

}  // namespace bw::agent
