// Records in memory on their way to disk: which are written when and with what, and again where the
// disk took none.
//
// Flash wears with every write, so that steady work is one a block: what was acknowledged, facts
// and events that can wait ride along. An urgent event is written at once, with all that waits;
// where they come in storms, every kWriteEvery. One write is under way at a time, of everything
// that gathered meanwhile, and is one transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/effects.h"
#include "agent/core/record/outbox.h"
#include "base/backoff.h"
#include "base/rng.h"
#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

// A record whose bytes are still in memory.
struct Kept {
  StoredRecord record;
  std::vector<std::byte> payload;
  std::uint64_t table_id = 0;
  std::shared_ptr<const std::vector<wire::SeriesInfo>> table;
  std::vector<RecordKey> drops;  // forgotten in the same write
  bool urgent = false;           // not to wait for the next block
  std::vector<Fact> facts;       // remembered in the same write
  bool persisting = false;
  bool persisted = false;
};

class WriteQueue {
 public:
  // Records that wait for the disk, at most: then the oldest is given up, blocks before events.
  static constexpr std::size_t kMaxInMemory = 256;
  static constexpr std::size_t kMaxBytesInMemory = 4U << 20;
  // So much waiting is written without any more delay.
  static constexpr std::size_t kWriteNow = 64;
  static constexpr std::size_t kWriteNowBytes = 1U << 20;
  // Writes for urgent events alone: so many at once, then one each.
  static constexpr int kWriteBurst = 6;
  static constexpr Duration kWriteEvery = std::chrono::seconds{10};
  // A disk that has not answered for so long counts as failing until it does.
  static constexpr Duration kDiskHangsAfter = std::chrono::seconds{30};
  static constexpr Duration kRetry = std::chrono::seconds{2};
  static constexpr Duration kRetryMost = std::chrono::minutes{1};
  // Keys to be forgotten that a record brings along for others, at most: then the oldest stay on
  // disk until an acknowledgement covers them, or the next run finds and drops them.
  static constexpr std::size_t kMaxDrops = 65536;
  // Names are the program's own and few, values short: more is a bug. The longest is the kernel
  // log's position, with the repeats it counts.
  static constexpr std::size_t kMaxFacts = 64;
  static constexpr std::size_t kMaxFactBytes = 16384;

  explicit WriteQueue(std::uint64_t seed) : rng_(seed), retry_wait_(kRetry, kRetryMost) {}

  // Takes over a record that the outbox has numbered.
  void add(Kept kept, Outbox& outbox);
  // The record as it is to be now: one that waits, or that is on disk and is written again.
  void replace(Kept kept);
  // No longer to wait for the next block, where it waits.
  void hasten(RecordKey key);
  // To be remembered with the next record that is added; an empty value forgets the name.
  void set_fact(Fact fact);
  // Never given up for want of memory: it tells of what was.
  void spare(RecordKey key) { spared_ = key; }
  // To be forgotten with the next write.
  void trim(const wire::Ack& ack);

  // At the end of each step: asks for what is due, and keeps the bounds.
  void end_step(Instant now, Outbox& outbox, Effects& effects);
  // Everything once more at the end of this step, however the disk does: the last try of a run.
  void try_last() { last_try_ = true; }

  void persisted(RecordKey key, Outbox& outbox, Effects& effects);
  void failed(RecordKey key, const std::string& reason, Instant now, Outbox& outbox,
              Effects& effects);

  // Null where its bytes are not in memory.
  const Kept* find(RecordKey key) const;
  // Forgets the bytes of records that are on disk and sent, and of those acknowledged before the
  // disk took them.
  void drop_persisted(const Outbox& outbox);

  bool is_persisting(RecordKey key) const;
  bool idle() const { return !is_writing() && !last_try_; }
  std::size_t only_in_memory() const;
  bool disk_failing() const { return disk_failing_; }

 private:
  bool is_writing() const;
  bool is_due(Instant now);
  bool take_token(Instant now);
  void write(Instant now, std::size_t most, Effects& effects);
  void watch_disk(Instant now, Outbox& outbox, Effects& effects);
  void bound_memory(Outbox& outbox, Effects& effects);
  void pass_on(const Kept& dropped);
  void forget_carried();
  Kept* find_mutable(RecordKey key);

  std::deque<Kept> kept_;         // by number, but for those that are written again
  std::vector<Fact> facts_;       // of the next record
  std::vector<RecordKey> drops_;  // likewise; kMaxDrops at most
  RecordKey spared_;
  std::vector<wire::EpochAck> trims_;
  // The first record of the write under way, which carries these trims.
  RecordKey carrier_;
  std::vector<wire::EpochAck> carried_trims_;
  Instant write_began_{};

  int tokens_ = kWriteBurst;
  Instant tokens_at_{};

  bool disk_failing_ = false;
  bool catch_up_ = false;  // the disk takes records again: all of them
  bool last_try_ = false;
  Rng rng_;
  Backoff retry_wait_;
  Instant retry_at_{};
};

}  // namespace bw::agent
