// Events of all sources but the kernel log, on their way to the record: counted by kind, and what
// repeats told once with how often, as the kernel log's. What goes up and down every second is no
// event a second.
//
// What was counted and not told yet is not kept over a restart; the counters have it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/core/collect/kernel_log/event_fold.h"
#include "agent/core/collect/sample.h"
#include "agent/core/collect/told_event.h"
#include "base/time.h"

namespace bw::agent {

class NodeEvents {
 public:
  // Repeats are told at least this often while they go on: shorter than the kernel log's, since
  // these tell of a state.
  static constexpr std::uint64_t kLongestWindow = 300'000'000;

  explicit NodeEvents(Sample& sample) : sample_(sample) {}

  // Puts in place of the events from `first` on what is to be told of them now, and of earlier
  // ones. Every tick.
  void fold(std::vector<ToldEvent>& events, std::size_t first, Instant when, WallTime wall);

  // The record tells these itself: how many there were since start.
  void set_count(metrics::EventKind kind, std::uint64_t count);

 private:
  void offer(ToldEvent event, std::uint64_t usec);
  void tell(const Told& told, WallTime wall, std::uint64_t usec);
  void set_counts();

  Sample& sample_;
  EventFold fold_{metrics::EventKind::event_storm, kLongestWindow};
  std::vector<ToldEvent> told_;  // of this tick
  bool declared_ = false;
  std::array<std::uint64_t, metrics::kEventKindCount> counts_{};
  std::array<Sample::Alias, metrics::kEventKindCount> aliases_{};
};

}  // namespace bw::agent
