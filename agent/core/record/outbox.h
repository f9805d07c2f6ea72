// Bookkeeping of the records that wait for the coordinator's acknowledgement: which there are,
// which were sent, what to send next, and which to give up where there is no room. The records
// themselves lie in the shell's database.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/core/record/drain_pace.h"
#include "base/backoff.h"
#include "base/rng.h"
#include "base/time.h"
#include "schemas/wire/messages.h"
#include "schemas/wire/topics.h"

namespace bw::agent {

struct RecordKey {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  auto operator<=>(const RecordKey&) const = default;
};

struct StoredRecord {
  RecordKey key;
  wire::Topic topic = wire::Topic::history;  // history or event
  std::uint64_t bytes = 0;                   // of the payload
  std::int64_t time_ms = 0;  // when it was made, by the wall clock; of a block: its last row
  std::int64_t from_ms = 0;  // of a block: its first row; else 0
};

// A small thing to remember beyond this run, such as how far the kernel log has been told: written
// together with a record, so that both are on disk or neither is. The newest value of a name
// counts.
struct Fact {
  std::string name;
  std::string value;
  bool operator==(const Fact&) const = default;
};

struct OutboxLimits {
  std::uint64_t max_bytes = 256U << 20;
  Duration max_age = std::chrono::hours{24 * 14};
};

// Numbers that were given up before they were acknowledged.
struct Gap {
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
};

class Outbox {
 public:
  // Records sent and not yet acknowledged, at most: below Mosquitto's receive maximum of 20.
  static constexpr std::size_t kWindow = 16;
  // Events of this run that were sent before older blocks, beside the window; and so many in a row
  // before the oldest record gets its turn, however many there are: a storm of events must not keep
  // history from draining.
  static constexpr std::size_t kMaxOvertaking = 64;
  static constexpr std::size_t kMostInARow = 8;
  // On a link that came back sending begins after a wait drawn from a second a record that waits,
  // and no more than the limits say: a thousand nodes that come back with a backlog do not begin
  // together. Nor more than it was gone, which of the first link of a run it was since restore(): a
  // link that flaps is not waited away, nor does the wait outlast the run of an agent that dies
  // again and again.
  static constexpr Duration kStartWaitEach = std::chrono::seconds{1};
  // With all of it at the broker and without progress for this long, or for a few times as long as
  // acknowledgements took lately, what was sent is sent again; the wait doubles up to the second.
  static constexpr Duration kResendAfter = std::chrono::seconds{10};
  static constexpr Duration kMostPatience = std::chrono::minutes{1};
  static constexpr Duration kResendAfterMost = std::chrono::minutes{5};

  Outbox(std::uint64_t epoch, OutboxLimits limits, std::uint64_t seed, DrainLimits drain = {});

  // What lay on disk at start, oldest first: it goes before all others, and sending begins anew
  // with it. Called first of all, with nothing where that can't be told yet: the run begins now.
  void restore(std::vector<StoredRecord> records, Instant now);

  // The number of the next record of this run.
  std::uint64_t next_number() const { return next_number_; }

  // Takes up a record made now; its number is next_number().
  RecordKey add(wire::Topic topic, std::uint64_t bytes, std::int64_t time_ms,
                std::int64_t from_ms = 0);

  // The record is on disk, or is to be sent although it could not be written: it may be sent from
  // now on.
  void ready(RecordKey key);

  // Gives up the oldest blocks, then the oldest events, until the limits hold and returns their
  // keys; they are added to the gaps. Records have no age while the clock is not trusted (it jumped
  // lately), nor those made before it was ever set.
  std::vector<RecordKey> enforce_limits(std::int64_t now_ms, bool clock_trusted);
  // Takes out one record that another now stands for; that is no gap.
  void forget(RecordKey key);
  // Gives up one record: it is gone from disk, or was never there and there is no room in memory.
  void give_up(RecordKey key);

  // Gaps not yet told, oldest first; empties them.
  std::vector<Gap> take_gaps();
  bool has_gaps() const { return !gaps_.empty(); }

  // Forgets what `ack` covers. True where that was progress.
  bool acknowledge(const wire::Ack& ack, Instant now);

  // A new link: everything unacknowledged is to be sent (again).
  void link_up(Instant now);
  void link_down(Instant now) { unlinked_since_ = now; }
  // Once a tick: where no acknowledgement came for too long, begins anew from the oldest. True
  // where it did.
  bool resend_if_stalled(Instant now);

  // The record to send next, if one is ready, and the window and the pace have room; it counts as
  // sent from then on. Events of this run first, then in order. `again`: it was sent before, on
  // this link or another. sent() or not_sent() is to follow on this link.
  struct Next {
    StoredRecord record;
    bool again = false;
  };
  std::optional<Next> take_next(Instant now);
  void sent(const StoredRecord& record, Instant now);
  void not_sent(const StoredRecord& record);
  // The broker has the oldest record that it had not.
  void taken(Instant now);
  // The run ends: what the window has room for goes at once. No live sample waits behind it.
  void hurry();

  // The lowest number still kept of an epoch; where none is, the next number of this run's epoch, 1
  // of others.
  std::uint64_t oldest(std::uint64_t epoch) const;
  bool holds(RecordKey key) const;
  bool is_unsent(RecordKey key) const;  // held, and never sent on any link

  std::size_t size() const { return entries_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t dropped() const { return dropped_; }  // records given up since start
  std::int64_t oldest_ms() const { return entries_.empty() ? 0 : entries_.front().record.time_ms; }
  const DrainPace& pace() const { return pace_; }

 private:
  struct Entry {
    StoredRecord record;
    bool ready = false;
    bool sent = false;
    bool overtook = false;  // sent before its turn, on this link
    Instant sent_at{};
  };
  std::size_t index_of(RecordKey key) const;  // entries_.size() where it is not held
  void erase(std::size_t index);
  void note_gap(const StoredRecord& record);
  void rewind(Instant now);
  Duration most_start_wait(Instant now) const;
  Duration patience() const;
  Duration resend_wait();
  Entry* next_overtaking();

  std::uint64_t epoch_;
  OutboxLimits limits_;
  Rng rng_;
  Backoff resend_wait_;
  std::uint64_t next_number_ = 1;
  std::deque<Entry> entries_;  // oldest first
  std::size_t next_ = 0;       // index in entries_ of the next to send; all before it are in flight
  std::deque<RecordKey> fresh_;  // events of this run, not sent yet; kMaxOvertaking at most
  std::size_t overtaking_ = 0;   // events sent before their turn, on this link
  std::size_t in_a_row_ = 0;     // of them since the last record that went in its turn
  DrainPace pace_;
  std::deque<RecordKey> under_way_;  // as in pace_
  Duration start_within_;
  std::optional<Instant> unlinked_since_;  // of the time before the last link_up()
  Instant start_at_{};
  Instant resend_at_{};
  Duration ack_time_{};  // from sending to acknowledgement, smoothed; 0: not known
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::vector<Gap> gaps_;
};

}  // namespace bw::agent
