// The record of a node: rows become blocks, blocks and events become numbered records, and each
// record goes to disk, then to the coordinator, and is kept until it is acknowledged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/effects.h"
#include "agent/core/record/block_builder.h"
#include "agent/core/record/outbox.h"
#include "base/backoff.h"
#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

// The answer to LoadRecord; an empty payload: it is not there, or damaged, or, where `later`, the
// disk could not be read this time.
struct RecordLoaded {
  RecordKey key;
  std::vector<std::byte> payload;
  std::vector<wire::SeriesInfo> series;  // of its table, for a history block
  bool later = false;
};

struct RecorderOptions {
  std::uint64_t epoch = 0;
  std::uint64_t seed = 0;
  Duration period = std::chrono::seconds{1};
  Duration block = std::chrono::minutes{1};
  Duration first_block = std::chrono::seconds{10};
  OutboxLimits outbox;
};

class Recorder {
 public:
  // Records that wait in memory because the disk takes none, at most: then the oldest is given up.
  static constexpr std::size_t kMaxInMemory = 64;
  static constexpr std::size_t kMaxBytesInMemory = 4U << 20;
  // Names are the program's own and few, values short: more is a bug.
  static constexpr std::size_t kMaxFacts = 64;
  static constexpr std::size_t kMaxFactBytes = 4096;
  static constexpr Duration kRetryPersist = std::chrono::seconds{2};
  static constexpr Duration kRetryPersistMost = std::chrono::minutes{1};

  explicit Recorder(RecorderOptions options);

  // Begins a step: payloads handed out in the one before are no longer valid.
  void begin_step() { sent_.clear(); }

  // What lies on disk from earlier runs; may come late, when the disk could not be read at start.
  void restore(std::vector<StoredRecord> records, Instant now, Effects& effects);

  // A tick's values; closes the block where it is full or the series table has changed.
  void add_row(Instant now, WallTime wall, std::span<const double> values, std::uint64_t table_id,
               const std::vector<wire::SeriesInfo>& series, Effects& effects);
  void close_block(Effects& effects);
  // The event's number and epoch are filled in here. `drops`: records to be forgotten in the same
  // write; `facts`: remembered in the same write, and the record is not sent before it.
  void add_event(wire::EventRecord event, Effects& effects, std::vector<RecordKey> drops = {},
                 std::vector<Fact> facts = {});
  // To be remembered with the next record; an empty value forgets the name.
  void set_fact(Fact fact);

  // Once a tick, after add_row().
  void tick(Instant now, WallTime wall, bool clock_trusted, Effects& effects);

  // `birth_table`: of the birth just published; blocks of other tables carry their own.
  void link_up(Instant now, std::uint64_t birth_table, Effects& effects);
  void link_down() { linked_ = false; }
  void announced(std::uint64_t birth_table) { birth_table_ = birth_table; }

  void acknowledged(const wire::Ack& ack, Instant now, Effects& effects);
  void persisted(RecordKey key, Instant now, Effects& effects);
  void persist_failed(RecordKey key, const std::string& reason, Instant now, Effects& effects);
  void loaded(const RecordLoaded& loaded, Instant now, Effects& effects);

  // Tries to write everything that is not on disk, however the disk does: the last try of a run.
  void persist_all(Effects& effects);
  // Nothing is on its way to disk.
  bool idle() const;
  // Records that are not on disk.
  std::size_t only_in_memory() const;
  const Outbox& outbox() const { return outbox_; }
  bool disk_failing() const { return disk_failing_; }

 private:
  using Table = std::shared_ptr<const std::vector<wire::SeriesInfo>>;
  // A record whose bytes are still in memory.
  struct Kept {
    StoredRecord record;
    std::vector<std::byte> payload;
    std::uint64_t table_id = 0;
    Table table;
    std::vector<RecordKey> drops;  // of an event: forgotten in the same write
    std::vector<Fact> facts;       // remembered in the same write
    bool persisting = false;
    bool persisted = false;
  };
  // A record on its way from disk.
  struct Loading {
    RecordKey key;
    bool again = false;
  };

  void keep(wire::Topic topic, std::int64_t time_ms, wire::Bytes payload, std::uint64_t table_id,
            std::vector<RecordKey> drops, Effects& effects);
  void pass_on_facts(const Kept& dropped);
  void forget_older_facts(Kept& failed);
  void persist(Kept& kept, Effects& effects);
  void bound_memory(Effects& effects);
  void drop_persisted();
  void forget_carried();
  void tell_gaps(WallTime wall, bool clock_trusted, Effects& effects);
  void rewrite(RecordKey key, wire::EventRecord event, std::vector<RecordKey> drops,
               Effects& effects);
  void pump(Instant now, Effects& effects);
  void send(RecordKey key, wire::Bytes payload, std::uint64_t table_id,
            const std::vector<wire::SeriesInfo>* table, bool again, Effects& effects);
  Kept* find(RecordKey key);

  RecorderOptions options_;
  Outbox outbox_;
  BlockBuilder builder_;
  Instant block_began_{};
  bool first_block_ = true;
  std::uint64_t table_id_ = 0;  // of the rows in builder_
  Table table_;

  bool linked_ = false;
  std::uint64_t birth_table_ = 0;
  std::deque<Kept> kept_;
  std::vector<Loading> loading_;
  std::vector<wire::EpochAck> trims_;
  std::vector<RecordKey> drops_;  // given up, until an event tells of it
  std::vector<Fact> facts_;       // for the next record
  // The newest write on its way that carries trims, and which.
  RecordKey carrier_;
  std::vector<wire::EpochAck> carried_trims_;

  Gap open_gap_;  // the last one told, and the event that tells it
  RecordKey open_gap_event_;

  bool disk_failing_ = false;
  Rng rng_;
  Backoff retry_wait_;
  Instant retry_at_{};

  wire::Encoder encoder_;
  std::vector<std::vector<std::byte>> sent_;  // payloads of this step's Publish effects
};

}  // namespace bw::agent
