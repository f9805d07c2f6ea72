// What a tick's processes come to: totals, the names that need the most, and what is watched.
//
// The series of a name are a slot's, and a slot is given to another name only where that has needed
// clearly more for minutes: each change is a new series table, which weighs as much as ten minutes
// of history.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/core/collect/processes/process_table.h"
#include "agent/core/collect/sample.h"
#include "agent/core/collect/told_event.h"
#include "base/time.h"

namespace bw::agent {

class ProcessMetrics {
 public:
  static constexpr std::size_t kSlots = 12;
  static constexpr std::size_t kSlotValues = 8;
  static constexpr std::size_t kWatchValues = 5;
  // Names that are compared, the first ones found: a box with more has one name a process.
  static constexpr std::size_t kMaxNames = 512;
  // Ticks between two weighings, and how much of a name's weight each makes up: a half in three and
  // a half minutes.
  static constexpr std::uint64_t kWeighTicks = 10;
  static constexpr double kNewest = 1.0 / 30;
  static constexpr double kForgotten = 1e-4;
  // Ticks between two looks for names that need more, and between two for what is read once a
  // minute.
  static constexpr std::uint64_t kChooseTicks = 600;
  static constexpr std::uint64_t kMinuteTicks = 60;
  // What a name must need, against the one whose slot it takes; and at least this share of the box.
  static constexpr double kClearlyMore = 2;
  static constexpr double kLeastShare = 0.02;
  // Slots that may change hands at one look.
  static constexpr std::size_t kMostChanges = 4;
  // Processes whose details are read: the largest of the chosen names first.
  static constexpr std::size_t kMaxDetailed = 48;
  // PSS is read of so many processes a minute, and of none that holds more: it walks all of a
  // process' memory, at some 15 us a MiB.
  static constexpr std::size_t kPssProcesses = 3;
  static constexpr std::uint64_t kMaxPssRss = 64U << 20;
  // A process is missed only when command lines that may be its own are known, or after so many
  // ticks: they come later than the process itself.
  static constexpr unsigned kMostUndecided = 3;

  explicit ProcessMetrics(Sample& sample) : sample_(sample) {}

  // `table` was brought up to date for this tick; which details it reads next is marked in it.
  // Events are appended.
  void read(ProcessTable& table, std::uint64_t tick, WallTime wall, std::vector<ToldEvent>& events);
  void lose();

 private:
  // All processes of a name, at this tick.
  struct Name {
    std::string_view name;
    std::uint64_t count = 0;
    double cpu = 0;
    std::uint64_t rss = 0;
    std::uint64_t threads = 0;
    std::uint64_t fds = 0;
    std::uint64_t pss = 0;
    std::uint64_t read_rise = 0;
    std::uint64_t write_rise = 0;
    bool io_known = false;
    bool fds_known = false;
    bool pss_known = false;
  };
  // What a name has needed lately: its share of the box, smoothed.
  struct Weight {
    std::string name;
    double share = 0;
  };
  struct Slot {
    std::string name;
    std::array<Sample::Alias, kSlotValues> aliases{};
    double read_bytes = 0;
    double write_bytes = 0;
    bool io_known = false;
  };
  struct Watch {
    std::array<Sample::Alias, kWatchValues> aliases{};
    bool seen = false;  // up at some time, or looked for long enough to say that it is not
    bool up = false;
    std::uint64_t started = 0;  // of the newest process there was
    int pid = 0;                // of the oldest
    unsigned undecided = 0;     // ticks in a row
    std::uint64_t restarts = 0;
  };

  void declare(const ProcessTable& table);
  void add_up(ProcessTable& table);
  void tell_totals(const ProcessTable& table);
  void weigh();
  void choose();
  void mark_details(ProcessTable& table, bool minute);
  void tell_slots();
  void tell_watched(const ProcessTable& table, WallTime wall, std::vector<ToldEvent>& events);
  void tell_watched(const ProcessTable& table, std::size_t index, WallTime wall,
                    std::vector<ToldEvent>& events);
  Slot* slot_of(std::string_view name);
  Name* name_of(std::string_view name);
  double weight_of(std::string_view name) const;
  void give(Slot& slot, std::string_view name);

  Sample& sample_;
  bool declared_ = false;
  bool chosen_ = false;
  std::array<Sample::Alias, 5> totals_{};
  std::vector<Slot> slots_;
  std::vector<Watch> watches_;
  std::vector<Name> names_;      // of this tick, by name
  std::vector<Weight> weights_;  // by name, kMaxNames at most
  std::vector<std::size_t> order_;
  std::vector<Process*> chosen_processes_;  // of this tick
};

}  // namespace bw::agent
