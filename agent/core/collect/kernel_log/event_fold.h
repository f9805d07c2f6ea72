// Tells what repeats once, with how often: the first of a kind and subject at once, those that
// follow within a window as one more, when the window ends. And a storm of different ones together.
//
// Time is the kernel log's own, microseconds since boot. Nothing is dropped: everything offered is
// told by itself or counted in something that is told later. One call tells at most one event, so
// that the caller can save the state behind each. What is critical has room of its own, so that no
// noise keeps it from being told.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/kernel_log/finding.h"

namespace bw::agent {

// A finding to be told: by itself (count 0), or standing for `count` messages.
struct Told {
  Finding finding;
  std::uint64_t usec = 0;
  std::uint64_t count = 0;
  std::uint64_t first_usec = 0;
};

class EventFold {
 public:
  // Repeats are counted for this long; twice as long each time they go on, up to the second.
  static constexpr std::uint64_t kWindow = 60'000'000;
  static constexpr std::uint64_t kWindowMost = 3'600'000'000;
  // Kinds and subjects whose repeats are counted at a time; what comes beyond is counted by its
  // kind alone. A kind has so many of what is critical, and so many of what is not.
  static constexpr std::size_t kMaxWindows = 64;
  static constexpr std::size_t kMaxOfAKind = 16;
  // Events told in a minute; what comes beyond is counted by kind and told when the minute is over.
  static constexpr std::size_t kMaxToldAMinute = 60;
  // Of windows and of events in a minute: for what is critical, and told for the first time.
  static constexpr std::size_t kForCritical = 32;
  static_assert(kForCritical >= 2 * kMaxOfAKind, "one critical kind leaves room for another");
  static_assert(kForCritical < kMaxToldAMinute && kForCritical < kMaxWindows);
  static constexpr std::size_t kMaxSubject = 96;

  // `storm`: the kind of the event that tells of many; `longest`: a window's most.
  explicit EventFold(EventKind storm = EventKind::kernel_log_storm,
                     std::uint64_t longest = kWindowMost)
      : storm_kind_(storm), longest_(longest) {}

  // True where advance(usec) has nothing more to tell.
  bool settled(std::uint64_t usec) const;
  // Ends one window, or the minute of a storm, that is over at `usec`. Nothing told: look again.
  std::optional<Told> advance(std::uint64_t usec);
  // Takes a finding; settled(usec) must hold.
  std::optional<Told> offer(Finding finding, std::uint64_t usec);

  // Findings that were not told by themselves, since start.
  std::uint64_t folded() const { return folded_; }

  // All state but texts, as one line of printable text, and back. False, and nothing changed, where
  // it can't be understood.
  std::string save() const;
  bool restore(std::string_view saved);

 private:
  struct Window {
    EventKind kind{};
    wire::Severity severity{};
    std::string subject;
    Finding last;  // the newest of those counted; of an earlier run: without text
    std::uint64_t ends = 0;
    std::uint64_t length = 0;
    std::uint64_t count = 0;
    std::uint64_t first = 0;
    std::uint64_t newest = 0;
  };
  Window* find(EventKind kind, std::string_view subject);
  std::optional<Told> close(std::size_t index, std::uint64_t now);
  Told storm_event();
  bool may_tell(std::uint64_t usec, bool critical);
  bool has_room(EventKind kind, wire::Severity severity, const Window* window) const;
  void count_storm(EventKind kind, wire::Severity severity, std::uint64_t count,
                   std::uint64_t usec);

  EventKind storm_kind_;
  std::uint64_t longest_;
  std::vector<Window> windows_;
  std::uint64_t minute_began_ = 0;
  std::uint64_t told_ = 0;         // in that minute
  std::uint64_t told_lesser_ = 0;  // of these: not from the room for what is critical
  std::array<std::uint64_t, metrics::kEventKindCount> storm_{};
  wire::Severity storm_worst_ = wire::Severity::info;
  std::uint64_t storm_size_ = 0;
  std::uint64_t storm_first_ = 0;
  std::uint64_t storm_newest_ = 0;
  std::uint64_t folded_ = 0;
};

}  // namespace bw::agent
