// The kernel log: records in, events and counts out, each message told once whatever restarts come
// between.
//
// How far it was told travels with every event as its `position`, to be stored in the event's own
// write, and with the record where there is no event: after a restart within the same boot reading
// resumes behind what is on disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/kernel_log/event_fold.h"
#include "agent/core/collect/kernel_log/kernel_log_reading.h"
#include "agent/core/collect/kernel_log/kmsg_record.h"
#include "agent/core/collect/kernel_log/task_lines.h"
#include "agent/core/collect/sample.h"
#include "agent/core/collect/told_event.h"
#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

class KernelLog {
 public:
  // Events told in one tick: the rest of the text is left for the next.
  static constexpr std::size_t kMaxToldATick = 16;
  // Codes of Xid and of SXid that have a series of their own; others share "other".
  static constexpr std::size_t kMaxCodes = 32;

  // Nothing is told for so long at most while it is not known what an earlier run told.
  static constexpr Duration kMaxHold = std::chrono::minutes{1};

  explicit KernelLog(Sample& sample) : sample_(sample) {}

  // Understands what was read; events are appended. `when` counts from boot, as the log does.
  void read(const KernelLogReading& reading, Instant when, WallTime wall,
            std::vector<ToldEvent>& events);
  // Bytes of the last reading that are done with: the rest is to come again.
  std::size_t taken() const { return taken_; }

  // There was a log in this run: what it could not be read for is told when it can be again.
  bool was_read() const { return declared_; }
  // An Xid that was told by something else, where no log was read.
  void count_xid(unsigned code);

  // How far all is told, to be stored behind the events told so far; empty where that is what the
  // last one said.
  std::string take_position();

  // What an earlier run, maybe of an earlier boot, stored last; empty: nothing. Before the first
  // read(), or after hold().
  void restore(std::string_view position);

  // What an earlier run stored can't be read yet: messages stay untaken until restore(), or until
  // they have waited for kMaxHold, and may then be told a second time.
  void hold() { held_ = true; }

 private:
  static constexpr std::uint64_t kUnread = ~0ULL;
  struct Counts {
    std::map<unsigned, Sample::Alias> by_code;
    Sample::Alias other = Sample::kNoAlias;
  };

  bool take(const KernelMessage& message, std::vector<ToldEvent>& events);
  bool settle(std::uint64_t usec, std::vector<ToldEvent>& events);
  void note_gap(const KernelMessage& message, std::vector<ToldEvent>& events);
  void tell(const Told& told, std::vector<ToldEvent>& events);
  void count(const Finding& finding);
  void count_code(EventKind kind, unsigned code);
  bool apply(std::string_view position);
  bool is_held(Instant when);
  std::string position() const;
  std::int64_t wall_ms(std::uint64_t usec, bool just_read) const;
  void declare();

  Sample& sample_;
  TaskLines tasks_;
  EventFold fold_;
  Findings findings_;

  std::string boot_id_;   // of what is being read; empty before
  std::string restored_;  // until the first reading tells the boot
  bool held_ = false;
  std::optional<Instant> held_since_;
  std::uint64_t done_ = kUnread;            // the sequence number up to which all is told
  std::uint64_t position_taken_ = kUnread;  // done_ at the last take_position()
  std::size_t told_of_next_ = 0;  // findings of the message after it that are told already
  std::uint64_t newest_usec_ = 0;
  std::size_t taken_ = 0;
  std::size_t told_this_tick_ = 0;

  // Of this tick, for wall_ms().
  std::int64_t now_usec_ = 0;
  std::int64_t now_ms_ = 0;
  bool was_caught_up_ = false;
  std::int64_t caught_up_ms_ = 0;

  bool declared_ = false;  // the first time that there is a log
  std::array<std::uint64_t, metrics::kKernelLogKinds> counts_{};
  std::array<Sample::Alias, metrics::kKernelLogKinds> aliases_{};
  Counts xids_;
  Counts sxids_;
  std::map<Sample::Alias, std::uint64_t> code_counts_;
  std::uint64_t messages_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t malformed_ = 0;
  std::array<Sample::Alias, 4> own_{};
};

}  // namespace bw::agent
